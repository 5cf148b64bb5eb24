"""A WordPress site: posts and comments, by REST where it is open, else by feeds and pages. Facts: docs/how-to/wordpress.md.

    home ──▶ REST posts ──▶ REST comments
      └────▶ posts' feed ──▶ posts with their comments ──▶ further pages of comments
             comments' feed            lists, where feeds are closed

A link may carry `meta["instead"]`: links as [url, role, walk, meta] to read when it is closed (refused by robots.txt or by
the server, or another kind of page): the spider follows them. So a site that closed REST is read by its feeds, and one that
closed those too by its lists or its sitemap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from config.sources import WordPressSource
from crawlers.adapters import wordpress_rest as rest
from crawlers.adapters.base import FetchedPage, Link, ParsedPage
from crawlers.adapters.html_page import document, having, hrefs, select
from crawlers.adapters.wordpress_feed import read_comments_feed, read_posts_feed
from crawlers.adapters.wordpress_pages import list_links, read_list, read_post, read_sitemap
from crawlers.canonical import canonical_url
from crawlers.dates import parse_date

OVERLAP = timedelta(days=1)  # for their clock, and for posts written while the last run went on


class WordPressAdapter:
    """Parses a WordPress site (4.7 and later)."""

    stop_at_known = (
        False  # what was read last time is remembered by time (state), since neither REST nor feeds list links
    )

    def __init__(self, source: WordPressSource, state: Mapping[str, Any]) -> None:
        """source: its declaration; state: `rest_read_at`, `rest_pages`, `feed_read_at` of the last complete run."""
        self._source = source
        self._state = state
        self._readers: dict[str, Callable[[FetchedPage], ParsedPage]] = {
            "home": self._home,
            "rest_posts": self._rest_posts,
            "rest_comments": rest.read_comments,
            "feed": lambda page: read_posts_feed(page, since=self._since("feed_read_at")),
            "comments_feed": read_comments_feed,
            "list": read_list,
            "sitemap": read_sitemap,
            "post": self._post,
            "comments": self._post,
        }

    def start(self) -> Sequence[Link]:
        """The site's front page, which tells where its interface and feeds are."""
        return [Link(canonical_url(url), "home", walk=True, priority=9) for url in self._source.urls]

    def parse(self, page: FetchedPage) -> ParsedPage:
        """The posts and comments of a page. Raises WrongPage when it is not what its role promises."""
        return self._readers[page.role](page)

    def _home(self, page: FetchedPage) -> ParsedPage:
        """Where to go on from the front page: the interface (with the feeds for when it is closed), or the feeds."""
        site = _Site.of(page)
        if self._source.via == "pages":
            return ParsedPage(links=self._by_feeds(site))
        instead = {} if self._source.via == "rest" else {"instead": [_plain(link) for link in self._by_feeds(site)]}
        links = []
        for index, query in enumerate(rest.post_queries(self._state)):
            url = rest.endpoint(site.interface, "posts", query)
            meta: dict[str, Any] = {"query": url, **({} if index else instead)}
            if index == 0 and self._source.comments:
                meta["comments"] = self._comments_link(site)
            links.append(Link(url, "rest_posts", walk=True, meta=meta, priority=8))
        return ParsedPage(links=links)

    def _comments_link(self, site: _Site) -> list[Any]:
        """The interface's comments as a plain link: they need not be as open as the posts."""
        url = rest.endpoint(site.interface, "comments", rest.comment_query())
        if self._source.via == "rest":
            return [url, "rest_comments", True, {"query": url}]
        instead = [_plain(link) for link in self._by_feeds(site, articles=False)]
        return [url, "rest_comments", True, {"query": url, "instead": instead}]

    def _by_feeds(self, site: _Site, *, articles: bool = True) -> list[Link]:
        """The site's feeds, with its lists for when they are closed."""
        meta = {"articles": articles}
        lists = [[url, role, walk, meta] for url, role, walk in site.lists]
        # fresh: WordPress answers 304 for this feed while only the numbers of comments in it have changed.
        links = [Link(site.posts_feed, "feed", walk=True, meta={**meta, "instead": lists, "fresh": True})]
        if self._source.comments:
            open_or_not = {**meta, "instead": []}
            links.append(Link(site.comments_feed, "comments_feed", walk=True, meta=open_or_not, priority=-1))
            links.append(Link(site.static_pages, "sitemap", walk=True, meta=open_or_not, priority=-1))
        return links

    def _rest_posts(self, page: FetchedPage) -> ParsedPage:
        """A page of posts; the first one leads to the comments."""
        parsed = rest.read_posts(page)
        comments = page.meta.get("comments")
        if not isinstance(comments, list):
            return parsed
        url, role, walk, meta = comments
        return replace(parsed, links=[Link(url, role, walk=walk, meta=meta)])

    def _since(self, key: str) -> datetime | None:
        """A moment remembered from the last complete run, a day earlier; None on the first."""
        seen = self._state.get(key)
        moment = parse_date(seen, now=datetime.now(UTC)) if isinstance(seen, str) else None
        return moment - OVERLAP if moment else None

    def _post(self, page: FetchedPage) -> ParsedPage:
        return read_post(page, articles=page.meta.get("articles") is not False, comments=self._source.comments)


@dataclass(frozen=True, slots=True)
class _Site:
    """What a front page tells. interface: root of REST; static_pages: sitemap of what may have
    comments beside posts; lists: where posts are listed without feeds: url, role, walk."""

    interface: str
    posts_feed: str
    comments_feed: str
    static_pages: str
    lists: list[tuple[str, str, bool]]

    @classmethod
    def of(cls, page: FetchedPage) -> _Site:
        tree = document(page)
        posts, comments = _feeds(tree, page.url)
        lists = [(link.url, link.role, link.walk) for link in list_links(tree, page.url, articles=True)]
        sitemap = [(canonical_url("wp-sitemap.xml", page.url), "sitemap", True)]
        plain = "feed=" in posts  # a site without permalinks
        pages_map = "?sitemap=posts&sitemap-subtype=page&paged=1" if plain else "wp-sitemap-posts-page-1.xml"
        static = canonical_url(pages_map, page.url)
        return cls(_interface(tree, page), posts, comments, static, lists or sitemap)


def _plain(link: Link) -> list[Any]:
    """A link as JSON values."""
    return [link.url, link.role, link.walk, dict(link.meta)]


def _interface(tree: Any, page: FetchedPage) -> str:
    """The root of the REST interface, as the page's header or head names it; else where WordPress puts it."""
    named = [
        part.partition(">")[0].lstrip(" <") for part in page.headers.get("link", "").split(",") if "api.w.org" in part
    ]
    named += hrefs(select(tree, "//link[@rel='https://api.w.org/']"))
    for href in [*named, "wp-json/"]:
        try:
            return canonical_url(href, page.url)
        except ValueError:
            continue
    return canonical_url("/wp-json/", page.url)


def _feeds(tree: Any, home: str) -> tuple[str, str]:
    """The addresses of the posts' and the comments' feed."""
    posts, comments = "feed/", "comments/feed/"
    found = hrefs(select(tree, f"//link[@type='application/rss+xml'][not({having('comment')})]"))
    for href in reversed(found):
        if "comments" in href:
            comments = href
        elif "feed" in href:
            posts = href
    return _joined(posts, home, "feed/"), _joined(comments, home, "comments/feed/")


def _joined(href: str, home: str, usual: str) -> str:
    try:
        return canonical_url(href, home)
    except ValueError:
        return canonical_url(usual, home)
