"""Table `job`: what is due, who is at it, and how it ended. Every change is one short transaction.

Who is at a job holds its lease (`crawlers.leases`), which ends with its holder. On PostgreSQL a lease also ends when the
connection breaks off while its holder lives on; so there a deadline stands beside it, renewed while the job goes on, and a
job of another machine is taken over only when both are gone. `turn` numbers the runs: one that was given up and ends
after all writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, delete, func, select, update

from config.errors import TransientError
from config.text import tr
from crawlers.leases import Lease, acquire
from crawlers.rows import from_ms, to_ms
from crawlers.store import insert_rows, read, take_turn, write
from pipeline.jobs import JobState
from pipeline.schedule import plan
from pipeline.schedule.plan import Slot, When
from pipeline.schedule.tables import job

# How long nothing may be heard of a holder on another machine.
DEADLINE = timedelta(seconds=45)
# Jobs that no schedule has looked at for so long (of sources that are gone) are forgotten.
_FORGOTTEN = timedelta(days=30)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Planned:
    """A job as the ledger knows it. name: its row."""

    name: str
    when: When


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that began. turn: its number; again: another began this slot and did not end it."""

    name: str
    turn: int
    slot: Slot
    at: datetime
    again: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended. said: what it did, or, where it `failed`, what went wrong; seconds: how long it took."""

    at: datetime
    said: str
    failed: bool
    seconds: float


class Ledger:
    """The rows of table `job`. holder: this process, "MACHINE PID"."""

    def __init__(self, store: Engine, holder: str) -> None:
        self._store, self.holder = store, holder

    def know(self, planned: Sequence[Planned], now: datetime) -> None:
        """Make the rows of jobs that have none, and plan those anew whose plan has changed."""
        with write(self._store) as connection:
            take_turn(connection, "jobs")
            rows = _rows(connection)
            insert_rows(connection, job, [_new_row(one, now) for one in planned if one.name not in rows])
            for one in planned:
                row = rows.get(one.name)
                if row is not None and row["plan"] != str(one.when):
                    slot = plan.resumed(one.when, from_ms(row["started_ms"]), now)
                    connection.execute(_of(one.name).values(plan=str(one.when), **_slot_values(slot)))
            mine = [one.name for one in planned]
            old = job.c.due_ms < _ms(now - _FORGOTTEN), job.c.planned_ms < _ms(now - _FORGOTTEN)
            connection.execute(delete(job).where(*old, job.c.name.not_in(mine)))

    def slots(self) -> dict[str, Slot]:
        """What is due next, of every job."""
        with read(self._store) as connection:
            asked = select(job.c.name, job.c.due_ms, job.c.planned_ms)
            return {name: Slot(_at(due), _at(planned)) for name, due, planned in connection.execute(asked)}

    def states(self) -> list[JobState]:
        """Every job as people are told, by name."""
        with read(self._store) as connection:
            return [_state(row) for _, row in sorted(_rows(connection).items())]

    def ahead_s(self, now: datetime) -> float:
        """How far `now` is ahead of the clock of the store's server, in seconds; 0 where there is none."""
        if self._store.dialect.name == "sqlite":
            return 0.0
        with read(self._store) as connection:
            there: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return (now - there).total_seconds()

    def move(self, name: str, before: Slot, after: Slot) -> None:
        """Plan a job anew, unless its slot is another one by now."""
        with write(self._store) as connection:
            connection.execute(_of(name).where(job.c.due_ms == _ms(before.due_at)).values(**_slot_values(after)))

    def lease(self, name: str) -> Lease | None:
        """The lease of a job, None while another process has it."""
        return acquire(self._store, f"job {name}")

    def begin(self, name: str, now: datetime) -> Begun | None:
        """Note that this process begins what is due of a job, whose lease it holds; None where nothing is due, or the last
        holder may still be at it."""
        with write(self._store) as connection:
            row = connection.execute(select(job).where(job.c.name == name)).mappings().first()
            if row is None or row["due_ms"] > _ms(now) or self._others(dict(row), now):
                return None
            turn = row["turn"] + 1
            values = {"started_ms": _ms(now), "holder": self.holder, "deadline_ms": _ms(now + DEADLINE), "turn": turn}
            connection.execute(_of(name).values(**values))
        return Begun(name, turn, Slot(_at(row["due_ms"]), _at(row["planned_ms"])), now, bool(row["holder"]))

    def _others(self, row: Mapping[str, Any], now: datetime) -> bool:
        """Whether the holder that a row names may live on without its lease: on another machine, until its deadline."""
        machine = self.holder.rsplit(" ", 1)[0]
        if self._store.dialect.name == "sqlite" or row["holder"].rsplit(" ", 1)[0] in ("", machine):
            return False
        # A deadline further off than one is given was written by a clock that has been set back since.
        return timedelta() < _at(row["deadline_ms"]) - now <= DEADLINE

    def renew(self, begun: Begun, now: datetime) -> None:
        """A sign of life of a run."""
        with write(self._store) as connection:
            connection.execute(_run(begun).values(deadline_ms=_ms(now + DEADLINE)))

    def end(self, begun: Begun, ended: Ended, slot: Slot) -> bool:
        """Note how a run ended, and what is due next; False, and nothing is written, where it had been given up."""
        values = {
            **_slot_values(slot),
            "last_due_ms": _ms(begun.slot.due_at),
            "ended_ms": _ms(ended.at),
            "outcome": "failed" if ended.failed else "ok",
            "said": ended.said,
            "runs": job.c.runs + 1,
            "failures": job.c.failures + int(ended.failed),
            "errors_in_a_row": job.c.errors_in_a_row + 1 if ended.failed else 0,
            "seconds": ended.seconds,
            "seconds_total": job.c.seconds_total + ended.seconds,
            "holder": "",
            "deadline_ms": None,
        }
        with write(self._store) as connection:
            return connection.execute(_run(begun).values(**values)).rowcount == 1

    def leave(self, begun: Begun) -> None:
        """Note that a run was stopped before its end: it stays due."""
        with write(self._store) as connection:
            connection.execute(_run(begun).values(holder="", deadline_ms=None))


def held(state: JobState, now: datetime) -> bool:
    """Whether a job's holder was heard of lately."""
    return bool(state.holder) and state.deadline_at is not None and state.deadline_at > now


def refused() -> str:
    """What is told where the clock of this machine is wrong."""
    return tr(
        "本机时钟与数据库服务器相差 1 分钟以上，暂不开始任务；请开启时间同步（NTP）",
        "the clock of this machine and that of the database server differ by more than a minute; no job is begun; "
        "switch on time synchronisation (NTP)",
    )


def _rows(connection: Connection) -> dict[str, dict[str, Any]]:
    return {row["name"]: dict(row) for row in connection.execute(select(job)).mappings()}


def _of(name: str) -> Any:
    return update(job).where(job.c.name == name)


def _run(begun: Begun) -> Any:
    return _of(begun.name).where(job.c.turn == begun.turn)


def _new_row(one: Planned, now: datetime) -> dict[str, Any]:
    return {"name": one.name, "plan": str(one.when), **_slot_values(plan.first(one.when, now))}


def _slot_values(slot: Slot) -> dict[str, int]:
    return {"due_ms": _ms(slot.due_at), "planned_ms": _ms(slot.planned_at)}


def _state(row: Mapping[str, Any]) -> JobState:
    return JobState(
        name=row["name"],
        when=row["plan"],
        next_at=_at(row["due_ms"]),
        last_due_at=from_ms(row["last_due_ms"]),
        started_at=from_ms(row["started_ms"]),
        ended_at=from_ms(row["ended_ms"]),
        running=bool(row["holder"]),
        holder=row["holder"],
        deadline_at=from_ms(row["deadline_ms"]),
        result=row["outcome"],
        said=row["said"],
        runs=row["runs"],
        failures=row["failures"],
        errors_in_a_row=row["errors_in_a_row"],
        seconds=row["seconds"],
        seconds_total=row["seconds_total"],
    )


def _ms(at: datetime) -> int:
    found = to_ms(at)
    assert found is not None  # only None gives None
    return found


def _at(ms: int) -> datetime:
    found = from_ms(ms)
    assert found is not None
    return found


def patiently(work: Callable[[], T], *, pause: Callable[[], bool]) -> T:
    """What `work` gives, tried again while the store does not answer, as long as `pause` says to go on."""
    while True:
        try:
            return work()
        except TransientError:
            if not pause():
                raise
