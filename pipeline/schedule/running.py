"""`qingyu run`: does every job of a project when it is due, until stopped."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import FrameType

from config.locks import take
from config.project import Project
from config.text import tr
from crawlers.store import opened
from pipeline.alerts.ack_page import ack_forms
from pipeline.health import Watch
from pipeline.health_server import pages_of, served
from pipeline.jobs import Jobs
from pipeline.schedule.clock import Clock, MachineClock
from pipeline.schedule.job import Job
from pipeline.schedule.lanes import InTurn, Threads
from pipeline.schedule.ledger import DEADLINE, Ledger
from pipeline.schedule.registry import AT_ONCE, Works, jobs_of
from pipeline.schedule.turns import Around, Turns
from pipeline.workers import machine_of

logger = logging.getLogger(__name__)
# Three signs of life in the time after which a holder is given up.
_RENEW_S = DEADLINE.total_seconds() / 3


class Schedule:
    """The long-running process. on_event: told (job, sentence) for each run that did something, from threads; clock: by
    which it goes: with a simulated one, jobs run one after the other in the caller's thread.

    What is due and what was done stands in the store: a restart neither doubles nor forgets a run; machines that share a
    store share the jobs too. Errors of a job are logged and told; its next due time tries again.
    """

    def __init__(self, project: Project, *, on_event: Callable[[str, str], None], clock: Clock | None = None) -> None:
        self.project, self.on_event = project, on_event
        self.clock: Clock = clock or MachineClock()
        self.stopped = threading.Event()
        self.jobs = Jobs()
        self.works = Works(self.clock, self.stopped, self.jobs)

    def registry(self) -> list[Job]:
        """Every job. Raises ConfigError."""
        return jobs_of(self.project, self.works)

    def run(self, until: datetime | None = None) -> None:
        """Work until SIGTERM, SIGINT or `stop`, or until the clock comes to `until`; jobs in progress end in good order first.

        Raises StageError while another process works for the same project, ConfigError.
        """
        jobs = self.registry()
        already = tr("已有一个 qingyu run 在为这个项目值守", "another qingyu run already works for this project")
        with take(self.project.data_dir / "run.lock", already), self._turns(jobs) as turns:
            turns.begin()
            with self._signals(), self._watched(), self._alive(turns):
                turns.run(until)

    def stop(self) -> None:
        """End `run` once the jobs in progress have ended, which they are asked to do."""
        self.stopped.set()
        self.clock.wake()

    @contextmanager
    def _turns(self, jobs: list[Job]) -> Iterator[Turns]:
        lanes = Threads(AT_ONCE, self.stopped) if self.clock.real else InTurn()
        machine = machine_of(self.project.data_dir)
        with opened(self.project) as store:
            ledger = Ledger(store, f"{machine} {os.getpid()}")
            around = Around(self.clock, lanes, self.on_event, self.stopped)
            shared = store.dialect.name != "sqlite"
            turns = Turns(self.project, jobs, ledger, around, machine=machine if shared else "")
            turns.book = self.jobs
            try:
                yield turns
            finally:
                if self.clock.real:
                    self.stopped.set()
                lanes.close()

    @contextmanager
    def _alive(self, turns: Turns) -> Iterator[None]:
        """Signs of life of what goes on, as long as the block lasts and jobs are in progress."""
        over = threading.Event()

        def renew() -> None:
            while not over.wait(_RENEW_S):
                turns.renew()

        thread = threading.Thread(target=renew, name="alive", daemon=True)
        if self.clock.real:
            thread.start()
        try:
            yield
            turns.around.lanes.close()
        finally:
            over.set()
            if thread.is_alive():
                thread.join()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """The health page, where a port is set for it."""
        settings = self.project.settings
        if not settings.health.port:
            yield
            return
        watch = Watch(self.project, jobs=self.jobs)
        engine = "elasticsearch" if settings.index.url else "tantivy"
        pages = pages_of(watch, running=lambda: not self.stopped.is_set(), engine=engine)
        with served(settings.health, pages, ack_forms(self.project)) as port:
            logger.info("health address=%s port=%s", settings.health.address, port)
            yield

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT stop it in good order, where it runs in the main thread with the machine's clock."""
        if not self.clock.real or threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stop()
