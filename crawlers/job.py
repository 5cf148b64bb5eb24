"""What one run of one source is given, and what its parts share while it goes on. No Scrapy here."""

from __future__ import annotations

import importlib.metadata
import ipaddress
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from config.errors import ConfigError
from config.settings import Limits, Pace, Settings
from config.sources import Source
from config.text import tr

# The name robots.txt files know us by (RFC 9309, product token).
ROBOTS_TOKEN = "qingyu"  # noqa: S105 - a product token, no secret


@dataclass(slots=True)
class Meter:
    """What the run has cost so far. bytes: received on the wire, headers included; requests: sent, retries included."""

    requests: int = 0
    bytes: int = 0
    started: float = field(default_factory=time.monotonic)
    reasons: Counter[str] = field(default_factory=Counter)

    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self.started


@dataclass(slots=True)
class Job:
    """One run of one source. limit: why no further page is asked for in this run, "" while it may go on; robots: what
    each origin's robots.txt says of a URL ("" when it allows it), as far as it was read."""

    source: Source
    pace: Pace
    limits: Limits
    user_agent: str
    hosts: frozenset[str]
    meter: Meter = field(default_factory=Meter)
    limit: str = ""
    robots: dict[str, Callable[[str], str]] = field(default_factory=dict)

    def is_refused(self, url: str) -> bool:
        """True when the robots.txt of the URL's origin forbids it; False where that was not read."""
        refuse = self.robots.get(origin_of(url))
        return refuse is not None and bool(refuse(url))

    def stop_asking(self, reason: str) -> None:
        """Ask for no further page in this run; the first reason stays."""
        self.limit = self.limit or reason

    def over_limit(self) -> bool:
        """True once a limit of the run is reached; says which in `limit`."""
        if not self.limit:
            limits, meter = self.limits, self.meter
            if meter.requests >= limits.pages:
                self.limit = tr("已达页数上限 {n}", "the limit of {n} pages is reached", n=limits.pages)
            elif meter.bytes >= limits.run_bytes:
                self.limit = tr("已达字节上限 {n}", "the limit of {n} bytes is reached", n=limits.run_bytes)
            elif meter.seconds() >= limits.run_s:
                self.limit = tr("已达时长上限 {n:g} 秒", "the limit of {n:g} s is reached", n=limits.run_s)
        return bool(self.limit)


def make_job(source: Source, settings: Settings) -> Job:
    """The job of `source`. Raises ConfigError when a public site would be asked without a contact in the User-Agent."""
    hosts = source.allowed_hosts()
    if not settings.operator.contact.strip() and not all(_is_loopback(host) for host in hosts):
        message = tr(
            "采集公网来源 {n} 之前，请在 config/settings.yaml 的 operator.contact 写上网站管理员能联系到的邮箱或网址",
            "before reading the public source {n}, set operator.contact in config/settings.yaml: an e-mail or address "
            "at which site owners can reach you",
            n=source.name,
        )
        raise ConfigError(message)
    return Job(
        source=source,
        pace=source.pace or settings.crawl.pace,
        limits=source.limits or settings.crawl.limits,
        user_agent=user_agent(settings),
        hosts=hosts,
    )


def user_agent(settings: Settings) -> str:
    """The honest User-Agent: program, version, contact and operator. Characters a header cannot hold are %-encoded."""
    try:
        version = importlib.metadata.version("qingyu")
    except importlib.metadata.PackageNotFoundError:
        version = "0"
    operator = settings.operator
    filled = settings.crawl.user_agent.replace("{version}", version)
    filled = filled.replace("{contact}", operator.contact.strip() or "loopback only").replace("{name}", operator.name)
    plain = quote(filled.replace("; )", ")"), safe=" !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
    return plain.replace("\r", "").replace("\n", "")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, as it is written there."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0].partition('?')[0].partition('#')[0]}"


def host_of(url: str) -> str:
    """Lower-case host of a URL, "" where it has none. Never raises."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
