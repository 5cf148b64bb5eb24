"""`recognise`: fetches one address, under the same guard, robots.txt, limits and User-Agent as a crawl, and says what it is."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import scrapy
from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from config.errors import ConfigError
from config.sources import FeedSource
from config.text import tr
from config.yamlfile import parse_yaml, validate
from crawlers.adapters.base import Link
from crawlers.canonical import canonical_url
from crawlers.fetching import explain, page_of
from crawlers.job import Job, host_of, make_job, origin_of
from crawlers.middlewares.refusals import Refused
from crawlers.recognise import Proposal, recognise, source_name
from crawlers.scrapy_settings import make_process

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from config.project import Project

# The page, robots.txt twice (the rules, then the sitemaps it names), redirects and retries of each.
PAGES = 20


class RecogniseSpider(scrapy.Spider):
    """Fetches the page, then the host's robots.txt for the sitemaps it names."""

    name = "recognise"

    def __init__(self, *, job: Job, url: str, source: str, allow_private: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job, self.url = job, url
        self.source, self.allow_private = source, allow_private
        self.problem = ""
        self.proposals: list[Proposal] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> RecogniseSpider:
        """Made by Scrapy."""
        return super().from_crawler(crawler, *args, **kwargs)

    async def start(self) -> AsyncIterator[Request]:
        """The page."""
        yield Request(self.url, callback=self.read, errback=self.unread, dont_filter=True)

    def read(self, response: Response) -> Iterator[Request]:
        """Notes what the page is; asks for robots.txt where that may tell more."""
        if not 200 <= response.status < 300:
            self.problem = _status(response.status)
            return
        self._note(response)
        robots = f"{origin_of(response.url)}/robots.txt"
        if not any(found.kind in {"feed", "sitemap"} and found.confidence > 0.9 for found in self.proposals):
            meta = {"robots_itself": True}
            yield Request(robots, callback=self.read_robots, errback=self.no_robots, meta=meta, dont_filter=True)

    def read_robots(self, response: Response) -> None:
        """Adds the sitemaps that robots.txt names."""
        if 200 <= response.status < 300 and response.url.endswith("/robots.txt"):
            self._note(response)

    def no_robots(self, failure: Failure) -> None:
        """A host without robots.txt names no sitemap."""

    def unread(self, failure: Failure) -> None:
        """The page did not come."""
        error = failure.value
        self.problem = explain(error)[0]
        if isinstance(error, Refused) and error.kind == "guard" and not self.allow_private:
            self.problem += tr("（这里用 --allow-private）", " (here: --allow-private)")
        if isinstance(error, Refused) and error.kind == "robots":
            self.problem = tr("robots.txt 不允许采集这个网址", "robots.txt forbids this address")

    def _note(self, response: Response) -> None:
        page = page_of(response, Link(self.url, "recognise"), declared=None, fetched_at=datetime.now(UTC))
        self.proposals += recognise(page, name=self.source, allow_private=self.allow_private)


def _status(status: int) -> str:
    if status in {404, 410}:
        return tr("没有这个网页（HTTP {s}），请核对网址", "no such page (HTTP {s}); check the address", s=status)
    if status in {401, 403, 451}:
        return tr("网站不向访客公开这个网页（HTTP {s}）", "the page is not open to visitors (HTTP {s})", s=status)
    return tr("网站回答 HTTP {s}，稍后再试", "the site answered HTTP {s}; try later", s=status)


def recognise_url(project: Project, url: str, *, name: str, allow_private: bool) -> int:
    """Print as one JSON line what `url` may be read as: {"problem": "", "proposals": [{kind, why, confidence, yaml}, …]}.

    name: of the source; "" makes one from the host. Returns 0, or 1 when the page did not come. Raises ConfigError for
    an address that is none.
    """
    source = _probe(url, allow_private=allow_private)
    job = make_job(source, project.settings)
    # Someone waits for the answer: a site that does not come is asked once more, not for minutes.
    pace = job.pace.model_copy(update={"retries": min(job.pace.retries, 1)})
    job = replace(job, pace=pace, limits=job.limits.model_copy(update={"pages": PAGES}))
    process = make_process(job)
    crawler = process.create_crawler(RecogniseSpider)
    start = source.urls[0]
    process.crawl(crawler, job=job, url=start, source=name or source_name(start), allow_private=source.allow_private)
    process.start()
    spider = crawler.spider
    assert isinstance(spider, RecogniseSpider)
    found = sorted(spider.proposals, key=lambda proposal: -proposal.confidence)
    answer = {"problem": spider.problem, "proposals": [proposal.to_dict() for proposal in found]}
    sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    return 1 if spider.problem else 0


def _probe(url: str, *, allow_private: bool) -> FeedSource:
    """The declaration under which the page is asked for: its host, with and without www."""
    text = url.strip() if "://" in url else f"http://{url.strip()}"
    bare = host_of(text).removeprefix("www.")
    try:
        address = canonical_url(text) if text.startswith(("http://", "https://")) else text
    except ValueError as error:
        raise ConfigError(tr("{u} 不是网址", "{u} is no address", u=url)) from error
    values = {
        "name": "recognise",
        "kind": "feed",
        "urls": [address],
        "hosts": [bare, f"www.{bare}"],
        "allow_private": [bare] if allow_private else [],
    }
    return validate(FeedSource, parse_yaml(json.dumps(values), name=url[:200]))
