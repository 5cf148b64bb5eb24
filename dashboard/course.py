"""The course of posts over a period, in steps of an hour to a month: counts, shares with their intervals, what is usual, what
is not known, what was before. Asking is passed in; nothing here is drawn.

The usual of a step is the range of comparable ones before it: the same hour and weekday, the same weekday, the weeks before
(each of the last eight), or the months before (the last twelve). A step of which nothing was collected is no zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

from config.workdays import holiday_name
from dashboard.address import View, start_of
from dashboard.display import SHANGHAI
from dashboard.figures import FEW, WEEKS, Coverage, Usual, usual
from pipeline.briefs.measures import wilson
from pipeline.query.breaking import Figure, Interval, Row, Split, told
from pipeline.query.model import Question

Ask = Callable[..., Any]
Compared = Literal["", "before", "year"]
STEPS: tuple[Interval, ...] = ("hour", "day", "week", "month")
FIGURES: tuple[Figure, ...] = ("count", "originals", "voices", "negative_share")
# Longer periods are drawn in longer steps: more bars than a screen has places for tell nothing.
_LONGEST = {"hour": 14, "day": 190, "week": 1_300, "month": 7_300}
_MONTHS = 12
_OLDEST = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """first, last: days of Asia/Shanghai, both included; step: the length of a point."""

    first: date
    last: date
    step: Interval

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def question(self, asked: Question) -> Question:
        """`asked` within the period."""
        return replace(asked, since=start_of(self.first), until=start_of(self.last + timedelta(days=1)))


@dataclass(frozen=True, slots=True)
class Point:
    """A step. at: its beginning as the query layer writes it; first, last: its days within the period; known: whether
    anything was collected of it; whole: whether all of it is known and within the period. Figures are None where not known;
    interval: of the share, Wilson's of 95 %."""

    at: str
    first: date
    last: date
    known: bool
    whole: bool
    count: int | None = None
    originals: int | None = None
    voices: int | None = None
    negative_share: float | None = None
    interval: tuple[float, float] | None = None
    usual: Usual | None = None
    before: int | None = None

    def value(self, figure: Figure) -> float | None:
        """One of FIGURES; a share of fewer than FEW posts is none."""
        if figure == "negative_share" and (self.count or 0) < FEW:
            return None
        found: float | None = getattr(self, figure)
        return found


@dataclass(frozen=True, slots=True)
class Line:
    """key: of the value it is of, "" for all posts."""

    key: str
    points: Sequence[Point]

    @property
    def total(self) -> int:
        """Its posts."""
        return sum(point.count or 0 for point in self.points)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of days. counts: of all posts by day."""

    counts: Mapping[date, int]
    coverage: Coverage

    def day(self, day: date) -> bool:
        """Whether what is counted on that day is a finding."""
        last_ok = self.coverage.last_ok
        last_day = last_ok.astimezone(SHANGHAI).date() if last_ok else None
        return self.coverage.observed(day, self.counts.get(day, 0), last_day=last_day)


def step_for(first: date, last: date, wanted: str = "") -> Interval:
    """The step wanted, where the period is not too long for it, else the shortest that is not."""
    days = (last - first).days + 1
    fitting = [step for step in STEPS if days <= _LONGEST[step]]
    if wanted in fitting:
        return next(step for step in STEPS if step == wanted)
    usual_step: Interval = "hour" if days <= 2 else "day" if days <= 120 else "week" if days <= 800 else "month"
    return usual_step if usual_step in fitting else "month"


def period_of(view: View, today: date, *, days: int, wanted: str = "") -> Period:
    """The period of a view; without a beginning the `days` days before its end."""
    last = min(view.last or today, today)
    first = max(min(view.first or last - timedelta(days=days - 1), last), _OLDEST)
    return Period(first, last, step_for(first, last, wanted))


def starts(period: Period) -> list[datetime]:
    """The beginnings of the steps of a period, the first one perhaps before it (a week, a month)."""
    at, end = _beginning(start_of(period.first), period.step), start_of(period.last + timedelta(days=1))
    found = []
    while at < end:
        found.append(at)
        at = moved(at, period.step, 1)
    return found


def moved(at: datetime, step: Interval, steps: int) -> datetime:
    """`at` moved by steps, a month by its first day."""
    if step == "month":
        months = at.year * 12 + at.month - 1 + steps
        return at.replace(year=months // 12, month=months % 12 + 1)
    lengths = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
    return at + steps * lengths[step]


def _beginning(at: datetime, step: Interval) -> datetime:
    if step == "month":
        return at.replace(day=1)
    return at - timedelta(days=at.weekday()) if step == "week" else at


def known_days(ask: Ask, first: date, last: date, *, crawled: frozenset[date], last_ok: datetime | None) -> Known:
    """What is known of the days from first to last."""
    asked = Question(since=start_of(first), until=start_of(last + timedelta(days=1)))
    rows = ask("breakdown", asked, split=Split(interval="day"), figures=("count",))
    counts = {date.fromisoformat(row.keys[-1]): int(row.figures[0] or 0) for row in rows}
    return Known(counts, Coverage(min(counts, default=None), last_ok, crawled))


def comparable(at: datetime, step: Interval) -> list[datetime]:
    """The beginnings of the steps that tell what is usual at `at`."""
    if step == "month":
        return [moved(at, step, -n) for n in range(1, _MONTHS + 1)]
    return [at - n * timedelta(days=7) for n in range(1, WEEKS + 1)]


def behind(period: Period) -> date:
    """The first day of the steps that tell what is usual at the first point."""
    return min(comparable(starts(period)[0], period.step)).date()


def lines(ask: Ask, asked: Question, period: Period, known: Known, *, field: str = "", size: int = 0) -> list[Line]:
    """A line of all posts, or, with a field, one of each of its `size` values with most posts, the most first."""
    split = Split((field,), (size,), period.step) if field else Split(interval=period.step)
    rows: Sequence[Row] = ask("breakdown", period.question(asked), split=split, figures=FIGURES)
    found: dict[str, dict[str, Row]] = {} if field else {"": {}}
    for row in rows:
        found.setdefault(row.keys[0] if field else "", {})[row.keys[-1]] = row
    steps = starts(period)
    made = [
        Line(key, [_point(at, period, known, by_step.get(told(at, period.step))) for at in steps])
        for key, by_step in found.items()
    ]
    return sorted(made, key=lambda line: -line.total)


def _point(at: datetime, period: Period, known: Known, row: Row | None) -> Point:
    end = moved(at, period.step, 1)
    first = max(at.date(), period.first)
    last = min((end - timedelta(microseconds=1)).date(), period.last)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    seen = [known.day(day) for day in days]
    ends = known.coverage.last_ok
    over = ends is not None and end <= ends and at >= start_of(period.first)
    inside = end <= start_of(period.last + timedelta(days=1))
    # Of an hour after the last crawl nothing is known, whatever was known of the day.
    some = any(seen) and (ends is None or at < ends or row is not None)
    point = Point(told(at, period.step), first, last, some, all(seen) and over and inside)
    if not some:
        return point
    if row is None:
        return replace(point, count=0, originals=0, voices=0)
    count, originals, voices, share = row.figures
    n = int(count or 0)
    return replace(
        point,
        count=n,
        originals=int(originals or 0),
        voices=int(voices or 0),
        negative_share=share,
        interval=wilson(round(share * n), n) if share is not None and n else None,
    )


def with_usual(ask: Ask, asked: Question, line: Line, period: Period, known: Known) -> Line:
    """The line, each point with what is usual there. known: from the day `behind` on."""
    first = behind(period)
    earlier = replace(asked, since=start_of(first), until=start_of(period.last + timedelta(days=1)))
    rows = ask("breakdown", earlier, split=Split(interval=period.step), figures=("count",))
    counts = {row.keys[-1]: float(row.figures[0] or 0) for row in rows}

    def at_step(at: datetime) -> float | None:
        days = (moved(at, period.step, 1) - timedelta(microseconds=1)).date() - at.date()
        seen = all(known.day(at.date() + timedelta(days=n)) for n in range(days.days + 1))
        return counts.get(told(at, period.step), 0.0) if seen else None

    points = [
        replace(point, usual=usual([at_step(one) for one in comparable(at, period.step)]))
        for at, point in zip(starts(period), line.points, strict=True)
    ]
    return Line(line.key, points)


def with_before(ask: Ask, asked: Question, line: Line, period: Period, compared: Compared, known: Known) -> Line:
    """The line, each point with the count of the step it is compared with. known: of the days of `compared_period`."""
    if not compared:
        return line
    earlier = compared_period(period, compared)
    (other,) = lines(ask, asked, earlier, known)
    # A month more or less at the edge is passed over: what is compared stands at the same place.
    before = [*(point.count for point in other.points), *[None] * len(line.points)]
    return Line(line.key, [replace(p, before=b) for p, b in zip(line.points, before, strict=False)])


def compared_period(period: Period, compared: Compared) -> Period:
    """The period before, of the same length; a year before by whole weeks, so that weekdays meet (months: by the calendar)."""
    if compared == "before":
        if period.step == "month":
            months = len(starts(period))
            return replace(period, first=_months_back(period.first, months), last=_months_back(period.last, months))
        length = timedelta(days=period.days)
        if period.step == "week":  # weeks meet weeks
            length = timedelta(days=-(-period.days // 7) * 7)
        return replace(period, first=period.first - length, last=period.last - length)
    if period.step == "month":
        return replace(period, first=_months_back(period.first, 12), last=_months_back(period.last, 12))
    return replace(period, first=period.first - timedelta(days=364), last=period.last - timedelta(days=364))


def _months_back(day: date, months: int) -> date:
    moved_to = moved(start_of(day.replace(day=1)), "month", -months).date()
    after = moved(start_of(moved_to), "month", 1).date()
    # The last day of a month meets the last day of the other.
    whole = (day + timedelta(days=1)).day == 1
    return (
        after - timedelta(days=1)
        if whole
        else min(moved_to.replace(day=1) + timedelta(days=day.day - 1), after - timedelta(days=1))
    )


def every_week(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Every week from the first to the last of `counts` (by Monday), those without posts as zeros; ten years at most."""
    if not counts:
        return []
    days = {date.fromisoformat(at): n for at, n in counts.items()}
    last = max(days)
    first = max(min(days), last - timedelta(weeks=520))
    every = (first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1))
    return [(day.isoformat(), days.get(day, 0)) for day in every]


def holidays(period: Period) -> list[tuple[str, str]]:
    """The steps in which a public holiday begins, with its name; two that run into each other are named once each. Hours have
    none."""
    found: list[tuple[str, str]] = []
    named: set[str] = set()
    for n in range(period.days if period.step != "hour" else 0):
        day = period.first + timedelta(days=n)
        name = holiday_name(day)
        named = named if name else set()
        if name and name not in named:
            named.add(name)
            found.append((told(_beginning(start_of(day), period.step), period.step), name))
    return found


def step_of(at: datetime, period: Period) -> str:
    """The step, as points name it, in which an aware time falls."""
    local = at.astimezone(SHANGHAI)
    hour = local.replace(minute=0, second=0, microsecond=0)
    return told(hour if period.step == "hour" else _beginning(start_of(local.date()), period.step), period.step)


def narrowed_to(view: View, at: str, period: Period) -> View | None:
    """The view on one step; None where the text names none. Hours become their day: a view counts in days."""
    try:
        start = datetime.fromisoformat(at).replace(tzinfo=SHANGHAI)
    except ValueError:
        return None
    end = (moved(_beginning(start, period.step), period.step, 1) - timedelta(microseconds=1)).date()
    if end < period.first or start.date() > period.last:
        return None
    first, last = max(start.date(), period.first), min(end, period.last)
    return replace(view, first=first, last=last, after="", post="")


def shifted(period: Period, way: Literal["earlier", "later", "wider", "closer"], today: date) -> tuple[date, date]:
    """First and last day after one step back or on, or with twice or half the days around the middle."""
    days = period.days
    if way in {"earlier", "later"}:
        by = timedelta(days=days if way == "later" else -days)
        last = min(max(period.last + by, _OLDEST), today)
        return max(last - timedelta(days=days - 1), _OLDEST), last
    wider = max(1, days // 2)
    change = timedelta(days=wider // 2 if way == "closer" else -wider // 2)
    first, last = period.first + change, period.last - change
    last = min(last, today)
    return max(min(first, last), _OLDEST), last
