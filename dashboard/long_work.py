"""Work that takes longer than a person waits: it goes on in a thread when its page is left, and its result is found again.

A work is known by whose it is, what it is and of what, so that nobody sees another person's. The process holds them; what must
outlast it is kept by the work itself, in the store.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# Here and whole before any work begins: Altair looks for pandas while charts are made, and would find half of it in a thread
# while a page is importing it.
import pandas  # noqa: F401
import streamlit as st

from config.errors import QingyuError, StageError
from config.logs import place_of
from config.text import tr
from dashboard import asking, parts
from dashboard.texts import t

logger = logging.getLogger(__name__)
# Two cores; who comes third waits, and is told so.
_AT_ONCE = 2
_KEPT = 200
_POLL = "1s"


@dataclass(slots=True)
class Work:
    """begun_at: None while it waits for its turn; done, of: how far it is, of 0 where that is not known; ended: with a result
    or an error."""

    asked_at: datetime
    begun_at: datetime | None = None
    done: int = 0
    of: int = 0
    ended: bool = False
    result: Any = None
    error: QingyuError | None = None

    def tell(self, done: int, of: int) -> None:
        """How far it is."""
        self.done, self.of = done, of


@dataclass(slots=True)
class Works:
    """The works of this process."""

    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="work"))
    known: OrderedDict[tuple[str, ...], Work] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, key: tuple[str, ...], call: Callable[[Work], Any]) -> None:
        """Begin a work; where the same goes on already, that one stays."""
        with self.lock:
            there = self.known.get(key)
            if there is not None and not there.ended:
                return
            made = self.known[key] = Work(asking.now())
            self.known.move_to_end(key)
            self._forget_old()
        self.pool.submit(_run, made, call)

    def _forget_old(self) -> None:
        for key in [key for key, work in self.known.items() if work.ended][: max(0, len(self.known) - _KEPT)]:
            del self.known[key]


def _run(work: Work, call: Callable[[Work], Any]) -> None:
    work.begun_at = asking.now()
    try:
        work.result = call(work)
    except QingyuError as error:
        work.error = error
    except Exception as error:  # noqa: BLE001 - told as failed: a work that never ends would be waited for in vain
        logger.error("work unforeseen=%s at=%s", type(error).__name__, place_of(error))
        work.error = StageError(tr("程序出错（{k}）", "a mistake of the program ({k})", k=type(error).__name__))
    work.ended = True


@st.cache_resource(show_spinner=False)
def _works() -> Works:
    return Works()


def _key(what: tuple[str, ...]) -> tuple[str, ...]:
    return (asking.person().name, *what)


def start(*what: str, call: Callable[[Work], Any]) -> None:
    """Begin this person's work `what`; page and subject name it."""
    _works().start(_key(what), call)


def found(*what: str) -> Work | None:
    """This person's work; None where there is none, or the server began anew since."""
    return _works().known.get(_key(what))


def going(*what: str) -> bool:
    """Whether it goes on."""
    work = found(*what)
    return work is not None and not work.ended


def shown(*what: str, waiting: str) -> Work | None:
    """Its progress while it goes on (waiting: what is being done, our wording), the complaint where it failed; returns it once
    it has ended well, None otherwise."""
    work = found(*what)
    if work is None:
        return None
    if not work.ended:
        _progress(what, waiting)
        return None
    if work.error is not None:
        parts.complain(work.error)
        return None
    return work


@st.fragment(run_every=_POLL)
def _progress(what: tuple[str, ...], waiting: str) -> None:
    work = found(*what)
    if work is None or work.ended:
        st.rerun()
    began = work.begun_at
    spent = (asking.now() - began).total_seconds() if began else 0.0
    said = t("work_going", w=waiting, s=spent) if began else t("work_queued", w=waiting)
    st.progress(min(work.done / work.of, 1.0) if work.of else 0.0, text=said)
    st.caption(t("work_leave"))
