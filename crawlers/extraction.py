"""The article in a news or notice page: title, text, times, author.

Facts the page states about itself (JSON-LD, the meta tags of Chinese government sites, Open Graph) come before guesses;
the text is taken from the containers such sites use, else by trafilatura, else from the page's densest block.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml import etree

from crawlers.dates import parse_date
from crawlers.markup import element_text, html_text, is_hidden, normalise_lines, one_line, parse_html


@dataclass(frozen=True, slots=True)
class Article:
    """What a page says. text: paragraphs as lines, "" when none was found; times aware UTC, None where not stated."""

    title: str
    text: str
    published: datetime | None
    author: str
    edited: datetime | None


# Names of meta tags, lower case, best first. PubDate, ArticleTitle, ContentSource, Author: the standard of the State Council
# office for government sites (国办发〔2017〕47号, 政府网站发展指引), used by nearly all of them.
_TITLE_META = ("articletitle", "og:title", "twitter:title")
_PUBLISHED_META: tuple[str, ...] = (
    "pubdate",
    "article:published_time",
    "publishdate",
    "publish_time",
    "og:published_time",
    "og:release_date",
)
_PUBLISHED_META += (
    "datepublished",
    "dc.date",
    "dcterms.created",
    "weibo:article:create_at",
    "bytedance:published_time",
)
_EDITED_META = ("article:modified_time", "og:updated_time", "datemodified", "lastmodified", "weibo:article:update_at")
_AUTHOR_META = ("author", "article:author", "contentsource", "og:article:author")
_CONTAINERS = (
    "//*[@itemprop='articleBody']",
    "//*[@id='UCAP-CONTENT' or @id='zoom' or @id='Zoom' or @id='zoomcon' or @id='js_content' or @id='artibody']",
    "//*[contains(concat(' ', @class, ' '), ' TRS_Editor ') or contains(concat(' ', @class, ' '), ' TRS_UEDITOR ')]",
    "//article//*[contains(concat(' ', @class, ' '), ' entry-content ')]",
    "//*[contains(concat(' ', @class, ' '), ' article-content ') or contains(concat(' ', @class, ' '), ' article_content ')]",
    "//*[contains(concat(' ', @class, ' '), ' article-body ') or contains(concat(' ', @class, ' '), ' rich_media_content ')]",
    "//*[@id='article_content' or @id='article-content' or @id='articleContent' or @id='ContentArea']",
)
_CONTAINER_PATHS = tuple(etree.XPath(path) for path in _CONTAINERS)
_ARTICLE_TYPES = re.compile(
    r"(?:News|Blog|Report|Social|Tech|Scholarly|Satirical)?(?:Article|Posting|MediaPosting)|WebPage"
)
# "发布时间：2026-10-25 07:01", "时间 2026年10月25日", "[2026-10-25]": within the first lines of the visible page.
_LABELLED = re.compile(
    r"(?:(?:发布|发稿|发表|成文|更新|编辑|录入|信息)?(?:时间|日期)|发[布表]于)\s*[:：]?\s*((?:\d|昨天|前天|今天|刚刚|半小时)[^\n]{0,40})"
)
_BARE = re.compile(r"\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?\s*(?:\d{1,2}:\d\d(?::\d\d)?)?")
_HEAD_CHARS = 3_000
_SUFFIX = re.compile(r"\s*(?:[_|｜]|\s[-–—]\s|--).{1,40}$")
# A container with less is an empty frame or a caption: look on.
_ENOUGH = 10
# trafilatura's time grows with the page; larger ones are read by their densest block.
_GUESS_CHARS = 2_000_000
_DEPTH = 100
# The share of a page's visible text, or of trafilatura's find, that makes a block the article.
_MOST = 0.5


def extract_article(html: str, url: str, *, now: datetime, timezone: str = "Asia/Shanghai") -> Article:
    """The article of a page; fields that were not found are empty or None. Never raises for any page.

    url: canonical address of the page; now: when it was fetched, aware, the base of relative dates; timezone: of times without
    an offset.
    """
    root = parse_html(html)
    if root is None:
        return Article("", "", None, "", None)
    metas, facts = _metas(root), _facts(root)
    text, guessed = _text(root, html, url)

    def moment(*texts: str) -> datetime | None:
        return next((d for t in texts if t and (d := parse_date(t, now=now, timezone=timezone))), None)

    published = moment(*_of(facts, "datePublished"), *_values(metas, _PUBLISHED_META)) or moment(*_shown_dates(root))
    edited = moment(*_of(facts, "dateModified"), *_values(metas, _EDITED_META))
    return Article(
        title=_title(root, metas, facts) or guessed.get("title", ""),
        text=text,
        published=published or moment(guessed.get("date", "")),
        author=next((one_line(a) for a in (*_author(facts), *_values(metas, _AUTHOR_META)) if a.strip()), ""),
        edited=edited if edited and edited != published else None,
    )


def _metas(root: etree._Element) -> dict[str, str]:
    metas: dict[str, str] = {}
    for node in root.iter("meta"):
        name = (node.get("name") or node.get("property") or node.get("itemprop") or "").strip().lower()
        if name and (content := (node.get("content") or "").strip()):
            metas.setdefault(name, content)
    return metas


def _values(metas: Mapping[str, str], names: tuple[str, ...]) -> list[str]:
    return [metas[name] for name in names if name in metas]


def _facts(root: etree._Element) -> list[Mapping[str, Any]]:
    """The JSON-LD objects that describe an article, articles proper before the page that holds them."""
    found: list[Mapping[str, Any]] = []
    for node in root.iter("script"):
        if (node.get("type") or "").strip().lower() != "application/ld+json":
            continue
        try:
            data = json.loads(node.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        found.extend(_articles(data, _DEPTH))
    return sorted(found, key=lambda fact: "WebPage" in str(fact.get("@type")))


def _articles(data: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if depth == 0:
        return
    if isinstance(data, list):
        for item in data:
            yield from _articles(item, depth - 1)
    elif isinstance(data, dict):
        kinds = data.get("@type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if any(isinstance(kind, str) and _ARTICLE_TYPES.fullmatch(kind) for kind in kinds):
            yield data
        yield from _articles(data.get("@graph"), depth - 1)


def _of(facts: list[Mapping[str, Any]], key: str) -> list[str]:
    return [value for fact in facts if isinstance(value := fact.get(key), str) and value.strip()]


def _author(facts: list[Mapping[str, Any]]) -> list[str]:
    names = []
    for fact in facts:
        author = fact.get("author")
        for one in author if isinstance(author, list) else [author]:
            name = one.get("name") if isinstance(one, dict) else one
            if isinstance(name, str):
                names.append(name)
    return names


def _title(root: etree._Element, metas: Mapping[str, str], facts: list[Mapping[str, Any]]) -> str:
    stated = [one_line(html_text(t)) for t in (*_of(facts, "headline"), *_values(metas, _TITLE_META))]
    page = one_line("".join(next(root.iter("title"), etree.Element("title")).itertext()))
    headings = [one_line(element_text(h)) for h in root.iter("h1") if not is_hidden(h)]
    for title in stated[:1]:
        return _unsuffixed(title, page, headings)
    # The site's name is often the h1: a heading that the page's own title begins with is the article's, one it ends with the site's.
    smaller = [one_line(element_text(h)) for h in root.iter("h2", "h3") if not is_hidden(h)]
    for heading in (*headings, *smaller[:50]):
        if len(heading) > 1 and page.startswith(heading):
            return heading
    own = next((h for h in headings if h and not page.endswith(h)), "")
    return own or _SUFFIX.sub("", page) or page or next((h for h in headings if h), "")


def _unsuffixed(title: str, page: str, headings: list[str]) -> str:
    """og:title often repeats the page's title with the site's name; a heading that it begins with is the real one."""
    return next((h for h in headings if len(h) > 3 and title.startswith(h)), title)


def _shown_dates(root: etree._Element) -> Iterator[str]:
    for node in root.iter("time"):
        if value := node.get("datetime") or one_line(element_text(node)):
            yield value
            break
    body = next(root.iter("body"), root)
    heading = next(root.iter("h1"), None)
    shown = element_text(body)
    start = shown.find(one_line(element_text(heading))) if heading is not None else 0
    head = shown[max(start, 0) : max(start, 0) + _HEAD_CHARS]
    yield from (found[1] for found in _LABELLED.finditer(head))
    yield from (found[0] for found in _BARE.finditer(head[:600]))


def _text(root: etree._Element, html: str, url: str) -> tuple[str, Mapping[str, str]]:
    for path in _CONTAINER_PATHS:
        texts = [element_text(node) for node in path(root)[:20]]
        if texts and len(best := max(texts, key=len)) >= _ENOUGH:
            return best, {}
    dense = _densest(root)
    # One block that holds most of the page is the article; trafilatura, made for long pages, would take the menus too.
    if len(dense) >= _MOST * len(element_text(next(root.iter("body"), root))) or len(html) > _GUESS_CHARS:
        return dense, {}
    guess = _guess(html, url)
    return (dense if len(dense) >= _MOST * len(guess["text"]) else guess["text"]), guess


def _guess(html: str, url: str) -> dict[str, str]:
    import trafilatura  # loads a second's worth of modules: only crawls that need it pay

    document = trafilatura.bare_extraction(
        html, url=url, include_comments=False, include_tables=True, with_metadata=True
    )
    if document is None or isinstance(document, dict):
        return {"text": "", "title": "", "date": ""}
    # Table rows come as "a | b |": the bars are trafilatura's, not the page's.
    lines = (re.sub(r"\s*\|\s*", " ", line) if "|" in line else line for line in (document.text or "").splitlines())
    text = normalise_lines("\n".join(lines))
    return {"text": text, "title": one_line(document.title or ""), "date": document.date or ""}


def _densest(root: etree._Element) -> str:
    """The text of the element that holds the most text outside links, by its own paragraphs."""
    weights: dict[etree._Element, int] = {}
    for node in root.iter("p", "div", "td", "section", "article"):
        own = len((node.text or "").strip()) + sum(len((c.tail or "").strip()) for c in node if c.tag == "br")
        parent = node.getparent()
        if own and not is_hidden(node):
            holder = parent if node.tag == "p" and parent is not None else node
            weights[holder] = weights.get(holder, 0) + own
    if not weights:
        return ""
    return element_text(max(weights, key=lambda node: weights[node]))
