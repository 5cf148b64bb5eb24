"""Which earlier posts speak of the same: an inverted index that grows with the posts, weighted by what was known then.

Cosine of tf-idf vectors, as in topic detection and tracking (Allan, Papka & Lavrenko 1998, "On-line new event detection and
tracking", SIGIR), over words and pairs of neighbouring words; a word's weight is of the posts before it only.
"""

from __future__ import annotations

import math
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
_TRIM = 256


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
        self._ids: dict[str, int] = {}
        self._counts = array("L")
        self._posts: list[array[int]] = []
        self._weights: list[array[float]] = []
        self._seen = 0
        self._first = 0

    def __len__(self) -> int:
        return self._seen

    def weigh(self, found: dict[str, float]) -> list[tuple[str, float]]:
        """The strongest features of a post with their weights; the vector has length 1 (new features count less)."""
        most = _COMMON_SHARE * max(self._seen, _FEW)
        weighed: list[tuple[float, str, bool]] = []
        for name, value in found.items():
            count = self._count(name)
            if count <= most:
                weighed.append((value * self._rarity(count), name, count > 0))
        weighed.sort(key=lambda one: (-one[0], one[1]))
        del weighed[MOST_FEATURES:]
        length = math.sqrt(sum(w * w * (1.0 if known else _NEW) for w, _, known in weighed)) or 1.0
        return [(name, w / length) for w, name, _ in weighed]

    def rarity(self, name: str) -> float:
        """Inverse document frequency of a feature, natural logarithm, 0 or more."""
        return max(0.0, self._rarity(self._count(name)))

    def _count(self, name: str) -> int:
        number = self._ids.get(name)
        return self._counts[number] if number is not None else 0

    def _rarity(self, count: int) -> float:
        return math.log((self._seen + _PRIOR_POSTS + 1) / (count + 1 + _PRIOR_POSTS * _PRIOR_SHARE))

    def like(
        self, weighed: Sequence[tuple[str, float]], least: float
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Numbers of earlier posts whose cosine is `least` or more, rising, and the cosines."""
        posts, values = [], []
        for name, weight in weighed:
            number = self._ids.get(name)
            if number is not None and self._posts[number]:
                posts.append(np.frombuffer(self._posts[number], dtype=np.uint32))
                values.append(np.frombuffer(self._weights[number], dtype=np.float32) * np.float32(weight))
        if not posts:
            return np.empty(0, np.int64), np.empty(0)
        numbers, places = np.unique(np.concatenate(posts), return_inverse=True)
        sums = np.bincount(places, weights=np.concatenate(values)).astype(np.float64)
        near = (sums >= least) & (numbers >= self._first)
        return numbers[near].astype(np.int64), sums[near]

    def add(self, found: dict[str, float], weighed: Sequence[tuple[str, float]]) -> int:
        """Number of the new post."""
        number = self._seen
        for name in found:
            place = self._ids.get(name)
            if place is None:
                place = self._ids[name] = len(self._counts)
                self._counts.append(0)
                self._posts.append(array("I"))
                self._weights.append(array("f"))
            self._counts[place] += 1
        for name, weight in weighed:
            place = self._ids[name]
            self._posts[place].append(number)
            self._weights[place].append(weight)
            if self._posts[place][0] < self._first and len(self._posts[place]) % _TRIM == 0:
                self._trim(place)
        self._seen += 1
        return number

    @property
    def first(self) -> int:
        """The earliest number that is still found."""
        return self._first

    def forget(self, before: int) -> None:
        """Posts numbered below are found no more; what they say of how common words are stays."""
        self._first = max(self._first, before)

    def _trim(self, place: int) -> None:
        kept = next((n for n, post in enumerate(self._posts[place]) if post >= self._first), len(self._posts[place]))
        del self._posts[place][:kept]
        del self._weights[place][:kept]
