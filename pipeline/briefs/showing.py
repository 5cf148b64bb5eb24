"""How values are written in a brief, and text of posts made fit for print."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from pipeline.briefs.model import Form, Value
from pipeline.query.times import SHANGHAI

NONE = "—"
# Below this many posts a share or a rise is mostly chance.
FEW = 5
FEW_MARK = "（条数很少）"
# Rounded to a tenth, what is below this would be shown as none at all.
_LEAST = 0.05
_LONGEST_URL = 1500
# What ends a sentence, or a part of it that can stand alone.
ENDS = "。！？；!?;"
# Controls, bidirectional marks, zero-width signs and what XML cannot hold: they could turn the line around or end the file.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff0-\uffff"
    "\ud800-\udfff\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)
_SPACE = re.compile(r"\s+")
_MASKED = re.compile(r"(?<![0-9A-Za-z])[a-z]\d{0,2}(?=[市县区镇])")
# A blank between a Chinese character and a number or Latin word.
_APART = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[0-9A-Za-z])|(?<=[0-9A-Za-z%]) (?=[\u4e00-\u9fff])")
# A letter with more signs above it than any language needs would be drawn over its neighbours.
_STACKED = 2


def shown(value: Value, form: Form) -> str:
    """`value` as it stands in the text; NONE for no data."""
    if value is None:
        return NONE
    if isinstance(value, str):
        return value
    if form == "percent":
        return f"{value * 100:.0f}%" if value in (0, 1) else f"{value * 100:.1f}%"
    if form == "change":
        return f"{abs(value) * 100:.0f}%"
    if form == "days":
        return f"{value:.1f}"
    if form == "expected":
        if value < _LEAST:
            return "不到0.1"
        return f"{value:.1f}" if value < 100 else f"{value:,.0f}"
    return f"{round(value):,}"


def fit(text: str) -> str:
    """Text of the web in one line, without signs that steer, hide or cannot be printed."""
    plain = _SPACE.sub(" ", _UNSAFE.sub("", _SPACE.sub(" ", text))).strip()
    kept, stacked = [], 0
    for char in plain:
        stacked = stacked + 1 if unicodedata.combining(char) else 0
        if stacked <= _STACKED:
            kept.append(char)
    return "".join(kept)


def close(text: str) -> str:
    """Our own words as official papers set them: no blank between numbers and characters."""
    return _APART.sub("", text)


def named(text: str) -> str:
    """A title or phrase made of words of the index, which has small letters, fit for print: a masked place (A7县) has its
    capital again."""
    return _MASKED.sub(lambda found: found[0].upper(), fit(text))


def fit_kept(text: str) -> str:
    """`fit`, but blanks at the ends stay: they part text from figures."""
    return fit(f"|{text}|")[1:-1]


def web_address(url: str) -> str:
    """`url` where it leads to a page of the web, without signs that could end what it stands in; "" for any other."""
    clean = "".join(c for c in url if c.isprintable() and c not in ' "\\<>')[:_LONGEST_URL]
    return clean if clean.lower().startswith(("http://", "https://")) else ""


def cut(text: str, most: int) -> str:
    """At most `most` characters of `text` from its beginning, up to the end of a sentence where there is one in the last third."""
    if len(text) <= most:
        return text
    head = text[:most]
    end = max(head.rfind(sign) for sign in ENDS)
    return head[: end + 1] if end >= most * 2 // 3 else head


def moment(at: datetime) -> str:
    """11月22日 14:05 of Asia/Shanghai."""
    local = at.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日 {local:%H:%M}"
