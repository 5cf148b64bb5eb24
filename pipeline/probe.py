"""Questions to something that may not answer: each has its time, and is never asked twice at once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from config.errors import QingyuError, TransientError
from config.logs import place_of
from config.text import tr

logger = logging.getLogger(__name__)
T = TypeVar("T")
# No answer is given again for longer.
_LONGEST_S = 300.0


class Probe(Generic[T]):
    """Asks `ask` in a thread of its own. share: an answer is used again for that many times as long as it took, so that
    asking often costs little; 0: each is asked anew."""

    def __init__(self, name: str, ask: Callable[[], T], *, share: float = 0.0) -> None:
        self._name, self._ask, self._share = name, ask, share
        self._lock = threading.Lock()
        self._asking: threading.Event | None = None
        self._answer: tuple[T | None, QingyuError | None] = (None, None)
        self._good_until = 0.0

    def answer(self, patience_s: float) -> T:
        """What was answered. Raises QingyuError where it could not be, TransientError where it took longer than
        `patience_s`; the question goes on then, and whoever asks next may have its answer."""
        with self._lock:
            if self._asking is None and time.monotonic() >= self._good_until:
                self._asking = threading.Event()
                threading.Thread(
                    target=self._run, args=(self._asking,), name=f"probe {self._name}", daemon=True
                ).start()
            waited = self._asking
        if waited is not None and not waited.wait(patience_s):
            message = tr("{s:g} 秒内没有回答", "no answer within {s:g} s", s=patience_s)
            raise TransientError(message)
        with self._lock:
            found, error = self._answer
        if error is not None:
            raise error
        return found  # type: ignore[return-value]  # without an error there is an answer

    def _run(self, asking: threading.Event) -> None:
        began = time.monotonic()
        found: T | None = None
        wrong: QingyuError | None = None
        try:
            found = self._ask()
        except QingyuError as error:
            wrong = error
        except Exception as error:  # noqa: BLE001 - whatever a driver raises: told as not well, never as a stuck page
            logger.error("probe=%s unforeseen=%s at=%s", self._name, type(error).__name__, place_of(error))
            wrong = TransientError(tr("程序出错（{k}）", "a mistake of the program ({k})", k=type(error).__name__))
        with self._lock:
            self._answer, self._asking = (found, wrong), None
            spent = time.monotonic() - began
            lasting = min(self._share * spent, _LONGEST_S) if wrong is None else 0.0
            self._good_until = time.monotonic() + lasting
        asking.set()
