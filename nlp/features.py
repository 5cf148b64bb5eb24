"""Hashed characters 1–3 and words 1–2 of a whole batch at once: numpy alone, no Python loop per n-gram.

Every position of the joined batch gets one bucket per kind of n-gram; what a model adds up for a text is then a
difference of running sums. Pads before each text keep n-grams from reaching into the text before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

BITS = 19
BUCKETS = 1 << BITS
# Of a very long post the beginning decides; this bounds time and memory.
MAX_CHARACTERS = 2_000
MAX_WORDS = 1_000

_CODES = 0x20000
_SHIFT = np.uint64(64 - BITS)
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_JOIN = np.uint64(0xD6E8FEB86659FD93)
_WORD = np.uint64(0xA0761D6478BD642F)
_PAIR = np.uint64(0xE7037ED1A0B428DB)

U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]


@dataclass(frozen=True)
class Grams:
    """buckets: one array a kind of n-gram, all with one entry a position; counted: whether the position counts
    (the fourth and later of the same character do not); text i has the positions starts[i] … ends[i] − 1."""

    buckets: tuple[I64, ...]
    counted: NDArray[np.bool_]
    starts: I64
    ends: I64

    def sums(self, values: I64) -> I64:
        """Sum of `values` (one a position) over the counted positions of each text."""
        running = np.zeros(len(values) + 1, np.int64)
        np.cumsum(values * self.counted, out=running[1:])
        return running[self.ends] - running[self.starts]

    def counts(self) -> I64:
        """How many n-grams each text has, repeated ones repeated."""
        return self.sums(np.ones(len(self.counted), np.int64)) * len(self.buckets)


def characters(texts: Sequence[str]) -> Grams:
    """Character 1-, 2- and 3-grams: folded to half width and lower case, digits as 0, punctuation and emoji kept."""
    cut = [text[:MAX_CHARACTERS] for text in texts]
    joined = "\0\0".join(["", *cut]) if cut else ""
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    sizes = np.fromiter(map(len, cut), np.int64, len(cut))
    ends = np.cumsum(sizes + 2)
    one = _letters().take(codes, mode="clip")
    two, three = one.copy(), one.copy()
    two[1:] += one[:-1] * _JOIN
    three[2:] += (two[1:-1] ^ _PAIR) * _JOIN
    return Grams((_bucket(one), _bucket(two), _bucket(three)), _not_drawn_out(one), ends - sizes, ends)


def words(batch: Sequence[Sequence[str]]) -> Grams:
    """Words and pairs of neighbouring words of tokenised texts; an empty word stands before each text."""
    flat: list[str] = []
    for tokens in batch:
        flat.append("")
        flat.extend(tokens[:MAX_WORDS])
    lengths = np.fromiter(map(len, flat), np.int64, len(flat))
    sizes = np.fromiter((min(len(tokens), MAX_WORDS) for tokens in batch), np.int64, len(batch))
    one = _word_hashes("".join(flat), lengths)
    two = one * _PAIR
    two[1:] += one[:-1] * _JOIN
    ends = np.cumsum(sizes + 1)
    return Grams((_bucket(one), _bucket(two)), np.ones(len(flat), np.bool_), ends - sizes, ends)


def _word_hashes(joined: str, lengths: I64) -> U64:
    """Polynomial hash of each word: prefix sums modulo 2^64, moved to position 0 by inverse powers."""
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    ends = np.cumsum(lengths)
    starts = ends - lengths
    size = len(codes) + 1
    prefix = np.zeros(size, np.uint64)
    np.cumsum(_letters().take(codes, mode="clip") * _powers(_BASE, size)[:-1], out=prefix[1:])
    found: U64 = (prefix[ends] - prefix[starts]) * _powers(_INVERSE, size)[starts]
    found ^= found >> np.uint64(29)
    found *= _WORD
    return found


def _not_drawn_out(one: U64) -> NDArray[np.bool_]:
    """False at the fourth and later of the same character in a row: 好好好好好 weighs no more than 好好好."""
    same = one[1:] == one[:-1]
    counted = np.ones(len(one), np.bool_)
    if len(one) > 3:
        counted[3:] = ~(same[2:] & same[1:-1] & same[:-2])
    return counted


def _bucket(hashes: U64) -> I64:
    return (hashes >> _SHIFT).view(np.int64)


@lru_cache(maxsize=1)
def _letters() -> U64:
    """64 random bits a code point (splitmix64), the same for those that are folded together; beyond U+1FFFF all alike."""
    folded = np.arange(_CODES, dtype=np.uint64)
    folded[0xFF01:0xFF5F] -= np.uint64(0xFEE0)
    folded[0x3000] = 0x20
    for code in (0x09, 0x0A, 0x0D, 0xA0):
        folded[code] = 0x20
    for code in [*range(0x80), *range(0xFF01, 0xFF5F)]:
        letter = chr(int(folded[code]))
        folded[code] = ord("0") if letter.isdigit() else ord(letter.lower())
    mixed = (folded + np.uint64(1)) * np.uint64(_BASE)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


@lru_cache(maxsize=8)
def _powers_up_to(base: int, size: int) -> U64:
    steps = np.full(size, base, np.uint64)
    steps[0] = 1
    return np.cumprod(steps, dtype=np.uint64)


def _powers(base: int, size: int) -> U64:
    """base^0 … base^(size − 1) modulo 2^64, from a table whose size is a power of two, so that few are ever built."""
    return _powers_up_to(base, 1 << max(12, (size - 1).bit_length()))[:size]
