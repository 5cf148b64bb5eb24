"""The course of posts over a period: steps, what is usual, gaps that are no zeros, what it is compared with."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from dashboard import course
from dashboard.address import View, start_of
from dashboard.course import Period
from dashboard.display import SHANGHAI
from pipeline.query.breaking import Row, Split, told
from pipeline.query.model import Question

TODAY = date(2026, 11, 24)


class Town:
    """A town whose posts of each hour are given; it answers as the query layer does."""

    def __init__(self, hours: dict[datetime, int]) -> None:
        self.hours = hours

    def __call__(self, verb: str, asked: Question, *, split: Split, figures: tuple[str, ...] = ("count",)) -> Any:
        assert verb == "breakdown"
        found: dict[str, int] = {}
        for at, n in self.hours.items():
            if (asked.since is None or at >= asked.since) and (asked.until is None or at < asked.until):
                day = at.date() - timedelta(days=at.weekday() if split.interval == "week" else 0)
                key = told(at if split.interval == "hour" else start_of(day), split.interval)
                found[key] = found.get(key, 0) + n
        values = {"count": float, "originals": float, "voices": float, "negative_share": lambda n: 0.5}
        return [Row((key,), tuple(values[f](n) for f in figures)) for key, n in sorted(found.items())]


def days(first: date, counts: list[int]) -> dict[datetime, int]:
    return {start_of(first + timedelta(days=n)) + timedelta(hours=9): c for n, c in enumerate(counts) if c}


def at(day: date, hour: int) -> datetime:
    return start_of(day) + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("span", "wanted", "step"),
    [
        (1, "", "hour"),
        (30, "", "day"),
        (365, "", "week"),
        (2_000, "", "month"),
        (30, "hour", "day"),
        (7, "hour", "hour"),
        (365, "day", "week"),
        (365, "month", "month"),
        (30, "<script>", "day"),
    ],
)
def test_the_step_fits_the_period(span: int, wanted: str, step: str) -> None:
    assert course.step_for(TODAY - timedelta(days=span - 1), TODAY, wanted) == step


def test_a_period_without_a_beginning_ends_today_and_never_reaches_into_the_future() -> None:
    period = course.period_of(View(), TODAY, days=30)
    assert (period.first, period.last, period.days) == (date(2026, 10, 26), TODAY, 30)
    late = course.period_of(View(first=date(2026, 11, 20), last=date(2030, 1, 1)), TODAY, days=30)
    assert (late.first, late.last) == (date(2026, 11, 20), TODAY)
    after = course.period_of(View(first=date(2030, 1, 1)), TODAY, days=30)
    assert (after.first, after.last) == (TODAY, TODAY)


def test_steps_of_weeks_and_months_begin_on_mondays_and_firsts() -> None:
    weeks = course.starts(Period(date(2026, 11, 4), date(2026, 11, 17), "week"))
    assert [w.date() for w in weeks] == [date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16)]
    months = course.starts(Period(date(2025, 11, 15), date(2026, 1, 1), "month"))
    assert [m.date() for m in months] == [date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1)]


def test_a_gap_is_no_zero_and_a_quiet_day_is_one() -> None:
    first = date(2026, 11, 1)
    town = Town(days(first, [3, 0, 0, 5, 4]))
    crawled = frozenset({date(2026, 11, 3)})  # the second was looked at a day later, the third on the day
    known = course.known_days(
        town, first, first + timedelta(days=6), crawled=crawled, last_ok=at(date(2026, 11, 5), 12)
    )
    (line,) = course.lines(town, Question(), Period(first, first + timedelta(days=6), "day"), known)
    assert [p.count for p in line.points] == [3, 0, 0, 5, 4, None, None]
    assert [p.whole for p in line.points] == [True, True, True, True, False, False, False]
    assert line.total == 12
    nothing = course.known_days(town, first, first, crawled=frozenset(), last_ok=None)
    (line,) = course.lines(Town({}), Question(), Period(first, first, "day"), nothing)
    assert [p.count for p in line.points] == [None]


def test_an_hour_after_the_last_crawl_is_not_known() -> None:
    day = date(2026, 11, 5)
    town = Town({at(day, 8): 2, at(day, 10): 1})
    known = course.known_days(town, day, day, crawled=frozenset({day}), last_ok=at(day, 11))
    (line,) = course.lines(town, Question(), Period(day, day, "hour"), known)
    assert [p.count for p in line.points[7:13]] == [0, 2, 0, 1, None, None]


def test_a_week_with_days_missing_is_in_part() -> None:
    monday = date(2026, 11, 2)
    town = Town(days(monday, [3] * 7 + [2, 0, 0, 0, 0, 0, 2]))
    last = monday + timedelta(days=13)
    known = course.known_days(town, monday, last, crawled=frozenset(), last_ok=at(last + timedelta(days=1), 1))
    (line,) = course.lines(town, Question(), Period(monday, last, "week"), known)
    assert [(p.count, p.whole) for p in line.points] == [(21, True), (4, False)]


def test_what_is_usual_is_the_same_weekday_of_eight_weeks() -> None:
    day = date(2026, 11, 23)
    counts = {at(day - timedelta(days=7 * n), 9): n for n in range(1, 9)} | {at(day, 9): 30}
    town = Town(counts)
    period = Period(day, day, "day")
    since = course.behind(period)
    assert since == day - timedelta(days=56)
    every = frozenset(since + timedelta(days=n) for n in range(58))
    known = course.known_days(town, since, day, crawled=every, last_ok=at(day + timedelta(days=1), 3))
    (line,) = course.lines(town, Question(), period, known)
    found = course.with_usual(town, Question(), line, period, known).points[0].usual
    assert found is not None
    assert (found.low, found.median, found.high, found.n) == (1, 4.5, 8, 8)


def test_a_share_of_few_posts_is_none() -> None:
    day = date(2026, 11, 23)
    town = Town({at(day, 9): 4})
    known = course.known_days(town, day, day, crawled=frozenset({day}), last_ok=at(day, 12))
    (line,) = course.lines(town, Question(), Period(day, day, "day"), known)
    assert line.points[0].negative_share == 0.5
    assert line.points[0].value("negative_share") is None
    assert line.points[0].value("count") == 4


@pytest.mark.parametrize(
    ("period", "compared", "first", "last"),
    [
        (Period(date(2026, 11, 11), date(2026, 11, 20), "day"), "before", date(2026, 11, 1), date(2026, 11, 10)),
        (Period(date(2026, 11, 11), date(2026, 11, 20), "day"), "year", date(2025, 11, 12), date(2025, 11, 21)),
        (Period(date(2026, 3, 1), date(2026, 4, 30), "month"), "before", date(2026, 1, 1), date(2026, 2, 28)),
        (Period(date(2026, 2, 1), date(2026, 2, 28), "month"), "year", date(2025, 2, 1), date(2025, 2, 28)),
        (Period(date(2026, 3, 1), date(2026, 3, 30), "month"), "before", date(2026, 2, 1), date(2026, 2, 28)),
    ],
)
def test_what_a_period_is_compared_with(period: Period, compared: Any, first: date, last: date) -> None:
    found = course.compared_period(period, compared)
    assert (found.first, found.last) == (first, last)


def test_a_year_before_meets_the_same_weekdays() -> None:
    period = Period(date(2026, 11, 11), date(2026, 11, 20), "day")
    assert course.compared_period(period, "year").first.weekday() == period.first.weekday()


def test_holidays_are_marked_where_they_begin() -> None:
    found = course.holidays(Period(date(2025, 9, 25), date(2025, 10, 10), "day"))
    assert [key for key, _ in found] == ["2025-10-01", "2025-10-06"]
    assert course.holidays(Period(date(2025, 10, 1), date(2025, 10, 1), "hour")) == []
    (week,) = {key for key, _ in course.holidays(Period(date(2025, 9, 25), date(2025, 10, 4), "week"))}
    assert week == "2025-09-29"


def test_a_click_names_a_step_and_nothing_else() -> None:
    period = Period(date(2026, 11, 4), date(2026, 11, 17), "week")
    found = course.narrowed_to(View(query="停水"), "2026-11-02", period)
    assert found is not None
    assert (found.first, found.last, found.query) == (date(2026, 11, 4), date(2026, 11, 8), "停水")
    assert course.narrowed_to(View(), "<script>", period) is None
    assert course.narrowed_to(View(), "2020-01-06", period) is None


@pytest.mark.parametrize("way", ["earlier", "later", "wider", "closer"])
def test_moving_a_period_never_leaves_what_can_be_known(way: Any) -> None:
    first, last = course.shifted(Period(date(2026, 11, 20), TODAY, "day"), way, TODAY)
    assert first <= last <= TODAY
    edge = course.shifted(Period(date(2000, 1, 1), date(2000, 1, 1), "day"), way, TODAY)
    assert date(2000, 1, 1) <= edge[0] <= edge[1]


def test_the_step_of_an_instant() -> None:
    late = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)  # Monday in Shanghai
    assert late.astimezone(SHANGHAI).date() == date(2026, 11, 23)
    assert course.step_of(late, Period(TODAY, TODAY, "week")) == "2026-11-23"
    assert course.step_of(late, Period(TODAY, TODAY, "hour")) == "2026-11-23T01:00"
