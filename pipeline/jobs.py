"""What the jobs of `qingyu run` did since it began: kept in memory, told by the health page and the metrics."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

# Upper bounds of the histogram of batches: a batch of 10,000 posts takes some ten seconds on two cores.
BATCH_BOUNDS_S = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)


@dataclass(frozen=True, slots=True)
class JobState:
    """A job of the schedule. result: of the last run that ended; reason: what went wrong in it, "" for nothing;
    seconds: of the last run, seconds_total: of all."""

    name: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    running: bool = False
    result: Literal["new", "ok", "failed"] = "new"
    reason: str = ""
    runs: int = 0
    failures: int = 0
    errors_in_a_row: int = 0
    seconds: float = 0.0
    seconds_total: float = 0.0


@dataclass(frozen=True, slots=True)
class Histogram:
    """How long things took. counts: of each bound of BATCH_BOUNDS_S those that took no longer; count, total_s: of all."""

    counts: tuple[int, ...] = (0,) * len(BATCH_BOUNDS_S)
    count: int = 0
    total_s: float = 0.0

    def plus(self, seconds: float) -> Histogram:
        """The same with one more."""
        counts = tuple(n + (seconds <= bound) for n, bound in zip(self.counts, BATCH_BOUNDS_S, strict=True))
        return Histogram(counts, self.count + 1, self.total_s + seconds)


class Jobs:
    """The book of the jobs; safe to use from any thread. model: of the last run of the process stage, "" before one."""

    def __init__(self) -> None:
        self.began_at = datetime.now(UTC)
        self.model = ""
        self._lock = threading.Lock()
        self._states: dict[str, JobState] = {}
        self._began: dict[str, float] = {}
        self._batches = Histogram()

    def know(self, name: str) -> None:
        """A job that will be done."""
        with self._lock:
            self._states.setdefault(name, JobState(name))

    def begin(self, name: str) -> None:
        """A run of a job begins."""
        with self._lock:
            self._began[name] = time.monotonic()
            state = self._states.get(name, JobState(name))
            self._states[name] = replace(state, started_at=datetime.now(UTC), running=True)

    def end(self, name: str, wrong: str = "", *, counted: bool = True) -> None:
        """It ended. wrong: what went wrong, "" for nothing; counted: False where it did not run to its end as asked."""
        with self._lock:
            state, spent = self._states[name], time.monotonic() - self._began[name]
            ended = replace(state, running=False, ended_at=datetime.now(UTC))
            if counted:
                ended = replace(
                    ended,
                    result="failed" if wrong else "ok",
                    reason=wrong,
                    runs=state.runs + 1,
                    failures=state.failures + bool(wrong),
                    errors_in_a_row=state.errors_in_a_row + 1 if wrong else 0,
                    seconds=spent,
                    seconds_total=state.seconds_total + spent,
                )
            self._states[name] = ended

    def batch(self, seconds: float) -> None:
        """A batch of the process stage was done."""
        with self._lock:
            self._batches = self._batches.plus(seconds)

    def states(self) -> Sequence[JobState]:
        """Every job, by name."""
        with self._lock:
            return [self._states[name] for name in sorted(self._states)]

    def batches(self) -> Histogram:
        """How long the batches of the process stage took."""
        with self._lock:
            return self._batches


class Batches:
    """The progress of one run of the process stage, as times of its batches."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs, self._done, self._at = jobs, 0, time.monotonic()

    def tell(self, done: int) -> None:
        """So many posts are done."""
        if done > self._done:
            now = time.monotonic()
            self._jobs.batch(now - self._at)
            self._done, self._at = done, now
