"""New words of a corpus: strings of characters that hold together inside and stand freely among others."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LONGEST = 8
_RUN = re.compile("[\u3400-\u9fff]+")
# A word of these characters is rare, a phrase with them common.
_FUNCTION = frozenset("的了是我你他她它们这那在不就也都要和与及或被把给让向从对为有没个吗呢吧啊将并但而且")
_NUMBERS = frozenset("一二三四五六七八九十百千万亿零〇两几第年月日号")
_LEAST_PMI = 3.0  # bits
_LEAST_ENTROPY = 1.0  # bits
# Of a fragment's places, the share inside one longer candidate from which it gives way to it.
_INSIDE = 0.8
_Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A string that may be a word. count: places; documents: texts; pmi, entropies: bits; score: ≥ 0, higher is likelier."""

    word: str
    count: int
    documents: int
    pmi: float
    left_entropy: float
    right_entropy: float
    score: float


@dataclass(frozen=True, slots=True)
class _Level:
    """The strings of one length. ids: int32 by place, −1 where rare; counts, first: by id."""

    ids: NDArray[np.int32]
    counts: _Ints
    first: _Ints


def discover(texts: Iterable[str], known: Container[str], *, least: int = 5) -> list[Candidate]:
    """Strings of 2–8 Han characters in `least` places or more that may be words and are not `known`, best first.

    pmi is the lowest pointwise mutual information over all ways to cut the string in two, the entropies are those of its
    neighbours; the ends of a run of characters count as neighbours of their own. Source: Sproat & Shih 1990 (mutual
    information), Jin & Tanaka-Ishii 2006 (branching entropy).
    """
    codes, documents = _encoded(texts)
    if not len(codes):
        return []
    levels = _levels(codes, max(2, least))
    found: dict[str, Candidate] = {}
    for length in range(2, len(levels) + 1):
        for candidate in _candidates(codes, documents, levels, length):
            if candidate.word not in known and not _is_dull(candidate.word):
                found[candidate.word] = candidate
    kept = _without_fragments(found)
    return sorted(kept, key=lambda c: (-c.score, c.word))


def _encoded(texts: Iterable[str]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """All runs of Han characters one after the other, a 0 after each, and the text of each place."""
    parts: list[NDArray[np.int32]] = [np.zeros(1, np.int32)]
    lengths: list[int] = [1]
    for text in texts:
        joined = "".join(run + "\0" for run in _RUN.findall(text))
        parts.append(np.frombuffer(joined.encode("utf-32-le"), np.int32))
        lengths.append(len(joined))
    if sum(lengths) == 1:
        return np.zeros(0, np.int32), np.zeros(0, np.int32)
    return np.concatenate(parts), np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)


def _levels(codes: NDArray[np.int32], least: int) -> list[_Level]:
    """The frequent strings of each length: a string is counted only where both its parts of one less are frequent."""
    levels = [_level(codes.astype(np.int64), np.flatnonzero(codes), len(codes), least)]
    for _ in range(2, _LONGEST + 1):
        last: NDArray[np.int32] = levels[-1].ids
        places = np.flatnonzero((last[:-1] >= 0) & (last[1:] >= 0))
        keys = last[places].astype(np.int64) << 32 | last[places + 1]
        level = _level(keys, places, len(codes), least)
        if not len(level.counts):
            break
        levels.append(level)
    return levels


def _level(keys: _Ints, places: _Ints, size: int, least: int) -> _Level:
    keys = keys if len(keys) == len(places) else keys[places]
    _, first, inverse, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    kept = counts >= least
    renamed = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
    ids = np.full(size, -1, np.int32)
    ids[places] = renamed[inverse.reshape(-1)]
    return _Level(ids, counts[kept].astype(np.int64), places[first[kept]])


def _candidates(
    codes: NDArray[np.int32], documents: NDArray[np.int32], levels: list[_Level], length: int
) -> list[Candidate]:
    level = levels[length - 1]
    pmi = _pmi(levels, length)
    places = np.flatnonzero(level.ids >= 0)
    places = places[pmi[level.ids[places]] >= _LEAST_PMI]
    ids = level.ids[places].astype(np.int64)
    left = _entropy(ids, codes[places - 1], places, level.counts)
    right = _entropy(ids, codes[places + length], places, level.counts)
    pairs = np.unique(ids << 32 | documents[places])
    in_documents = np.bincount(pairs >> 32, minlength=len(level.counts))
    freedom = np.minimum(left, right)
    score = pmi * freedom * np.log2(1 + in_documents)
    good = np.flatnonzero((pmi >= _LEAST_PMI) & (freedom >= _LEAST_ENTROPY))
    return [
        Candidate(
            "".join(map(chr, codes[level.first[i] : level.first[i] + length])),
            int(level.counts[i]),
            int(in_documents[i]),
            float(pmi[i]),
            float(left[i]),
            float(right[i]),
            float(score[i]),
        )
        for i in good
    ]


def _pmi(levels: list[_Level], length: int) -> NDArray[np.float64]:
    """Bits by id: log2 of how much oftener the string stands than its two parts would by chance, of the worst cut."""
    level, total = levels[length - 1], levels[0].counts.sum()
    lowest = np.full(len(level.counts), np.inf)
    for cut in range(1, length):
        head, tail = levels[cut - 1], levels[length - cut - 1]
        heads = head.counts[head.ids[level.first]].astype(np.float64)
        tails = tail.counts[tail.ids[level.first + cut]]
        lowest = np.minimum(lowest, np.log2(level.counts * float(total) / (heads * tails)))
    return lowest


def _entropy(ids: _Ints, neighbours: NDArray[np.int32], places: _Ints, counts: _Ints) -> NDArray[np.float64]:
    """Bits by id of the neighbours' distribution; an end of a run is a neighbour that stands once."""
    ends = neighbours == 0
    inner, times = np.unique(ids[~ends] << 32 | neighbours[~ends], return_counts=True)
    owners = np.concatenate([inner >> 32, ids[ends]])
    shares = np.concatenate([times, np.ones(int(ends.sum()))]) / counts[owners]
    return np.bincount(owners, -shares * np.log2(shares), minlength=len(counts)).astype(np.float64)


def _is_dull(word: str) -> bool:
    return not _FUNCTION.isdisjoint(word) or _NUMBERS.issuperset(word)


def _without_fragments(found: dict[str, Candidate]) -> list[Candidate]:
    fragments: set[str] = set()
    for word, longer in found.items():
        for length in range(2, len(word)):
            for start in range(len(word) - length + 1):
                part = found.get(word[start : start + length])
                if part is not None and longer.count >= _INSIDE * part.count:
                    fragments.add(part.word)
    return [candidate for word, candidate in found.items() if word not in fragments]
