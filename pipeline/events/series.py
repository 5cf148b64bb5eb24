"""Daily series of topics, fields, places, phrases, moods and sources: which of them moved, beyond chance and beyond what the
events already tell.

Counts are of posts that repeat no earlier one. A series is flagged when its window is unlikely by its own season and trend
(`pipeline.events.expected`), by its share of all that was said (so that a new source or an outage moves nothing), and after
the false discovery rate over all series of the day.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import exp, lgamma

import numpy as np

from pipeline.events.chance import adjusted, predictive, tail
from pipeline.events.expected import HISTORY, WINDOWS, excesses
from pipeline.events.model import Kind

DAYS = HISTORY + max(WINDOWS)
# A movement that so much of is told by events needs no flag of its own.
_TOLD = 0.5
_LEAST_VOICES, _LEAST_COUNT = 3, 4
# By the share alone it must be at least this unlikely.
_SHARE_CHANCE = 0.01
# A mood is compared from so many posts on; a source is silent when so many were to be expected.
_LEAST_MOOD, _LEAST_EXPECTED = 10, 8.0
_SILENT_CHANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Said:
    """A post as the series count it: day of Asia/Shanghai; keys: (kind, value) of the series it belongs to; negative: None
    where unsure; event: id of the event it belongs to, "" for none."""

    id: str
    day: date
    source: str
    voice: str
    negative: bool | None
    event: str
    keys: tuple[tuple[Kind, str], ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """A series that moved. count, expected, probability, adjusted: of the window of `days` days that ends with the day;
    negative_share: 0 … 1 of the sure ones, None without; posts: ids, the earliest first."""

    kind: Kind
    series: str
    days: int
    count: int
    expected: float
    probability: float
    adjusted: float
    voices: int
    negative_share: float | None
    posts: tuple[str, ...]


def moved(said: Sequence[Said], last: date, *, false_share: float) -> list[Moved]:
    """Series that rose by the day `last`, the least likely first. said: posts of the DAYS days that end with it."""
    first = last - timedelta(days=DAYS - 1)
    said = [one for one in said if first <= one.day <= last]
    groups: dict[tuple[Kind, str], list[Said]] = defaultdict(list)
    for one in said:
        for key in one.keys:
            groups[key].append(one)
    watched = {key: some for key, some in groups.items() if _recent(some, last)}
    if not watched or min((one.day for one in said), default=last) > first + timedelta(days=28):
        return []
    keys = sorted(watched)
    totals = _counts(said, first)
    counts = [_counts(watched[key], first) for key in keys]
    found = excesses(np.asarray(counts), last)
    chances = [
        max(window.probability, _by_share(some, totals, window.days))
        for some, window in zip(counts, found, strict=True)
    ]
    # All series count as looked at, those too that were too small to ask.
    shares = adjusted([*chances, *([1.0] * (len(groups) - len(keys)))])[: len(keys)]
    rose = []
    for key, window, share in zip(keys, found, shares.tolist(), strict=True):
        inside = [p for p in watched[key] if p.day > last - timedelta(days=window.days)]
        if share <= false_share and not _told(inside):
            rose.append(_moved(key, window.days, window.expected, window.probability, share, inside))
    return sorted((one for one in rose if one.voices >= _LEAST_VOICES), key=lambda m: (m.probability, m.kind, m.series))


def _recent(some: Sequence[Said], last: date) -> bool:
    latest = [one for one in some if one.day > last - timedelta(days=max(WINDOWS))]
    return len(latest) >= _LEAST_COUNT and len({one.voice for one in latest}) >= _LEAST_VOICES


def _counts(some: Iterable[Said], first: date) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    counts = np.zeros(DAYS, dtype=np.int64)
    for one in some:
        counts[(one.day - first).days] += 1
    return counts


def _by_share(
    counts: np.ndarray[tuple[int], np.dtype[np.int64]], totals: np.ndarray[tuple[int], np.dtype[np.int64]], days: int
) -> float:
    """Probability of so many of what was said at all in the window, by the share before."""
    before, now = counts[:-days].sum(), int(counts[-days:].sum())
    others_before, others_now = totals[:-days].sum() - before, totals[-days:].sum() - now
    chance = predictive(
        now, seen=float(before) + 0.5, exposure=float(others_before) + 1.0, ahead=float(others_now) + 1.0
    )
    return 0.0 if chance <= _SHARE_CHANCE else 1.0


def _told(window: Sequence[Said]) -> bool:
    """Whether one event has most of the posts."""
    counted = Counter(one.event for one in window if one.event)
    return bool(counted) and counted.most_common(1)[0][1] >= _TOLD * len(window)


def _moved(
    key: tuple[Kind, str], days: int, expected: float, probability: float, share: float, window: Sequence[Said]
) -> Moved:
    sure = [one.negative for one in window if one.negative is not None]
    return Moved(
        kind=key[0],
        series=key[1],
        days=days,
        count=len(window),
        expected=expected,
        probability=probability,
        adjusted=share,
        voices=len({one.voice for one in window}),
        negative_share=sum(sure) / len(sure) if sure else None,
        posts=tuple(one.id for one in sorted(window, key=lambda p: (p.day, p.id))[:5]),
    )


def soured(
    said: Sequence[Said], last: date, *, false_share: float, kinds: frozenset[Kind] = frozenset({"topic", "sector"})
) -> list[Moved]:
    """Topics and fields whose posts of the latest week are more often negative than those of the twelve weeks before."""
    week = last - timedelta(days=7)
    now: dict[tuple[Kind, str], list[Said]] = defaultdict(list)
    before: Counter[tuple[Kind, str]] = Counter()
    bad: Counter[tuple[Kind, str]] = Counter()
    for one in said:
        for key in one.keys:
            if key[0] not in kinds or one.negative is None:
                continue
            if one.day > week:
                now[key].append(one)
            else:
                before[key] += 1
                bad[key] += one.negative
    keys = sorted(key for key in now if len(now[key]) >= _LEAST_MOOD and before[key] >= _LEAST_MOOD)
    chances = [
        _more_often(sum(bool(p.negative) for p in now[key]), len(now[key]), bad[key], before[key]) for key in keys
    ]
    found = []
    for key, chance, share in zip(keys, chances, adjusted(chances).tolist(), strict=True):
        if share <= false_share and not _told(now[key]):
            negative = [one for one in now[key] if one.negative]
            usual = bad[key] / before[key] * len(now[key])
            made = _moved(("sentiment", f"{key[0]}:{key[1]}"), 7, usual, chance, share, negative)
            found.append(replace(made, negative_share=len(negative) / len(now[key])))
    return [one for one in found if one.voices >= _LEAST_VOICES]


def _more_often(bad: int, of: int, bad_before: int, before: int) -> float:
    """Probability of `bad` or more of `of` by the share before, known only so well: beta-binomial (Gelman et al., 2.4)."""
    a, b = bad_before + 1.0, before - bad_before + 1.0

    def term(k: int) -> float:
        choose = lgamma(of + 1) - lgamma(k + 1) - lgamma(of - k + 1)
        return exp(
            choose + lgamma(a + k) + lgamma(b + of - k) - lgamma(a + b + of) + lgamma(a + b) - lgamma(a) - lgamma(b)
        )

    return min(1.0, sum(term(k) for k in range(bad, of + 1)))


@dataclass(frozen=True, slots=True)
class Silence:
    """A source with far fewer posts than usual in the week. collected: whether it was collected all the same, so that it is
    the public (or the site) that is silent, not we who did not listen."""

    source: str
    count: int
    expected: float
    probability: float
    collected: bool


def silent(said: Sequence[Said], last: date, collected: Callable[[str, date], bool]) -> list[Silence]:
    """Sources that fell silent. collected: of a source and a day, whether a crawl of it ended well."""
    week = 7
    first = last - timedelta(days=DAYS - 1)
    by_source: Mapping[str, list[Said]] = _by_source(said)
    found = []
    for source, some in sorted(by_source.items()):
        counts = _counts((one for one in some if first <= one.day <= last), first)
        usual, now = float(counts[:-week].mean()) * week, int(counts[-week:].sum())
        variance = max(float(counts[:-week].var()) * week, usual)
        if usual < _LEAST_EXPECTED:
            continue
        chance = 1.0 - tail(now + 1, usual, variance)
        if chance <= _SILENT_CHANCE:
            days = [last - timedelta(days=n) for n in range(week)]
            found.append(Silence(source, now, usual, chance, all(collected(source, day) for day in days)))
    return found


def _by_source(said: Sequence[Said]) -> dict[str, list[Said]]:
    found: dict[str, list[Said]] = defaultdict(list)
    for one in said:
        found[one.source].append(one)
    return found
