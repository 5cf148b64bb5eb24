"""Times in queries: days, months, years and instants of Asia/Shanghai, and times relative to now."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")  # no summer time since 1991
_NOW = re.compile(r"now(?:([+-])(\d{1,5})([smhdwMy]))?(?:/([smhdwMy]))?")
# Milliseconds since 1970, as Kibana writes them; eight digits and fewer could be a day.
_COUNTED = re.compile(r"-?\d{9,15}")
_DATE = re.compile(
    r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?(Z|[+-]\d{2}:?\d{2})?)?)?)?"
)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def milliseconds(moment: datetime) -> int:
    """`moment` (aware) in ms since 1970 UTC."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def span(text: str, now: datetime) -> tuple[int, int] | None:
    """The first ms and the first ms after what `text` names: a year, month, day, minute, second or ms, or an instant.

    None when it is no time. `now-7d` is an instant, one ms long; `now-7d/d` the day it lies in.
    """
    try:
        return _relative(text, now) or _counted(text) or _absolute(text)
    except (ValueError, OverflowError):
        return None


def _relative(text: str, now: datetime) -> tuple[int, int] | None:
    found = _NOW.fullmatch(text)
    if not found:
        return None
    sign, number, unit, rounded = found.groups()
    moment = _shifted(now, int(f"{sign}{number}"), unit) if unit else now
    if rounded is None:
        at = milliseconds(moment)
        return at, at + 1
    start = _start_of(moment.astimezone(SHANGHAI), rounded)
    return milliseconds(start), milliseconds(_start_of(_after(start, rounded), rounded))


def _shifted(moment: datetime, number: int, unit: str) -> datetime:
    if unit in _UNITS:
        return moment + timedelta(**{_UNITS[unit]: number})
    local = moment.astimezone(SHANGHAI)
    months = local.year * 12 + local.month - 1 + number * (12 if unit == "y" else 1)
    first = local.replace(year=months // 12, month=months % 12 + 1, day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(local.day, last.day))


def _start_of(moment: datetime, unit: str) -> datetime:
    """The first instant of the second, minute, hour, day, week (from Monday), month or year `moment` lies in."""
    start = moment.replace(microsecond=0)
    if unit != "s":
        start = start.replace(second=0)
    if unit in "hdwMy":
        start = start.replace(minute=0)
    if unit in "dwMy":
        start = start.replace(hour=0)
    if unit in "My":
        start = start.replace(day=1)
    if unit == "y":
        start = start.replace(month=1)
    return start - timedelta(days=start.weekday()) if unit == "w" else start


def _after(start: datetime, unit: str) -> datetime:
    """An instant in the unit behind the one that begins at `start`."""
    days = {"M": 31, "y": 366}.get(unit)
    return start + (timedelta(days=days) if days else timedelta(**{_UNITS[unit]: 1}))


def _counted(text: str) -> tuple[int, int] | None:
    return (int(text), int(text) + 1) if _COUNTED.fullmatch(text) else None


def _absolute(text: str) -> tuple[int, int] | None:
    found = _DATE.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    start = datetime(
        int(year),
        int(month or 1),
        int(day or 1),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        int((fraction or "").ljust(6, "0")),
        tzinfo=_zone(zone),
    )
    if fraction:
        end = start + timedelta(milliseconds=1)
    elif second or hour:
        end = start + (timedelta(seconds=1) if second else timedelta(minutes=1))
    elif day:
        end = start + timedelta(days=1)
    elif month:
        end = (start + timedelta(days=31)).replace(day=1)
    else:
        end = start.replace(year=start.year + 1)
    return milliseconds(start), milliseconds(end)


def _zone(text: str | None) -> timezone:
    if not text:
        return SHANGHAI
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(shift if text[0] == "+" else -shift)
