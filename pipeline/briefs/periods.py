"""The stretch of days a brief is about, and those it is compared with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Literal

from pipeline.query.model import Question
from pipeline.query.times import SHANGHAI

Kind = Literal["daily", "weekly", "monthly", "topic"]
KINDS: tuple[Kind, ...] = ("daily", "weekly", "monthly", "topic")
# As many earlier periods make the usual; with fewer than ENOUGH that have data there is none.
_USUAL: dict[Kind, int] = {"daily": 8, "weekly": 8, "monthly": 6, "topic": 8}
ENOUGH = 4
_LONGEST_USUAL_DAYS = 31
_WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True, slots=True)
class Period:
    """Days of Asia/Shanghai, both included."""

    kind: Kind
    first_day: date
    last_day: date

    @property
    def since(self) -> datetime:
        """The first instant, aware."""
        return datetime.combine(self.first_day, time(), SHANGHAI)

    @property
    def until(self) -> datetime:
        """The first instant after it, aware."""
        return datetime.combine(self.last_day + timedelta(days=1), time(), SHANGHAI)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last_day - self.first_day).days + 1

    def asked(self, base: Question) -> Question:
        """`base` limited to the period."""
        return replace(base, since=self.since, until=self.until)

    def shifted(self, days: int) -> Period:
        """The same stretch, so many days earlier."""
        back = timedelta(days=days)
        return replace(self, first_day=self.first_day - back, last_day=self.last_day - back)

    def before(self) -> Period:
        """The period just before: day, week, calendar month, or as many days."""
        if self.kind != "monthly":
            return self.shifted(self.days)
        last = self.first_day - timedelta(days=1)
        return replace(self, first_day=last.replace(day=1), last_day=last)

    def year_before(self) -> Period:
        """The same days of the year before; for weeks 52 weeks earlier, so that the weekdays are the same."""
        if self.kind == "weekly":
            return self.shifted(364)
        if self.kind == "monthly":
            first = self.first_day.replace(year=self.first_day.year - 1)
            return replace(self, first_day=first, last_day=_next_month(first) - timedelta(days=1))
        return replace(self, first_day=_year_less(self.first_day), last_day=_year_less(self.last_day))

    def comparisons(self) -> list[tuple[str, Period]]:
        """What it is compared with, each with what it is called."""
        if self.kind == "daily":
            earlier = [("前一日", self.before()), ("上周同日", self.shifted(7))]
        else:
            name = {"weekly": "上一周", "monthly": "上月"}.get(self.kind, f"此前{self.days}天")
            earlier = [(name, self.before())]
        last = {"daily": "去年同日", "weekly": "去年同一周", "monthly": "去年同月"}.get(self.kind, "去年同期")
        return [*earlier, (last, self.year_before())]

    def usual_of(self) -> list[Period]:
        """The earlier periods that say what is usual, newest first; [] where periods are too long for it."""
        if self.kind == "topic" and self.days > _LONGEST_USUAL_DAYS:
            return []
        found, at = [], self
        for _ in range(_USUAL[self.kind]):
            at = at.shifted(7) if self.kind == "daily" else at.before()
            found.append(at)
        return found

    def usual_name(self) -> str:
        """What the usual is that of."""
        names = {
            "daily": f"此前8周的星期{_WEEKDAYS[self.first_day.weekday()]}",
            "weekly": "此前8周",
            "monthly": "此前6个月",
        }
        return names.get(self.kind, f"此前8个{self.days}天")

    def told(self) -> str:
        """The days in words: 2026年11月22日（星期日）, 2026年11月16日至22日, or from … to …."""
        if self.kind == "monthly":
            return f"{self.first_day.year}年{self.first_day.month}月"
        if self.days == 1:
            return f"{day_told(self.first_day)}（星期{_WEEKDAYS[self.first_day.weekday()]}）"
        return f"{day_told(self.first_day)}至{self._end_told()}"

    def told_short(self) -> str:
        """The days without the year: 11月22日, 11月16日至22日."""
        first = f"{self.first_day.month}月{self.first_day.day}日"
        return first if self.days == 1 else f"{first}至{self._end_told()}"

    def _end_told(self) -> str:
        """The last day, with as much before it as differs from the first."""
        first, last = self.first_day, self.last_day
        if first.year != last.year:
            return day_told(last)
        return f"{last.day}日" if first.month == last.month else f"{last.month}月{last.day}日"


def day_told(day: date) -> str:
    """2026年11月22日."""
    return f"{day.year}年{day.month}月{day.day}日"


def _year_less(day: date) -> date:
    # 29 February has no day of the year before: the 28th stands for it.
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def period_of(kind: Kind, day: date) -> Period:
    """The day, the week from Monday, or the month `day` lies in."""
    if kind == "weekly":
        first = day - timedelta(days=day.weekday())
        return Period(kind, first, first + timedelta(days=6))
    if kind == "monthly":
        first = day.replace(day=1)
        return Period(kind, first, _next_month(first) - timedelta(days=1))
    return Period(kind, day, day)


def latest_over(kind: Kind, now: datetime) -> Period:
    """The latest period of a kind that is over at `now` (aware)."""
    today = now.astimezone(SHANGHAI).date()
    return period_of(kind, period_of(kind, today).first_day - timedelta(days=1))
