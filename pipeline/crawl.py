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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from config.errors import ConfigError, StageError
from config.project import Project
from config.sources import SourceConfig
from config.text import language, tr

logger = logging.getLogger(__name__)

Revisit = Literal["due", "all", "none"]
OnEvent = Callable[[str, dict[str, Any]], None]
# Exit codes of `python -m crawlers`, the same as the command line's.
DONE, FAILED, USAGE, PIECES = 0, 1, 2, 3
# Enough for two cores; sites on one host never run side by side.
PARALLEL = 2


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


def crawl(
    project: Project, sources: Sequence[SourceConfig], *, revisit: Revisit = "due", on_event: OnEvent | None = None
) -> list[CrawlResult]:
    """Read each source once, sources of one host one after the other, at most two hosts at a time.

    Returns: a result a source, in the order given. on_event: called with (source, event) while it goes on, from threads.
    """
    tell = on_event or (lambda source, event: None)
    running: dict[str, subprocess.Popen[str]] = {}
    lock = threading.Lock()

    def lane(members: list[SourceConfig]) -> list[CrawlResult]:
        return [_run_one(project, source, revisit, tell, running, lock) for source in members]

    with ThreadPoolExecutor(max_workers=PARALLEL) as pool:
        futures = [pool.submit(lane, members) for members in _lanes(sources)]
        try:
            results = [result for future in futures for result in future.result()]
        except KeyboardInterrupt:
            with lock:
                for process in running.values():
                    process.send_signal(signal.SIGTERM)
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    by_name = {result.source: result for result in results}
    return [by_name[source.name] for source in sources]


def _lanes(sources: Iterable[SourceConfig]) -> list[list[SourceConfig]]:
    """Sources that share a host and port stay in one lane, so a site never sees two crawlers at once."""
    lanes: list[tuple[set[str], list[SourceConfig]]] = []
    for source in sources:
        hosts = {urlsplit(url).netloc for url in source.start_urls()} or {source.name}
        shared = [lane for lane in lanes if lane[0] & hosts]
        merged = (hosts.union(*(lane[0] for lane in shared)), [s for lane in shared for s in lane[1]] + [source])
        lanes = [lane for lane in lanes if lane not in shared] + [merged]
    return [members for _, members in lanes]


def _run_one(
    project: Project,
    source: SourceConfig,
    revisit: Revisit,
    tell: OnEvent,
    running: dict[str, subprocess.Popen[str]],
    lock: threading.Lock,
) -> CrawlResult:
    run = secrets.token_hex(8)
    process = subprocess.Popen(
        _argv(project, source.name, run, revisit),
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=_environment(),
    )
    with lock:
        running[run] = process
    last: dict[str, Any] = {}
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if event := _event(line):
                last = event if event.get("event") == "finished" else last
                tell(source.name, event)
        code = process.wait()
    finally:
        with lock:
            del running[run]
    outcome = last.get("outcome") or "failed"
    reason = last.get("reason") or (
        "" if last else tr("采集进程意外结束（退出码 {c}）", "the crawl ended with code {c}", c=code)
    )
    logger.info(
        "crawl source=%s outcome=%s exit=%s counts=%s", source.name, outcome, code, json.dumps(last.get("counts", {}))
    )
    return CrawlResult(source.name, run, outcome, reason, code, last.get("counts", {}))


def _argv(project: Project, source: str, run: str, revisit: Revisit) -> list[str]:
    head = [sys.executable, "-m", "crawlers", "run", "--project", str(project.root)]
    return [*head, "--source", source, "--run-id", run, "--revisit", revisit]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1", "QINGYU_LANGUAGE": language()}


def _event(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        logger.warning("crawl line=%r is no event", line[:200])
        return None
    return event if isinstance(event, dict) else None


def check_source(project: Project, source: SourceConfig) -> dict[str, Any]:
    """One page of each kind of `source`, and what would be taken from it, field by field; nothing is written.

    Raises StageError when the check itself cannot run, ConfigError when the source cannot be read at all.
    """
    argv = [sys.executable, "-m", "crawlers", "check", "--project", str(project.root), "--source", source.name]
    done = subprocess.run(
        argv, capture_output=True, text=True, encoding="utf-8", env=_environment(), timeout=300, check=False
    )
    if done.returncode == USAGE:
        raise ConfigError(done.stderr.strip())
    lines = [event for line in done.stdout.splitlines() if (event := _event(line)) is not None]
    if not lines:
        reason = done.stderr.strip().splitlines()[-1:] or [str(done.returncode)]
        message = tr("检查 {n} 没有完成：{r}", "checking {n} did not finish: {r}", n=source.name, r=reason[0])
        raise StageError(message, exit=done.returncode)
    return lines[-1]
