"""The jobs of `qingyu run` as people and monitors are told of them; they stand in table `job` (pipeline.schedule)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

# Upper bounds of the histogram of batches: a batch of 10,000 posts takes some ten seconds on two cores.
BATCH_BOUNDS_S = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)


@dataclass(frozen=True, slots=True)
class JobState:
    """A job of the schedule. when: its plan in words; next_at: what is due next, or is being done; last_due_at: what was
    done last; result: of the last run that ended; said: what that did, or what went wrong; holder: who is at it, "" for
    nobody, until deadline_at at least; seconds: of the last run, seconds_total: of all."""

    name: str
    when: str = ""
    next_at: datetime | None = None
    last_due_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    running: bool = False
    holder: str = ""
    deadline_at: datetime | None = None
    result: Literal["new", "ok", "failed"] = "new"
    said: str = ""
    runs: int = 0
    failures: int = 0
    errors_in_a_row: int = 0
    seconds: float = 0.0
    seconds_total: float = 0.0

    @property
    def stage(self) -> str:
        """The kind of job: the first word of its name."""
        return self.name.partition("@")[0].partition(" ")[0]

    @property
    def subject(self) -> str:
        """What it is about (a source), "" for nothing."""
        return self.name.partition("@")[0].partition(" ")[2]

    @property
    def machine(self) -> str:
        """Which machine does it for itself, "" where one does it for all."""
        return self.name.partition("@")[2]

    @property
    def reason(self) -> str:
        """What went wrong in the last run, "" for nothing."""
        return self.said if self.result == "failed" else ""


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
    """The jobs as a running schedule last saw them, and what only it knows; safe to use from any thread. model: of the last
    run of the process stage, "" before one."""

    def __init__(self) -> None:
        self.began_at = datetime.now(UTC)
        self.model = ""
        self._lock = threading.Lock()
        self._states: Sequence[JobState] = ()
        self._batches = Histogram()

    def put(self, states: Iterable[JobState]) -> None:
        """How the jobs are."""
        found = sorted(states, key=lambda one: one.name)
        with self._lock:
            self._states = found

    def batch(self, seconds: float) -> None:
        """A batch of the process stage was done."""
        with self._lock:
            self._batches = self._batches.plus(seconds)

    def states(self) -> Sequence[JobState]:
        """Every job, by name."""
        with self._lock:
            return self._states

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
