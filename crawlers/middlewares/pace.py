"""Pace: retries with back-off, Retry-After honoured for the whole host, and a delay that grows when the site slows down."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from scrapy import Request, signals
from scrapy.exceptions import (
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from scrapy.http import Response
from twisted.internet.error import ConnectError, ConnectionDone, ConnectionLost

from config.text import tr
from crawlers.job import host_of
from crawlers.middlewares.refusals import Refused

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 522, 524})
_PASSING_ERRORS = (
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    ConnectError,
    ConnectionDone,
    ConnectionLost,
    OSError,
)
# Back-off never waits longer than this between two tries of a page; what still fails then is left for the next run.
MAX_BACKOFF_S = 120.0
# A 429 without Retry-After asks for patience even where the pace is set to none.
TOO_MANY_S = 1.0
# AutoThrottle never makes a site wait longer than this between two pages.
MAX_THROTTLE_S = 60.0


def retry_after_s(value: bytes | None, *, now: datetime) -> float | None:
    """Seconds a Retry-After header asks to wait (a number or an HTTP date); None where there is none that can be read."""
    text = (value or b"").decode("latin-1").strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())


class PaceMiddleware:
    """Tries again what failed in passing, and keeps the whole host waiting for as long as it asked."""

    def __init__(self, crawler: Crawler) -> None:
        self._pace = crawler.spider.job.pace  # type: ignore[union-attr]
        self._not_before: dict[str, float] = {}
        self._closed: dict[str, str] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PaceMiddleware:
        """Made by Scrapy."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Waits until the host may be asked again. Raises Refused when that is beyond this run."""
        if not self._not_before and not self._closed:
            return
        host = host_of(request.url)
        if host in self._closed:
            raise Refused("later", self._closed[host])
        while (wait := self._not_before.get(host, 0.0) - time.monotonic()) > 0:
            await asyncio.sleep(wait)

    def process_response(self, request: Request, response: Response) -> Response | Request:
        """The request once more after a passing failure; the response itself when it is none or all tries are used up."""
        if response.status not in PASSING:
            return response
        asked = retry_after_s(response.headers.get(b"Retry-After"), now=datetime.now(UTC))
        if asked is not None and asked > self._pace.max_retry_after_s:
            reason = tr(
                "网站要求 {n:.0f} 秒后再来，留待下次",
                "the site asks to come back in {n:.0f} s, left for later",
                n=asked,
            )
            self._closed[host_of(request.url)] = reason
            raise Refused("later", reason)
        least = TOO_MANY_S if response.status == 429 else 0.0
        return self._again(request, wait_s=asked, least_s=least) or response

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """The request once more after a time-out or a broken connection."""
        return self._again(request) if isinstance(exception, _PASSING_ERRORS) else None

    def _again(self, request: Request, *, wait_s: float | None = None, least_s: float = 0.0) -> Request | None:
        tried = int(request.meta.get("tried", 0)) + 1
        backoff = min(max(self._pace.delay_s, least_s) * 2**tried, MAX_BACKOFF_S)
        wait = max(wait_s if wait_s is not None else backoff, 0.0)
        if wait:
            host = host_of(request.url)
            self._not_before[host] = max(self._not_before.get(host, 0.0), time.monotonic() + wait)
        if tried > self._pace.retries:
            return None
        return request.replace(meta={**request.meta, "tried": tried}, dont_filter=True)


class Throttle:
    """Spaces requests by what the site bears: towards one request per latency, never below the pace or its Crawl-delay."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._pace = crawler.spider.job.pace  # type: ignore[union-attr]
        if self._pace.autothrottle and self._pace.delay_s > 0:
            crawler.signals.connect(self._adjust, signal=signals.response_downloaded)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Throttle:
        """Made by Scrapy."""
        return cls(crawler)

    def _adjust(self, response: Response, request: Request, **_: Any) -> None:
        downloader = self._crawler.engine.downloader
        key, latency = request.meta.get("download_slot"), request.meta.get("download_latency")
        slot = downloader.slots.get(str(key))
        if slot is None or latency is None:
            return
        floor = downloader.per_slot_settings.get(str(key), {}).get("delay", self._pace.delay_s)
        wanted = latency / self._pace.concurrency
        new = min(max(wanted, (slot.delay + wanted) / 2, floor), max(MAX_THROTTLE_S, floor))
        # Error pages are quick: they may slow us down, never speed us up.
        if response.status == 200 or new > slot.delay:
            slot.delay = new
