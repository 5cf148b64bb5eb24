"""The one spider: runs any adapter over HTTP and hands what pages yield to the landing.

start pages + what earlier runs left → walk (follow `more` until known ground) → pages with posts → due re-visits
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import scrapy
from scrapy import Request, signals
from scrapy.exceptions import DontCloseSpider
from scrapy.http import Response
from sqlalchemy.exc import SQLAlchemyError
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from config.errors import QingyuError
from config.text import tr
from crawlers.adapters.base import Adapter, FetchedPage, Link, ParsedPage
from crawlers.batches import Batches
from crawlers.fetching import explain, page_of, parse_page, validators
from crawlers.job import Job
from crawlers.landing import KnownPage, Landing, PageResult
from crawlers.middlewares.pace import PASSING
from crawlers.middlewares.refusals import Refused
from crawlers.record import RawPost
from crawlers.walk import Step, Walk

if TYPE_CHECKING:
    from scrapy.core.engine import ExecutionEngine
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

Revisit = Literal["due", "all", "none"]
Outcome = Literal["finished", "limited", "failed", "stopped"]
Tell = Callable[[dict[str, Any]], None]
PROGRESS_S = 0.5
# Characters of a page kept (redacted) when it cannot be parsed.
EVIDENCE = 4_000
_GONE = frozenset({404, 410})
_CLOSED = frozenset({401, 403, 451})


@dataclass(slots=True)
class Run:
    """What a run has come to. state: what the adapter asks to remember; start_failed: reasons of unread start pages."""

    walk_complete: bool = False
    stage: Literal["walk", "revisit"] = "walk"
    broken: str = ""
    postponed: str = ""
    mistakes: int = 0
    starts: int = 0
    start_failed: list[str] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, int] = field(default_factory=dict)


class SourceSpider(scrapy.Spider):
    """Reads one source once. Built by `crawlers.running`; its result is the landing's report."""

    name = "source"

    def __init__(
        self,
        *,
        job: Job,
        adapter: Adapter,
        landing: Landing,
        walk_complete: bool,
        revisit: Revisit,
        tell: Tell,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job, self.adapter, self.landing = job, adapter, landing
        self.revisit, self.tell = revisit, tell
        self.walk = Walk(stops_at_known=adapter.stop_at_known and walk_complete, depth_limit=job.limits.depth)
        self.run = Run()
        self.ended = False  # True once the run's end was judged
        self.outcome: Outcome = "failed"
        self.reason = ""
        self.counts: dict[str, Any] = {}
        self._asked: set[str] = set()
        self._batches = Batches(landing.land)
        self._ticking = LoopingCall(self._tick)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> SourceSpider:
        """Made by Scrapy."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider._idle, signal=signals.spider_idle)
        crawler.signals.connect(spider._erred, signal=signals.spider_error)
        crawler.signals.connect(spider._closed, signal=signals.spider_closed)
        crawler.signals.connect(spider._opened, signal=signals.spider_opened)
        return spider

    # ── where requests come from ────────────────────────────────────────────────────────────────────────────────────
    async def start(self) -> AsyncIterator[Request]:
        """The start pages, then what earlier runs discovered and did not read."""
        for link in self.adapter.start():
            self.run.starts += 1
            for request in self._ask(link, Step(link.url)):
                yield request
        for link in self.landing.pending():
            for request in self._ask(link, Step(link.url, 1) if link.walk else None):
                yield request

    def _ask(self, link: Link, step: Step | None = None) -> Iterator[Request]:
        """The request of a page, unless this run has asked for it already or may ask no more."""
        if link.url in self._asked:
            return
        if self.job.limit:
            self.walk.open += link.walk
            return
        self._asked.add(link.url)
        yield Request(
            link.url,
            callback=self.read,
            errback=self.unread,
            headers={} if link.meta.get("fresh") else validators(self.landing.known(link.url)),
            meta={"link": link, "step": step},
            priority=link.priority,
            dont_filter=True,
        )

    def _idle(self) -> None:
        """After the walk: the re-visits that are due."""
        if self.run.stage != "walk" or self.revisit == "none" or self.job.over_limit() or self.run.broken:
            return
        self.run.stage = "revisit"
        self._guarded(self._batches.flush)
        rules = self.job.source.revisit
        every = self.revisit == "all"
        limit = self.job.limits.pages if every else rules.max_pages
        due = self.landing.due(limit=limit, spare=every or rules.spare)
        requests = [request for link in due for request in self._ask(link)]
        for request in requests:
            self._engine().crawl(request)
        if requests:
            raise DontCloseSpider

    def _engine(self) -> ExecutionEngine:
        assert self.crawler.engine is not None  # signals come from a running engine
        return self.crawler.engine

    # ── what comes back ─────────────────────────────────────────────────────────────────────────────────────────────
    def read(self, response: Response) -> Iterator[Request]:
        """What a response yields: landed, and the pages it leads to asked for."""
        assert response.request is not None
        link: Link = response.request.meta["link"]
        step: Step | None = response.request.meta["step"]
        known = self.landing.known(link.url)
        status = response.status
        if status == 304 and known is not None:
            yield from self._not_modified(link, step, known, response)
        elif 200 <= status < 300:
            yield from self._content(link, step, known, response)
        elif "instead" in link.meta and status not in PASSING:
            yield from self._instead(link, step, f"HTTP {status}")
        elif status in _GONE and not (step is not None and step.depth == 0):
            self._land(PageResult(link, "gone", self.landing.now()))
        elif status in _CLOSED and not link.walk:
            self._land(PageResult(link, "restricted", self.landing.now(), reason=f"HTTP {status}"))
        else:
            self._fail(link, step, f"HTTP {status}", keep=status in PASSING)

    def _not_modified(self, link: Link, step: Step | None, known: KnownPage, response: Response) -> Iterator[Request]:
        self._land(self._result(link, "not_modified", response, known.body_hash or ""))
        if step is not None:
            # Where known ground ends the walk, an unchanged page is known ground: only lists of another kind (the boards
            # of a forum's index) are still looked at.
            further = [k for k in known.links if not self.walk.stops_at_known or k.role != link.role]
            yield from self._follow(further, Step(step.chain, step.depth + 1, step.barren))

    def _content(self, link: Link, step: Step | None, known: KnownPage | None, response: Response) -> Iterator[Request]:
        body_hash = hashlib.blake2b(response.body, digest_size=16).hexdigest()
        if step is None and known is not None and known.state == "done" and known.body_hash == body_hash:
            self._land(self._result(link, "not_modified", response, body_hash))
            return
        page = page_of(response, link, declared=self.job.source.encoding, fetched_at=self.landing.now())
        parsed = parse_page(self.adapter, page)
        if isinstance(parsed, str) and "instead" in link.meta:
            yield from self._instead(link, step, parsed)
            return
        if isinstance(parsed, str):
            self._fail(link, step, parsed, evidence=page.text[:EVIDENCE], wrong=True)
            return
        self.run.state.update(parsed.state)
        parsed = replace(parsed, posts=[post for post in parsed.posts if not self._is_forbidden(post)])
        result = self._result(link, "parsed", response, body_hash)
        if parsed.restricted or parsed.gone:
            result = replace(result, outcome="restricted" if parsed.restricted else "gone")
        follow = list(self._onward(link, step, parsed, body_hash, page))
        self._land(replace(result, parsed=parsed))
        yield from follow

    def _is_forbidden(self, post: RawPost) -> bool:
        """Whether robots.txt forbids the page a post stands on: an interface or a feed may hand over its text all the same."""
        return self.job.is_refused(post.url) or bool(post.thread_url and self.job.is_refused(post.thread_url))

    def _onward(
        self, link: Link, step: Step | None, parsed: ParsedPage, body_hash: str, page: FetchedPage
    ) -> Iterator[Request]:
        """Requests for the pages a parsed page leads to; called before the page is landed, while the store still tells
        what was known before this run."""
        if step is None:
            yield from self._follow(parsed.links, None)
            yield from (request for more in parsed.more for request in self._ask(more))
            return
        following = self.walk.next_step(step, parsed)
        more = self.walk.onward(step, parsed, body_hash, self._is_known)
        yield from self._follow(parsed.links, following)
        yield from self._follow(more, following)

    def _follow(self, links: Sequence[Link], step: Step | None) -> Iterator[Request]:
        for link in links:
            if link.walk:
                yield from self._ask(link, step or Step(link.url, 1))
            elif self.landing.wanted(link):
                yield from self._ask(link)

    def _instead(self, link: Link, step: Step | None, reason: str) -> Iterator[Request]:
        """The pages to read in the place of one that is closed: `meta["instead"]`, links as [url, role, walk, meta]; none
        for a page that may well be closed."""
        self._land(PageResult(link, "restricted", self.landing.now(), reason=reason))
        others = [Link(url, role, walk=walk, meta=meta) for url, role, walk, meta in link.meta["instead"]]
        yield from self._follow(others, step)

    def _is_known(self, link: Link) -> bool:
        known = self.landing.known(link.url)
        return known is not None and known.fetched and (not link.fingerprint or link.fingerprint == known.fingerprint)

    def unread(self, failure: Failure) -> Iterator[Request]:
        """A request that brought no response: refused by a middleware, or the network failed."""
        request: Request = failure.request  # type: ignore[attr-defined]
        link: Link = request.meta["link"]
        step: Step | None = request.meta["step"]
        error = failure.value
        if isinstance(error, Refused) and error.kind == "robots" and "instead" in link.meta:
            yield from self._instead(link, step, error.reason)
        elif isinstance(error, Refused) and error.kind == "robots":
            self._land(PageResult(link, "robots", self.landing.now(), reason=error.reason))
            self._note_unread(step, error.reason)
        elif isinstance(error, Refused) and error.kind == "later":
            self._postpone(link, step, error.reason)
        elif self.job.limit:
            self._postpone(link, step, self.job.limit)
        else:
            reason, passing = explain(error)
            self._fail(link, step, reason, keep=passing)

    def _postpone(self, link: Link, step: Step | None, reason: str) -> None:
        """Not asked for now: what is known stays pending, so only an unread walk needs to be told."""
        self.run.postponed = self.run.postponed or reason
        if step is not None and not self.job.limit:
            self._fail(link, step, reason, keep=True)
        else:
            self._note_unread(step, reason)

    def _fail(
        self, link: Link, step: Step | None, reason: str, *, keep: bool = False, evidence: str = "", wrong: bool = False
    ) -> None:
        result = PageResult(
            link, "failed", self.landing.now(), reason=reason, evidence=evidence, keep_pending=keep, wrong=wrong
        )
        self._land(result)
        self._note_unread(step, reason)

    def _note_unread(self, step: Step | None, reason: str) -> None:
        if step is not None:
            self.walk.open += 1
            if step.depth == 0:
                self.run.start_failed.append(reason)

    def _result(self, link: Link, outcome: Any, response: Response, body_hash: str) -> PageResult:
        headers = response.headers
        return PageResult(
            link,
            outcome,
            self.landing.now(),
            etag=(headers.get(b"ETag") or b"").decode("latin-1"),
            last_modified=(headers.get(b"Last-Modified") or b"").decode("latin-1"),
            body_hash=body_hash,
        )

    # ── landing and the end ─────────────────────────────────────────────────────────────────────────────────────────
    def _land(self, result: PageResult) -> None:
        shown = self.run.shown
        shown[result.outcome] = shown.get(result.outcome, 0) + 1
        if not self.run.broken:
            self._guarded(lambda: self._batches.add(result))

    def _guarded(self, write: Callable[[], None]) -> None:
        """Run a write to the store; when it fails the run ends, and what was not landed stays pending."""
        try:
            write()
        except (SQLAlchemyError, OSError, QingyuError) as error:
            self.run.broken = tr("写入数据库失败：{e}", "the store could not be written: {e}", e=first_line(error))
            logger.error("crawl source=%s landing_failed=%s", self.job.source.name, type(error).__name__)
            self.job.stop_asking(self.run.broken)

    def _erred(self, failure: Failure, **_: Any) -> None:
        """A mistake of ours, not of a page: the page stays pending, the rest goes on, the run does not count as done."""
        self.walk.open += 1
        self.run.mistakes += 1
        logger.error("crawl source=%s mistake=%s", self.job.source.name, failure.type.__name__ if failure.type else "?")

    def _opened(self) -> None:
        self._ticking.start(PROGRESS_S, now=False)

    def _tick(self) -> None:
        if not self.run.broken:
            self._guarded(self._batches.flush_old)
        meter = self.job.meter
        counts = {"requested": meter.requests, "bytes": meter.bytes, **self.run.shown}
        self.tell({"event": "progress", "counts": counts})

    def _closed(self, reason: str) -> None:
        if self._ticking.running:
            self._ticking.stop()
        if not self.run.broken:
            self._guarded(self._batches.flush)
        self.outcome, self.reason = self._judge(reason)
        self._guarded(self._finish)
        if self.run.broken:
            self.outcome, self.reason = "failed", self.run.broken
        self.ended = True

    def _judge(self, reason: str) -> tuple[Outcome, str]:
        run = self.run
        self.run.walk_complete = not (self.walk.open or run.broken or self.job.limit or reason != "finished")
        if run.broken:
            return "failed", run.broken
        if reason == "shutdown":
            return "stopped", tr("按要求停下，余下的留待下次", "stopped as asked; the rest is left for the next run")
        if reason != "finished":
            return "failed", reason
        if run.start_failed and len(run.start_failed) >= run.starts:
            return "failed", run.start_failed[0]
        if run.mistakes:
            return "failed", tr("程序出错 {n} 次，见日志", "the program made {n} mistakes; see the log", n=run.mistakes)
        cut = "；".join(
            [*([self.job.limit or run.postponed] if self.job.limit or run.postponed else []), *self.walk.cut]
        )
        return ("limited", cut) if cut else ("finished", "")

    def _finish(self) -> None:
        counts = self.landing.finish(
            outcome=self.outcome,
            reason=self.reason,
            walk_complete=self.run.walk_complete,
            state=self.run.state if self.run.walk_complete else {},
            requested=self.job.meter.requests,
            received=self.job.meter.bytes,
        )
        self.counts = counts.to_dict()


def first_line(error: Exception) -> str:
    """The first line of an error's message, without the values an SQL error carries."""
    return (str(getattr(error, "orig", None) or error).splitlines() or [type(error).__name__])[0][:200]
