"""Text of posts as HTML that stays text: every piece goes through `shown`, every link through `link`."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
# Control characters, zero-width characters, bidirectional overrides, tags: they would hide or reorder what is read.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~:$&^=@/])")
# More combining marks than any script writes on one letter would paint over the lines around them.
_MARKS = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{3})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+"
)


class Segment(Protocol):
    """A stretch of text, marked where it matches the query."""

    @property
    def text(self) -> str: ...
    @property
    def marked(self) -> bool: ...


def visible(text: object) -> str:
    """`text` without what cannot be seen: controls, zero-width characters, bidirectional overrides, lone surrogates."""
    return _MARKS.sub(r"\1", _INVISIBLE.sub("", str(text)))


def shown(text: object) -> str:
    """`text` as HTML in which nothing of it is markup, in element content and in quoted attributes."""
    return html.escape(visible(text), quote=True)


def label(text: object) -> str:
    """`text` for labels that Streamlit reads as Markdown: every sign of Markdown stands for itself."""
    return _MARKDOWN.sub(r"\\\1", visible(text).replace("\n", " "))


def safe_url(url: str) -> str:
    """`url` when it is a plain web address, else ""."""
    if url != visible(url) or any(c.isspace() for c in url):
        return ""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return ""
    return url if parts.scheme.lower() in {"http", "https"} and host and "@" not in parts.netloc else ""


def link(url: str, wording: str) -> str:
    """A link to a page of the web in a new tab, its host shown; "" where the address is none."""
    checked = safe_url(url)
    if not checked:
        return ""
    host = urlsplit(checked).hostname or ""
    return (
        f'<a href="{html.escape(checked, quote=True)}" target="_blank" rel="noopener noreferrer">'
        f"{shown(wording)}（{shown(host)}）</a>"
    )


def marked(segments: Sequence[Segment]) -> str:
    """Segments as HTML, what matched the query in <mark>."""
    return "".join(f"<mark>{shown(s.text)}</mark>" if s.marked else shown(s.text) for s in segments)


def excerpt(text: str, size: int) -> str:
    """At most `size` characters of `text`, with an ellipsis where it goes on."""
    clean = " ".join(visible(text).split())
    return clean if len(clean) <= size else clean[: size - 1] + "…"


def moment(value: datetime | str | None) -> str:
    """Date and time in Asia/Shanghai, to the minute; "—" for none."""
    if not value:
        return "—"
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def number(value: float) -> str:
    """A count with thousands apart; a half is kept (medians)."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def posted_at(post: dict[str, Any]) -> str:
    """When a post was published, or collected where its page shows no time."""
    return moment(post.get("published") or post.get("collected"))
