"""Addresses of a Discuz! forum: one page has a static and a dynamic form, and many more that show the same again.

    forum-FID-PAGE.html          forum.php?mod=forumdisplay&fid=FID&page=PAGE
    thread-TID-PAGE-X.html       forum.php?mod=viewthread&tid=TID&page=PAGE      (X: page of the list one came from)

A site with rewriting links the static forms, one without it only knows the dynamic ones: `Form` says which, and an
address is always built in the form the site itself links.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import parse_qs, urljoin, urlsplit

from crawlers.canonical import canonical_url

Form = Literal["static", "dynamic"]
What = Literal["index", "board", "thread"]

_STATIC = re.compile(r"(?P<what>forum|thread)-(?P<id>\d{1,10})-(?P<page>\d{1,7})(?:-\d+)?\.html?$")
_INDEX = frozenset(["", "forum.php", "index.php", "forum.html", "index.html"])
_MODS: dict[str, tuple[What, str]] = {"forumdisplay": ("board", "fid"), "viewthread": ("thread", "tid")}
_OLD: dict[str, tuple[What, str]] = {"forumdisplay.php": ("board", "fid"), "viewthread.php": ("thread", "tid")}
# Views of a page we have anyway: one author's floors, printing, reversed order, mobile; several are refused by robots.txt.
_OTHER_VIEW = frozenset(["action", "authorid", "goto", "mobile", "ordertype", "archiver", "inajax", "viewpid", "from"])
_NUMBER = re.compile(r"\d{1,10}")


@dataclass(frozen=True, slots=True)
class Address:
    """A page of the forum. base: the folder the forum stands in, with its end slash; number: fid or tid, 0 for the
    index; page: 1 … ; form: the form it was written in (the index has none and says "dynamic")."""

    base: str
    what: What
    number: int = 0
    page: int = 1
    form: Form = "dynamic"

    def url(self, form: Form) -> str:
        """The address of this page in `form`."""
        if self.what == "index":
            return f"{self.base}forum.php"
        if form == "static":
            name = "forum" if self.what == "board" else "thread"
            tail = f"{self.page}.html" if self.what == "board" else f"{self.page}-1.html"
            return f"{self.base}{name}-{self.number}-{tail}"
        mod, key = ("forumdisplay", "fid") if self.what == "board" else ("viewthread", "tid")
        page = f"&page={self.page}" if self.page > 1 else ""
        return f"{self.base}forum.php?mod={mod}&{key}={self.number}{page}"

    def at(self, page: int) -> Address:
        """Another page of the same board or thread."""
        return replace(self, page=page)


def read_address(href: str, *, base_url: str) -> Address | None:
    """The page `href` names, seen from the page `base_url`; None where it is none of ours (another view, another place).

    Never raises: an address in a page may be anything.
    """
    try:
        url = canonical_url(href, urljoin(base_url, "."))
    except ValueError:
        return None
    parts = urlsplit(url)
    folder, _, name = parts.path.rpartition("/")
    base = f"{parts.scheme}://{parts.netloc}{folder}/"
    query = {key: values[-1] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
    if _OTHER_VIEW & query.keys():
        return None
    if found := _STATIC.fullmatch(name):
        what: What = "board" if found["what"] == "forum" else "thread"
        return Address(base, what, int(found["id"]), max(1, int(found["page"])), "static")
    return _dynamic(base, name, query)


def _dynamic(base: str, name: str, query: dict[str, str]) -> Address | None:
    if name == "forum.php" and query.get("mod") in _MODS:
        what, key = _MODS[query["mod"]]
    elif name in _OLD:
        what, key = _OLD[name]
    elif name in _INDEX and query.get("mod", "index") == "index" and "gid" not in query:
        return Address(base, "index")
    else:
        return None
    number, page = query.get(key, ""), query.get("page", "1")
    if not _NUMBER.fullmatch(number):
        return None
    return Address(base, what, int(number), int(page) if _NUMBER.fullmatch(page) and int(page) else 1)


def linked_form(hrefs: Iterable[str], *, base_url: str, default: Form) -> Form:
    """The form in which a page links boards and threads: "static" as soon as one link is, `default` where there is none."""
    seen: set[Form] = set()
    for href in hrefs:
        address = read_address(href, base_url=base_url)
        if address is not None and address.what != "index":
            seen.add(address.form)
    if "static" in seen:
        return "static"
    return "dynamic" if seen else default
