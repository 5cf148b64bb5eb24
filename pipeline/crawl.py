"""Starts crawls as subprocesses (a Twisted reactor cannot start twice in a process) and gathers what they report."""

from __future__ import annotations

import json
import logging
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, Any, Literal
from urllib.parse import urlsplit

from config.errors import ConfigError, StageError
from config.project import Project
from config.sources import SourceConfig
from config.text import language, tr
from crawlers.store import open_store

logger = logging.getLogger(__name__)

Revisit = Literal["due", "all", "none"]
OnEvent = Callable[[str, dict[str, Any]], None]
# Exit codes of `python -m crawlers`, the same as the command line's.
DONE, FAILED, USAGE, PIECES = 0, 1, 2, 3
# Enough for two cores; sites on one host never run side by side.
PARALLEL = 2
# A page of each kind, at the pace of the source.
_CHECK_S = 600.0
# How soon a wish to stop is seen.
_WATCH_S = 0.2


@dataclass(frozen=True)
class CrawlResult:
    """How the run of a source ended. outcome: finished, limited, stopped, failed; counts: see crawlers.report."""

    source: str
    run: str
    outcome: str
    reason: str
    exit_code: int
    counts: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "source": self.source,
            "run": self.run,
            "outcome": self.outcome,
            "reason": self.reason,
            "exit_code": self.exit_code,
            "counts": self.counts,
        }


class Running:
    """The crawl processes of one call of `crawl`, so that they can be asked to end; no further one starts then."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self.stopping = False

    def start(self, run: str, argv: Sequence[str], errors: IO[bytes]) -> subprocess.Popen[str] | None:
        """The process of a run; None once all were asked to end. errors: takes its standard error."""
        with self._lock:
            if self.stopping:
                return None
            process = subprocess.Popen(
                argv,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
                errors="replace",
                env=_environment(),
            )
            self._processes[run] = process
            return process

    def ended(self, run: str) -> None:
        """Forget a run that is over."""
        with self._lock:
            del self._processes[run]

    def stop(self) -> None:
        """Ask all to end: each lands what it holds and leaves the rest for the next run."""
        with self._lock:
            self.stopping = True
            for process in self._processes.values():
                process.send_signal(signal.SIGTERM)


def crawl(
    project: Project,
    sources: Sequence[SourceConfig],
    *,
    revisit: Revisit = "due",
    on_event: OnEvent | None = None,
    stop: threading.Event | None = None,
    at: datetime | None = None,
) -> list[CrawlResult]:
    """Read each source once, sources of one host one after the other, at most two hosts at a time.

    Returns: a result a source, in the order given. on_event: called with (source, event) while it goes on, from threads.
    stop: once set, the crawls end in good order and no further one begins; at: what time it is taken to be at the beginning
    (of a replay). Raises StageError or TransientError when the
    store cannot be used.
    """
    open_store(project).dispose()  # makes or migrates the tables once, before several processes would
    tell = on_event or (lambda source, event: None)
    running = Running()
    options = ("--revisit", revisit, *(("--at", at.isoformat()) if at is not None else ()))

    def lane(members: list[SourceConfig]) -> list[CrawlResult]:
        return [_run_one(project, source, options, tell, running) for source in members]

    with ThreadPoolExecutor(max_workers=PARALLEL) as pool:
        futures = [pool.submit(lane, members) for members in lanes(sources)]
        try:
            while wait(futures, timeout=_WATCH_S).not_done:
                if stop is not None and stop.is_set() and not running.stopping:
                    running.stop()
        except KeyboardInterrupt:
            running.stop()
            raise
        by_name = {result.source: result for future in futures for result in future.result()}
    return [by_name[source.name] for source in sources]


def lanes(sources: Iterable[SourceConfig]) -> list[list[SourceConfig]]:
    """Sources that share a host and port stay in one lane, so a site never sees two crawlers at once."""
    found: list[tuple[set[str], list[SourceConfig]]] = []
    for source in sources:
        hosts = {urlsplit(url).netloc for url in source.start_urls()} or {source.name}
        shared = [lane for lane in found if lane[0] & hosts]
        merged = (hosts.union(*(lane[0] for lane in shared)), [s for lane in shared for s in lane[1]] + [source])
        found = [lane for lane in found if lane not in shared] + [merged]
    return [members for _, members in found]


def _run_one(
    project: Project, source: SourceConfig, options: Sequence[str], tell: OnEvent, running: Running
) -> CrawlResult:
    run = secrets.token_hex(8)
    last: dict[str, Any] = {}
    with TemporaryFile() as errors:
        process = running.start(run, _argv(project, source.name, run, options), errors)
        if process is None:
            return CrawlResult(source.name, run, "stopped", tr("没有开始", "not begun"), FAILED)
        try:
            assert process.stdout is not None
            with process.stdout:
                for line in process.stdout:
                    if event := _event(line):
                        last = event if event.get("event") == "finished" else last
                        tell(source.name, event)
            code = process.wait()
        finally:
            running.ended(run)
        errors.seek(0)
        said = errors.read().decode("utf-8", "replace").strip()
    outcome = last.get("outcome") or "failed"
    reason = last.get("reason") or ("" if last else _why(source.name, code, said))
    logger.info(
        "crawl source=%s outcome=%s exit=%s counts=%s", source.name, outcome, code, json.dumps(last.get("counts", {}))
    )
    return CrawlResult(source.name, run, outcome, reason, code, last.get("counts", {}))


def _why(source: str, code: int, said: str) -> str:
    """Why a crawl ended without its last event. said: its standard error; of a traceback only the places are logged."""
    if said and "Traceback (most recent call last)" not in said:
        return said
    places = [line.strip() for line in said.splitlines() if line.startswith("  File ")]
    kind = said.splitlines()[-1].partition(":")[0] if said else ""
    logger.error("crawl source=%s exit=%s mistake=%s at=%s", source, code, kind, places[-1:])
    return tr(
        "采集进程意外结束（退出码 {c}{k}）", "the crawl ended with code {c}{k}", c=code, k=f" {kind}" if kind else ""
    )


def _argv(project: Project, source: str, run: str, options: Sequence[str]) -> list[str]:
    # -P: in a project directory, the folder config/ there would else be taken for ours.
    head = [sys.executable, "-P", "-m", "crawlers", "run", "--project", str(project.root)]
    return [*head, "--source", source, "--run-id", run, *options]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1", "QINGYU_LANGUAGE": language()}


def _event(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        logger.warning("crawl line=%r is no event", line[:200])
        return None
    return event if isinstance(event, dict) else None


def check_source(project: Project, source: SourceConfig, *, limit_s: float = _CHECK_S) -> dict[str, Any]:
    """One page of each kind of `source`, and what would be taken from it, field by field; nothing is written.

    limit_s: the check is killed then.

    Raises StageError when the check itself cannot run, ConfigError when the source cannot be read at all.
    """
    argv = [sys.executable, "-P", "-m", "crawlers", "check", "--project", str(project.root), "--source", source.name]
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, encoding="utf-8", env=_environment(), timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        message = tr(
            "检查 {n} 在 {s:g} 秒内没有完成，网站可能太慢",
            "checking {n} took more than {s:g} s; the site may be slow",
            n=source.name,
            s=limit_s,
        )
        raise StageError(message) from error
    if done.returncode == USAGE:
        raise ConfigError(done.stderr.strip())
    lines = [event for line in done.stdout.splitlines() if (event := _event(line)) is not None]
    if not lines:
        reason = done.stderr.strip().splitlines()[-1:] or [str(done.returncode)]
        message = tr("检查 {n} 没有完成：{r}", "checking {n} did not finish: {r}", n=source.name, r=reason[0])
        raise StageError(message, exit=done.returncode)
    return lines[-1]
