"""RSS 2.0, RSS 1.0 (RDF) and Atom, as they really are: news, notices, comments, RSSHub routes.

With `follow` each item leads to its article page; without, the feed's own text is the post. A comment feed's items are
comments whose thread is the page they stand under.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import feedparser

from config.sources import FeedSource
from config.text import tr
from crawlers.adapters.article import article_page
from crawlers.adapters.base import FetchedPage, Link, ParsedPage, Problem, WrongPage
from crawlers.canonical import canonical_url
from crawlers.dates import parse_date
from crawlers.encoding import clean
from crawlers.markup import html_text, normalise_lines, one_line
from crawlers.record import Engagement, Kind, RawPost
from nlp.redact import redact

_PROLOG = re.compile(r"\A\s*<\?xml[^>]{0,300}\?>")
# A DOCTYPE is where entity bombs are declared; feeds need none.
_DOCTYPE = re.compile(r"<!DOCTYPE\b[^>\[]*(?:\[.*?\]\s*)?>", re.I | re.S)
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:#\w+|[a-zA-Z]\w*);")
_IN_REPLY = re.compile(
    r"\A\s*(?:<p>)?\s*(?:In reply to|回复|回覆|答复)\s*[:：]?\s*<a\b[^>]*?href\s*=\s*[\"']?(?P<href>[^\"'\s>]*)[^>]*>.*?</a>\s*[.。:：]?\s*"
    r"(?:</p>|<br\s*/?>|\Z)",
    re.I | re.S,
)
_COMMENTED = re.compile(r"《(.+)》|\bon\s+(.+?)\s+by\s+|^Comment on\s+(.+)", re.I)
_COMMENT_PAGE = re.compile(r"/comment-page-\d+/?$")
_ANCHOR = re.compile(r"#[\w-]{1,60}\Z")
# What a list keeps of a text, in case the article page has none.
_SUMMARY_CHARS = 2_000
_EVIDENCE_CHARS = 500


class FeedAdapter:
    """Reads a source of kind `feed`. state: not used; a feed shows its newest items on one page."""

    stop_at_known = False

    def __init__(self, source: FeedSource, state: Mapping[str, Any]) -> None:
        self._source = source

    def start(self) -> Sequence[Link]:
        """The feeds' addresses."""
        return [Link(canonical_url(url), "feed", walk=True) for url in self._source.start_urls()]

    def parse(self, page: FetchedPage) -> ParsedPage:
        """Role "feed": links to articles, or posts; role "article": the post of an article page.

        Raises: WrongPage where no feed came for role "feed", or no page for role "article".
        """
        if page.role == "article":
            return article_page(page, timezone=self._source.timezone)
        entries = read_feed(page.text)
        counted = Counter(str(entry.get("id") or "") for entry in entries)
        posts: list[RawPost] = []
        links: dict[str, Link] = {}
        problems: list[Problem] = []
        for entry in entries:
            item = _Item(entry, page, self._source.timezone, shared_guid=counted[str(entry.get("id") or "")] > 1)
            if self._source.content == "article" and self._source.follow and item.link:
                links.setdefault(item.link, item.to_link())
                continue
            post = item.to_comment() if self._source.content == "comments" else item.to_article()
            if post.text:
                posts.append(post)
            else:
                problems.append(
                    Problem(tr("订阅条目没有文字", "a feed item has no text"), str(dict(entry))[:_EVIDENCE_CHARS])
                )
        return ParsedPage(posts=posts, links=list(links.values()), problems=problems)


def read_feed(text: str) -> list[dict[str, Any]]:
    """The items of a feed, in its order; none for an empty feed. Raises WrongPage where `text` is no feed at all."""
    plain = _DOCTYPE.sub("", _PROLOG.sub("", clean(text)))
    # Sanitising would take away the styles that tell hidden text; links are resolved here, against the page's address.
    parsed = feedparser.parse(
        plain.strip().encode("utf-8"),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not parsed.get("version"):
        message = tr("应为 RSS 或 Atom，收到的是{w}", "expected RSS or Atom, got {w}", w=what_came(text))
        raise WrongPage(message)
    return list(parsed.entries)


def what_came(text: str) -> str:
    """A few words on what a page is, for messages: a web page with its title, JSON, nothing."""
    head = text[:20_000].lstrip("\ufeff \t\r\n")
    if not head:
        return tr("空页", "an empty page")
    if found := re.search(r"<title[^>]*>(.*?)</title>", head, re.I | re.S):
        return tr("网页“{t}”", "the web page “{t}”", t=one_line(html_text(found[1]))[:60])
    if re.match(r"(?:<!doctype html|<html|<head|<body)", head, re.I):
        return tr("网页", "a web page")
    if head[0] in "{[":
        return "JSON"
    return tr("别的内容：{h}", "something else: {h}", h=one_line(head[:60]))


class _Item:
    """One feed item, its parts made uniform."""

    def __init__(self, entry: dict[str, Any], page: FetchedPage, timezone: str, *, shared_guid: bool) -> None:
        self._entry, self._page = entry, page
        self.raw_link = self._text("link")
        self.link = self._resolve(self.raw_link)
        self.guid = "" if shared_guid else one_line(self._text("id"))
        self.title = _plain(self._text("title"))
        self.html = self._body()
        self.published = self._moment("published", "created", "updated", timezone=timezone)
        self.edited = self._moment("updated", timezone=timezone)

    def to_link(self) -> Link:
        """The article page, with what the feed says of it; the fingerprint moves when any of that does.

        A link is written before its page is read: its words are redacted here.
        """
        summary = html_text(self.html)
        said = (self._text("updated"), self._text("published"), self.title, summary)
        meta = {
            "title": redact(self.title),
            "published": self.published.isoformat() if self.published else "",
            "summary": redact(summary[:_SUMMARY_CHARS]),
            "native_id": self._native_id(),
            "category": self._category(),
            "comments": self._resolve(self._text("comments")),
        }
        if (replies := self._replies()) is not None:
            meta["replies"] = replies  # type: ignore[assignment]
        return Link(self.link, "article", fingerprint=_digest(*said), meta=meta)

    def to_article(self) -> RawPost:
        """The post as the feed itself has it."""
        text = html_text(self.html)
        url = self.link or self._page.url
        return RawPost(
            kind=Kind.ARTICLE,
            url=url,
            title=self.title,
            text=text or self.title,
            native_id=self._native_id() or ("" if self.link else _digest(self.title, self._text("published"), text)),
            thread_url=url,
            author=one_line(self._text("author")),
            published=self.published,
            edited=self._later_edit(),
            category=self._category(),
            engagement=Engagement(replies=self._replies()),
        )

    def to_comment(self) -> RawPost:
        """The comment: its own words only; the thread is the page the link leads to."""
        answered = _IN_REPLY.match(self.html)
        anchor = _ANCHOR.search(self.raw_link)
        thread = _COMMENT_PAGE.sub("/", self.link.partition("?")[0]) if self.link else ""
        query = self.link.partition("?")[2]
        thread += f"?{query}" if query else ""
        text = html_text(self.html[answered.end() :] if answered else self.html)
        url = (self.link or self._page.url) + (anchor[0] if anchor else "")
        return RawPost(
            kind=Kind.COMMENT,
            url=url,
            title=_commented_title(self.title),
            text=text,
            native_id=self.guid or ("" if anchor else _digest(self.link, self._text("published"), text)),
            thread_url=thread,
            parent_native=self._parent(answered["href"]) if answered else "",
            author=one_line(self._text("author")),
            published=self.published,
            edited=self._later_edit(),
        )

    def _text(self, key: str) -> str:
        # dict.get: feedparser's own falls back from updated to published, with a warning.
        value = dict.get(self._entry, key)
        return clean(value) if isinstance(value, str) else ""

    def _body(self) -> str:
        """The fullest HTML the item has: content:encoded or Atom content over the description."""
        contents = [c.get("value") or "" for c in self._entry.get("content") or () if isinstance(c, Mapping)]
        return clean(max(contents, key=len, default="") or self._text("summary"))

    def _moment(self, *keys: str, timezone: str) -> datetime | None:
        moments = (parse_date(self._text(key), now=self._page.fetched_at, timezone=timezone) for key in keys)
        return next((m for m in moments if m), None)

    def _later_edit(self) -> datetime | None:
        later = self.edited and self.published and self.edited > self.published
        return self.edited if later else None

    def _resolve(self, link: str) -> str:
        try:
            return canonical_url(link, self._page.url) if link.strip() else ""
        except ValueError:
            return ""

    def _native_id(self) -> str:
        """The guid, unless it merely repeats the link: then the canonical link identifies, as in a feed without guids."""
        return "" if self.guid and self._resolve(self.guid) == self.link and ":" in self.guid else self.guid

    def _parent(self, href: str) -> str:
        """The guid of the comment that is answered: comment guids of a site differ in the anchor only."""
        anchor = _ANCHOR.search(href)
        return _ANCHOR.sub(anchor[0], self.guid) if anchor and _ANCHOR.search(self.guid) else ""

    def _category(self) -> str:
        tags = self._entry.get("tags") or ()
        terms = (one_line(str(tag.get("term") or "")) for tag in tags if isinstance(tag, Mapping))
        return next((term for term in terms if term), "")[:80]

    def _replies(self) -> int | None:
        count = self._text("slash_comments").strip()
        return int(count) if count.isascii() and count.isdigit() and len(count) < 10 else None


def _plain(title: str) -> str:
    return one_line(html_text(title)) if _MARKUP.search(title) else one_line(title)


def _commented_title(title: str) -> str:
    """The commented page's title out of “甲对《乙》的评论”: the rest is the commenter's name, which must not stand in a title."""
    found = _COMMENTED.search(title)
    return normalise_lines(next((g for g in found.groups() if g), "")) if found else ""


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()
