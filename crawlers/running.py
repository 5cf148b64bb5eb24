"""One run of one source in this process: store, adapter, spider, reactor. A process runs one source and ends."""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError

from config.errors import StageError
from config.project import Project
from config.sources import ImportSource, Source
from config.text import tr
from crawlers.adapters.registry import make_adapter
from crawlers.job import Job, make_job
from crawlers.landing import Landing
from crawlers.leases import leases
from crawlers.scrapy_settings import make_process
from crawlers.spider import Revisit, SourceSpider, first_line
from crawlers.store import open_store

DONE, FAILED, USAGE, PIECES = 0, 1, 2, 3
EVENTS_PER_S = 2.0


@dataclass(slots=True)
class Events:
    """Events as JSON lines on standard output; progress at most twice a second."""

    _last: float = field(default=0.0)

    def tell(self, event: Mapping[str, Any]) -> None:
        """Print one event."""
        now = time.monotonic()
        if event.get("event") == "progress" and now - self._last < 1 / EVENTS_PER_S:
            return
        self._last = now
        sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
        sys.stdout.flush()


def run_source(
    project: Project, source: Source, *, run_id: str, revisit: Revisit, events: Events, at: datetime | None = None
) -> int:
    """Read `source` once and land what it yields. Returns the exit code; the last event says how it ended.

    at: what time it is taken to be at the beginning (of a replay, aware); from there the clock goes on as it does.

    Raises ConfigError before anything was asked, StageError when the store cannot be used.
    """
    if isinstance(source, ImportSource):
        return _import(project, source, run_id, events)
    job = make_job(source, project.settings)
    landing = _landing(project, source, run_id, at)
    hosts = {urlsplit(url).netloc for url in source.start_urls()}
    # A site sees one crawler at a time, also where several machines crawl for one store.
    with leases(landing.engine, [f"site {host}" for host in hosts]) as free:
        if not free:
            return _report(events, "limited", _taken(), {})
        return _crawl(source, job, landing, revisit, events)


def _taken() -> str:
    return tr("另一个进程正在采集这个网站，这次让给它", "another process is crawling this site now; it goes first")


def _crawl(source: Source, job: Job, landing: Landing, revisit: Revisit, events: Events) -> int:
    try:
        memory = landing.begin()
    except SQLAlchemyError as error:
        raise _store_failed(error) from error
    adapter = make_adapter(source, memory.state)
    process = make_process(job)
    crawler = process.create_crawler(SourceSpider)
    process.crawl(
        crawler,
        job=job,
        adapter=adapter,
        landing=landing,
        walk_complete=memory.walk_complete,
        revisit=revisit,
        tell=events.tell,
    )
    process.start()
    spider = crawler.spider
    if not isinstance(spider, SourceSpider) or not spider.ended:
        raise StageError(
            tr("采集没有正常结束；再次运行会接着做", "the crawl did not end in order; run it again to go on")
        )
    return _report(events, spider.outcome, spider.reason, spider.counts)


def _landing(project: Project, source: Source, run_id: str, at: datetime | None = None) -> Landing:
    engine = open_store(project)
    source = source.model_copy(update={"limits": source.limits or project.settings.crawl.limits})
    region = source.region or project.settings.region
    key = project.author_key()
    return Landing(engine, source, region=region, author_key=key, run_id=run_id, now=_clock(at))


def _clock(at: datetime | None) -> Callable[[], datetime]:
    ahead = timedelta() if at is None else at - datetime.now(UTC)
    return lambda: datetime.now(UTC) + ahead


def _store_failed(error: SQLAlchemyError) -> StageError:
    message = tr(
        "数据库用不了：{e}；运行 qingyu doctor 检查",
        "the store cannot be used: {e}; run qingyu doctor",
        e=first_line(error),
    )
    return StageError(message)


def _report(events: Events, outcome: str, reason: str, counts: Mapping[str, Any]) -> int:
    events.tell({"event": "finished", "outcome": outcome, "reason": reason, "counts": dict(counts)})
    if outcome in {"failed", "stopped"}:
        return FAILED
    return PIECES if counts.get("set_aside") or counts.get("posts_set_aside") else DONE


def _import(project: Project, source: ImportSource, run_id: str, events: Events) -> int:
    landing = _landing(project, source, run_id)
    imports = importlib.import_module("crawlers.imports")
    ended = imports.run_import(landing, source, project.root)
    return _report(events, ended.outcome, ended.reason, ended.counts.to_dict())
