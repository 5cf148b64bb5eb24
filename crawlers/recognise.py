"""What an address is: feed, sitemap, Discuz!, WordPress or a list of messages; and the declaration that would read it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from config.text import tr
from crawlers.adapters.base import FetchedPage, WrongPage
from crawlers.adapters.feed import read_feed
from crawlers.adapters.sitemap import gunzip, read_sitemap
from crawlers.canonical import canonical_url
from crawlers.encoding import decode_body
from crawlers.listing import guess_list
from crawlers.markup import one_line, parse_html

_ROBOTS_LINE = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.I | re.M)
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml"})
_FID = re.compile(r"(?:forum-|[?&]fid=)(\d{1,9})")
_SITEMAP_BYTES = 50_000_000
_MOST_FEEDS = 5


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the page may be read as. kind: of the source; why: what gave it away; yaml: a declaration that loads, with comments;
    confidence: 0 … 1, 1 certain."""

    kind: str
    why: str
    yaml: str
    confidence: float

    def to_dict(self) -> dict[str, Any]:
        """The proposal as JSON values."""
        return asdict(self)


def recognise(page: FetchedPage, *, name: str = "", allow_private: Sequence[str] = ()) -> list[Proposal]:
    """What the page may be, the likeliest first; empty when it is nothing that is known. Never raises for any page.

    name: of the source; "" makes one from the host. allow_private: hosts to write down as allowed.
    """
    head = _Head(name or source_name(page.url), tuple(allow_private))
    found = [*_feed(page, head), *_sitemap(page, head)]
    if not found and (root := parse_html(page.text)) is not None:
        links = [*_alternates(root, page.url, head)]
        found = [*_discuz(root, page, head), *_wordpress(root, page, head), *links]
        if not any(proposal.kind in {"forum", "wordpress"} for proposal in found):
            found += _board(root, page, head)
    return sorted(found, key=lambda proposal: -proposal.confidence)


def source_name(url: str) -> str:
    """A name for a source made from the host of its address: www.news.example.cn → news-example-cn."""
    host = (urlsplit(url).hostname or "source").removeprefix("www.")
    return re.sub(r"[^a-z0-9]+", "-", host.lower()).strip("-")[:40].strip("-") or "source"


@dataclass(frozen=True, slots=True)
class _Head:
    """What every proposed declaration begins with."""

    name: str
    allow_private: tuple[str, ...]

    def yaml(
        self, kind: str, values: Mapping[str, Any], *, notes: Mapping[str, str] | None = None, title: str = ""
    ) -> str:
        pairs: dict[str, Any] = {"name": self.name, "kind": kind}
        if title:
            pairs["title"] = title
        pairs |= values
        if self.allow_private:
            pairs["allow_private"] = list(self.allow_private)
        return "".join(_lines(pairs, notes or {}))


def _lines(pairs: Mapping[str, Any], notes: Mapping[str, str], indent: str = "") -> Iterator[str]:
    for key, value in pairs.items():
        note = f"  # {notes[key]}" if key in notes else ""
        if isinstance(value, dict) and value and not indent:
            yield f"{indent}{key}:{note}\n"
            yield from _lines(value, notes, indent + "  ")
        else:
            # JSON is YAML: quotes, colons and control characters of hostile pages cannot break out of a string.
            shown = value if isinstance(value, str) and re.fullmatch(r"[a-z][a-z0-9_-]*", value) else _json(value)
            yield f"{indent}{key}: {shown}{note}\n"


def _json(value: Any) -> str:
    return re.sub("[\x7f-\x9f\u2028\u2029]", "", json.dumps(value, ensure_ascii=False))


def _feed(page: FetchedPage, head: _Head) -> list[Proposal]:
    if not re.search(r"<(?:rss|feed|rdf:RDF)\b", page.text[:4_000], re.I):
        return []
    try:
        entries = read_feed(page.text)
    except WrongPage:
        return []
    links = [str(entry.get("link") or "") for entry in entries]
    comments = bool(links) and all("#comment-" in link for link in links)
    why = tr("这是一个订阅源，有 {n} 条", "this is a feed of {n} items", n=len(entries))
    return [Proposal("feed", why, _feed_yaml(head, page.url, comments=comments), 0.98)]


def _feed_yaml(head: _Head, url: str, *, comments: bool) -> str:
    values: dict[str, Any] = {"urls": [url], "content": "comments" if comments else "article"}
    if not comments:
        values["follow"] = True
    notes = {
        "follow": tr(
            "true：打开每条的链接取全文；false：用订阅里的文字", "true: read each item's page; false: the feed's text"
        ),
        "content": tr("article：文章；comments：评论", "article or comments"),
    }
    return head.yaml("feed", values, notes=notes)


def _sitemap(page: FetchedPage, head: _Head) -> list[Proposal]:
    if urlsplit(page.url).path.endswith("/robots.txt"):
        urls = [url for url in (_canonical(line, page.url) for line in _ROBOTS_LINE.findall(page.text)) if url]
        why = tr("robots.txt 里写了站点地图", "robots.txt names sitemaps")
        return [Proposal("sitemap", why, _sitemap_yaml(head, urls), 0.9)] if urls else []
    try:
        text = page.text
        if page.body.startswith(b"\x1f\x8b"):
            text = decode_body(gunzip(page.body, max_bytes=_SITEMAP_BYTES), headers={})
        sitemap = read_sitemap(text)
    except WrongPage:
        return []
    if not sitemap.entries:
        return []
    why = tr("这是一个站点地图，有 {n} 个网址", "this is a sitemap of {n} addresses", n=len(sitemap.entries))
    return [Proposal("sitemap", why, _sitemap_yaml(head, [page.url]), 0.95)]


def _sitemap_yaml(head: _Head, urls: Sequence[str]) -> str:
    notes = {"max_age": tr("只采集这段时间内更新的页面", "only pages changed within this time")}
    notes["urls"] = tr(
        "可加 include / exclude 正则，只采集某些栏目", "add include / exclude (regexes) to choose sections"
    )
    return head.yaml("sitemap", {"urls": list(urls), "max_age": "30d"}, notes=notes)


def _alternates(root: etree._Element, base: str, head: _Head) -> Iterator[Proposal]:
    seen: set[str] = set()
    for node in root.iter("link"):
        kind, rel = (node.get("type") or "").strip().lower(), (node.get("rel") or "").lower().split()
        url = _canonical(node.get("href") or "", base)
        if kind not in _FEED_TYPES or "alternate" not in rel or not url or url in seen or len(seen) == _MOST_FEEDS:
            continue
        seen.add(url)
        label = one_line(node.get("title") or "")[:60]
        comments = "comment" in url.lower() or "评论" in label
        why = tr("网页里指明了订阅源 {t}", "the page names a feed {t}", t=label or url)
        yield Proposal("feed", why, _feed_yaml(head, url, comments=comments), 0.7 if comments else 0.8)


def _generator(root: etree._Element) -> str:
    metas = (n.get("content") or "" for n in root.iter("meta") if (n.get("name") or "").lower() == "generator")
    return " ".join(metas)


def _discuz(root: etree._Element, page: FetchedPage, head: _Head) -> list[Proposal]:
    generator = _generator(root)
    marks = [generator.startswith("Discuz!"), "discuz_uid" in page.text, "threadlisttableid" in page.text]
    if sum(marks) < 1 or (not marks[0] and not re.search(r"forum(?:\.php|-\d+-\d+\.html)", page.text)):
        return []
    values: dict[str, Any] = {"urls": [canonical_url("forum.php", page.url)]}
    if found := _FID.search(page.url):
        values["boards"] = [int(found[1])]
    notes = {
        "boards": tr(
            "版块编号 fid；删去这一行则采集全部版块", "board numbers (fid); without this line all boards are read"
        )
    }
    why = tr("Discuz! 论坛（{g}）", "a Discuz! forum ({g})", g=one_line(generator)[:40] or "forum.php")
    return [Proposal("forum", why, head.yaml("forum", values, notes=notes), 0.97 if marks[0] else 0.8)]


def _wordpress(root: etree._Element, page: FetchedPage, head: _Head) -> list[Proposal]:
    api = next((n.get("href") or "" for n in root.iter("link") if n.get("rel") == "https://api.w.org/"), "")
    generator = _generator(root)
    header = "https://api.w.org/" in page.headers.get("link", "")
    if not (api or header or generator.startswith("WordPress") or "/wp-content/" in page.text):
        return []
    home = _canonical(re.sub(r"(?:wp-json/|(?:index\.php)?\?rest_route=/).*\Z", "", api), page.url) if api else ""
    if not home:
        content = re.search(r"(https?://[^\s\"'<>]+?/)wp-content/", page.text)
        home = _canonical(content[1], page.url) if content else ""
    if urlsplit(home).hostname != urlsplit(page.url).hostname:
        home = canonical_url("/", page.url)
    values = {"urls": [home], "via": "auto", "comments": True}
    notes = {"via": tr("auto：REST 开放则用 REST，否则用网页", "auto: REST where it is open, else pages")}
    why = tr("WordPress 站点（{g}）", "a WordPress site ({g})", g=one_line(generator)[:40] or "wp-json")
    return [Proposal("wordpress", why, head.yaml("wordpress", values, notes=notes), 0.95 if api or header else 0.85)]


def _board(root: etree._Element, page: FetchedPage, head: _Head) -> list[Proposal]:
    guess = guess_list(root, page.url)
    if guess is None:
        return []
    detail = {
        "title": "h1",
        "text": {"css": "body"},
        "published": {
            "css": "body",
            "regex": r"(\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:\s*\d{1,2}:\d{2}(?::\d{2})?)?)",
        },
    }
    notes = {
        "list": tr("由这一页猜得，请核对", "guessed from this page; check it"),
        "detail": tr(
            "请打开一条详情页，把选择器改对；用 qingyu sources check 核对",
            "open a detail page and correct the selectors; qingyu sources check shows what they take",
        ),
        "text": tr("正文所在的元素", "the element of the text"),
    }
    yaml = head.yaml("board", {"urls": [page.url], "list": dict(guess.selectors), "detail": detail}, notes=notes)
    why = tr(
        "像是一个列表，{n} 行，{d} 行有日期；选择器是猜的",
        "looks like a list of {n} rows, {d} with dates; the selectors are guesses",
        n=guess.rows,
        d=guess.dated,
    )
    return [Proposal("board", why, yaml, 0.5 if guess.dated >= guess.rows * 0.8 else 0.3)]


def _canonical(url: str, base: str) -> str:
    try:
        return canonical_url(url, base) if url.strip() else ""
    except ValueError:
        return ""


__all__ = ["Proposal", "recognise", "source_name"]
