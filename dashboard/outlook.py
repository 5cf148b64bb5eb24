"""What 今日 tells of a day, put together from answers of the query layer; asking, clock and store are passed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from dashboard.address import ALL, View, start_of
from dashboard.display import SHANGHAI
from dashboard.figures import FEW, WEEKS, Coverage, Day, DayPoint, Rise, Usual, day_points, rising, same_weekdays, usual
from pipeline.briefs.measures import wilson
from pipeline.query.breaking import Split
from pipeline.query.model import Question

Ask = Callable[..., Any]
CURVE_DAYS = 28


@dataclass(frozen=True, slots=True)
class Outlook:
    """A day in figures. observed: False when nothing is known of it; cut: the instant up to which it is known, None
    when it is known wholly; usual_*: of the same weekday up to the same hour, None with too little data; days with
    fewer than FEW posts give no share to compare with."""

    day: date
    observed: bool
    cut: datetime | None
    count: int
    negative_share: float | None
    voices: int
    usual_count: Usual | None
    usual_share: Usual | None
    unsure: int
    day_before: int | None
    points: Sequence[DayPoint]
    latest: date | None
    coverage: Coverage
    narrowed: View = ALL

    @property
    def share_interval(self) -> tuple[float, float] | None:
        """The interval of 95 % of the negative share, 0 … 1; None where there is none. Source: Wilson 1927."""
        if self.negative_share is None or not self.count:
            return None
        return wilson(round(self.negative_share * self.count), self.count)

    def view(self) -> View:
        """The day's posts in 检索, narrowed as the page is."""
        return replace(self.narrowed, first=self.day, last=self.day)


def span(day: date, *, cut_after: timedelta | None, days: int = 1, narrowed: View = ALL) -> Question:
    """The posts of `days` days that end with `day`, up to `cut_after` its start where that is given."""
    end = start_of(day) + cut_after if cut_after is not None else start_of(day + timedelta(days=1))
    return replace(narrowed.question(), since=start_of(day - timedelta(days=days - 1)), until=end)


def look(day: date, *, ask: Ask, crawled: frozenset[date], last_ok: datetime | None, narrowed: View = ALL) -> Outlook:
    """The figures of `day`. narrowed: to places, topics, sources, copies; its days do not count."""
    narrowed = replace(narrowed, first=None, last=None, query="")
    first = day - timedelta(days=CURVE_DAYS - 1 + 7 * WEEKS)
    # Whether a day was looked at shows in all its posts; a topic may well be silent.
    everything = ask("by_day", Question(), since_day=first, until_day=day)
    days = everything
    if narrowed != ALL:
        days = ask("by_day", narrowed.question(), since_day=first, until_day=day)
    coverage = coverage_of(everything, crawled=crawled, last_ok=last_ok)
    last_day = last_ok.astimezone(SHANGHAI).date() if last_ok else None
    seen = {d.day for d in everything if coverage.observed(d.day, d.count, last_day=last_day)}
    known = {d.day: d for d in days if d.day in seen}
    cut = last_ok if last_day == day else None
    after = cut - start_of(day) if cut else None
    weeks = [d for d in same_weekdays(day) if d in known]
    # Whole days stand in the answer above already.
    whole = {d.day: d for d in days}
    here, *before = [_one_day(ask, d, after, narrowed) if after else whole[d] for d in [day, *weeks]]
    yesterday = known.get(day - timedelta(days=1))
    return Outlook(
        day=day,
        observed=day in known,
        cut=cut,
        count=here.count,
        negative_share=here.negative_share,
        voices=here.voices,
        unsure=_unsure(ask, span(day, cut_after=after, narrowed=narrowed)),
        usual_count=usual([d.count for d in before]),
        usual_share=usual([d.negative_share for d in before if d.count >= FEW]),
        day_before=yesterday.count if yesterday else None,
        points=day_points(days, seen, shown=CURVE_DAYS),
        latest=max((d.day for d in everything if d.day in seen and d.count), default=None),
        coverage=coverage,
        narrowed=narrowed,
    )


def unknown_days(days: Sequence[Day], coverage: Coverage) -> frozenset[date]:
    """Those of `days` (counts of all posts) of which nothing is known: no data rather than zero."""
    last_day = coverage.last_ok.astimezone(SHANGHAI).date() if coverage.last_ok else None
    return frozenset(d.day for d in days if not coverage.observed(d.day, d.count, last_day=last_day))


def coverage_of(days: Sequence[Day], *, crawled: frozenset[date], last_ok: datetime | None) -> Coverage:
    """What is known of `days` (counts of all posts, oldest first)."""
    return Coverage(next((d.day for d in days if d.count), None), last_ok, crawled)


def _one_day(ask: Ask, day: date, cut_after: timedelta | None, narrowed: View) -> Any:
    asked = span(day, cut_after=cut_after, narrowed=narrowed)
    return ask("by_day", asked, since_day=day, until_day=day)[0]


def _unsure(ask: Ask, asked: Question) -> int:
    """How many posts have a sentiment that the model had rather left out."""
    found = ask("breakdown", asked, split=Split(("unsure",), (2,)))
    return sum(int(row.figures[0] or 0) for row in found if row.keys[0] == "1")


def rises(outlook: Outlook, *, ask: Ask, days: int) -> list[Rise]:
    """Topics above their usual in the `days` days that end with the outlook's, strongest first."""
    day = outlook.day
    after = outlook.cut - start_of(day) if outlook.cut else None
    first = outlook.coverage.first_day
    weeks = [d for d in same_weekdays(day) if first and d - timedelta(days=days - 1) >= first]
    now, *before = [
        {
            b.key: b.count
            for b in ask("by", span(d, cut_after=after, days=days, narrowed=outlook.narrowed), field="topic", size=200)
        }
        for d in [day, *weeks]
    ]
    return rising(now, before, sparks(day, ask=ask, narrowed=outlook.narrowed), size=5)


def sparks(day: date, *, ask: Ask, days: int = CURVE_DAYS, narrowed: View = ALL) -> dict[str, list[int]]:
    """Posts by day of each topic in the `days` days that end with `day`, oldest first, zeros included."""
    first = day - timedelta(days=days - 1)
    found: dict[str, list[int]] = {}
    asked = span(day, cut_after=None, days=days, narrowed=narrowed)
    for cell in ask("topic_by_day", asked, since_day=first, until_day=day):
        found.setdefault(cell.topic, [0] * days)[(cell.day - first).days] = cell.count
    return found
