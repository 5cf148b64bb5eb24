"""Counts requests and bytes on the wire, and keeps a run within its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy import Request, signals
from scrapy.exceptions import StopDownload

from crawlers.middlewares.refusals import Refused

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Headers

# A status line and the blank line after the headers.
_FRAME_BYTES = 19


class MeterMiddleware:
    """Refuses requests beyond the limits of the run; they stay pending."""

    def __init__(self, crawler: Crawler) -> None:
        self._job = crawler.spider.job  # type: ignore[union-attr]
        self._meter = self._job.meter
        crawler.signals.connect(self._headers, signal=signals.headers_received)
        crawler.signals.connect(self._bytes, signal=signals.bytes_received)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> MeterMiddleware:
        """Made by Scrapy."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Raises Refused once a limit of the run is reached."""
        if self._job.over_limit():
            raise Refused("later", self._job.limit)
        self._meter.requests += 1

    def _headers(self, headers: Headers, **_: Any) -> None:
        size = sum(len(name) + sum(len(v) + 4 for v in values) for name, values in headers.items())
        self._meter.bytes += size + _FRAME_BYTES

    def _bytes(self, data: bytes, **_: Any) -> None:
        self._meter.bytes += len(data)
        if self._meter.bytes >= self._job.limits.run_bytes and self._job.over_limit():
            raise StopDownload(fail=True)
