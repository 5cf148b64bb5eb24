"""The list in an unknown page: rows of one shape, each with a link, most with a date; and selectors that find them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from crawlers.canonical import canonical_url
from crawlers.markup import element_text, one_line

MIN_ROWS = 3
_ROW_TAGS = ("tr", "li", "dd", "div", "article", "p")
_DATE = re.compile(r"\d{2,4}\s*[-/.年]\s*\d{1,2}(?:\s*[-/.月]\s*\d{1,2})?|\d+\s*(?:分钟|小时|天)前|昨天|今天")
_NEXT = re.compile(r"下一?页|后一?页|next|›|»|>{1,2}", re.I)
_PLAIN_NAME = re.compile(r"[A-Za-z_][\w-]*")
_ROW_STATE = re.compile(r"odd|even|first|last|active|current|hover|alt|\d", re.I)
# Header words of message boards' tables, and the field each names.
_COLUMNS = {
    "id": ("编号", "序号", "信件号", "受理号"),
    "state": ("状态", "办理", "是否回复", "处理情况"),
    "category": ("类别", "类型", "分类", "领域"),
}
# A page with more elements is looked at no further: a list shows itself early.
_MOST_ELEMENTS = 20_000


@dataclass(frozen=True, slots=True)
class ListGuess:
    """A list found. selectors: as `list:` of a board source; rows: how many match; dated: how many of them show a date."""

    selectors: Mapping[str, Any]
    rows: int
    dated: int


def guess_list(root: etree._Element, url: str) -> ListGuess | None:
    """The page's likeliest list, None where no three rows of one shape link to pages of the same site."""
    groups: dict[tuple[etree._Element, str, str], list[etree._Element]] = defaultdict(list)
    host = urlsplit(url).hostname or ""
    for count, node in enumerate(root.iter(*_ROW_TAGS)):
        if count > _MOST_ELEMENTS:
            break
        parent = node.getparent()
        if parent is not None and _link(node, url, host):
            groups[(parent, node.tag, _class(node))].append(node)
    scored = [(_score(rows), key, rows) for key, rows in groups.items() if len(rows) >= MIN_ROWS]
    if not scored:
        return None
    score, (parent, tag, css_class), rows = max(scored, key=lambda item: item[0])
    if score[0] == 0:
        return None
    return _describe(root, parent, tag, css_class, rows)


def _score(rows: Sequence[etree._Element]) -> tuple[int, int]:
    """Rows with a date first, then the length of their link texts: menus have neither."""
    dated = sum(1 for row in rows if _dated(row))
    long = sum(1 for row in rows if any(len(one_line(element_text(a))) >= 6 for a in row.iter("a")))
    return (dated * 2 + long, len(rows))


def _describe(
    root: etree._Element, parent: etree._Element, tag: str, css_class: str, rows: Sequence[etree._Element]
) -> ListGuess:
    row = f"{_anchor(root, parent)} > {tag}" + (f".{css_class}" if css_class else "")
    selectors: dict[str, Any] = {"row": row, "link": _link_selector(rows)}
    if tag == "tr":
        selectors |= _columns(parent)
    if (following := _next(root)) is not None:
        selectors["next"] = following
    return ListGuess(selectors, len(rows), sum(1 for r in rows if _dated(r)))


def _anchor(root: etree._Element, node: etree._Element) -> str:
    """A CSS path to `node` from the nearest ancestor with an id, or a class that no other element has."""
    path: list[str] = []
    current: etree._Element | None = node
    while current is not None and isinstance(current.tag, str) and current.tag not in {"html", "body"}:
        name = current.get("id") or ""
        if _PLAIN_NAME.fullmatch(name):
            return " > ".join([f"{current.tag}#{name}", *reversed(path)])
        css_class = _class(current)
        if css_class and sum(1 for other in root.iter(current.tag) if css_class in _classes(other)) == 1:
            return " > ".join([f"{current.tag}.{css_class}", *reversed(path)])
        path.append(current.tag + (f".{css_class}" if css_class else ""))
        current = current.getparent()
    return " > ".join(["body", *reversed(path)])


def _classes(node: etree._Element) -> list[str]:
    return (node.get("class") or "").split()


def _class(node: etree._Element) -> str:
    """The first class that names the kind of element, not its place (odd, last, item-3)."""
    return next((c for c in _classes(node) if _PLAIN_NAME.fullmatch(c) and not _ROW_STATE.search(c)), "")


def _link(row: etree._Element, url: str, host: str) -> bool:
    for node in row.iter("a"):
        try:
            target = canonical_url(node.get("href") or "", url)
        except ValueError:
            continue
        if urlsplit(target).hostname == host and target != canonical_url(url) and one_line(element_text(node)):
            return True
    return False


def _link_selector(rows: Sequence[etree._Element]) -> str:
    """The link with the longest text in most rows: the title, not the category before it."""
    chosen: dict[str, int] = defaultdict(int)
    for row in rows:
        links = [a for a in row.iter("a") if a.get("href")]
        if not links:
            continue
        best = max(links, key=lambda a: len(one_line(element_text(a))))
        place = best.getparent()
        css_class = _class(best)
        if css_class:
            chosen[f"a.{css_class}"] += 1
        elif place is not None and place is not row and place.tag == "td":
            column = sum(1 for _ in place.itersiblings(preceding=True)) + 1
            chosen[f"td:nth-child({column}) a"] += 1
        else:
            chosen["a"] += 1
    return max(chosen, key=lambda selector: chosen[selector])


def _columns(parent: etree._Element) -> dict[str, str]:
    table = next((node for node in (parent, *parent.iterancestors()) if node.tag == "table"), parent)
    first = next(table.iter("tr"), None)
    names = [one_line(element_text(cell)) for cell in first if isinstance(cell.tag, str)] if first is not None else []
    found: dict[str, str] = {}
    for key, words in _COLUMNS.items():
        column = next(
            (i for i, name in enumerate(names, start=1) if len(name) < 10 and any(w in name for w in words)), None
        )
        if column is not None:
            found[key] = f"td:nth-child({column})"
    return found


def _next(root: etree._Element) -> str | None:
    for node in root.iter("a", "link"):
        if "next" in (node.get("rel") or "").lower().split() and node.get("href"):
            return "[rel~=next]"
    for node in root.iter("a"):
        shown = one_line(element_text(node))
        if node.get("href") and _NEXT.fullmatch(shown):
            css_class = _class(node)
            if css_class and sum(1 for a in root.iter("a") if css_class in _classes(a)) == 1:
                return f"a.{css_class}"
            return f"//a[normalize-space(.)={_quoted(shown)}]/@href"
    return None


def _quoted(text: str) -> str:
    return f"'{text}'"  # the texts _NEXT accepts hold no quotes


def _dated(row: etree._Element) -> bool:
    return _DATE.search(element_text(row)) is not None
