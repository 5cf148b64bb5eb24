"""Waiting for a cluster that is away: pauses that grow, why is told, and it goes on by itself."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from config.errors import TransientError

logger = logging.getLogger(__name__)
T = TypeVar("T")
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 15.0


def _nobody(note: str) -> None:
    return


@dataclass(frozen=True, slots=True)
class Patience:
    """wait_s: how long to wait, at most; told: hears why it waits, and "" when it goes on."""

    wait_s: float
    told: Callable[[str], None] = _nobody

    def until(self, call: Callable[[], T]) -> T:
        """What `call` answers, called again while it raises TransientError. Raises the last when enough was waited."""
        wait = self.begin()
        while True:
            try:
                answer = call()
            except TransientError as error:
                wait.pause(error)
            else:
                wait.over()
                return answer

    def begin(self) -> Wait:
        """For one piece of work."""
        return Wait(self)


class Wait:
    """The pauses of one piece of work."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._pause_s, self._since = _FIRST_PAUSE_S, 0.0

    def pause(self, error: TransientError) -> None:
        """Pause, or raise `error` when enough was waited since the first pause."""
        now, wait_s = time.monotonic(), self._patience.wait_s
        if not self._since:
            self._since = now
            logger.warning("waiting for the index for %s s at most: %s", wait_s, error.message)
        left = self._since + wait_s - now
        if left <= 0:
            raise error
        self._patience.told(error.message)
        time.sleep(min(self._pause_s, left))
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

    def over(self) -> None:
        """It went well: if there was a wait, say that it is over."""
        if self._since:
            logger.warning("the index answers again after %.0f s", time.monotonic() - self._since)
            self._patience.told("")
