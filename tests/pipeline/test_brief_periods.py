"""The days a brief is about, those it is compared with, and when the schedule wants which."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.briefs import Briefs
from pipeline.briefs.due import due_periods
from pipeline.briefs.numerals import numeral
from pipeline.briefs.periods import KINDS, Period, latest_over, period_of
from pipeline.query.times import SHANGHAI

ALL = Briefs(daily_at="08:00", weekly_on=1, monthly_on=1)


def now(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def days(found: list[Period]) -> dict[str, str]:
    return {one.kind: f"{one.first_day}/{one.last_day}" for one in found}


def test_days_are_those_of_shanghai() -> None:
    period = period_of("daily", date(2026, 11, 19))
    assert period.since.isoformat() == "2026-11-19T00:00:00+08:00"
    assert period.until.isoformat() == "2026-11-20T00:00:00+08:00"


@pytest.mark.parametrize(
    ("kind", "day", "expected"),
    [
        ("weekly", date(2026, 11, 22), (date(2026, 11, 16), date(2026, 11, 22))),
        ("weekly", date(2027, 1, 1), (date(2026, 12, 28), date(2027, 1, 3))),
        ("monthly", date(2024, 2, 10), (date(2024, 2, 1), date(2024, 2, 29))),
    ],
)
def test_weeks_begin_on_monday_and_months_end_with_their_last_day(
    kind: str, day: date, expected: tuple[date, date]
) -> None:
    period = period_of(kind, day)  # type: ignore[arg-type]
    assert (period.first_day, period.last_day) == expected


@pytest.mark.parametrize(
    ("period", "told", "short"),
    [
        (period_of("daily", date(2026, 11, 22)), "2026年11月22日（星期日）", "11月22日"),
        (period_of("weekly", date(2026, 11, 19)), "2026年11月16日至22日", "11月16日至22日"),
        (Period("topic", date(2026, 10, 28), date(2026, 11, 24)), "2026年10月28日至11月24日", "10月28日至11月24日"),
        (period_of("weekly", date(2027, 1, 1)), "2026年12月28日至2027年1月3日", "12月28日至2027年1月3日"),
        (period_of("monthly", date(2026, 11, 19)), "2026年11月", "11月1日至30日"),
    ],
)
def test_days_in_words(period: Period, told: str, short: str) -> None:
    assert (period.told(), period.told_short()) == (told, short)


def test_what_each_kind_is_compared_with() -> None:
    daily = dict(period_of("daily", date(2028, 2, 29)).comparisons())
    assert {name: one.first_day for name, one in daily.items()} == {
        "前一日": date(2028, 2, 28), "上周同日": date(2028, 2, 22), "去年同日": date(2027, 2, 28),
    }  # fmt: skip
    weekly = dict(period_of("weekly", date(2026, 11, 19)).comparisons())
    assert {name: one.first_day for name, one in weekly.items()} == {
        "上一周": date(2026, 11, 9), "去年同一周": date(2025, 11, 17),
    }  # fmt: skip
    assert weekly["去年同一周"].first_day.weekday() == 0
    monthly = dict(period_of("monthly", date(2024, 3, 5)).comparisons())
    assert days(list(monthly.values())[:1]) == {"monthly": "2024-02-01/2024-02-29"}
    assert monthly["去年同月"].last_day == date(2023, 3, 31)


def test_the_usual_of_a_day_is_that_of_its_weekday() -> None:
    period = period_of("daily", date(2026, 11, 19))
    assert {one.first_day.weekday() for one in period.usual_of()} == {3}
    assert len(period.usual_of()) == 8
    assert Period("topic", date(2026, 1, 1), date(2026, 6, 1)).usual_of() == []


@given(kind=st.sampled_from(KINDS), day=st.dates(date(2001, 1, 1), date(2099, 12, 31)))
def test_every_period_is_whole_and_the_one_before_ends_where_it_begins(kind: str, day: date) -> None:
    period = period_of(kind, day)  # type: ignore[arg-type]
    assert period.first_day <= day <= period.last_day
    assert period.before().last_day == period.first_day - timedelta(days=1)
    assert period.year_before().last_day < period.first_day
    assert (period.until - period.since) == timedelta(days=period.days)


@given(at=st.datetimes(datetime(2001, 1, 1), datetime(2099, 12, 31)))
def test_the_latest_over_is_over(at: datetime) -> None:
    aware = at.replace(tzinfo=SHANGHAI)
    for kind in ("daily", "weekly", "monthly"):
        found = latest_over(kind, aware)  # type: ignore[arg-type]
        assert found.until <= aware < period_of(found.kind, found.last_day + timedelta(days=1)).until


def test_what_is_due_when() -> None:
    assert due_periods(Briefs(), now("2026-11-23T09:00")) == []
    assert days(due_periods(ALL, now("2026-11-23T08:00"))) == {
        "daily": "2026-11-22/2026-11-22", "weekly": "2026-11-16/2026-11-22", "monthly": "2026-10-01/2026-10-31",
    }  # fmt: skip
    # A minute before the hour it is still yesterday's turn.
    assert days(due_periods(ALL, now("2026-11-23T07:59")))["weekly"] == "2026-11-09/2026-11-15"
    assert days(due_periods(ALL, now("2026-11-23T07:59")))["daily"] == "2026-11-21/2026-11-21"


def test_a_weekly_of_wednesday_is_due_from_wednesday_on() -> None:
    midweek = Briefs(daily_at="08:00", weekly_on=3)
    assert days(due_periods(midweek, now("2026-11-24T23:00")))["weekly"] == "2026-11-09/2026-11-15"
    assert days(due_periods(midweek, now("2026-11-25T08:00")))["weekly"] == "2026-11-16/2026-11-22"


def test_a_year_makes_each_period_once() -> None:
    """However often it is asked in a year, the periods are those of the calendar, none left out."""
    found: dict[str, set[str]] = {}
    for hour in range(365 * 8):
        for one in due_periods(ALL, now("2026-01-01T00:30") + timedelta(hours=3 * hour)):
            found.setdefault(one.kind, set()).add(str(one.last_day))
    assert {kind: len(those) for kind, those in found.items()} == {"daily": 366, "weekly": 53, "monthly": 13}


@pytest.mark.parametrize(("n", "told"), [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (99, "九十九")])
def test_numerals(n: int, told: str) -> None:
    assert numeral(n) == told
