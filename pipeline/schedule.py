"""`qingyu run`: crawls each source at its interval, processes what has landed, and enforces retention, until stopped."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import func, select

from config.errors import QingyuError
from config.project import Project
from config.sources import SourceConfig
from crawlers.schema import run as run_table
from crawlers.store import open_store
from pipeline.crawl import crawl
from pipeline.process import process
from pipeline.retention import enforce

logger = logging.getLogger(__name__)
SHANGHAI = ZoneInfo("Asia/Shanghai")
# A job that was missed (the machine slept) is done once when the machine is back, however late.
_JOB = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}


class Schedule:
    """The long-running process. on_event: told (job, sentence) for each finished job.

    A crawl of a source begins when its interval since the last start (kept in the store) has passed, so a restart neither
    doubles nor skips one. Errors of a job are logged and told; the next turn tries again.
    """

    def __init__(self, project: Project, *, on_event: Callable[[str, str], None]) -> None:
        self.project, self.on_event = project, on_event
        self.stopped = threading.Event()
        self.landed = threading.Event()
        self.scheduler = BackgroundScheduler(timezone=SHANGHAI)

    def run(self) -> None:
        """Work until SIGTERM, SIGINT or `stop`; a job in progress ends in good order first."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        now = datetime.now(UTC)
        for source in self.project.sources:
            if source.enabled:
                self._add_source(source, now)
        every = self.project.settings.schedule.process_every_s
        self.scheduler.add_job(self._process, "interval", seconds=every, id="process", next_run_time=now, **_JOB)
        hour, minute = self.project.settings.schedule.purge_at.split(":")
        self.scheduler.add_job(self._purge, "cron", hour=int(hour), minute=int(minute), id="purge", **_JOB)
        self.scheduler.start()
        self.stopped.wait()
        self.scheduler.shutdown(wait=True)

    def stop(self) -> None:
        """End `run` after the jobs in progress."""
        self.stopped.set()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stop()

    def _add_source(self, source: SourceConfig, now: datetime) -> None:
        last = _last_start(self.project, source.name)
        due = now if last is None else max(now, datetime.fromtimestamp(last / 1000 + source.every, UTC))
        name = f"crawl {source.name}"
        self.scheduler.add_job(
            self._crawl, "interval", args=[source], seconds=source.every, id=name, next_run_time=due, **_JOB
        )

    def _crawl(self, source: SourceConfig) -> None:
        result = crawl(self.project, [source])[0]
        new, changed = result.counts.get("posts_new", 0), result.counts.get("posts_changed", 0)
        self.on_event(f"crawl {source.name}", f"{result.outcome} new={new} changed={changed} {result.reason}")

    def _process(self) -> None:
        try:
            report = process(self.project)
        except QingyuError as error:
            logger.error("process failed reason=%s", error.message)
            self.on_event("process", error.message)
            return
        if report.read:
            self.on_event("process", f"indexed={report.indexed} set_aside={report.set_aside}")

    def _purge(self) -> None:
        report = enforce(self.project, now=datetime.now(UTC))
        self.on_event("purge", f"posts={report.posts}")


def _last_start(project: Project, source: str) -> int | None:
    engine = open_store(project)
    with engine.connect() as connection:
        last = connection.execute(select(func.max(run_table.c.started_ms)).where(run_table.c.source == source)).scalar()
    engine.dispose()
    return int(last) if last is not None else None
