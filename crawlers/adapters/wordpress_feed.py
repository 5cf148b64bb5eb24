"""WordPress by its feeds (RSS 2.0): the posts' feed tells which posts are new or edited, the comments' feed holds comments."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from lxml import etree

from config.text import tr
from crawlers.adapters.base import FetchedPage, Link, ParsedPage, WrongPage
from crawlers.adapters.html_page import Element, fragment, hrefs, plain, select
from crawlers.adapters.wordpress_text import body_text, comment_number, is_protected, post_url, split_comment_url
from crawlers.canonical import canonical_url
from crawlers.dates import parse_date
from crawlers.record import Kind, RawPost

_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_COUNT = "{http://purl.org/rss/1.0/modules/slash/}comments"
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
# The newest posts, this many pages of the feed, are compared in every run; older ones are found again by re-visits.
ALWAYS = 10
_ANSWERS = ("In reply to", "回复", "回覆")


def items(page: FetchedPage) -> list[Element]:
    """The items of a feed. Raises WrongPage for anything but RSS."""
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, recover=True, huge_tree=True, remove_comments=True
    )
    try:
        root = etree.fromstring(page.text.strip().encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None or root.tag != "rss":
        raise WrongPage(tr("应为 RSS，却得到 {t!r}", "expected RSS, got {t!r}", t=page.text[:60]))
    return list(root.iter("item"))


def read_posts_feed(page: FetchedPage, *, since: datetime | None) -> ParsedPage:
    """Links to the posts of a page of the feed; their fingerprint changes with title, text and number of comments.

    since: up to when the last complete run read the feed (None: it never did); older pages beyond the tenth are not asked.
    """
    found = items(page)
    links = [link for item in found if (link := _post_link(item, page)) is not None]
    times = [moment for item in found if (moment := _published(item, page)) is not None]
    reached = since is not None and _number(page) >= ALWAYS and bool(times) and min(times) < since
    state = {"feed_read_at": page.fetched_at.isoformat()} if _number(page) == 1 else {}
    return ParsedPage(links=links, more=[] if reached else _next(page, len(found)), state=state)


def _post_link(item: Element, page: FetchedPage) -> Link | None:
    address, body = _field(item, "link"), _field(item, _CONTENT) or _field(item, "description")
    if is_protected(body):
        return None
    try:
        url = canonical_url(address, page.url)
    except ValueError:
        return None
    shown = f"{_field(item, 'title')}\x1f{body}\x1f{_field(item, _COUNT)}"
    mark = hashlib.blake2b(shown.encode("utf-8", "replace"), digest_size=12).hexdigest()
    return Link(url, "post", fingerprint=mark, meta={"articles": page.meta.get("articles", True)})


def read_comments_feed(page: FetchedPage) -> ParsedPage:
    """The newest comments of the site (WordPress gives one page of them), and links to the pages they stand under.

    So a comment below an old post is found at once. One whose parent the feed does not tell is left to its page.
    """
    comments = [comment for item in items(page) if (comment := _comment(item, page)) is not None]
    meta = {"articles": page.meta.get("articles", True)}
    links = [Link(url, "post", meta=meta) for url in dict.fromkeys(comment.thread_url for comment in comments)]
    return ParsedPage(posts=[comment for comment in comments if comment.parent_native], links=links)


def _comment(item: Element, page: FetchedPage) -> RawPost | None:
    """A comment of the feed; None for one behind a password, or without an address of its own."""
    address, body = _field(item, "link"), _field(item, _CONTENT)
    if is_protected(body) or not body:
        return None
    try:
        url, thread_url = split_comment_url(address)
    except ValueError:
        return None
    number = comment_number(url)
    if not number:
        return None
    tree = fragment(body)
    parent = _answered(tree) or _post_number(_field(item, "guid"))
    return RawPost(
        kind=Kind.COMMENT,
        url=url,
        title="",
        text=body_text(tree),
        native_id=f"c{number}",
        thread_url=post_url(thread_url),
        parent_native=parent,
        author=_field(item, _CREATOR),
        published=_published(item, page),
    )


def _answered(body: Element) -> str:
    """The native id of the comment that the extra first paragraph names, which is taken off; "" without one."""
    for first in select(body, "(.//p)[1]"):
        inner = first.xpath("string(.)").strip()
        anchors = select(first, "./a[contains(@href, '#comment-')]")
        if len(anchors) != 1 or not inner.startswith(_ANSWERS) or len(inner) > len(plain(anchors[0])) + 20:
            return ""
        number = comment_number(hrefs(anchors)[0])
        first.getparent().remove(first)
        return f"c{number}" if number else ""
    return ""


def _post_number(guid: str) -> str:
    """The native id of the post a comment's guid names (`…/?p=ID#comment-…`); "" where the site changed its guids."""
    _, mark, tail = guid.partition("?p=")
    number = tail.partition("#")[0]
    return f"p{number}" if mark and number.isascii() and number.isdigit() else ""


def _published(item: Element, page: FetchedPage) -> datetime | None:
    return parse_date(_field(item, "pubDate"), now=page.fetched_at, timezone="UTC")


def _field(item: Element, name: str) -> str:
    value: Any = item.findtext(name)
    return value.strip() if isinstance(value, str) else ""


def _number(page: FetchedPage) -> int:
    number = page.meta.get("n", 1)
    return number if isinstance(number, int) else 1


def _next(page: FetchedPage, count: int) -> list[Link]:
    """The page of older items; none when this one holds fewer than the first did."""
    number = _number(page)
    size = page.meta.get("size", count)
    base = page.meta.get("feed", page.url)
    if not count or not isinstance(size, int) or count < size or not isinstance(base, str):
        return []
    joint = "&" if "?" in base else "?"
    kept = {key: page.meta[key] for key in ("articles", "fresh") if key in page.meta}
    meta = {**kept, "n": number + 1, "size": size, "feed": base}
    return [Link(f"{base}{joint}paged={number + 1}", page.role, walk=True, meta=meta)]
