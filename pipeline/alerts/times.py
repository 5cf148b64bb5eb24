"""When an alert may go out: quiet hours, digests by period and by schedule. Pure: times in, times out."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache

from apscheduler.triggers.cron import CronTrigger

from config.errors import ConfigError
from config.groups import quiet_hours
from config.sources import seconds
from config.text import tr
from pipeline.query.times import SHANGHAI

# Cron counts days of the week from Sunday, the library from Monday: names mean the same to both.
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_NUMBER = re.compile(r"(?<![\d/])[0-7](?!\d)")
# Two quiet spans can follow each other round the clock; then the alert goes out when it was tried so often.
_MOST_SPANS = 8


def released(at: datetime, digest: str, quiet: tuple[str, ...], opened: datetime | None = None) -> datetime:
    """When an alert made at `at` goes out: `at` itself where nothing holds it back.

    digest, quiet: as in `pipeline.alerts.model.Delivery`, of each who has quiet hours; opened: when the digest that is under
    way goes out, None without one. Raises ConfigError for a digest or quiet hours that cannot be read.
    """
    due = at if not digest else opened if opened is not None and opened > at else next_digest(digest, at)
    for _ in range(_MOST_SPANS):
        ends = [end for span in quiet if (end := end_of_quiet(span, due)) is not None]
        if not ends:
            break
        due = max(ends)
    return due


def end_of_quiet(span: str, at: datetime) -> datetime | None:
    """The end of the quiet hours `span` ("22:00-07:00" of Asia/Shanghai) that `at` lies in; None where it lies in none."""
    if not span:
        return None
    try:
        quiet_hours(span)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    local = at.astimezone(SHANGHAI)
    start, end = (_on(local, part) for part in span.split("-"))
    if start < end:
        return end if start <= local < end else None
    if local >= start:
        return end + timedelta(days=1)
    return end if local < end else None


def _on(day: datetime, clock: str) -> datetime:
    return day.replace(hour=int(clock[:2]), minute=int(clock[3:]), second=0, microsecond=0)


def next_digest(digest: str, at: datetime) -> datetime:
    """When a digest that begins at `at` goes out: a duration later ("2h"), or at the next time of a cron of five fields."""
    if len(digest.split()) == 5:
        following = cron(digest).get_next_fire_time(None, at + timedelta(microseconds=1))
        if isinstance(following, datetime):
            return following
        raise ConfigError(tr("时间表 {d} 永远不到", "the schedule {d} never comes", d=digest[:60]))
    try:
        return at + timedelta(seconds=seconds(digest))
    except ValueError as error:
        message = tr(
            "汇总写作时长（2h）或五段时间表（0 8 * * 1-5），现为 {d}",
            "a digest is a duration (2h) or a schedule of five fields (0 8 * * 1-5), got {d}",
            d=digest[:60],
        )
        raise ConfigError(message) from error


@lru_cache(maxsize=256)
def cron(text: str) -> CronTrigger:
    """The times of a cron of five fields (minute hour day month weekday, Sunday 0 or 7) in Asia/Shanghai. Raises ConfigError."""
    minute, hour, day, month, weekday = text.split()
    try:
        return CronTrigger(
            minute=minute, hour=hour, day=day, month=month, day_of_week=_weekdays(weekday), timezone=SHANGHAI
        )
    except (ValueError, TypeError) as error:
        raise ConfigError(
            tr("时间表 {t} 写错了：{e}", "the schedule {t} is faulty: {e}", t=text[:60], e=error)
        ) from error


def _weekdays(field: str) -> str:
    """`field` with names for numbers; a range that runs over Sunday (5-7, 0-2) is written out."""
    return ",".join(_weekday(part) for part in field.split(","))


def _weekday(part: str) -> str:
    found = re.fullmatch(r"([0-7])-([0-7])", part)
    if found:
        first, last = int(found[1]), int(found[2])
        if first > last:
            raise ConfigError(tr("星期 {p} 写反了", "the weekdays {p} run backwards", p=part))
        return ",".join(dict.fromkeys(_DAYS[n] for n in range(first, last + 1)))
    return _DAY_NUMBER.sub(lambda m: _DAYS[int(m[0])], part)
