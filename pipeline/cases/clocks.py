"""Deadlines and the time taken, in natural hours or in working days as the clock of the case counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from config.cases import Before, Cases, Clock
from config.errors import ConfigError
from config.text import tr
from config.workdays import SHANGHAI, after_workdays, is_workday, workdays_between
from pipeline.cases.model import Case, Measure

_HOUR = timedelta(hours=1)
# A day typed wrong is most often a year too far.
_FARTHEST = timedelta(days=366)


def clock_named(settings: Cases, name: str) -> Clock:
    """The clock of that name or Chinese name. Raises ConfigError that lists them."""
    return settings.clocks[clock_id(settings, name)]


def clock_id(settings: Cases, name: str) -> str:
    """The id of the clock a person names by id or Chinese name. Raises ConfigError that lists them."""
    for key, clock in settings.clocks.items():
        if name in (key, clock.zh):
            return key
    known = "、".join(f"{key}（{clock.zh}）" for key, clock in settings.clocks.items())
    raise ConfigError(tr("没有时限“{n}”；可用：{k}", "there is no clock “{n}”; known: {k}", n=name[:20], k=known))


def clock_for(settings: Cases, *, level: str, category: str) -> str:
    """The id of the clock for a case of this level and category ("" for unknown): the level's first."""
    by_level = {str(key): name for key, name in settings.by_level.items()}
    by_category = {str(key): name for key, name in settings.by_category.items()}
    return by_level.get(level) or by_category.get(category) or settings.clock


def measure_of(clock: Clock) -> Measure:
    """What the clock counts in."""
    return "hours" if clock.hours is not None else "workdays"


def deadline(clock: Clock, at: datetime) -> datetime:
    """When a clock that starts at `at` runs out: to the minute of so many hours, or at the end (24:00) of a working day."""
    if clock.hours is not None:
        return at + clock.hours * _HOUR
    return after_workdays(at, clock.workdays or 1)


def check_deadline(case: Case, at: datetime, now: datetime) -> None:
    """Raises ConfigError for a deadline that is past already, or more than a year ahead."""
    if at <= max(now, case.started_at):
        raise ConfigError(tr("截止时间 {t} 已经过去", "the deadline {t} is past", t=shown_deadline(at)))
    if at > now + _FARTHEST:
        raise ConfigError(tr("截止时间 {t} 在一年以后", "the deadline {t} is over a year ahead", t=shown_deadline(at)))


def elapsed(measure: Measure, start: datetime, end: datetime) -> float:
    """Time taken from start to end: natural hours, or working days.

    In working days the day of the start counts none, and an answer on a day off counts as of the next working day: so an
    answer is on time by a clock of n working days exactly when this is at most n. Never below 0.
    """
    if end <= start:
        return 0.0
    if measure == "hours":
        return (end - start) / _HOUR
    first, last = start.astimezone(SHANGHAI).date(), end.astimezone(SHANGHAI).date()
    if first == last:
        return 0.0
    return float(workdays_between(first + timedelta(days=1), last) + (not is_workday(last)))


def moments(case: Case, before: Sequence[Before], morning: str) -> list[datetime]:
    """When to remind of the case, earliest first; those at or before its start, and not before its deadline, are left out."""
    times = sorted({_moment(case, one, morning) for one in before})
    return [at for at in times if case.started_at < at < case.deadline_at]


def _moment(case: Case, before: Before, morning: str) -> datetime:
    if before.share is not None:
        return case.started_at + before.share * (case.deadline_at - case.started_at)
    if before.hours is not None:
        return case.deadline_at - before.hours * _HOUR
    day = (case.deadline_at - timedelta(microseconds=1)).astimezone(SHANGHAI).date()
    left = before.workdays or 0
    while left > 0:
        day -= timedelta(days=1)
        left -= is_workday(day)
    return datetime.combine(day, time.fromisoformat(morning), SHANGHAI)


def shown_deadline(at: datetime) -> str:
    """A deadline for people; the end of a day as its 24:00."""
    local = at.astimezone(SHANGHAI)
    if local.time() == time():
        return (local - timedelta(days=1)).strftime("%Y-%m-%d") + " 24:00"
    return local.strftime("%Y-%m-%d %H:%M")


def left(case: Case, now: datetime) -> str:
    """How much time is left or over, in words: 剩 2 个工作日, 今天到期, 超期 5 小时; "" when no answer is awaited."""
    if case.answered_at is not None:
        return tr("按时反馈", "answered on time") if case.on_time else tr("超期反馈", "answered late")
    if case.state == "declined":
        return ""
    if case.overdue(now):
        return _over(case, now)
    if case.measure == "hours":
        hours = int((case.deadline_at - now) / _HOUR)
        return tr("剩 {n} 小时", "{n} hours left", n=hours) if hours else tr("不到 1 小时", "less than an hour left")
    last = (case.deadline_at - timedelta(microseconds=1)).astimezone(SHANGHAI).date()
    days = workdays_between(now.astimezone(SHANGHAI).date() + timedelta(days=1), last)
    return tr("剩 {n} 个工作日", "{n} working days left", n=days) if days else tr("今天到期", "due today")


def _over(case: Case, now: datetime) -> str:
    if case.measure == "hours":
        count, words = int((now - case.deadline_at) / _HOUR), ("超期 {n} 小时", "{n} hours overdue")
    else:
        # The deadline is the first instant of the day after: that day is the first one over.
        first, today = case.deadline_at.astimezone(SHANGHAI).date(), now.astimezone(SHANGHAI).date()
        count, words = workdays_between(first, today), ("超期 {n} 个工作日", "{n} working days overdue")
    return tr(*words, n=count) if count else tr("已超期", "overdue")
