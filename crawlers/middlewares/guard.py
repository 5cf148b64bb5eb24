"""Holds every request to http(s), to the declared hosts and to addresses that may be asked; also after each redirect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy import Request, signals
from scrapy.http import Response

from config.text import tr
from crawlers.middlewares.addresses import AddressRules, GuardedResolver, literal
from crawlers.middlewares.refusals import Refused

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class GuardMiddleware:
    """Refuses what may not be asked before it leaves; looks once more at the address a response came from."""

    def __init__(self, crawler: Crawler) -> None:
        job = crawler.spider.job  # type: ignore[union-attr]
        self._hosts: frozenset[str] = job.hosts
        self._rules = AddressRules(job.source.allow_private)
        self._passed: set[tuple[str, str]] = set()
        self._resolver: GuardedResolver | None = None
        crawler.signals.connect(self._install, signal=signals.spider_opened)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> GuardMiddleware:
        """Made by Scrapy."""
        return cls(crawler)

    def _install(self) -> None:
        from twisted.internet import reactor

        self._resolver = GuardedResolver(reactor.nameResolver, self._rules)
        reactor.installNameResolver(self._resolver)

    def process_request(self, request: Request) -> None:
        """Raises Refused for a scheme, host or address that may not be asked."""
        scheme, _, rest = request.url.partition("://")
        netloc = rest.partition("/")[0].partition("?")[0]
        if (scheme, netloc) not in self._passed:
            self._check(scheme, netloc)
            self._passed.add((scheme, netloc))

    def _check(self, scheme: str, netloc: str) -> None:
        host = _host(netloc)
        if scheme not in {"http", "https"}:
            raise Refused("guard", tr("只采集 http 和 https 网址", "only http and https addresses are read"))
        if "@" in netloc:
            raise Refused("guard", tr("网址里带有登录名", "the address carries a login"))
        if host not in self._hosts:
            message = tr(
                "主机 {h} 不在来源声明的 hosts 之内",
                "the host {h} is not among the declared hosts of the source",
                h=host,
            )
            raise Refused("guard", message)
        if not self._rules.allows_literal(host):
            raise Refused("guard", _private(host, host))

    def process_response(self, request: Request, response: Response) -> Response:
        """Raises Refused when the answer came from an address that may not be asked (a proxy of the system, say)."""
        if response.ip_address is not None:
            address = literal(str(response.ip_address))
            host = _host(request.url.partition("://")[2].partition("/")[0])
            if address is not None and not self._rules.allows(host, address):
                raise Refused("guard", _private(host, str(address)))
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Raises Refused instead of "cannot resolve" when the name was resolved to addresses that may not be asked."""
        host = _host(request.url.partition("://")[2].partition("/")[0])
        if self._resolver is not None and host in self._resolver.refused and not isinstance(exception, Refused):
            raise Refused("guard", _private(host, self._resolver.refused[host])) from exception


def _host(netloc: str) -> str:
    host = netloc.rpartition("@")[2].lower()
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _private(host: str, address: str) -> str:
    return tr(
        "{h} 指向内网或本机地址 {a}；确需采集时写入来源的 allow_private",
        "{h} is a private or loopback address ({a}); name it in allow_private of the source if it is meant",
        h=host,
        a=address,
    )
