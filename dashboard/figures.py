"""What the figures of 今日 say, from values to values: no clock, no store, no page.

The usual of a day is that of the same weekday in the eight weeks before it. With fewer than `ENOUGH` such days there is
no usual, and the page says so instead of giving a number.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Literal, Protocol

WEEKS = 8
# With three or fewer days of comparison the range says more of chance than of the town.
ENOUGH = 4
# Below this many posts a share or a rise is chance; the figure is given with a mark that says so.
FEW = 5

Standing = Literal["above", "below", "within"]


class Day(Protocol):
    """A day's count, as the query layer gives it."""

    @property
    def day(self) -> date: ...
    @property
    def count(self) -> int: ...
    @property
    def negative_share(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Usual:
    """Median and range of `n` comparable days."""

    median: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which days were looked at. first_day: of the oldest post; last_ok: the newest successful crawl of any source;
    crawled: days with a successful crawl."""

    first_day: date | None
    last_ok: datetime | None
    crawled: frozenset[date]

    def observed(self, day: date, count: int, *, last_day: date | None) -> bool:
        """Whether `count` posts of `day` is a finding rather than the lack of one.

        Before the first post and after the last successful crawl nothing is known. A day without posts counts as quiet
        only if a crawl succeeded on it or on the day after: otherwise an outage looks the same.
        """
        if self.first_day is None or last_day is None or day < self.first_day or day > last_day:
            return False
        return count > 0 or day in self.crawled or day + timedelta(days=1) in self.crawled


@dataclass(frozen=True, slots=True)
class DayPoint:
    """A day of the curve. count and negative_share: None where there is no data; usual: None where there is too little."""

    day: date
    count: int | None
    negative_share: float | None
    usual: Usual | None


@dataclass(frozen=True, slots=True)
class Rise:
    """A topic above its usual. few: too few posts to lean on; fresh: not seen in any comparable window."""

    topic: str
    count: int
    usual: Usual
    spark: tuple[int, ...]
    few: bool
    fresh: bool
    score: float


def same_weekdays(day: date, *, weeks: int = WEEKS) -> list[date]:
    """The same weekday of the `weeks` weeks before `day`, newest first."""
    return [day - timedelta(weeks=n) for n in range(1, weeks + 1)]


def usual(values: Sequence[float | None]) -> Usual | None:
    """Median and range of the values that are known; None with fewer than ENOUGH."""
    known = [v for v in values if v is not None]
    if len(known) < ENOUGH:
        return None
    return Usual(median=float(median(known)), low=min(known), high=max(known), n=len(known))


def standing(value: float, expected: Usual) -> Standing:
    """Where a value stands against the range of comparable days."""
    if value > expected.high:
        return "above"
    return "below" if value < expected.low else "within"


def day_points(days: Sequence[Day], seen: Collection[date], *, shown: int) -> list[DayPoint]:
    """The last `shown` of `days` (consecutive, oldest first), each with the usual of its weekday from the days before; of
    days not in `seen` nothing is known."""
    known = {d.day: d for d in days if d.day in seen}

    def point(day: date) -> DayPoint:
        at = known.get(day)
        before = [known[d].count if d in known else None for d in same_weekdays(day)]
        return DayPoint(day, at.count if at else None, at.negative_share if at else None, usual(before))

    return [point(d.day) for d in days[-shown:]]


def rising(
    now: Mapping[str, int], before: Sequence[Mapping[str, int]], sparks: Mapping[str, Sequence[int]], *, size: int = 8
) -> list[Rise]:
    """Topics above the median of the comparable windows `before`, strongest first; [] with fewer than ENOUGH windows.

    score: how far above, in units of the chance of counts (√ of the median, Poisson) and at least √1, so that a topic
    that went from 0 to 2 does not outdo one that went from 20 to 60.
    """
    if len(before) < ENOUGH:
        return []
    found = []
    for topic, count in now.items():
        expected = usual([float(window.get(topic, 0)) for window in before])
        if expected is None or count <= expected.median or count < 2:
            continue
        score = (count - expected.median) / math.sqrt(max(expected.median, 1.0))
        spark = tuple(sparks.get(topic, ()))
        found.append(Rise(topic, count, expected, spark, count < FEW, expected.high == 0, score))
    return sorted(found, key=lambda r: (r.few, -r.score, r.topic))[:size]


def spark_bars(values: Sequence[int]) -> str:
    """A small bar picture of counts, oldest left, the last one strong; HTML of numbers only, "" without values.

    Spans rather than SVG: Streamlit's sanitiser takes inline SVG out.
    """
    if not values:
        return ""
    top = max(max(values), 1)
    bars = [f'<i style="height:{max(round(value / top * 100), 4)}%"></i>' for value in values]
    return f'<span class="spark" aria-hidden="true">{"".join(bars)}</span>'
