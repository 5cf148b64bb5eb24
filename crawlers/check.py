"""`check`: fetches one page of each role of a source and says what would be taken, field by field. Writes nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import asdict, is_dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import scrapy
from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from config.project import Project
from config.sources import BoardSource, ImportSource, Source
from config.text import tr
from crawlers.adapters.base import Adapter, Link, ParsedPage
from crawlers.adapters.registry import make_adapter
from crawlers.fetching import explain, page_of, parse_page
from crawlers.job import Job, make_job
from crawlers.record import Kind, RawPost
from crawlers.scrapy_settings import make_process
from nlp.redact import redact

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

# Posts of a page that are shown, and characters of their text.
POSTS, CHARS = 3, 400
# Pages with posts that are tried.
TRIES = 5


class CheckSpider(scrapy.Spider):
    """Fetches a page of each role: the start page, then a link of each role not yet seen.

    Of pages that hold posts up to five are tried, until one shows posts and, where the source declares official replies,
    one of them.
    """

    name = "check"

    def __init__(self, *, job: Job, adapter: Adapter, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job, self.adapter = job, adapter
        self.tried: dict[str, list[dict[str, Any]]] = {}
        self._waiting: dict[str, list[Link]] = {}
        self._seeks_reply = _declares_reply(job.source)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> CheckSpider:
        """Made by Scrapy."""
        return super().from_crawler(crawler, *args, **kwargs)

    async def start(self) -> AsyncIterator[Request]:
        """The first start page."""
        for request in self._offer(list(self.adapter.start())[:1]):
            yield request

    def _offer(self, links: Sequence[Link]) -> Iterator[Request]:
        """Requests for the roles among `links` that were not asked for yet; the rest of each role waits."""
        for role in dict.fromkeys(link.role for link in links):
            if role not in self.tried:
                self.tried[role] = []
                same = [link for link in links if link.role == role]
                self._waiting[role] = _varied(same)[:1] if same[0].walk else _varied(same)[:TRIES]
                yield from self._next(role)

    def _next(self, role: str) -> Iterator[Request]:
        if self._waiting[role]:
            link = self._waiting[role].pop(0)
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
        taken = _taken(link, parsed, self.job.source)
        self.tried[link.role].append(taken)
        if not self._suffices(taken):
            yield from self._next(link.role)
        yield from self._offer([*parsed.links, *parsed.more])

    def unread(self, failure: Failure) -> Iterator[Request]:
        """A page that did not come."""
        request: Request = failure.request  # type: ignore[attr-defined]
        yield from self._unusable(request.meta["link"], explain(failure.value)[0])

    def _unusable(self, link: Link, reason: str) -> Iterator[Request]:
        """Notes why a page yields nothing; asks for what its adapter named to be read instead."""
        others = link.meta.get("instead", ())
        self.tried[link.role].append({**_nothing(link, reason), **({"note": reason, "problem": ""} if others else {})})
        yield from self._offer([Link(url, role, walk=walk, meta=meta) for url, role, walk, meta in others])
        yield from self._next(link.role)

    def _suffices(self, page: dict[str, Any]) -> bool:
        return bool(page["posts"]) and not (self._seeks_reply and not page["replied"])

    def report(self) -> list[dict[str, Any]]:
        """The page to show of each role, the most telling of those tried."""
        return [self._told(pages) for pages in self.tried.values() if pages]

    def _told(self, pages: list[dict[str, Any]]) -> dict[str, Any]:
        best = max(pages, key=lambda page: (self._suffices(page), bool(page["posts"]), not page["problem"]))
        unread = [page["problem"] for page in pages if page["problem"] and page is not best]
        notes = [best.get("note", "")] if best.get("note") else []
        if unread:
            notes.append(tr("另试 {n} 页没有取到：{r}", "{n} more pages gave nothing: {r}", n=len(unread), r=unread[0]))
        if best["posts"] and not self._suffices(best):
            notes.append(
                tr("看了 {n} 页，都没有官方答复", "none of the {n} pages looked at has an official reply", n=len(pages))
            )
        return {**best, "note": "；".join(notes)}


def _varied(links: Sequence[Link]) -> list[Link]:
    """The first link, then those that the list describes in another way (another state, say), then the rest."""
    seen: set[str] = set()
    first: list[Link] = []
    rest: list[Link] = []
    for link in links:
        shown = str(link.meta.get("state", ""))
        (rest if shown in seen else first).append(link)
        seen.add(shown)
    return [*first, *rest]


def _declares_reply(source: Source) -> bool:
    return isinstance(source, BoardSource) and source.detail.reply is not None


def check_source(project: Project, source: Source) -> int:
    """Print as one JSON line what would be taken from `source`. Returns 0, or 1 when some kind of page, or all of them,
    yield nothing."""
    if isinstance(source, ImportSource):
        message = tr("import 来源请直接采集", "run an import source directly")
        sys.stdout.write(
            json.dumps({"source": source.name, "ok": True, "note": message, "pages": []}, ensure_ascii=False) + "\n"
        )
        return 0
    job = make_job(source, project.settings)
    pace = job.pace.model_copy(update={"retries": min(job.pace.retries, 1)})  # someone waits for the answer
    job = replace(job, pace=pace, limits=job.limits.model_copy(update={"pages": 50}))
    process = make_process(job)
    crawler = process.create_crawler(CheckSpider)
    process.crawl(crawler, job=job, adapter=make_adapter(source, {}))
    process.start()
    pages = crawler.spider.report() if isinstance(crawler.spider, CheckSpider) else []
    ok = any(page["posts"] for page in pages) and not any(page["problem"] for page in pages)
    sys.stdout.write(json.dumps({"source": source.name, "ok": ok, "pages": pages}, ensure_ascii=False) + "\n")
    return 0 if ok else 1


def _nothing(link: Link, reason: str) -> dict[str, Any]:
    page = {"role": link.role, "url": link.url, "problem": reason, "links": 0, "more": 0, "posts_found": 0}
    return {**page, "replied": False, "posts": [], "set_aside": []}


def _taken(link: Link, parsed: ParsedPage, source: Source) -> dict[str, Any]:
    page: dict[str, Any] = {
        "role": link.role,
        "url": link.url,
        "problem": "",
        "links": len(parsed.links),
        "more": len(parsed.more),
        "posts_found": len(parsed.posts),
        "replied": any(post.official for post in parsed.posts),
        "posts": [_shown(post, source) for post in parsed.posts[:POSTS]],
        "set_aside": [problem.reason for problem in parsed.problems],
    }
    if parsed.restricted or parsed.gone:
        page["note"] = tr("需登录或已不存在", "members only, or no longer there")
    return page


def _shown(post: RawPost, source: Source) -> dict[str, Any]:
    """A post's fields as they would be kept: redacted, the author only as present or absent; and which are missing."""
    fields = {name: _plain(value) for name, value in asdict(post).items()}
    fields["author"] = tr("（存为化名）", "(kept as a pseudonym)") if post.author else ""
    return {**fields, "missing": _missing(post, source)}


def _missing(post: RawPost, source: Source) -> list[str]:
    """Fields that are empty although every such post should have them, or the source declares where they stand."""
    wanted = ["text", "published", "author"]
    if post.kind in {Kind.ARTICLE, Kind.THREAD, Kind.MESSAGE}:
        wanted.append("title")
    if isinstance(source, BoardSource):
        wanted = [name for name, pick in source.detail if pick is not None and name not in {"state", "reply"}]
    held = {**asdict(post), **asdict(post.engagement), "id": post.native_id}
    return [name for name in wanted if held.get(name) in (None, "")]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, str):
        shown = redact(value)
        return shown if len(shown) <= CHARS else shown[:CHARS] + "…"
    return _plain(asdict(value)) if is_dataclass(value) and not isinstance(value, type) else value
