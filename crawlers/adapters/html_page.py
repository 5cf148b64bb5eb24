"""A fetched HTML page as a tree, and the few questions every page parser asks of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree

from config.text import tr
from crawlers.adapters.base import FetchedPage, WrongPage
from crawlers.markup import element_text, parse_html

Element = Any  # lxml.etree._Element: its answers to XPath have no type of their own


def document(page: FetchedPage) -> Element:
    """The page as a tree. Raises WrongPage when there is no HTML in it at all."""
    tree = parse_html(page.text)
    if tree is None:
        raise WrongPage(tr("应为 HTML 网页，却是空的", "expected an HTML page, got an empty one"))
    return tree


def fragment(markup: str) -> Element:
    """A piece of HTML (a field of a feed or of an interface) as a tree; without content for an empty piece."""
    tree = parse_html(markup)
    return tree if tree is not None else etree.Element("body")


def select(node: Element, xpath: str, **values: str) -> list[Element]:
    """All elements `xpath` finds below `node`; `$name` places are filled from `values`."""
    return [found for found in node.xpath(xpath, **values) if isinstance(found, etree._Element)]


def one(node: Element, xpath: str, **values: str) -> Element | None:
    """The first element `xpath` finds below `node`."""
    return next(iter(select(node, xpath, **values)), None)


def having(name: str) -> str:
    """The XPath condition "has the class `name`"."""
    return f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')"


def classes(node: Element) -> frozenset[str]:
    """The classes of an element."""
    return frozenset((node.get("class") or "").split())


def has_class(node: Element, name: str) -> bool:
    """Whether an element has the class `name`."""
    return name in classes(node)


def plain(node: Element) -> str:
    """The element's text on one line."""
    return " ".join("".join(node.itertext()).split())


def markup_text(node: Element) -> str:
    """The element's text as a reader sees it, in lines (see `crawlers.markup.element_text`)."""
    return element_text(node)


def hrefs(nodes: list[Element]) -> list[str]:
    """The addresses the anchors among `nodes` lead to."""
    return [href for node in nodes if (href := node.get("href"))]


def number(value: object) -> int | None:
    """A counter as shown on a page ("1,234", " 12 "); None for anything else (a dash, words)."""
    digits = str(value or "").replace(",", "").replace("，", "").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else None


def entry(meta: Mapping[str, Any], key: str) -> str:
    """A text of a link's meta; "" where it is absent or no text."""
    value = meta.get(key, "")
    return value if isinstance(value, str) else ""
