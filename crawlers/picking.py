"""Takes values from HTML by the selectors of a source (`config.sources.Pick`): text as a reader sees it, links, numbers.

Selectors are compiled once and run on lxml elements: several times faster than going through parsel for each value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import parsel  # noqa: F401 - registers has-class() for XPath
from lxml import etree
from parsel.csstranslator import HTMLTranslator

from config.sources import Pick

_BLOCK_TAGS = (
    "address article aside blockquote center dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 "
    "header hr li main nav ol p pre section table tbody td tfoot th thead tr ul"
)
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_SKIPPED = frozenset({"script", "style", "noscript", "template", "head"})
# Zero-width characters stay: they are no white space, and the text is kept as it was written.
_SPACE = re.compile(r"\s+")
_NUMBER = re.compile(r"(\d[\d,，]*(?:\.\d+)?)\s*([万亿千kKwW]?)")
_SCALE = {"": 1, "千": 1_000, "k": 1_000, "K": 1_000, "万": 10_000, "w": 10_000, "W": 10_000, "亿": 100_000_000}
_REGEXP = {"re": "http://exslt.org/regular-expressions", "set": "http://exslt.org/sets"}

Node = Any  # an lxml element
Found = list[Any]  # elements, or strings for ::text, ::attr() and @name


def read_html(text: str) -> Node:
    """The document as a tree; broken markup is repaired. An empty text gives an empty document."""
    # The parser keeps state, so each page gets its own. huge_tree: long pages are bounded by limits.page_bytes instead.
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    root = etree.fromstring(text.encode("utf-8", "replace").replace(b"\x00", b"").strip() or b"<html/>", parser)
    return root if root is not None else etree.fromstring(b"<html/>", parser)


@lru_cache(maxsize=512)
def _compiled(css: str | None, xpath: str | None) -> etree.XPath:
    path = HTMLTranslator().css_to_xpath(css) if css is not None else (xpath or "").removeprefix("xpath:")
    return etree.XPath(path, namespaces=_REGEXP)


def find(pick: Pick, node: Node) -> Found:
    """All that the selector finds in `node`: elements or strings. Raises ValueError when it cannot be applied."""
    try:
        found = _compiled(pick.css, pick.xpath)(node)
    except etree.XPathError as error:
        raise ValueError(f"selector {pick.css or pick.xpath!r}: {error}") from error
    return found if isinstance(found, list) else [found]


def elements(pick: Pick, node: Node) -> list[Node]:
    """The elements the selector finds, strings left out."""
    return [item for item in find(pick, node) if isinstance(item, etree._Element)]


def value(pick: Pick | None, node: Node) -> str:
    """The first value in one line, "" when there is none; the regex, if any, decides what is kept."""
    if pick is None:
        return ""
    for item in find(pick, node):
        shown = _SPACE.sub(" ", _plain(item)).strip()
        if shown := _cut(pick, shown):
            return shown
    return ""


def text(pick: Pick, node: Node) -> str:
    """All that the selector finds, as paragraphs: one a line, white space normalised."""
    parts = [_plain(item) if isinstance(item, str) else block_text(item) for item in _outermost(find(pick, node))]
    return _cut(pick, paragraphs("\n".join(parts)))


def link(pick: Pick, node: Node) -> str:
    """The first address: the attribute the selector names, else the href of the element or of the first link in it."""
    for item in find(pick, node):
        if isinstance(item, str):
            address: str | None = item
        else:
            inner = item if item.get("href") else next(item.iter("a"), None)
            address = inner.get("href") if inner is not None else None
        if address and (kept := _cut(pick, address.strip())):
            return kept
    return ""


def number(pick: Pick | None, node: Node) -> int | None:
    """The first number (1,234 and 1.2万 too), None when there is none."""
    found = _NUMBER.search(value(pick, node))
    if found is None:
        return None
    return round(float(re.sub("[,，]", "", found[1])) * _SCALE[found[2]])


def block_text(element: Node) -> str:
    """The text of an element as a reader sees it: blocks and <br> on lines of their own, scripts left out."""
    parts: list[str] = []
    skipping: Node | None = None
    for event, node in etree.iterwalk(element, events=("start", "end")):
        tag = node.tag if isinstance(node.tag, str) else ""
        if event == "start":
            if skipping is None and tag in _SKIPPED:
                skipping = node
            elif skipping is None:
                parts.append("\n" if tag in _BLOCKS or tag == "br" else "")
                parts.append(_SPACE.sub(" ", node.text or ""))
            continue
        if skipping is node:
            skipping = None
        elif skipping is None and tag in _BLOCKS:
            parts.append("\n")
        if skipping is None and node is not element:
            parts.append(_SPACE.sub(" ", node.tail or ""))
    return paragraphs("".join(parts))


def paragraphs(raw: str) -> str:
    """Non-empty lines, each with single spaces."""
    lines = (_SPACE.sub(" ", line).strip() for line in raw.split("\n"))
    return "\n".join(line for line in lines if line)


def _plain(item: Any) -> str:
    if isinstance(item, etree._Element):
        return block_text(item)
    if isinstance(item, float) and item.is_integer():
        return str(int(item))
    return str(item)


def _cut(pick: Pick, shown: str) -> str:
    if pick.regex is None:
        return shown
    found = re.search(pick.regex, shown)
    if found is None:
        return ""
    return (found[1] if found.re.groups else found[0]) or ""


def _outermost(found: Sequence[Any]) -> Iterable[Any]:
    """Without elements that lie within others found, so that nested matches give no text twice."""
    chosen = {id(item) for item in found if isinstance(item, etree._Element)}
    for item in found:
        if isinstance(item, etree._Element) and any(id(up) in chosen for up in item.iterancestors()):
            continue
        yield item
