"""A year of the schedule under a simulated clock: each job exactly as often as it should.

    python -m bench.schedule_year [--json] [--store URL] [--process-every 1800]

The engine, the ledger in a real store and its leases are those of `qingyu run`; only the clock is made up, and the jobs note
that they were done. The year has restarts, kills in the midst of a job, months with a second process (which is given a turn
while the first is in the midst of each job), a suspend of three days, a machine that is off for a night, a clock set back by
an hour, and one that runs ahead for a while. What should come of it is counted apart, from the plans and the disturbances
alone (`expected`).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from config.project import Project, init_project, open_project
from crawlers.store import open_url
from pipeline.schedule.clock import SimulatedClock
from pipeline.schedule.job import Job
from pipeline.schedule.lanes import InTurn
from pipeline.schedule.ledger import Ledger
from pipeline.schedule.plan import SHANGHAI, Cron, Daily, Every, When
from pipeline.schedule.turns import Around, Turns

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
START, END = (datetime(year, 1, 1, tzinfo=SHANGHAI) for year in (2026, 2027))


class KilledError(BaseException):
    """The process ends at once, as by kill -9: nothing more is written, its locks are freed."""


@dataclass(frozen=True)
class Event:
    """Something that happens at a time of the wall clock. gone: time that passes with nobody at work; step: by which the
    clock is set on or back; machines: which processes work afterwards; kill: the job in whose midst the first one is killed."""

    at: datetime
    name: str
    gone: timedelta = timedelta()
    step: timedelta = timedelta()
    machines: tuple[str, ...] = ("A",)
    kill: str = ""
    restart: bool = False


def _at(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


EVENTS = (
    Event(_at(2, 10, 10, 7), "restart", restart=True),
    Event(_at(3, 5, 3, 30), "kill -9 in the midst of purge, back 7 minutes later", kill="purge", gone=7 * MINUTE),
    Event(_at(4, 1, 0, 1), "a second process", machines=("A", "B")),
    Event(_at(5, 20, 12, 0), "kill -9 of one in the midst of a crawl", machines=("B",), kill="crawl board"),
    Event(_at(5, 21, 9, 13), "it is back", machines=("A", "B")),
    Event(_at(7, 1, 0, 1), "one process again"),
    Event(_at(8, 3, 22, 0) + MINUTE, "suspended for 3 days", gone=3 * DAY),
    Event(_at(9, 10, 4, 1), "the clock is set back by an hour", step=-HOUR),
    Event(_at(10, 15, 1, 1), "off for 4 hours of the night", gone=4 * HOUR, restart=True),
    Event(_at(11, 1, 12, 1), "the clock jumps ahead by 20 minutes", step=20 * MINUTE),
    Event(_at(11, 1, 13, 1), "and is set right", step=-20 * MINUTE),
)


def plans(process_every_s: float) -> dict[str, When]:
    """A job of each kind."""
    return {
        "crawl news": Every(3600),
        "crawl board": Every(6 * 3600),
        "process": Every(process_every_s),
        "detect": Every(process_every_s),
        "remind": Cron("0 9-17 * * 1-5"),
        "purge": Daily("03:30"),
        "backup": Daily("02:30"),
        "brief daily": Cron("20 7 * * *"),
        "brief weekly": Cron("0 8 * * 1"),
        "brief monthly": Cron("30 8 1 * *"),
    }


@dataclass
class Year:
    """The world that the processes live in. done: ends of runs by job; begun: starts by job, those that were killed included."""

    store: Callable[[], Engine]
    project: Project
    when: dict[str, When]
    clock: SimulatedClock = field(default_factory=lambda: SimulatedClock(START))
    begun: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    machines: dict[str, tuple[Turns, Engine]] = field(default_factory=dict)
    kill: str = ""
    _inside: bool = False

    def live(self, until: datetime, events: Sequence[Event]) -> None:
        """Through to `until`."""
        self._work(("A",))
        for event in (*events, Event(until, "the end")):
            self._until(event.at)
            self._suffer(event)
        self._work(())

    def _until(self, at: datetime) -> None:
        while self.clock.now() < at:
            upcoming = min(self._turn(name) for name in tuple(self.machines))
            self.clock.wait_until(min(upcoming, at))

    def _turn(self, name: str) -> datetime:
        return self.machines[name][0].turn()

    def _suffer(self, event: Event) -> None:
        if event.kill:
            self.kill = event.kill
            try:
                self._turn("A")
            except KilledError:
                self.kill = ""
                self._stop("A")
            assert not self.kill, f"{event.kill} was not due at {event.at}"
        if event.restart:
            self._work(())
        self.clock.step(event.gone + event.step)
        self._work(event.machines)

    def _work(self, machines: Sequence[str]) -> None:
        for name in [name for name in self.machines if name not in machines]:
            self._stop(name)
        for name in machines:
            if name not in self.machines:
                store = self.store()
                around = Around(self.clock, InTurn(), lambda job, said: None, threading.Event())
                turns = Turns(self.project, self._jobs(name), Ledger(store, f"machine {name} 1"), around)
                self.machines[name] = turns, store
                turns.begin()

    def _stop(self, name: str) -> None:
        self.machines.pop(name)[1].dispose()

    def _jobs(self, machine: str) -> list[Job]:
        def body(name: str) -> Callable[..., str]:
            def do(project: Project, *, now: datetime) -> str:
                self.begun[name] += 1
                self._others_turn(machine)
                if self.kill == name and machine == "A":
                    raise KilledError
                self.done[name] += 1
                return ""

            return do

        return [Job(name, when, body(name)) for name, when in self.when.items()]

    def _others_turn(self, machine: str) -> None:
        """In the midst of a job of one process the others look for what is due."""
        if not self._inside and not self.kill:
            self._inside = True
            try:
                for other in [name for name in self.machines if name != machine]:
                    self._turn(other)
            finally:
                self._inside = False


# ── what should come of it, counted from plans and disturbances alone ─────────────────────────────────────────────────
def expected(when: When, events: Sequence[Event], end: datetime = END) -> int:
    """How often a job should be done."""
    return _intervals(when, events, end) if isinstance(when, Every) else _labels(when, events, end)


def _labels(when: Daily | Cron, events: Sequence[Event], end: datetime) -> int:
    """Each time of the wall clock once; those that the clock passed over while nobody worked, together once; those that it
    came to again, not again."""
    labels: list[datetime] = []
    at = when.following(START)
    while at < end:
        labels.append(at)
        at = when.following(at)
    together = 0
    for event in events:
        over = [one for one in labels if event.at < one <= event.at + event.gone + event.step]
        together += max(0, len(over) - 1)
    return len(labels) - together


def _intervals(when: Every, events: Sequence[Event], end: datetime) -> int:
    """A run at each beat. While nobody works beats are made up by one run afterwards, which begins a new rhythm where it comes
    later than half an interval; a clock that is set back far begins a new rhythm too."""
    beat, runs = START, 0
    for event in (*events, Event(end, "the end")):
        while beat < event.at:
            runs, beat = runs + 1, beat + when.interval
        if event.kill and beat == event.at and not event.gone:  # the other process does it at once
            runs, beat = runs + 1, beat + when.interval
        after = event.at + event.gone + event.step
        if beat <= after and after > event.at:
            runs, beat = runs + 1, (beat if after - beat < when.interval / 2 else after) + when.interval
        beat = min(beat, after + when.interval)
    return runs


@dataclass(frozen=True)
class Row:
    """A job of the year. due: due times of an undisturbed year; again: runs that were killed and begun again."""

    job: str
    when: str
    due: int
    expected: int
    done: int
    again: int


def lived(
    store: Callable[[], Engine], project: Project, *, process_every_s: float = 1800, without: Sequence[str] = ()
) -> list[Row]:
    """The year, as a table. without: jobs that are left out."""
    when = {name: one for name, one in plans(process_every_s).items() if name not in without}
    year = Year(store, project, when)
    year.live(END, EVENTS)
    return [
        Row(
            name,
            str(when),
            expected(when, ()),
            expected(when, EVENTS),
            year.done[name],
            year.begun[name] - year.done[name],
        )
        for name, when in year.when.items()
    ]


@contextmanager
def _place(url: str) -> Iterator[tuple[Callable[[], Engine], Project]]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        init_project(root, region="云水县")
        address = url or f"sqlite:///{root / 'q.db'}"
        # What is shown is not what power loss leaves, and waiting for the disk would take most of the time.
        yield lambda: open_url(address, flush=False), open_project(root, {})


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.schedule_year", description="A year of the schedule.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--store", default="", help="address of an empty PostgreSQL database; a SQLite file else")
    parser.add_argument("--process-every", type=float, default=1800)
    options = parser.parse_args()
    began = time.monotonic()
    with _place(options.store) as (store, project):
        rows = lived(store, project, process_every_s=options.process_every)
    spent = time.monotonic() - began
    if options.json:
        print(json.dumps({"seconds": round(spent, 1), "jobs": [vars(row) for row in rows]}))
        return
    print(f"{START:%Y-%m-%d} … {END:%Y-%m-%d}, with:")
    for event in EVENTS:
        print(f"  {event.at.astimezone(UTC).astimezone(SHANGHAI):%m-%d %H:%M}  {event.name}")
    print(f"{'job':<14} {'when':<22} {'undisturbed':>11} {'expected':>9} {'done':>7} {'begun again':>11}")
    for row in rows:
        wrong = "" if row.done == row.expected else "  ✗"
        print(f"{row.job:<14} {row.when:<22} {row.due:>11} {row.expected:>9} {row.done:>7} {row.again:>11}{wrong}")
    print(f"{sum(row.done for row in rows)} runs in {spent:.0f} s")


if __name__ == "__main__":
    main()
