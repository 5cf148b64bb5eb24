"""How durations, digests and quiet hours are written in rules."""

from __future__ import annotations

import re
from typing import Any

from config.sources import seconds
from config.text import tr

_TIMEDELTA = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800}
_CRON_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_CRON_PART = re.compile(r"(\*|\d{1,2}|[a-z]{3})(?:-(\d{1,2}|[a-z]{3}))?(?:/(\d{1,3}))?")


def duration(value: Any) -> float:
    """Seconds of `90`, `2h`, `{hours: 2}`. Raises ValueError for anything else."""
    if isinstance(value, dict):
        if not value or any(k not in _TIMEDELTA or not _number(v) for k, v in value.items()):
            raise ValueError(
                tr("时长写作 2h，或 {hours: 2}", "a duration is written 2h or {hours: 2}"),
            )
        return float(sum(_TIMEDELTA[k] * v for k, v in value.items()))
    return seconds(value)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def positive(value: float) -> float:
    """`value` where it is more than 0. Raises ValueError."""
    if value <= 0:
        raise ValueError(tr("必须大于 0", "must be more than 0"))
    return value


def digest(value: Any) -> str:
    """A period as `7200s` or five fields of cron, as the outbox takes it. Raises ValueError."""
    if value in (None, ""):
        return ""
    if isinstance(value, str) and len(value.split()) == len(_CRON_FIELDS):
        return _cron(" ".join(value.split()).lower())
    return f"{positive(duration(value)):g}s"


def _cron(text: str) -> str:
    for part, (name, low, high) in zip(text.split(), _CRON_FIELDS, strict=True):
        for one in part.split(","):
            found = _CRON_PART.fullmatch(one)
            numbers = [int(n) for n in found.groups()[:2] if n and n.isdigit()] if found else []
            names = [n for n in found.groups()[:2] if n and n.isalpha()] if found else []
            if not found or any(not low <= n <= high for n in numbers) or (names and name not in ("month", "weekday")):
                raise ValueError(
                    tr(
                        "时间表的“{p}”读不懂；写作“分 时 日 月 星期”，如 0 8 * * 1-5",
                        "“{p}” of the schedule cannot be read; write minute hour day month weekday, such as 0 8 * * 1-5",
                        p=one,
                    )
                )
    return text
