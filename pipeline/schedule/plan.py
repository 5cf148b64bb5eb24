"""When a job is due: pure, without a clock. What is due once is never due again, and nothing that was due is forgotten.

A `Slot` is one due time. Whatever happens between (restarts, kills, days asleep), a slot is done once, and the next one lies
after both the slot and the start of its run: what was missed many times is done once.

Times of day are labels of a wall clock: each is done once, also when the clock goes back over it. An interval is time that
passes: when the clock goes back, the interval is measured anew from there, or the job would rest for as long.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from config.text import tr

SHANGHAI = ZoneInfo("Asia/Shanghai")
# A clock that goes back further than any correction of a running clock (a day) was wrong before: what was planned by it is
# planned anew.
_WRONG = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Slot:
    """A due time. planned_at: what the clock said when it was worked out."""

    due_at: datetime
    planned_at: datetime


@dataclass(frozen=True, slots=True)
class Every:
    """Each `seconds` (1 or more), the first time at once. The phase is kept: a job that starts 5 s late is due at the old
    rhythm again; one that starts later than half the interval begins a new rhythm, so that it never runs twice in short."""

    seconds: float

    def __post_init__(self) -> None:
        if self.seconds < 1:
            raise ValueError(tr("间隔至少 1 秒", "an interval is 1 s at least"))

    def __str__(self) -> str:
        return f"every {self.seconds:g} s"

    @property
    def interval(self) -> timedelta:
        """The time between two due times."""
        return timedelta(seconds=self.seconds)

    def first(self, now: datetime) -> datetime:
        """At once."""
        return now

    def after(self, due_at: datetime, started_at: datetime) -> datetime:
        """The due time after the one that was begun at `started_at`."""
        late = started_at - due_at
        return (due_at if late < self.interval / 2 else started_at) + self.interval

    def resumed(self, started_at: datetime | None, now: datetime) -> datetime:
        """The due time under this plan of a job that was last begun at `started_at` under another."""
        return now if started_at is None else started_at + self.interval

    def corrected(self, slot: Slot, now: datetime) -> datetime:
        """The due time as it is at `now`: no interval is longer than itself."""
        return min(slot.due_at, now + self.interval)


@dataclass(frozen=True)
class _Labels:
    """What plans of the wall clock share; `following` is theirs."""

    def following(self, at: datetime) -> datetime:
        """The first due time later than `at`."""
        raise NotImplementedError

    def first(self, now: datetime) -> datetime:
        """The next one."""
        return self.following(now)

    def after(self, due_at: datetime, started_at: datetime) -> datetime:
        """The due time after the one that was begun at `started_at`; those missed in between are done with it."""
        return self.following(max(due_at, started_at))

    def resumed(self, started_at: datetime | None, now: datetime) -> datetime:
        """The due time under this plan of a job that was last begun at `started_at` under another."""
        return self.following(started_at or now)

    def corrected(self, slot: Slot, now: datetime) -> datetime:
        """The due time as it is at `now`: one that a wrong clock had set is worked out anew."""
        return slot.due_at if slot.planned_at <= now + _WRONG else self.following(now)


@dataclass(frozen=True)
class Daily(_Labels):
    """Each day at `at` (HH:MM) of `zone`, once also on days when the clocks are changed."""

    at: str
    zone: ZoneInfo = SHANGHAI

    def __post_init__(self) -> None:
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", self.at):
            raise ValueError(tr("时刻写作 03:30", "a time of day is written 03:30"))

    def __str__(self) -> str:
        return f"daily {self.at}{_named(self.zone)}"

    def following(self, at: datetime) -> datetime:
        """The first due time later than `at`."""
        day = at.astimezone(self.zone).date() - timedelta(days=1)
        while (found := self._on(day)) <= at:
            day += timedelta(days=1)
        return found

    def _on(self, day: date) -> datetime:
        return datetime.combine(day, time.fromisoformat(self.at), self.zone).astimezone(UTC)


@dataclass(frozen=True)
class Cron(_Labels):
    """As a line of a crontab says: minute hour day month weekday (0 or 7 is Sunday). Where both day and weekday are given
    both must hold. Raises ValueError for a line that cannot be read."""

    line: str
    zone: ZoneInfo = SHANGHAI

    def __post_init__(self) -> None:
        _ = self._trigger

    def __str__(self) -> str:
        return f"cron {self.line}{_named(self.zone)}"

    @cached_property
    def _trigger(self) -> Any:
        fields = self.line.split()
        if len(fields) == 5:  # APScheduler counts the days of the week from Monday
            fields[4] = ",".join(_weekdays(part) for part in fields[4].split(","))
        return CronTrigger.from_crontab(" ".join(fields), self.zone)

    def following(self, at: datetime) -> datetime:
        """The first due time later than `at`. Raises ValueError where there is none (30 February)."""
        found: datetime | None = self._trigger.get_next_fire_time(None, at.astimezone(self.zone) + _INSTANT)
        if found is None:
            raise ValueError(tr("没有这样的时刻：{c}", "there is no such time: {c}", c=self.line))
        return found.astimezone(UTC)


When = Every | Daily | Cron


def first(when: When, now: datetime) -> Slot:
    """The slot of a job that was never done."""
    return Slot(when.first(now), now)


def following(when: When, slot: Slot, started_at: datetime, ended_at: datetime) -> Slot:
    """The slot after `slot`, whose run began and ended then."""
    return Slot(when.after(slot.due_at, started_at), max(started_at, ended_at))


def corrected(when: When, slot: Slot, now: datetime) -> Slot:
    """`slot`, or another one where the clock went back since it was planned."""
    due_at = when.corrected(slot, now)
    return slot if due_at == slot.due_at else Slot(due_at, now)


def resumed(when: When, started_at: datetime | None, now: datetime) -> Slot:
    """The slot of a job whose plan was another before. started_at: of its last run, None for none."""
    return Slot(when.resumed(started_at, now), now)


def _weekdays(part: str) -> str:
    """A part of the fifth field with names for numbers, as APScheduler takes it."""
    span, slash, step = part.partition("/")
    found = re.fullmatch(r"([0-7])(?:-([0-7]))?", span)
    if not found:
        return part
    low, high = int(found[1]), int(found[2] or found[1])
    return ",".join(_WEEKDAYS[n] for n in range(low, high + 1, int(step) if slash and step.isdigit() else 1)) or part


def _named(zone: ZoneInfo) -> str:
    return "" if zone == SHANGHAI else f" {zone.key}"
