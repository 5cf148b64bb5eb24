"""Which earlier posts speak of the same: an inverted index that grows with the posts, weighted by what was known then.

Cosine of tf-idf vectors, as in topic detection and tracking (Allan, Papka & Lavrenko 1998, "On-line new event detection and
tracking", SIGIR), over words and pairs of neighbouring words; a word's weight is of the posts before it only.
"""

from __future__ import annotations

import math
import struct
import zlib
from array import array
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

# The strongest features of a post; a long post would else be like none.
MOST_FEATURES = 60
# What a post says at its beginning is what it is about.
_TOKENS = 260
# A word of the title says more of what a post is about than one of the text.
_TITLE = 2.0
# A word in more than so many posts tells none apart; counted from 400 on, so that a young index has words at all.
_COMMON_SHARE, _FEW = 0.05, 400
# Frequencies begin as if so many posts had been seen before: the first posts of an index know no rare words.
_PRIOR_POSTS, _PRIOR_SHARE = 2000, 0.0005
# How much of a feature that no earlier post has counts in the length of a vector: names that are new do not make a post
# unlike those that it is like.
_NEW = 0.3
_PAIR, _PACKED = np.dtype([("post", "<u4"), ("weight", "<f4")]), struct.Struct("<If")
_TRIM = 256 * _PACKED.size
# Features are told apart by their hash (Weinberger et al. 2009, "Feature hashing for large scale multitask learning", ICML),
# so that memory does not grow with every pair of words ever said. A few share a place: they count as a little less rare.
_PLACES = 1 << 22


def features(title_tokens: str, text_tokens: str) -> dict[str, float]:
    """Words of two characters or more and pairs of neighbours, with their weight: 2 in the title, 1 in the text."""
    found = dict.fromkeys(_grams(text_tokens.split()[:_TOKENS]), 1.0)
    found.update(dict.fromkeys(_grams(title_tokens.split()), _TITLE))
    return found


def _grams(tokens: Sequence[str]) -> Iterable[str]:
    """Words and pairs; punctuation parts."""
    solid = [token if any(map(str.isalnum, token)) else "" for token in tokens]
    yield from (token for token in solid if len(token) > 1)
    yield from (f"{one} {two}" for one, two in pairwise(solid) if one and two)


class Similar:
    """The posts so far, by number. Use: `found = like(...)`, then `add(...)`; numbers rise with each `add`."""

    def __init__(self) -> None:
        self._counts = array("I", bytes(4 * _PLACES))
        self._posts: dict[int, bytearray] = {}
        self._seen = 0
        self._first = 0

    def __len__(self) -> int:
        return self._seen

    def weigh(self, found: dict[str, float]) -> list[tuple[int, float]]:
        """The strongest features of a post by place, with their weights; the vector has length 1 (new ones count less)."""
        most = int(_COMMON_SHARE * max(self._seen, _FEW))
        counts = self._counts
        weighed: list[tuple[float, int, bool]] = []
        for name, value in found.items():
            place = _place(name)
            count = counts[place]
            if count <= most:
                weighed.append((value * self._rarity(count), place, count > 0))
        weighed.sort(key=lambda one: (-one[0], one[1]))
        del weighed[MOST_FEATURES:]
        length = math.sqrt(sum(w * w * (1.0 if known else _NEW) for w, _, known in weighed)) or 1.0
        return [(place, w / length) for w, place, _ in weighed]

    def rarity(self, name: str) -> float:
        """Inverse document frequency of a feature, natural logarithm, 0 or more."""
        return max(0.0, self._rarity(self._counts[_place(name)]))

    def _rarity(self, count: int) -> float:
        return math.log((self._seen + _PRIOR_POSTS + 1) / (count + 1 + _PRIOR_POSTS * _PRIOR_SHARE))

    def like(
        self, weighed: Sequence[tuple[int, float]], least: float
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Numbers of earlier posts whose cosine is `least` or more, rising, and the cosines."""
        posts, values = [], []
        for place, weight in weighed:
            if place in self._posts:
                held = np.frombuffer(self._posts[place], dtype=_PAIR)
                posts.append(held["post"])
                values.append(held["weight"] * np.float32(weight))
        if not posts:
            return np.empty(0, np.int64), np.empty(0)
        numbers, places = np.unique(np.concatenate(posts), return_inverse=True)
        sums = np.bincount(places, weights=np.concatenate(values)).astype(np.float64)
        near = (sums >= least) & (numbers >= self._first)
        return numbers[near].astype(np.int64), sums[near]

    def add(self, found: dict[str, float], weighed: Sequence[tuple[int, float]]) -> int:
        """Number of the new post."""
        number = self._seen
        for place in map(_place, found):
            self._counts[place] += 1
        for place, weight in weighed:
            held = self._posts.get(place)
            if held is None:
                self._posts[place] = bytearray(_PACKED.pack(number, weight))
                continue
            held += _PACKED.pack(number, weight)
            if len(held) % _TRIM == 0:
                self._trim(held)
        self._seen += 1
        return number

    @property
    def first(self) -> int:
        """The earliest number that is still found."""
        return self._first

    def forget(self, before: int) -> None:
        """Posts numbered below are found no more; what they say of how common words are stays."""
        self._first = max(self._first, before)

    def _trim(self, held: bytearray) -> None:
        """Forget what is no more found."""
        gone = int(np.searchsorted(np.frombuffer(held, dtype=_PAIR)["post"], self._first))
        del held[: gone * _PACKED.size]


def _place(name: str) -> int:
    """The same in every process, unlike `hash`."""
    return zlib.crc32(name.encode("utf-8", "surrogatepass")) & (_PLACES - 1)
