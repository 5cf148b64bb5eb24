"""robots.txt, always obeyed (RFC 9309): each host's own, its Crawl-delay too.

4xx: there are no rules. 5xx or no answer: nothing may be read in this run. A redirect to an undeclared host counts as no answer.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from protego import Protego
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http.request import NO_CALLBACK

from config.text import tr
from crawlers.encoding import decode_body
from crawlers.fetching import explain
from crawlers.job import ROBOTS_TOKEN, host_of, origin_of
from crawlers.middlewares.refusals import Refused

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

# RFC 9309, 2.5: at least 500 KiB must be read; more is cut off.
MAX_BYTES = 512 * 1024
# A Crawl-delay beyond this is a mistake or a refusal; it is not waited for longer than an hour a page.
MAX_DELAY_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Rules:
    """What a host allows. closed: why nothing may be read in this run, "" when `parsed` decides (None: no rules)."""

    parsed: Protego | None = None
    closed: str = ""
    crawl_delay_s: float = 0.0

    def refuse(self, url: str) -> str:
        """Why `url` may not be read; "" when it may."""
        if self.closed:
            return self.closed
        if self.parsed is None or self.parsed.can_fetch(url, ROBOTS_TOKEN):
            return ""
        return tr("robots.txt 不允许", "robots.txt forbids it")


def read_rules(status: int, body: bytes) -> Rules:
    """The rules an answer to /robots.txt means."""
    if status >= 500 or status == 429:
        return Rules(closed=_unreachable(f"HTTP {status}"))
    if not 200 <= status < 300:
        return Rules()
    parsed = Protego.parse(decode_body(body[:MAX_BYTES], headers={}, declared="utf-8"))
    delay = parsed.crawl_delay(ROBOTS_TOKEN) or 0.0
    return Rules(parsed=parsed, crawl_delay_s=min(max(float(delay), 0.0), MAX_DELAY_S))


def _unreachable(why: str) -> str:
    return tr(
        "取不到 robots.txt（{w}），本次不采集这个主机",
        "robots.txt could not be read ({w}), so this host is not read in this run",
        w=why,
    )


class RobotsMiddleware:
    """Asks each host's robots.txt once, before its first page, and holds to it."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._rules: dict[str, Rules] = {}
        self._asking: dict[str, asyncio.Future[Rules]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RobotsMiddleware:
        """Made by Scrapy."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Raises Refused when the host's robots.txt does not allow the page, or could not be read."""
        if request.meta.get("robots_itself"):
            return
        origin = origin_of(request.url)
        rules = self._rules.get(origin)
        if rules is None:
            rules = await self._ask(origin)
        if reason := rules.refuse(request.url):
            raise Refused("later" if rules.closed else "robots", reason)

    async def _ask(self, origin: str) -> Rules:
        if origin in self._asking:
            return await self._asking[origin]
        self._asking[origin] = asyncio.get_running_loop().create_future()
        rules = await self._fetch(origin)
        self._rules[origin] = rules
        self._crawler.spider.job.robots[origin] = rules.refuse  # type: ignore[union-attr]
        self._asking.pop(origin).set_result(rules)
        if rules.crawl_delay_s:
            self._slow_down(host_of(origin), rules.crawl_delay_s)
        return rules

    async def _fetch(self, origin: str) -> Rules:
        meta = {"robots_itself": True, "download_maxsize": 50 * MAX_BYTES}
        request = Request(f"{origin}/robots.txt", callback=NO_CALLBACK, priority=10_000, meta=meta, dont_filter=True)
        engine = self._crawler.engine
        assert engine is not None  # middlewares run inside an engine
        try:
            response: Response = await engine.download_async(request)
        except IgnoreRequest as error:
            return Rules(closed=_unreachable(str(error)))
        except Exception as error:  # noqa: BLE001 - whatever the network raises, RFC 9309 says: unreachable
            return Rules(closed=_unreachable(explain(error)[0]))
        return read_rules(response.status, response.body)

    def _slow_down(self, host: str, delay_s: float) -> None:
        """The larger of our delay and the host's Crawl-delay holds from now on."""
        downloader = self._crawler.engine.downloader
        wanted = max(delay_s, self._crawler.spider.job.pace.delay_s)  # type: ignore[union-attr]
        downloader.per_slot_settings.setdefault(host, {}).update(delay=wanted, concurrency=1)
        if slot := downloader.slots.get(host):
            slot.delay, slot.concurrency = wanted, 1


__all__ = ["RobotsMiddleware", "Rules", "read_rules"]
