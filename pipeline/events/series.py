"""Daily series of topics, fields, places, phrases, moods and sources: which of them moved, beyond chance and beyond what the
events already tell.

Counts are of posts that repeat no earlier one. A series is flagged when its window is unlikely by its own season and trend
(`pipeline.events.expected`), by its share of all that was said (so that a new source or an outage moves nothing), and after
the false discovery rate over all series of the day.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import exp, lgamma, log

import numpy as np

from pipeline.events.chance import adjusted, predictive
from pipeline.events.expected import HISTORY, WINDOWS, excesses, shortfalls
from pipeline.events.model import Kind

DAYS = HISTORY + max(WINDOWS)
# A movement that so much of is told by events needs no flag of its own.
_TOLD = 0.5
_LEAST_VOICES, _LEAST_COUNT = 3, 4
# A phrase of so many posts may drive a movement; so many are told.
_DRIVES, _DRIVERS = 2, 5
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
    negative_share: 0 … 1 of the sure ones, None without; drivers: phrases that its posts have more often than others
    had before, the most telling first; posts: ids, the earliest first."""

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
    drivers: tuple[str, ...]


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
            made = _moved(key, window.days, window.expected, window.probability, share, inside)
            rose.append(replace(made, drivers=_drivers(key, inside, said)))
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
    return predictive(now, seen=float(before) + 0.5, exposure=float(others_before) + 1.0, ahead=float(others_now) + 1.0)


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
        drivers=(),
    )


def _drivers(key: tuple[Kind, str], window: Sequence[Said], said: Sequence[Said]) -> tuple[str, ...]:
    """Phrases of two posts of the window or more, by how many times as often they stand there as in all that was said."""
    inside = Counter(phrase for one in window for phrase in _phrases(one) if ("phrase", phrase) != key)
    usual = Counter(phrase for one in said for phrase in _phrases(one) if phrase in inside)
    weighed = [(count * log(len(said) / usual[name]), name) for name, count in inside.items() if count >= _DRIVES]
    return tuple(name for _, name in sorted(weighed, key=lambda one: (-one[0], one[1]))[:_DRIVERS])


def _phrases(one: Said) -> set[str]:
    return {value for kind, value in one.keys if kind == "phrase"}


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
            whole = len(negative) / len(now[key])
            found.append(replace(made, negative_share=whole, drivers=_drivers(key, negative, said)))
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
    first = last - timedelta(days=DAYS - 1)
    by_source = _by_source(one for one in said if first <= one.day <= last)
    if not by_source:
        return []
    sources = sorted(by_source)
    counts = np.asarray([_counts(by_source[source], first) for source in sources])
    found = []
    for source, week in zip(sources, shortfalls(counts, last), strict=True):
        if week.expected >= _LEAST_EXPECTED and week.probability <= _SILENT_CHANCE:
            days = [last - timedelta(days=n) for n in range(week.days)]
            heard = all(collected(source, day) for day in days)
            found.append(Silence(source, week.count, week.expected, week.probability, heard))
    return found


def _by_source(said: Iterable[Said]) -> dict[str, list[Said]]:
    found: dict[str, list[Said]] = defaultdict(list)
    for one in said:
        found[one.source].append(one)
    return found
