"""The clock the schedule goes by: the machine's, or one that jumps from one due time to the next."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

# The longest sleep: a machine that wakes, or a clock that was set, is noticed so soon. A timer of the system does not count
# the time that a machine is suspended.
_SLICE_S = 1.0


class Clock(Protocol):
    """What time it is, in whole milliseconds, and how one waits. real: it goes on by itself."""

    real: bool

    def now(self) -> datetime:
        """Now, aware."""

    def wait_until(self, at: datetime) -> None:
        """Come back at `at`, or some time before it."""

    def wake(self) -> None:
        """End a wait."""


class MachineClock:
    """The machine's clock."""

    real = True

    def __init__(self) -> None:
        self._woken = threading.Event()

    def now(self) -> datetime:
        """Now, in UTC."""
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def wait_until(self, at: datetime) -> None:
        """Wait, a second at most."""
        self._woken.wait(max(0.0, min(_SLICE_S, (at - self.now()).total_seconds())))
        self._woken.clear()

    def wake(self) -> None:
        """End a wait."""
        self._woken.set()


class SimulatedClock:
    """A clock for tests and replays: a wait is over at once and takes it to where it should lead. moved: told each new time."""

    real = False

    def __init__(self, start: datetime, *, moved: Callable[[datetime], None] = lambda now: None) -> None:
        self._now, self._moved = start, moved
        moved(start)

    def now(self) -> datetime:
        """The simulated time."""
        return self._now

    def wait_until(self, at: datetime) -> None:
        """Jump to `at`; never back."""
        if at > self._now:
            self.set(at)

    def wake(self) -> None:
        """Nobody sleeps."""

    def step(self, by: timedelta) -> None:
        """Set it on or back, as a correction of a machine's clock does."""
        self.set(self._now + by)

    def set(self, now: datetime) -> None:
        """Set it."""
        self._now = now
        self._moved(now)
