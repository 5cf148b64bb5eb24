"""What became of the jobs, for those who look: `qingyu jobs`, the health page, `qingyu doctor`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from pipeline.jobs import JobState
from pipeline.schedule.ledger import Ledger, held

# A job that is due for longer than this and at which nobody is has been overlooked.
OVERDUE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class JobView:
    """A job at one time. held_by: machine and process that is at it, "" for nobody; lost: its holder ended before its end,
    so that it will be done again; overdue: due for long, and nobody is at it."""

    state: JobState
    held_by: str
    lost: bool
    overdue: bool

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        one = self.state
        return {
            "job": one.name,
            "when": one.when,
            "last_due": one.last_due_at,
            "last_start": one.started_at,
            "last_end": one.ended_at,
            "outcome": one.result,
            "said": one.said,
            "next_run": one.next_at,
            "held_by": self.held_by,
            "lost": self.lost,
            "overdue": self.overdue,
            "runs": one.runs,
            "failures": one.failures,
            "errors_in_a_row": one.errors_in_a_row,
            "seconds": round(one.seconds, 3),
        }


def job_states(store: Engine) -> Sequence[JobState]:
    """Every job of the store, by name."""
    return Ledger(store, "").states()


def job_views(store: Engine, now: datetime) -> list[JobView]:
    """Every job of the store as it is at `now`, by name."""
    return [view_of(state, now) for state in job_states(store)]


def view_of(state: JobState, now: datetime) -> JobView:
    """A job as it is at `now`. Pure."""
    alive = held(state, now)
    late = state.next_at is not None and now - state.next_at > OVERDUE
    return JobView(state, state.holder if alive else "", bool(state.holder) and not alive, late and not alive)
