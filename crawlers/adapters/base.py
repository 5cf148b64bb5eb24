"""What an adapter is: it names where a crawl begins, and turns a fetched page into posts and links. Pure: no I/O, no clock.

The spider fetches, the landing writes. Everything one page yields (its posts, its links, its validators) is landed in
one transaction, so a page is either wholly done or still pending.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from crawlers.record import RawPost


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A page as it came. url: canonical, after redirects; text: decoded body (see `crawlers.encoding`), no NUL, no lone
    surrogates; body: raw bytes (decompressed); fetched_at: aware UTC, the base of relative dates; role and meta: what
    the `Link` that led here said; headers: lower-case names."""

    url: str
    role: str
    text: str
    body: bytes
    fetched_at: datetime
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Link:
    """A page to read.

    role: how the adapter wants it parsed ("list", "detail", "thread", "feed", "article" …), at most 16 characters.
    walk: True for pages that lead to others (lists, pagers, feeds, sitemaps): read in every run, by the run's walk;
    False for pages that hold posts: read when new, when `fingerprint` differs from last time, or when a re-visit is due.
    fingerprint: digest or plain text of what the list says about the page (state, last reply, lastmod), at most 64
    characters; "" if nothing.
    meta: JSON values handed to the page's parser (what the list shows and the page does not). Two keys speak to the spider:
    "instead", links as [url, role, walk, meta] to read when this one is closed for good (robots.txt, 4xx, WrongPage), which
    is then no failure; "fresh": True asks without ETag and Last-Modified, for pages whose 304 hides what changed.
    priority: higher is fetched first.
    """

    url: str
    role: str
    walk: bool = False
    fingerprint: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """A piece of a page that could not be used. reason: one sentence for the operator; evidence: raw text around it
    (it is redacted and cut before it is kept)."""

    reason: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class ParsedPage:
    """What a page yields.

    more: the next pages of the same walk. When the source's walk stops at known ground (see `Adapter.stop_at_known`) and
    every link of this page is already known with the same fingerprint, `more` is not followed.
    restricted: True when the page is members-only or hidden: nothing is wrong, nothing is taken.
    gone: True when the page says that its content no longer exists (a "not found" page with status 200).
    state: JSON values to remember for the source (merged into its state when the run's walk is complete).
    """

    posts: Sequence[RawPost] = ()
    links: Sequence[Link] = ()
    more: Sequence[Link] = ()
    problems: Sequence[Problem] = ()
    restricted: bool = False
    gone: bool = False
    state: Mapping[str, Any] = field(default_factory=dict)


class WrongPage(Exception):  # noqa: N818 - it is an outcome the spider handles, named for what the page is
    """The page is not what its role promises (HTML for a feed, no row for the list's selector): the markup changed, or the
    address is wrong. The message says what was expected and what came."""


class Adapter(Protocol):
    """Parses the pages of one source. Built with the source's typed declaration and its remembered state."""

    stop_at_known: bool

    def start(self) -> Sequence[Link]:
        """The pages every run begins with (walk=True)."""

    def parse(self, page: FetchedPage) -> ParsedPage:
        """What the page yields. Raises WrongPage when it is not what its role promises."""
