"""`/metrics`: figures of an installation in Prometheus' text format 0.0.4. Counts, ages and durations only: labels are
names of sources, jobs and stages, never a text, an author or an address."""

from __future__ import annotations

import math
import platform
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Literal

from config.errors import QingyuError
from crawlers.store import HEAD
from pipeline.health import Health, Watch, age_s
from pipeline.jobs import BATCH_BOUNDS_S, Histogram
from pipeline.store_counts import StoreCounts

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_STATES = ("ok", "warning", "failed")
_NAME = re.compile(r"[a-z][a-z0-9_]*")

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(slots=True)
class Family:
    """A metric with its samples. samples: (suffix of the name, labels, value)."""

    name: str
    kind: Kind
    meaning: str
    samples: list[tuple[str, Mapping[str, str], float]] = field(default_factory=list)

    def add(self, value: float, suffix: str = "", **labels: str) -> Family:
        """One more sample; gives the family back."""
        self.samples.append((suffix, labels, value))
        return self


def render(families: Iterator[Family]) -> str:
    """The text; families without samples are left out."""
    return "".join(line + "\n" for family in families if family.samples for line in _lines(family))


def families_of(watch: Watch, health: Health, *, engine: str) -> Iterator[Family]:
    """Every metric, from one look at the installation."""
    facts = {"version": version("qingyu"), "python": platform.python_version(), "schema": HEAD, "engine": engine}
    yield Family("qingyu_build_info", "gauge", "Version of the program, in labels").add(1, "", **facts)
    yield _one_of("qingyu_health", "How the whole is: 1 for the state it is in", health.state)
    checks = Family("qingyu_check", "gauge", "How each part is: 1 for the state it is in")
    for check in health.checks:
        for state in _STATES:
            checks.add(check.state == state, check=check.check, state=state)
    yield checks
    index = next(check.state for check in health.checks if check.check == "index")
    yield _one_of("qingyu_index_condition", "How the index is: 1 for the state it is in", index)
    counts: StoreCounts | None = None
    with suppress(QingyuError):  # the store does not answer; qingyu_check says so, no figure is better than a wrong one
        counts = watch.counts()
    if counts is not None:
        yield from _counted(counts)
    yield from _sources(health)
    yield from _workers(health)
    if watch.jobs is not None:
        started = Family("qingyu_start_time_seconds", "gauge", "When qingyu run began, seconds since 1970")
        yield started.add(watch.jobs.began_at.timestamp())
        yield from _jobs(health)
        yield _batches(watch.jobs.batches())


def _counted(counts: StoreCounts) -> Iterator[Family]:
    yield Family("qingyu_posts_landed", "gauge", "Posts in the store").add(counts.landed)
    yield Family("qingyu_posts_annotated", "gauge", "Posts with an annotation").add(counts.annotated)
    yield Family("qingyu_posts_indexed", "gauge", "Posts in the index, up to date").add(counts.indexed)
    yield Family("qingyu_posts_waiting", "gauge", "Posts that wait for annotation or index").add(counts.waiting)
    aside = Family("qingyu_set_aside", "gauge", "Pieces set aside and still kept")
    for stage, pieces in sorted(counts.set_aside.items()):
        aside.add(pieces, stage=stage)
    yield aside
    outbox = Family("qingyu_outbox", "gauge", "Alerts and letters at their recipients, by state")
    for state, number in counts.outbox.items():
        outbox.add(number, state=state)
    flags = Family("qingyu_flags", "gauge", "Flags that are kept, by level")
    for level, number in counts.flags.items():
        flags.add(number, level=level)
    yield from (outbox, flags)
    waiting = Family("qingyu_cases_waiting", "gauge", "Cases that wait for an answer")
    yield waiting.add(counts.cases_waiting)
    yield Family("qingyu_audit_rows", "gauge", "Rows of the audit").add(counts.audit)


def _sources(health: Health) -> Iterator[Family]:
    age = Family("qingyu_source_age_seconds", "gauge", "Since a source was last read with success; absent for never")
    state = Family("qingyu_source_state", "gauge", "How each source is: 1, with the state as label")
    for source in health.sources:
        seconds = age_s(source, datetime.now(UTC))
        if seconds is not None:
            age.add(seconds, source=source.name)
        state.add(1, source=source.name, state=source.health)
    yield age
    yield state


def _workers(health: Health) -> Iterator[Family]:
    yield Family("qingyu_workers", "gauge", "Processes that annotate and index").add(len(health.workers))
    waiting = sum(bool(one.note) for one in health.workers)
    yield Family("qingyu_workers_waiting", "gauge", "Those that wait for something").add(waiting)


def _jobs(health: Health) -> Iterator[Family]:
    runs = Family("qingyu_job_runs_total", "counter", "Runs of a job that ended")
    failures = Family("qingyu_job_failures_total", "counter", "Those that failed")
    seconds = Family("qingyu_job_seconds_total", "counter", "Time spent in them")
    last = Family("qingyu_job_last_seconds", "gauge", "How long the last one took")
    row = Family("qingyu_job_errors_in_a_row", "gauge", "Failures since the last success")
    following = Family("qingyu_job_next_run_seconds", "gauge", "When it is done next, seconds since 1970")
    for job in health.jobs:
        labels = {"job": job.stage, "source": job.subject}
        runs.add(job.runs, "", **labels)
        failures.add(job.failures, "", **labels)
        seconds.add(job.seconds_total, "", **labels)
        last.add(job.seconds, "", **labels)
        row.add(job.errors_in_a_row, "", **labels)
        if job.next_at is not None:
            following.add(job.next_at.timestamp(), "", **labels)
    yield from (runs, failures, seconds, last, row, following)


def _batches(found: Histogram) -> Family:
    family = Family("qingyu_process_batch_seconds", "histogram", "How long batches of the process stage took")
    for bound, count in zip(BATCH_BOUNDS_S, found.counts, strict=True):
        family.add(count, "_bucket", le=f"{bound:g}")
    return family.add(found.count, "_bucket", le="+Inf").add(found.total_s, "_sum").add(found.count, "_count")


def _one_of(name: str, meaning: str, state: str) -> Family:
    family = Family(name, "gauge", meaning)
    for one in _STATES:
        family.add(one == state, state=one)
    return family


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {_escaped(family.meaning)}"
    yield f"# TYPE {family.name} {family.kind}"
    for suffix, labels, value in family.samples:
        yield f"{family.name}{suffix}{_braces(labels)} {number(value)}"


def _braces(labels: Mapping[str, str]) -> str:
    for name in labels:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a label")
    inside = ",".join(f'{name}="{label(value)}"' for name, value in labels.items())
    return f"{{{inside}}}" if inside else ""


def label(value: str) -> str:
    """The value of a label as it is written between quotes."""
    return _escaped(value).replace('"', '\\"')


def number(value: float) -> str:
    """A value as it is written."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if float(value).is_integer() and abs(value) < 2**53 else repr(float(value))


def _escaped(text: str) -> str:
    # A lone surrogate cannot be sent; nothing else than these two needs an escape.
    sound = text.encode("utf-8", "replace").decode("utf-8")
    return sound.replace("\\", "\\\\").replace("\n", "\\n")
