"""`check`: fetches one page of each role of a source and says what would be taken, field by field. Writes nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, is_dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import scrapy
from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from config.project import Project
from config.sources import ImportSource, Source
from config.text import tr
from crawlers.adapters.base import Adapter, Link, ParsedPage
from crawlers.adapters.registry import make_adapter
from crawlers.fetching import explain, page_of, parse_page
from crawlers.job import Job, make_job
from crawlers.record import RawPost
from crawlers.scrapy_settings import make_process
from nlp.redact import redact

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

# Posts of a page that are shown, and characters of their text.
POSTS, CHARS = 3, 400


class CheckSpider(scrapy.Spider):
    """Fetches a page of each role: the start page, then the first link of each role not yet seen."""

    name = "check"

    def __init__(self, *, job: Job, adapter: Adapter, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job, self.adapter = job, adapter
        self.pages: list[dict[str, Any]] = []
        self._roles: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> CheckSpider:
        """Made by Scrapy."""
        return super().from_crawler(crawler, *args, **kwargs)

    async def start(self) -> AsyncIterator[Request]:
        """The first start page."""
        for link in list(self.adapter.start())[:1]:
            for request in self._ask(link):
                yield request

    def _ask(self, link: Link) -> Iterator[Request]:
        if link.role not in self._roles:
            self._roles.add(link.role)
            yield Request(link.url, callback=self.read, errback=self.unread, meta={"link": link}, dont_filter=True)

    def read(self, response: Response) -> Iterator[Request]:
        """Notes what the page yields; asks for the first page of each further role."""
        assert response.request is not None
        link: Link = response.request.meta["link"]
        if not 200 <= response.status < 300:
            yield from self._unusable(link, f"HTTP {response.status}")
            return
        page = page_of(response, link, declared=self.job.source.encoding, fetched_at=datetime.now(UTC))
        parsed = parse_page(self.adapter, page)
        if isinstance(parsed, str):
            yield from self._unusable(link, parsed)
            return
        self.pages.append(_taken(link, parsed))
        for further in (*parsed.links, *parsed.more):
            yield from self._ask(further)

    def unread(self, failure: Failure) -> Iterator[Request]:
        """A page that did not come."""
        request: Request = failure.request  # type: ignore[attr-defined]
        yield from self._unusable(request.meta["link"], explain(failure.value)[0])

    def _unusable(self, link: Link, reason: str) -> Iterator[Request]:
        """Notes why a page yields nothing; asks for what its adapter named to be read instead."""
        others = link.meta.get("instead", ())
        self.pages.append({**_nothing(link, reason), **({"note": reason, "problem": ""} if others else {})})
        for url, role, walk, meta in others:
            yield from self._ask(Link(url, role, walk=walk, meta=meta))


def check_source(project: Project, source: Source) -> int:
    """Print as one JSON line what would be taken from `source`. Returns 0, or 1 when a page yields nothing usable."""
    if isinstance(source, ImportSource):
        message = tr("import 来源请直接采集", "run an import source directly")
        sys.stdout.write(
            json.dumps({"source": source.name, "ok": True, "note": message, "pages": []}, ensure_ascii=False) + "\n"
        )
        return 0
    job = make_job(source, project.settings)
    job = replace(job, limits=job.limits.model_copy(update={"pages": 50}))
    process = make_process(job)
    crawler = process.create_crawler(CheckSpider)
    process.crawl(crawler, job=job, adapter=make_adapter(source, {}))
    process.start()
    pages = crawler.spider.pages if isinstance(crawler.spider, CheckSpider) else []
    ok = bool(pages) and not any(page.get("problem") for page in pages)
    sys.stdout.write(json.dumps({"source": source.name, "ok": ok, "pages": pages}, ensure_ascii=False) + "\n")
    return 0 if ok else 1


def _nothing(link: Link, reason: str) -> dict[str, Any]:
    return {"role": link.role, "url": link.url, "problem": reason, "links": 0, "more": 0, "posts": []}


def _taken(link: Link, parsed: ParsedPage) -> dict[str, Any]:
    page: dict[str, Any] = {
        "role": link.role,
        "url": link.url,
        "links": len(parsed.links),
        "more": len(parsed.more),
        "posts_found": len(parsed.posts),
        "posts": [_shown(post) for post in parsed.posts[:POSTS]],
        "set_aside": [problem.reason for problem in parsed.problems],
    }
    if parsed.restricted or parsed.gone:
        page["note"] = tr("需登录或已不存在", "members only, or no longer there")
    return page


def _shown(post: RawPost) -> dict[str, Any]:
    """A post's fields as they would be kept: redacted, the author only as present or absent."""
    fields = {name: _plain(value) for name, value in asdict(post).items()}
    fields["author"] = tr("（存为化名）", "(kept as a pseudonym)") if post.author else ""
    return fields


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, str):
        shown = redact(value)
        return shown if len(shown) <= CHARS else shown[:CHARS] + "…"
    return _plain(asdict(value)) if is_dataclass(value) and not isinstance(value, type) else value
