"""Gathers what pages yield and lands it in small batches, so that one transaction serves many pages and little is at stake."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from crawlers.landing import PageResult

# 100 pages land in some tens of milliseconds: the reactor is not starved. A slow site lands what it has after a second.
PAGES = 100
AGE_S = 1.0


class Batches:
    """A buffer before the landing. land: takes a batch in one transaction; its errors pass through."""

    def __init__(self, land: Callable[[Sequence[PageResult]], None]) -> None:
        self._land = land
        self._waiting: list[PageResult] = []
        self._since = 0.0

    def add(self, result: PageResult) -> None:
        """Take one page; lands the batch when it is full."""
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append(result)
        if len(self._waiting) >= PAGES:
            self.flush()

    def flush_old(self) -> None:
        """Land what has waited for a second."""
        if self._waiting and time.monotonic() - self._since >= AGE_S:
            self.flush()

    def flush(self) -> None:
        """Land all that waits."""
        batch, self._waiting = self._waiting, []
        if batch:
            self._land(batch)
