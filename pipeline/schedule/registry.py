"""The jobs of a project.

A new periodic job is one function and one line. The function is `NAME(project, *, now: datetime) -> str` (see `Body`):
idempotent, safe to be killed at any instant. The line stands in `jobs_of`, where jobs of one lane run in this order:

    Job("rules", Every(settings.process_every_s), evaluate_rules),        # after detect, in the same lane
    Job("deliver", Every(15), deliver, lane="alerts"),                     # beside everything else
    Job("briefs", Cron("20 7 * * *"), make_due_briefs),                    # by the wall clock of Asia/Shanghai
    Job("remind", Every(300), remind, lane="alerts"),

Its first word goes into STAGES of pipeline.cli.words (and `jobs` in the dashboard's texts where it is shown). A job that must
not be cut short by SIGTERM needs nothing: its end is waited for. A long one takes a look at `Works.stop` now and then.
"""

from __future__ import annotations

import threading
from datetime import datetime
from functools import partial

from sqlalchemy import func, select

from config.errors import StageError
from config.project import Project
from config.sources import SourceConfig
from config.text import tr
from crawlers.schema import run as run_table
from crawlers.store import opened, read
from pipeline.alerts.deliver import deliver
from pipeline.alerts.escalation import escalate
from pipeline.alerts.outbox import enqueue, enqueue_letter
from pipeline.backup import back_up, only_embedded
from pipeline.briefs.due import make_due_briefs, told
from pipeline.cases.reminders import remind
from pipeline.cases.replies import link_replies
from pipeline.cases.standing import case_lines
from pipeline.crawl import PARALLEL, crawl, lanes
from pipeline.events.detect import Detection
from pipeline.jobs import Batches, Jobs
from pipeline.process import process, put_back
from pipeline.retention import enforce
from pipeline.rules.evaluate import evaluate_rules
from pipeline.schedule.clock import Clock
from pipeline.schedule.job import Job
from pipeline.schedule.plan import Daily, Every

# Of lanes named "crawl/…", one for each host, so many work at a time.
AT_ONCE = {"crawl": PARALLEL}
_SELDOM_S = 300.0


def jobs_of(project: Project, works: Works) -> list[Job]:
    """Every job of `project`. Raises ConfigError for settings that cannot be followed."""
    settings = project.settings.schedule
    seldom = max(_SELDOM_S, settings.process_every_s)
    jobs = works.crawls(project)
    jobs += [
        Job("process", Every(settings.process_every_s), works.process, each_machine=True),
        Job("detect", Every(settings.process_every_s), works.detect),
        Job("rules", Every(settings.process_every_s), partial(evaluate_rules, send=enqueue)),
        Job("link", Every(seldom), link_replies),
        Job("remind", Every(seldom), partial(remind, send=enqueue)),
        # A server that does not answer may take minutes; nothing else waits for it.
        Job("deliver", Every(settings.deliver_every_s), deliver, lane="alerts"),
        Job("escalate", Every(settings.deliver_every_s), escalate, lane="escalate"),
        Job("briefs", Every(settings.process_every_s), _briefs, lane="briefs"),
        Job("purge", Daily(settings.purge_at), _purge),
    ]
    if settings.backup_at:
        only_embedded(project)
        # A backup only reads, so nothing waits for it.
        jobs.append(Job("backup", Daily(settings.backup_at), works.backup, lane="backup"))
    return jobs


class Works:
    """The bodies of the long jobs, which end early when `stop` is set; `book` is told of batches."""

    def __init__(self, clock: Clock, stop: threading.Event, book: Jobs) -> None:
        self._clock, self.stop, self.book = clock, stop, book
        self._detection: Detection | None = None

    def crawls(self, project: Project) -> list[Job]:
        """A job a source that is enabled; sources of one host share a lane. Re-visits that are due go with each crawl."""
        jobs: list[Job] = []
        for number, members in enumerate(lanes([source for source in project.sources if source.enabled])):
            for source in members:
                body = partial(self._crawl, source)
                jobs.append(Job(f"crawl {source.name}", Every(max(1.0, source.every)), body, lane=f"crawl/{number}"))
        return jobs

    def _crawl(self, source: SourceConfig, project: Project, *, now: datetime) -> str:
        last = _last_read(project, source.name)
        if last is not None and 0 <= now.timestamp() - last / 1000 < source.every / 2:
            return ""  # somebody has just done it by hand
        result = crawl(project, [source], stop=self.stop, at=None if self._clock.real else now)[0]
        if result.outcome in ("failed", "stopped"):
            raise StageError(result.reason or result.outcome)
        new, changed = result.counts.get("posts_new", 0), result.counts.get("posts_changed", 0)
        told = tr("新帖 {n}，变更 {c}", "{n} new, {c} changed", n=new, c=changed)
        return "；".join(part for part in (told, result.reason) if part)

    def process(self, project: Project, *, now: datetime) -> str:
        """Annotate and index what has landed."""
        batches = Batches(self.book)

        def between(done: int, total: int | None) -> None:
            batches.tell(done)
            self._stop_if_asked()

        report = process(project, progress=between)
        self.book.model = report.model
        told = [put_back(report.rebuilt)] if report.rebuilt else []
        if report.read:
            told.append(tr("入索引 {i}，搁置 {s}", "{i} indexed, {s} set aside", i=report.indexed, s=report.set_aside))
        return "；".join(told)

    def detect(self, project: Project, *, now: datetime) -> str:
        """Find events and raise flags, with what is remembered from the time before."""
        if self._detection is None:
            self._detection = Detection(project)
        return self._detection.run(now=now, progress=lambda done: self._stop_if_asked()).sentence()

    def backup(self, project: Project, *, now: datetime) -> str:
        """Back up where the settings say."""
        to = project.settings.backup
        folder = project.root / to.folder
        return back_up(
            project, folder, keep=to.keep, with_secrets=to.with_secrets, between=self._stop_if_asked
        ).sentence()

    def _stop_if_asked(self) -> None:
        if self.stop.is_set():
            raise StageError(tr("按要求停下，余下的下次处理", "stopped as asked; the rest is left for the next run"))


def _briefs(project: Project, *, now: datetime) -> str:
    return told(make_due_briefs(project, now=now, cases=case_lines(project), send=enqueue_letter))


def _purge(project: Project, *, now: datetime) -> str:
    report = enforce(project, now=now)
    return tr("清理帖子 {n} 条", "{n} posts removed", n=report.posts)


def _last_read(project: Project, source: str) -> int | None:
    """When the last crawl of a source that came to its end began, ms; None for none."""
    with opened(project) as engine, read(engine) as connection:
        asked = select(func.max(run_table.c.started_ms)).where(run_table.c.source == source)
        ended = run_table.c.outcome.in_(("finished", "limited"))
        last = connection.execute(asked.where(ended)).scalar()
    return int(last) if last is not None else None
