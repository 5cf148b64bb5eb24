"""How an installation is, in one look: store, index, workers, jobs, sources. What `/health` and `qingyu health` tell.

Never a post's text, an author or an address: sentences pass through `told`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Literal

from config.errors import QingyuError
from config.project import Project
from config.text import tr
from pipeline.index.engine import Condition, IndexEngine
from pipeline.index.engines import engine_of
from pipeline.jobs import Jobs, JobState
from pipeline.probe import Probe
from pipeline.schedule.reading import job_states
from pipeline.sources_view import SourceView, health_of, store_engine
from pipeline.store_counts import StoreCounts, store_counts
from pipeline.workers import AtWork, at_work, machine_of

State = Literal["ok", "warning", "failed"]
# How long one part may take to answer; a prober gives up after ten seconds by default.
_PATIENCE_S = 5.0
# Counting takes a second in a million posts: a fiftieth of the time at most, however often it is asked.
_COUNT_SHARE = 50.0
# One failure may be chance; three in a row are none.
_IN_A_ROW = 3
# These keep data moving; a source that fails is a matter of its site.
_VITAL = ("process", "detect", "rules", "deliver", "escalate", "remind", "briefs", "purge", "backup")
# Health of sources that needs nobody.
_WELL = ("fine", "new", "disabled")
_ADDRESS = re.compile(r"\b[\w+.-]+://\S+|\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?")
_ORDER: Mapping[str, int] = {"ok": 0, "warning": 1, "failed": 2}


@dataclass(frozen=True, slots=True)
class Check:
    """A part and how it is. message: one sentence."""

    check: str
    state: State
    message: str


@dataclass(frozen=True, slots=True)
class Health:
    """All of it. running: whether `qingyu run` works; instance: identity of the data folder."""

    at: datetime
    instance: str
    running: bool
    since: datetime | None
    checks: Sequence[Check]
    workers: Sequence[AtWork] = ()
    jobs: Sequence[JobState] = ()
    sources: Sequence[SourceView] = ()
    program: str = field(default_factory=lambda: version("qingyu"))

    @property
    def state(self) -> State:
        """The worst of the checks."""
        return worst(check.state for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; times in UTC."""
        return {
            "state": self.state,
            "at": _iso(self.at),
            "program": self.program,
            "instance": self.instance,
            "running": self.running,
            "since": _iso(self.since),
            "checks": [asdict(check) for check in self.checks],
            "workers": [_worker(one) for one in self.workers],
            "jobs": [_job(one) for one in self.jobs],
            "sources": [_source(one, self.at) for one in self.sources],
        }


class Watch:
    """Looks at `project`. jobs: the book of the schedule that runs in this process, None where none does."""

    def __init__(
        self,
        project: Project,
        *,
        jobs: Jobs | None = None,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._project, self.jobs, self._patience_s = project, jobs, patience_s
        self._engine: IndexEngine | None = None
        self._workers = Probe("workers", lambda: at_work(store_engine(project)))
        self._sources = Probe("sources", lambda: health_of(project, now=datetime.now(UTC)))
        self._index = Probe("index", self._condition)
        self._jobs = Probe("jobs", lambda: job_states(store_engine(project)))
        self._counts = Probe("counts", self._count, share=_COUNT_SHARE)

    def look(self, *, running: bool) -> Health:
        """How it is now. Never raises for what does not answer: that is what it tells."""
        store, workers = self._store()
        condition, jobs = self.condition(), self.told_jobs()
        checks = [store, Check("index", condition.state, told(condition.message)), worker_check(workers)]
        sources: Sequence[SourceView] = ()
        if store.state == "ok":
            asked, sources = self._sources_asked()
            checks.append(asked)
        checks.append(run_check(jobs, running=running))
        return Health(
            at=datetime.now(UTC),
            instance=instance_of(self._project),
            running=running,
            since=self.jobs.began_at if self.jobs is not None else None,
            checks=checks,
            workers=workers,
            jobs=jobs,
            sources=sources,
        )

    def condition(self) -> Condition:
        """How the index is. Never raises."""
        try:
            return self._index.answer(self._patience_s)
        except QingyuError as error:
            return Condition("failed", error.message)

    def counts(self) -> StoreCounts:
        """What the store holds, some time ago where counting takes long. Raises QingyuError."""
        return self._counts.answer(self._patience_s)

    def told_jobs(self) -> Sequence[JobState]:
        """Every job: as the schedule of this process knows them, else as the store does; none where it does not answer."""
        if self.jobs is not None:
            return self.jobs.states()
        with suppress(QingyuError):  # the check of the store tells
            return self._jobs.answer(self._patience_s)
        return ()

    def _condition(self) -> Condition:
        if self._engine is None:
            self._engine = engine_of(self._project)
        return self._engine.condition()

    def _count(self) -> StoreCounts:
        return store_counts(store_engine(self._project), self.jobs.model if self.jobs is not None else "")

    def _store(self) -> tuple[Check, Sequence[AtWork]]:
        try:
            workers = self._workers.answer(self._patience_s)
        except QingyuError as error:
            return Check("store", "failed", told(error.message)), ()
        return Check("store", "ok", tr("可用", "it answers")), workers

    def _sources_asked(self) -> tuple[Check, Sequence[SourceView]]:
        try:
            sources = self._sources.answer(self._patience_s)
        except QingyuError as error:
            return Check("sources", "failed", told(error.message)), ()
        return source_check(sources), sources


def worst(states: Iterable[State]) -> State:
    """The worst of them; ok for none."""
    return max(states, key=_ORDER.__getitem__, default="ok")


def told(sentence: str) -> str:
    """A sentence without addresses, one line, 300 characters at most."""
    return _ADDRESS.sub("…", " ".join(sentence.split()))[:300]


def instance_of(project: Project) -> str:
    """The identity of the data folder, "" where none can be kept."""
    try:
        return machine_of(project.data_dir).rpartition(" ")[2]
    except OSError:
        return ""


def worker_check(workers: Sequence[AtWork]) -> Check:
    """Whether a process waits for something. Pure."""
    waiting = [one for one in workers if one.note]
    if not waiting:
        return Check("workers", "ok", tr("{n} 个进程在处理", "{n} processes at work", n=len(workers)))
    message = tr("{n} 个进程在等：{w}", "{n} processes wait: {w}", n=len(waiting), w=told(waiting[0].note))
    return Check("workers", "warning", message)


def source_check(sources: Sequence[SourceView]) -> Check:
    """Which sources need someone. Pure."""
    bad = [one for one in sources if one.health not in _WELL]
    if not bad:
        return Check("sources", "ok", tr("{n} 个来源正常", "{n} sources are fine", n=len(sources)))
    names = tr("、", ", ").join(f"{one.name} ({one.health})" for one in bad[:10])
    message = tr("{n} 个来源要看看：{s}", "{n} sources need a look: {s}", n=len(bad), s=names)
    return Check("sources", "warning", message)


def run_check(jobs: Sequence[JobState], *, running: bool) -> Check:
    """Whether the schedule does its jobs. Pure."""
    if not running:
        return Check("run", "warning", tr("qingyu run 没有在运行", "qingyu run is not working"))
    bad = [one for one in jobs if one.errors_in_a_row]
    if not bad:
        return Check("run", "ok", tr("{n} 个任务正常", "{n} jobs are fine", n=len(jobs)))
    lasting = any(one.stage in _VITAL and one.errors_in_a_row >= _IN_A_ROW for one in bad)
    names = tr("、", ", ").join(f"{one.name} ×{one.errors_in_a_row}" for one in bad[:10])
    return Check("run", "failed" if lasting else "warning", tr("接连出错：{s}", "failed in a row: {s}", s=names))


def age_s(source: SourceView, now: datetime) -> float | None:
    """Seconds since a source was read with success; None for never."""
    return None if source.last_ok is None else max(0.0, (now - source.last_ok).total_seconds())


def _worker(one: AtWork) -> dict[str, Any]:
    return {"pid": one.pid, "machine": one.machine, "silent_s": round(one.silent_s, 1), "waits_for": told(one.note)}


def _job(job: JobState) -> dict[str, Any]:
    return {
        "job": job.name,
        "running": job.running,
        "last_start": _iso(job.started_at),
        "last_end": _iso(job.ended_at),
        "last_result": job.result,
        "reason": told(job.reason),
        "seconds": round(job.seconds, 3),
        "errors_in_a_row": job.errors_in_a_row,
        "last_due": _iso(job.last_due_at),
        "next_run": _iso(job.next_at),
    }


def _source(one: SourceView, now: datetime) -> dict[str, Any]:
    age = age_s(one, now)
    return {
        "source": one.name,
        "health": one.health,
        "reason": told(one.reason),
        "last_ok": _iso(one.last_ok),
        "age_s": None if age is None else round(age, 1),
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
