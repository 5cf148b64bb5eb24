"""Hashed words 1–2 and characters 1–3 of a whole batch at once: no Python loop per n-gram, no scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1 << 19
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_SHIFT = np.uint64(64 - 19)
U64 = NDArray[np.uint64]


def features(batch: Sequence[Sequence[str]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(document, bucket) of every n-gram of tokenised texts; both of one length, repeated n-grams repeated.

    batch: one token list a text, none with an empty token. Source of the features: Wang & Manning 2012 (words 1–2).
    """
    flat = [token for tokens in batch for token in tokens]
    if not flat:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    lengths = np.fromiter(map(len, flat), np.int64, len(flat))
    per_text = np.fromiter(map(len, batch), np.int64, len(batch))
    codes = np.frombuffer("".join(flat).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    word_doc = np.repeat(np.arange(len(batch)), per_text)
    char_doc = np.repeat(word_doc, lengths)
    words = _word_hashes(codes, lengths)
    found = [(word_doc, _bucket(words, 1)), (char_doc, _bucket(codes, 2))]
    base = np.uint64(_BASE)
    two = words[:-1] * base + words[1:]
    inside = word_doc[:-1] == word_doc[1:]
    found.append((word_doc[1:][inside], _bucket(two[inside], 3)))
    gram = codes
    for n in (2, 3):
        gram = gram[:-1] * base + codes[n - 1 :]
        inside = char_doc[: len(gram)] == char_doc[n - 1 :]
        found.append((char_doc[n - 1 :][inside], _bucket(gram[inside], 2 + n)))
    return np.concatenate([d for d, _ in found]), np.concatenate([b for _, b in found])


def _word_hashes(codes: U64, lengths: NDArray[np.int64]) -> U64:
    """Polynomial hash of each word by prefix sums modulo 2^64, moved to position 0 by inverse powers."""
    ends = np.cumsum(lengths)
    starts = ends - lengths
    prefix = np.concatenate([np.zeros(1, np.uint64), np.cumsum(codes * _powers(_BASE, len(codes)), dtype=np.uint64)])
    moved: U64 = (prefix[ends] - prefix[starts]) * _powers(_INVERSE, len(codes))[starts]
    return moved


def _powers(base: int, count: int) -> U64:
    steps = np.full(count, base, np.uint64)
    steps[0] = 1
    return np.cumprod(steps, dtype=np.uint64)


def _bucket(hashes: U64, kind: int) -> NDArray[np.int64]:
    mixed = (hashes + np.uint64(kind)) * _MIX
    mixed = (mixed ^ (mixed >> np.uint64(32))) * _MIX
    return (mixed >> _SHIFT).astype(np.int64)
