"""Redirects: followed a few times, each step checked anew by the guard and by robots.txt; cookies and logins never travel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.http import Response

from config.text import tr
from crawlers.canonical import canonical_url
from crawlers.middlewares.refusals import Refused

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

# RFC 9309 asks for five hops for robots.txt; browsers follow twenty; honest sites need two or three.
MAX_HOPS = 8
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class RedirectMiddleware:
    """Turns a redirect into the request it asks for. Raises Refused for a loop, a chain too long, or a broken target."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RedirectMiddleware:
        """Made by Scrapy."""
        return cls()

    def process_response(self, request: Request, response: Response) -> Response | Request:
        """The next request of a redirect; any other response as it is."""
        if response.status not in _REDIRECTS or b"Location" not in response.headers:
            return response
        visited: tuple[str, ...] = (*request.meta.get("visited", ()), request.url)
        raw = response.headers[b"Location"] or b""
        try:
            target = canonical_url(raw.decode("utf-8", "replace"), request.url)
        except ValueError as error:
            raise Refused("guard", tr("转向的网址有误", "the redirect names no address that may be read")) from error
        if (target in visited and visited.count(target) > 1) or len(visited) > MAX_HOPS:
            message = tr("转向太多或循环（{n} 次）", "too many redirects, or a loop ({n})", n=len(visited))
            raise Refused("guard", message)
        return request.replace(url=target, meta={**request.meta, "visited": visited}, priority=request.priority + 2)
