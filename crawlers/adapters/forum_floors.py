"""The floors of a Discuz! thread page: who wrote what and when, without quotes, ads, notices and hidden parts."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from crawlers.adapters.html_page import Element, classes, has_class, markup_text, one, plain, select
from crawlers.dates import parse_date

_POST = re.compile(r"post_(\d{1,19})")
_NAMED = {"楼主": 1, "樓主": 1, "沙发": 2, "沙發": 2, "板凳": 3, "地板": 4}
_NUMBER = re.compile(r"\d{1,9}")
_EDITED = re.compile(r"于\s*(.+?)\s*(?:编辑|編輯)|於\s*(.+?)\s*編輯", re.S)
_QUOTED = re.compile(r"(?:发表于|發表於)\s*(?:\d{4}-\d|昨天|前天|\d+\s*(?:秒|分|小时|天)|半小)")
_PID = re.compile(r"[?&]pid=(\d{1,19})")

# Parts of a message that its author did not write: attachments and their hover notes, noise against copying, ads, scripts.
_FOREIGN = frozenset(
    ["pstatus", "jammer", "attach_nopermission", "attach_tips", "attach_popup", "tip", "aimg_tip", "tattl", "pattl"]
) | frozenset(["attnm", "imgtitle", "a_pr", "a_p", "ad", "rate", "psth", "cm", "modact", "sign", "viewpay", "showhide"])
_FOREIGN_TAGS = frozenset(["script", "style", "noscript", "ignore_js_op", "iframe", "object", "embed", "form", "img"])
_UNSEEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9])", re.I)


@dataclass(frozen=True, slots=True)
class Floor:
    """A floor as its page shows it. pid: the site's own number, unique there; number: 1 is the thread's first post, 0 where
    the page does not say; quotes: pid of the floor it quotes, ""; edited: to the minute; text: "" where it has no words.
    """

    pid: str
    number: int
    author: str
    published: datetime | None
    edited: datetime | None
    quotes: str
    text: str


def read_floors(document: Element, *, now: datetime, timezone: str) -> Iterator[Floor]:
    """The floors of a thread page that are open to all, in their order; shielded and wholly hidden ones are left out.

    now: when the page was fetched, the base of its relative dates; timezone: of its times.
    """
    for block in select(document, "//*[@id='postlist']//div[starts-with(@id, 'post_')]"):
        if found := _POST.fullmatch(block.get("id", "")):
            floor = _floor(block, found[1], now=now, timezone=timezone)
            if floor is not None:
                yield floor


def _floor(block: Element, pid: str, *, now: datetime, timezone: str) -> Floor | None:
    message = one(block, f".//*[@id='postmessage_{pid}']")
    if message is None:  # shielded by an administrator, or its author is banned
        return None
    number = _number(one(block, f".//a[@id='postnum{pid}']"))
    edited = _edited(message, now=now, timezone=timezone)
    words, quotes, hidden = _words(message, first=number == 1)
    if hidden and not words:
        return None
    published = _published(one(block, f".//*[@id='authorposton{pid}']"), now=now, timezone=timezone)
    return Floor(pid, number, _author(block), published, edited, quotes, words)


def _number(anchor: Element | None) -> int:
    """1 for 楼主, 2 for 沙发 …; 0 where the floor carries no number."""
    label = plain(anchor) if anchor is not None else ""
    for name, number in _NAMED.items():
        if name in label:
            return number
    found = _NUMBER.search(label)
    return int(found[0]) if found else 0


def _author(block: Element) -> str:
    name = one(
        block, ".//*[contains(concat(' ', @class, ' '), ' authi ')]/a[contains(concat(' ', @class, ' '), ' xw1 ')]"
    )
    return plain(name) if name is not None else ""


def _published(stamp: Element | None, *, now: datetime, timezone: str) -> datetime | None:
    if stamp is None:
        return None
    exact = one(stamp, ".//span[@title]")
    if exact is not None and (moment := parse_date(exact.get("title", ""), now=now, timezone=timezone)):
        return moment
    return parse_date(plain(stamp).removeprefix("发表于"), now=now, timezone=timezone)


def _edited(message: Element, *, now: datetime, timezone: str) -> datetime | None:
    """When the note 本帖最后由 … 于 … 编辑 says that the post was edited, to the minute; None without such a note."""
    note = one(message, ".//i[contains(concat(' ', @class, ' '), ' pstatus ')]")
    if note is None:
        return None
    exact = one(note, ".//span[@title]")
    if exact is not None and (moment := parse_date(exact.get("title", ""), now=now, timezone=timezone)):
        return moment
    found = _EDITED.search(plain(note).rpartition("由")[2])
    return parse_date(found[1] or found[2], now=now, timezone=timezone) if found else None


def _words(message: Element, *, first: bool) -> tuple[str, str, bool]:
    """The author's own words, the pid of the quoted floor, and whether a hidden part was left out."""
    own: Element = copy.deepcopy(message)
    own.tail = None
    quotes, hidden = "", False
    for part in list(own.iter("*")):
        if part is own or not _attached(part, own):
            continue
        if has_class(part, "locked"):
            hidden = True
        elif has_class(part, "quote"):
            pid, foreign = _quotation(part, first=first)
            quotes = quotes or pid
            if not foreign:
                continue
        elif not _foreign(part):
            continue
        _drop(part)
    return markup_text(own), quotes, hidden


def _quotation(part: Element, *, first: bool) -> tuple[str, bool]:
    """The pid a quotation names, and whether it repeats another floor: a document quoted in the first post does not."""
    for anchor in select(part, ".//a[@href]"):
        href = anchor.get("href", "")
        if "findpost" in href or "pid" in href:
            found = _PID.search(href)
            return (found[1] if found else ""), True
    return "", not first or bool(_QUOTED.search(plain(part)))


def _foreign(part: Element) -> bool:
    if part.tag in _FOREIGN_TAGS or _FOREIGN & classes(part) or _UNSEEN.search(part.get("style", "")):
        return True
    return part.tag == "em" and "copycode" in part.get("onclick", "")


def _attached(part: Element, root: Element) -> bool:
    """Whether `part` still hangs in the tree (a part inside a dropped one does not)."""
    node: Element | None = part
    while node is not None and node is not root:
        node = node.getparent()
    return node is root


def _drop(part: Element) -> None:
    """Take `part` out, leaving the text behind it, parted by a space so that no two words run together across a block."""
    parent = part.getparent()
    if parent is None:
        return
    tail = part.tail or ""
    if part.tag in {"div", "dl", "p", "form", "ignore_js_op", "table"}:
        mark = etree.Element("br")
        mark.tail = tail
        parent.replace(part, mark)
        return
    before = part.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    part.tail = None
    parent.remove(part)
