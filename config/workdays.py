"""Working days of China: weekends, public holidays, and the weekend days that make up for them (调休).

Source: the State Council's yearly notices, as the package chinesecalendar holds them. A year that is not announced yet has
weekends only; `known_until` says from when that is so.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
_NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午",
    "National Day": "国庆",
    "Mid-autumn Festival": "中秋",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}
_SATURDAY = 5


def known_until() -> date:
    """The last day of which the holidays are known."""
    last: date = max(*chinese_calendar.holidays, *chinese_calendar.workdays)
    return last.replace(month=12, day=31)


def is_workday(day: date) -> bool:
    """Whether offices are open: Monday to Friday that is no public holiday, or a weekend day that makes up for one."""
    if day in chinese_calendar.workdays:
        return True
    return day not in chinese_calendar.holidays and day.weekday() < _SATURDAY


def holiday_name(day: date) -> str:
    """春节, 国庆 …: the public holiday `day` belongs to, with the days off around it; "" for none."""
    name = chinese_calendar.holidays.get(day)
    return _NAMES.get(name, name) if name else ""


def after_workdays(at: datetime, days: int) -> datetime:
    """The end (24:00 of Asia/Shanghai) of the `days`-th working day after the day of `at`, an aware time; days ≥ 1."""
    day = at.astimezone(SHANGHAI).date()
    left = days
    while left > 0:
        day += timedelta(days=1)
        left -= is_workday(day)
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI)


def workdays_between(first: date, last: date) -> int:
    """Working days from first to last, both included; 0 where last is before first."""
    return sum(is_workday(first + timedelta(days=n)) for n in range((last - first).days + 1))
