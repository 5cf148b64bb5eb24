"""`qingyu run`: crawls each source at its interval, processes what has landed, and enforces retention, until stopped."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import func, select

from config.errors import QingyuError, StageError
from config.locks import take
from config.logs import place_of
from config.project import Project
from config.sources import SourceConfig
from config.text import tr
from crawlers.schema import run as run_table
from crawlers.store import open_store, read
from pipeline.alerts.ack_page import ack_forms
from pipeline.backup import back_up, only_embedded
from pipeline.crawl import PARALLEL, crawl, lanes
from pipeline.events.detect import detect
from pipeline.health import Watch
from pipeline.health_server import pages_of, served
from pipeline.jobs import Batches, Jobs
from pipeline.process import process, put_back
from pipeline.retention import enforce

logger = logging.getLogger(__name__)
SHANGHAI = ZoneInfo("Asia/Shanghai")
# A job that was missed (the machine slept) is done once when the machine is back, however late.
_JOB = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
# How soon a crawl that waits for its turn sees that it is no longer wanted.
_WATCH_S = 0.5


class Schedule:
    """The long-running process. on_event: told (job, sentence) for each finished job that did something, from threads.

    A crawl of a source begins when its interval since the last start (kept in the store) has passed, so a restart neither
    doubles nor skips one; machines that share a store share the sources too.
    Errors of a job are logged and told; the next turn tries again. Sources of one host take turns,
    at most two hosts are read at a time; processing and retention never run side by side.
    """

    def __init__(self, project: Project, *, on_event: Callable[[str, str], None]) -> None:
        self.project, self.on_event = project, on_event
        self.stopped = threading.Event()
        self.jobs = Jobs()
        self._turns = threading.Semaphore(PARALLEL)
        self._lanes = lanes([source for source in project.sources if source.enabled])
        executors = {f"lane-{number}": ThreadPoolExecutor(1) for number in range(len(self._lanes))}
        # A backup only reads, so nothing waits for it.
        executors |= {"default": ThreadPoolExecutor(1), "backup": ThreadPoolExecutor(1)}
        self.scheduler = BackgroundScheduler(timezone=SHANGHAI, executors=executors)
        self.scheduler.add_listener(self._unforeseen, EVENT_JOB_ERROR)

    def run(self) -> None:
        """Work until SIGTERM, SIGINT or `stop`; jobs in progress end in good order first, what they did is kept.

        Raises StageError while another process works for the same project.
        """
        already = tr("已有一个 qingyu run 在为这个项目值守", "another qingyu run already works for this project")
        if self.project.settings.schedule.backup_at:
            only_embedded(self.project)
        with take(self.project.data_dir / "run.lock", already), self._watched():
            self._work()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """The health page, where a port is set for it."""
        settings = self.project.settings
        if not settings.health.port:
            yield
            return
        watch = Watch(self.project, jobs=self.jobs, next_runs=self._next_runs)
        engine = "elasticsearch" if settings.index.url else "tantivy"
        pages = pages_of(watch, running=lambda: self.scheduler.running and not self.stopped.is_set(), engine=engine)
        with served(settings.health, pages, ack_forms(self.project)) as port:
            logger.info("health address=%s port=%s", settings.health.address, port)
            yield

    def _next_runs(self) -> dict[str, datetime]:
        return {job.id: job.next_run_time for job in self.scheduler.get_jobs() if job.next_run_time is not None}

    def _work(self) -> None:
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        # It would log what a job raised with the message, which may quote a post; `_unforeseen` logs the place.
        logging.getLogger("apscheduler.executors").setLevel(logging.CRITICAL)
        now = datetime.now(UTC)
        for number, members in enumerate(self._lanes):
            for source in members:
                self._add_source(source, now, f"lane-{number}")
        settings = self.project.settings.schedule
        self._add("process", self._process, "interval", seconds=settings.process_every_s, next_run_time=now)
        self._add_daily("purge", self._purge, settings.purge_at)
        if settings.backup_at:
            self._add_daily("backup", self._backup, settings.backup_at, executor="backup")
        self.scheduler.start()
        self.stopped.wait()
        self.scheduler.shutdown(wait=True)

    def stop(self) -> None:
        """End `run` once the jobs in progress have ended, which they are asked to do."""
        self.stopped.set()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stop()

    def _add_source(self, source: SourceConfig, now: datetime, executor: str) -> None:
        last = _last_start(self.project, source.name)
        due = now if last is None else max(now, datetime.fromtimestamp(last / 1000 + source.every, UTC))
        job = partial(self._crawl, source)
        name = f"crawl {source.name}"
        self._add(name, job, "interval", seconds=source.every, next_run_time=due, executor=executor)

    def _add_daily(self, name: str, job: Callable[[], str | None], at: str, **options: Any) -> None:
        hour, minute = (int(part) for part in at.split(":"))
        self._add(name, job, "cron", hour=hour, minute=minute, **options)

    def _add(self, name: str, job: Callable[[], str | None], trigger: str, **options: Any) -> None:
        self.jobs.know(name)
        self.scheduler.add_job(partial(self._guarded, name, job), trigger, id=name, **options, **_JOB)

    def _guarded(self, name: str, job: Callable[[], str | None]) -> None:
        """Do a job, which may return what went wrong; what our own code says cannot be done now is told, and the next
        turn tries again."""
        if self.stopped.is_set():
            return
        self.jobs.begin(name)
        try:
            wrong = job() or ""
        except QingyuError as error:
            wrong = error.message
            if not self.stopped.is_set():
                logger.error("schedule job=%s failed=%s reason=%s", name, type(error).__name__, error.message)
                self.on_event(name, error.message)
        except Exception as error:
            self.jobs.end(name, type(error).__name__)
            raise
        self.jobs.end(name, wrong, counted=not (wrong and self.stopped.is_set()))

    def _unforeseen(self, event: JobExecutionEvent) -> None:
        """Anything else a job raised: logged with its place, told, and the schedule goes on."""
        kind = type(event.exception).__name__
        logger.error("schedule job=%s unforeseen=%s at=%s", event.job_id, kind, place_of(event.exception))
        self.on_event(
            event.job_id, tr("程序出错（{k}），详见日志", "a mistake of the program ({k}); see the log", k=kind)
        )

    def _crawl(self, source: SourceConfig) -> str | None:
        while not self._turns.acquire(timeout=_WATCH_S):
            if self.stopped.is_set():
                return None
        last = _last_start(self.project, source.name)
        if last is not None and datetime.now(UTC).timestamp() - last / 1000 < source.every / 2:
            self._turns.release()  # another machine was there in the meantime
            return None
        try:
            result = crawl(self.project, [source], stop=self.stopped)[0]
        finally:
            self._turns.release()
        new, changed = result.counts.get("posts_new", 0), result.counts.get("posts_changed", 0)
        told = tr("新帖 {n}，变更 {c}", "{n} new, {c} changed", n=new, c=changed)
        self.on_event(f"crawl {source.name}", "；".join(part for part in (told, result.reason) if part))
        return (result.reason or result.outcome) if result.outcome == "failed" else None

    def _process(self) -> None:
        batches = Batches(self.jobs)

        def between(done: int, total: int | None) -> None:
            batches.tell(done)
            self._stop_if_asked()

        report = process(self.project, progress=between)
        self.jobs.model = report.model
        if report.rebuilt:
            self.on_event("process", put_back(report.rebuilt))
        found = detect(self.project, now=datetime.now(UTC))
        if said := found.sentence():
            self.on_event("detect", said)
        if report.read:
            told = tr("入索引 {i}，搁置 {s}", "{i} indexed, {s} set aside", i=report.indexed, s=report.set_aside)
            self.on_event("process", told)

    def _stop_if_asked(self) -> None:
        if self.stopped.is_set():
            raise StageError(tr("按要求停下，余下的下次处理", "stopped as asked; the rest is left for the next run"))

    def _purge(self) -> None:
        report = enforce(self.project, now=datetime.now(UTC))
        self.on_event("purge", tr("清理帖子 {n} 条", "{n} posts removed", n=report.posts))

    def _backup(self) -> None:
        backup = self.project.settings.backup
        made = back_up(
            self.project,
            self.project.root / backup.folder,
            keep=backup.keep,
            with_secrets=backup.with_secrets,
            between=self._stop_if_asked,
        )
        self.on_event("backup", made.sentence())


def _last_start(project: Project, source: str) -> int | None:
    engine = open_store(project)
    try:
        with read(engine) as connection:
            asked = select(func.max(run_table.c.started_ms)).where(run_table.c.source == source)
            last = connection.execute(asked).scalar()
    finally:
        engine.dispose()
    return int(last) if last is not None else None
