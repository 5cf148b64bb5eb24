"""HTML as the text a reader sees: paragraphs as lines, nothing hidden, entities decoded once."""

from __future__ import annotations

import re

from lxml import etree
from parsel import Selector

from crawlers.encoding import clean

# fmt: off
_DROPPED = frozenset((
    "script", "style", "noscript", "template", "iframe", "object", "embed", "svg", "math", "canvas", "audio", "video", "select",
    "textarea", "button", "head", "title",
))
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main",
    "nav", "ol", "option", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
))
# fmt: on
_CELLS = frozenset(["td", "th"])
_HIDDEN_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.I)
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
_LINE_SPACE = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[ \n]*")


def html_text(source: Selector | str) -> str:
    """The visible text of a selector's element, or of a piece of HTML.

    Paragraphs, list items, table rows and `<br>` end lines, table cells are parted by a space, runs of white space are one
    space, empty lines go. Scripts, styles, `display:none`, `hidden` and Discuz!'s `font.jammer` noise are not text.
    """
    if isinstance(source, str):
        root = parse_html(source)
        return "" if root is None else element_text(root)
    node = source.root
    return element_text(node) if isinstance(node, etree._Element) else normalise_lines(clean(str(node)))


def parse_html(html: str) -> etree._Element | None:
    """The document (or fragment, wrapped in html and body) as a tree; None where there is no element and no text."""
    body = clean(html).encode("utf-8")
    if not body.strip():
        return None
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True)
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        return None


def element_text(element: etree._Element) -> str:
    """The visible text of an element, see `html_text`; what follows the element (its tail) is not part of it."""
    pieces: list[str] = []
    walk = etree.iterwalk(element, events=("start", "end", "comment", "pi"))
    for event, node in walk:
        if event in {"comment", "pi"}:
            _tail(pieces, node, element)
            continue
        tag = node.tag if isinstance(node.tag, str) else ""
        if event == "start" and is_hidden(node):
            walk.skip_subtree()
            continue
        if event == "start":
            pieces.append("\n" if tag in _BLOCKS else " " if tag in _CELLS else "")
            pieces.append(_flow(node.text, tag))
            continue
        if tag in _BLOCKS and tag != "br":
            pieces.append("\n")
        _tail(pieces, node, element)
    return normalise_lines("".join(pieces))


def is_hidden(node: etree._Element) -> bool:
    """Whether a browser shows nothing of the element (as far as its own tag and attributes tell)."""
    if node.tag in _DROPPED or node.get("hidden") is not None:
        return True
    style = node.get("style")
    if style is not None and _HIDDEN_STYLE.search(style):
        return True
    return node.tag == "font" and "jammer" in (node.get("class") or "").split()


def normalise_lines(text: str) -> str:
    """`text` with runs of white space as one space, lines trimmed, empty lines off. Idempotent."""
    text = _INVISIBLE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _LINES.sub("\n", _LINE_SPACE.sub(" ", text)).strip()


def one_line(text: str) -> str:
    """`text` with every run of white space as one space: for titles, names, units."""
    return " ".join(_INVISIBLE.sub("", text).split())


def _flow(text: str | None, tag: str = "") -> str:
    if not text:
        return ""
    return text if tag == "pre" else text.replace("\n", " ").replace("\r", " ")


def _tail(pieces: list[str], node: etree._Element, root: etree._Element) -> None:
    if node is not root and node.tail:
        parent = node.getparent()
        pieces.append(_flow(node.tail, "pre" if parent is not None and parent.tag == "pre" else ""))
