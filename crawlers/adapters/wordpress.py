"""A WordPress site: posts and comments, by REST where it is open, else by feeds and pages. Facts: docs/how-to/wordpress.md.

    home ──▶ REST posts ──▶ REST comments
      └────▶ posts' feed ──▶ posts with their comments ──▶ further pages of comments
             comments' feed            lists, where feeds are closed

A link may carry `meta["instead"]`, a list of [url, role] to walk when it cannot be read (refused, closed, another kind of
page): the spider follows it. So a site that closed REST is read by its feeds, and one that closed those by its lists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from config.sources import WordPressSource
from crawlers.adapters import wordpress_rest as rest
from crawlers.adapters.base import FetchedPage, Link, ParsedPage
from crawlers.adapters.html_page import document, having, hrefs, select
from crawlers.adapters.wordpress_feed import read_comments_feed, read_posts_feed
from crawlers.adapters.wordpress_pages import read_list, read_post
from crawlers.canonical import canonical_url
from crawlers.dates import parse_date

OVERLAP = timedelta(days=1)  # a comment approved late keeps the date it was written


class WordPressAdapter:
    """Parses a WordPress site (4.7 and later)."""

    stop_at_known = True

    def __init__(self, source: WordPressSource, state: Mapping[str, Any]) -> None:
        """source: its declaration; state: `rest_read_at`, `rest_pages`, `comments_seen` of the last complete run."""
        self._source = source
        self._state = state
        self._readers: dict[str, Callable[[FetchedPage], ParsedPage]] = {
            "home": self._home,
            "rest_posts": self._rest_posts,
            "rest_comments": rest.read_comments,
            "feed": read_posts_feed,
            "comments_feed": self._comments_feed,
            "list": read_list,
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
        tree = document(page)
        feeds = _feeds(tree, page.url)
        if self._source.via == "pages":
            return ParsedPage(links=self._by_feeds(page.url, feeds))
        root = _interface(tree, page)
        instead = [] if self._source.via == "rest" else [_plain(link) for link in self._by_feeds(page.url, feeds)]
        links = []
        for index, query in enumerate(rest.post_queries(self._state)):
            url = rest.endpoint(root, "posts", query)
            meta = {
                "query": url,
                "root": root,
                "feeds": list(feeds),
                "home": page.url,
                "instead": [] if index else instead,
            }
            links.append(Link(url, "rest_posts", walk=True, meta=meta, priority=8))
        return ParsedPage(links=links)

    def _by_feeds(self, home: str, feeds: tuple[str, str], *, articles: bool = True) -> list[Link]:
        lists = [[home, "list", {"articles": articles}]]
        links = [Link(feeds[0], "feed", walk=True, meta={"articles": articles, "instead": lists})]
        if self._source.comments:
            links.append(Link(feeds[1], "comments_feed", walk=True, meta={"instead": []}))
        return links

    def _rest_posts(self, page: FetchedPage) -> ParsedPage:
        """A page of posts; the first one leads to the comments, which need not be as open as the posts."""
        parsed = rest.read_posts(page)
        root, feeds, home = (page.meta.get(key) for key in ("root", "feeds", "home"))
        first = page.meta.get("n", 1) == 1 and page.meta.get("main") is True and self._source.comments
        if not (first and isinstance(root, str) and isinstance(home, str) and isinstance(feeds, list)):
            return parsed
        url = rest.endpoint(root, "comments", rest.comment_query())
        closed = self._source.via == "rest"
        instead = (
            [] if closed else [_plain(link) for link in self._by_feeds(home, (feeds[0], feeds[1]), articles=False)]
        )
        comments = Link(url, "rest_comments", walk=True, meta={"query": url, "instead": instead})
        return ParsedPage(
            posts=parsed.posts, links=[*parsed.links, comments], problems=parsed.problems, state=parsed.state
        )

    def _comments_feed(self, page: FetchedPage) -> ParsedPage:
        seen = self._state.get("comments_seen")
        moment = parse_date(seen, now=datetime.now(UTC)) if isinstance(seen, str) else None
        return read_comments_feed(page, since=moment - OVERLAP if moment else None)

    def _post(self, page: FetchedPage) -> ParsedPage:
        return read_post(page, articles=page.meta.get("articles") is not False, comments=self._source.comments)


def _plain(link: Link) -> list[Any]:
    """A link as JSON values."""
    return [link.url, link.role, dict(link.meta)]


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
