"""Times in queries: days, months, years and instants of Asia/Shanghai, and times relative to now."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")  # no summer time since 1991
_NOW = re.compile(r"now(?:([+-])(\d{1,5})([smhdw]))?")
_DATE = re.compile(
    r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?(Z|[+-]\d{2}:?\d{2})?)?)?)?"
)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def milliseconds(moment: datetime) -> int:
    """`moment` (aware) in ms since 1970 UTC."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def span(text: str, now: datetime) -> tuple[int, int] | None:
    """The first ms and the first ms after what `text` names: a year, month, day, minute, second or ms, or an instant.

    None when it is no time. `now-7d` is an instant, one ms long.
    """
    try:
        return _relative(text, now) or _absolute(text)
    except (ValueError, OverflowError):
        return None


def _relative(text: str, now: datetime) -> tuple[int, int] | None:
    found = _NOW.fullmatch(text)
    if not found:
        return None
    sign, number, unit = found.groups()
    shift = timedelta(**{_UNITS[unit]: int(number)}) if unit else timedelta()
    at = milliseconds(now - shift if sign == "-" else now + shift)
    return at, at + 1


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
