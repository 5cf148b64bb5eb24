"""Working days of China, with the weekends that make up for holidays."""

from datetime import date, datetime, timedelta

import pytest

from config.workdays import SHANGHAI, after_workdays, holiday_name, is_workday, known_until, workdays_between


@pytest.mark.parametrize(
    ("day", "works", "name"),
    [
        (date(2019, 2, 5), False, "春节"),
        (date(2019, 2, 3), True, ""),  # a Sunday that makes up for the Spring Festival
        (date(2019, 10, 1), False, "国庆"),
        (date(2019, 10, 12), True, ""),
        (date(2019, 10, 13), False, ""),
        (date(2019, 10, 14), True, ""),
    ],
)
def test_holidays_and_the_days_that_make_up_for_them(day: date, works: bool, name: str) -> None:
    assert (is_workday(day), holiday_name(day)) == (works, name)


def test_a_deadline_leaves_out_the_days_off() -> None:
    asked = datetime(2019, 9, 29, 16, tzinfo=SHANGHAI)  # a Sunday of work before seven days off
    assert after_workdays(asked, 1) == datetime(2019, 10, 1, tzinfo=SHANGHAI)
    assert after_workdays(asked, 3) == datetime(2019, 10, 10, tzinfo=SHANGHAI)


def test_counting_agrees_with_going_on() -> None:
    day = date(2019, 1, 29)
    for days in range(1, 30):
        end = after_workdays(datetime(2019, 1, 29, 9, tzinfo=SHANGHAI), days).date() - timedelta(days=1)
        assert workdays_between(day + timedelta(days=1), end) == days


def test_a_year_that_is_not_announced_has_weekends_only() -> None:
    later = known_until() + timedelta(days=1)
    assert later.month == 1 and later.day == 1
    assert holiday_name(later) == ""
    assert [is_workday(later + timedelta(days=n)) for n in range(7)].count(False) == 2
