"""Where jobs run: those of one lane one after the other, lanes side by side in threads; or all in the caller's thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

# How soon one that waits for its group sees that it is no longer wanted.
_WATCH_S = 0.5


class Lanes(Protocol):
    """Takes work."""

    def submit(self, lane: str, work: Callable[[], None]) -> None:
        """Have `work`, which must not raise Exceptions, done."""

    def close(self) -> None:
        """Wait until all is done."""


class Threads:
    """A thread a lane. at_once: of lanes called `group/name` how many of the group may work at the same time; stop: what
    still waits for its group then is not begun."""

    def __init__(self, at_once: Mapping[str, int], stop: threading.Event) -> None:
        self._lanes: dict[str, ThreadPoolExecutor] = {}
        self._groups = {group: threading.Semaphore(number) for group, number in at_once.items()}
        self._stop = stop

    def submit(self, lane: str, work: Callable[[], None]) -> None:
        """Have it done after what its lane has to do."""
        if lane not in self._lanes:
            self._lanes[lane] = ThreadPoolExecutor(1, thread_name_prefix=f"lane-{lane}")
        self._lanes[lane].submit(self._work, lane.partition("/")[0], work)

    def close(self) -> None:
        """Wait until all is done."""
        for lane in self._lanes.values():
            lane.shutdown(wait=True)

    def _work(self, group: str, work: Callable[[], None]) -> None:
        gate = self._groups.get(group)
        if gate is None:
            work()
            return
        while not gate.acquire(timeout=_WATCH_S):
            if self._stop.is_set():
                return
        try:
            work()
        finally:
            gate.release()


class InTurn:
    """All in the caller's thread, at once."""

    def submit(self, lane: str, work: Callable[[], None]) -> None:
        """Do it."""
        work()

    def close(self) -> None:
        """Nothing is left."""
