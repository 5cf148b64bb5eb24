"""News sites by their sitemap: urlset, index, news sitemap, text, gzip, or the `Sitemap:` lines of a robots.txt."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from config.settings import Limits
from config.sources import SitemapSource
from config.text import tr
from crawlers.adapters.article import article_page
from crawlers.adapters.base import FetchedPage, Link, ParsedPage, Problem, WrongPage
from crawlers.adapters.feed import what_came
from crawlers.canonical import canonical_url
from crawlers.dates import parse_date
from crawlers.encoding import clean, decode_body
from crawlers.markup import one_line
from nlp.redact import redact

# An index that leads to an index that leads to an index: deeper ones are traps.
MAX_DEPTH = 3
_PROLOG = re.compile(r"\A\s*<\?xml[^>]{0,300}\?>")
_DOCTYPE = re.compile(r"<!DOCTYPE\b[^>\[]*(?:\[.*?\]\s*)?>", re.I | re.S)
_ROBOTS_LINE = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.I | re.M)
_WANTED = frozenset({"loc", "lastmod", "title", "publication_date"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One address of a sitemap; texts as they stand there, "" where absent."""

    loc: str
    lastmod: str = ""
    title: str = ""
    published: str = ""


@dataclass(frozen=True, slots=True)
class Sitemap:
    """A read sitemap. index: True where the entries are further sitemaps."""

    index: bool
    entries: Sequence[Entry]


class SitemapAdapter:
    """Reads a source of kind `sitemap`. Every run reads all its sitemaps; pages whose `lastmod` moved are read again."""

    stop_at_known = False

    def __init__(self, source: SitemapSource, state: Mapping[str, Any]) -> None:
        self._source = source
        self._include = re.compile(source.include) if source.include else None
        self._exclude = re.compile(source.exclude) if source.exclude else None
        self._max_bytes = (source.limits or Limits()).page_bytes * 5  # a sitemap may have 50 MB, a page 10

    def start(self) -> Sequence[Link]:
        """The sitemaps' addresses; one that ends in robots.txt is read for its `Sitemap:` lines."""
        urls = [canonical_url(url) for url in self._source.start_urls()]
        return [Link(u, "robots" if urlsplit(u).path.endswith("/robots.txt") else "sitemap", walk=True) for u in urls]

    def parse(self, page: FetchedPage) -> ParsedPage:
        """Roles "robots" and "sitemap": further sitemaps and articles; role "article": its post.

        Raises: WrongPage where no sitemap came.
        """
        if page.role == "article":
            return article_page(page, timezone=self._source.timezone)
        if page.role == "robots":
            return self._robots(page)
        sitemap = read_sitemap(self._text(page))
        return self._index(page, sitemap.entries) if sitemap.index else self._pages(page, sitemap.entries)

    def _text(self, page: FetchedPage) -> str:
        if not page.body.startswith(b"\x1f\x8b"):
            return page.text
        return decode_body(gunzip(page.body, max_bytes=self._max_bytes), headers={}, declared=self._source.encoding)

    def _robots(self, page: FetchedPage) -> ParsedPage:
        urls = _ROBOTS_LINE.findall(page.text)
        if not urls:
            message = tr("robots.txt 里没有 Sitemap 行", "robots.txt has no Sitemap line")
            raise WrongPage(message)
        return self._index(page, [Entry(url) for url in urls], depth=0)

    def _index(self, page: FetchedPage, entries: Sequence[Entry], *, depth: int | None = None) -> ParsedPage:
        level = int(page.meta.get("depth") or 0) + 1 if depth is None else depth
        if level > MAX_DEPTH:
            reason = tr("站点地图嵌套超过 {n} 层", "sitemaps are nested deeper than {n}", n=MAX_DEPTH)
            return ParsedPage(problems=[Problem(reason, page.url)])
        more: dict[str, Link] = {}
        problems: list[Problem] = []
        for entry in entries:
            url = _address(entry.loc, page.url, problems)
            if url and url != page.url:
                link = Link(url, "sitemap", walk=True, fingerprint=entry.lastmod[:64], meta={"depth": level})
                more.setdefault(url, link)
        return ParsedPage(more=list(more.values()), problems=problems)

    def _pages(self, page: FetchedPage, entries: Sequence[Entry]) -> ParsedPage:
        oldest = page.fetched_at - timedelta(seconds=self._source.max_age) if self._source.max_age is not None else None
        links: dict[str, Link] = {}
        problems: list[Problem] = []
        for entry in entries:
            url = _address(entry.loc, page.url, problems)
            if not url or not self._selected(url) or (oldest and self._older(entry, page, oldest)):
                continue
            links.setdefault(url, self._article(url, entry, page.fetched_at))
        return ParsedPage(links=list(links.values()), problems=problems)

    def _selected(self, url: str) -> bool:
        if self._include is not None and not self._include.search(url):
            return False
        return self._exclude is None or not self._exclude.search(url)

    def _older(self, entry: Entry, page: FetchedPage, oldest: datetime) -> bool:
        """True when the entry is dated before `oldest`; one without a date is not known to be old."""
        said = entry.lastmod or entry.published
        moment = parse_date(said, now=page.fetched_at, timezone=self._source.timezone) if said else None
        return moment is not None and moment < oldest

    def _article(self, url: str, entry: Entry, now: datetime) -> Link:
        meta: dict[str, str] = {}
        if entry.title:
            meta["title"] = redact(entry.title)  # links are written before their pages are read
        if entry.published and (moment := parse_date(entry.published, now=now, timezone=self._source.timezone)):
            meta["published"] = moment.isoformat()
        return Link(url, "article", fingerprint=(entry.lastmod or entry.published)[:64], meta=meta)


def read_sitemap(text: str) -> Sitemap:
    """The entries of a sitemap in XML or plain text. Raises WrongPage where `text` is neither."""
    plain = _DOCTYPE.sub("", _PROLOG.sub("", clean(text), count=1), count=1).strip()
    if not plain.startswith("<"):
        lines = [line.strip() for line in plain.splitlines() if line.strip()]
        if lines and all(re.match(r"https?://", line, re.I) for line in lines):
            return Sitemap(index=False, entries=[Entry(line) for line in lines])
        raise WrongPage(_not_a_sitemap(text))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=True)
    try:
        root = etree.fromstring(plain.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        raise WrongPage(_not_a_sitemap(text)) from error
    name = _local(root) if root is not None else ""
    if name not in {"urlset", "sitemapindex"}:
        raise WrongPage(_not_a_sitemap(text))
    return Sitemap(index=name == "sitemapindex", entries=list(_entries(root)))


def gunzip(body: bytes, *, max_bytes: int) -> bytes:
    """The decompressed body; what follows a cut or broken stream is left off. Raises WrongPage beyond `max_bytes`."""
    stream = zlib.decompressobj(wbits=31)
    try:
        data = stream.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise WrongPage(tr("站点地图的压缩已损坏", "the sitemap's gzip is broken")) from error
    if len(data) > max_bytes:
        raise WrongPage(tr("站点地图解压后超过 {n} 字节", "the sitemap unpacks to more than {n} bytes", n=max_bytes))
    return data


def _entries(root: etree._Element) -> Iterator[Entry]:
    for node in root:
        if not isinstance(node.tag, str):
            continue
        found: dict[str, str] = {}
        for child in node.iter():
            name = _local(child)
            # image:loc, image:title and video:title stand in parts of their own: not the page's.
            if name in _WANTED and name not in found and _local(child.getparent()) in {_local(node), "news"}:
                found[name] = one_line(child.text or "")
        if found.get("loc"):
            yield Entry(
                found["loc"], found.get("lastmod", ""), found.get("title", ""), found.get("publication_date", "")
            )


def _local(node: etree._Element | None) -> str:
    return node.tag.rpartition("}")[2] if node is not None and isinstance(node.tag, str) else ""


def _address(loc: str, base: str, problems: list[Problem]) -> str:
    try:
        return canonical_url(loc, base)
    except ValueError as error:
        if len(problems) < 20:  # a broken generator breaks every line the same way
            reason = tr("站点地图里的网址无效：{e}", "an address of the sitemap is invalid: {e}", e=error)
            problems.append(Problem(reason, loc[:200]))
        return ""


def _not_a_sitemap(text: str) -> str:
    return tr("应为站点地图，收到的是{w}", "expected a sitemap, got {w}", w=what_came(text))
