"""A Discuz! X forum: the index leads to boards, boards to threads, threads to floors on one page or many.

Every page of a thread is a page of its own, so that a floor edited in the middle is found when that page is read again.
Facts of the markup: see docs/how-to/forum.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from config.sources import ForumSource
from config.text import tr
from crawlers.adapters.base import FetchedPage, Link, ParsedPage, WrongPage
from crawlers.adapters.forum_address import Address, Form, linked_form, read_address
from crawlers.adapters.forum_floors import Floor, read_floors
from crawlers.adapters.html_page import Element, document, entry, having, hrefs, markup_text, number, one, plain, select
from crawlers.dates import parse_date
from crawlers.record import Engagement, Kind, RawPost

_ROW = re.compile(r"(?:normal|stick)thread_(\d{1,10})")
_TOTAL = re.compile(r"共\s*(\d{1,7})\s*[页頁]")
_VIEWS, _REPLIES = re.compile(r"查看[:：]?\s*(\d{1,12})"), re.compile(r"(?:回复|回復)[:：]?\s*(\d{1,9})")
_GONE = re.compile(r"不存在|被删除|已删除|已经删除|被刪除|被关闭|审核|not exist", re.I)
# Threads of up to this many pages are read whole when anything in them moved; in longer ones, the first and last pages.
WHOLE_PAGES = 5
# Links to later pages a page names at once: a page that claims a million pages must not fill the store.
AHEAD = 200
_NAVIGATION = (
    "//*[@id='pt']//a | //*[@id='threadlisttableid']//a | //table[contains(@class, 'fl_tb')]//a | //div[@class='pg']/a"
)


@dataclass(frozen=True, slots=True)
class _Place:
    """A fetched page: its address, the form its site links, and its tree."""

    address: Address
    form: Form
    tree: Element
    page: FetchedPage


class ForumAdapter:
    """Parses a Discuz! forum (X2 … X3.5, default markup, UTF-8 or GBK)."""

    stop_at_known = True  # boards are sorted by last reply: behind a page without news there is none

    def __init__(self, source: ForumSource, state: Mapping[str, Any]) -> None:
        """source: its declaration; state: nothing is remembered between runs."""
        self._source = source

    def start(self) -> Sequence[Link]:
        """The index, or the boards and threads named in `urls`, in the form they were written in."""
        links = []
        for url in self._source.urls:
            address = read_address(url, base_url=url)
            if address is None:
                links.append(Link(url, "index", walk=True))
            else:
                links.append(Link(address.url(address.form), address.what, walk=True))
        return links

    def parse(self, page: FetchedPage) -> ParsedPage:
        """The boards of the index, the threads of a board, the floors of a thread.

        Raises: WrongPage when it is no page of a Discuz! forum, or its markup is another.
        """
        tree = document(page)
        address = read_address(page.url, base_url=page.url) or Address(_folder(page.url), "index")
        default: Form = "static" if address.form == "static" else "dynamic"
        form = linked_form(hrefs(select(tree, _NAVIGATION)), base_url=page.url, default=default)
        place = _Place(address, form, tree, page)
        refusal = _refusal(tree)
        if refusal is not None:
            return refusal
        if address.what == "thread":
            return self._thread(place)
        return self._board(place) if address.what == "board" else self._index(place)

    def _index(self, place: _Place) -> ParsedPage:
        boards = _boards(place)
        wanted = self._source.boards
        if wanted:  # also those the index does not list: sub-boards
            boards = [Address(_base(boards, place), "board", fid) for fid in wanted]
        if not boards:
            message = tr("首页上没有版块列表（table.fl_tb）", "the index lists no board (table.fl_tb)")
            raise WrongPage(message)
        return ParsedPage(links=[_board_link(board, place.form) for board in boards])

    def _board(self, place: _Place) -> ParsedPage:
        address, table = place.address, one(place.tree, "//*[@id='threadlisttableid']")
        if table is None:
            raise WrongPage(
                tr("没有主题列表（#threadlisttableid）", "there is no list of threads (#threadlisttableid)")
            )
        if _shown(place.tree) != address.page:
            return ParsedPage()  # past the end a board shows its first page again
        threads, ordinary = _rows(place, table)
        below = [b for b in _boards(place) if not self._source.boards and b.number != address.number]
        links = [*threads, *(_board_link(board, place.form) for board in below)]
        if not _has_next(place.tree):
            return ParsedPage(links=links)
        onward = _board_link(address.at(address.page + 1), place.form)
        if ordinary:
            return ParsedPage(links=links, more=[onward])
        return ParsedPage(
            links=[*links, onward]
        )  # a page of nothing but stickies says nothing about the threads behind it

    def _thread(self, place: _Place) -> ParsedPage:
        address, tree = place.address, place.tree
        if one(tree, "//*[@id='postlist']") is None:
            raise WrongPage(tr("没有楼层列表（#postlist）", "there is no list of floors (#postlist)"))
        if _shown(tree) != address.page:
            return ParsedPage(gone=True)  # the thread became shorter: this number shows its last page
        floors = read_floors(tree, now=place.page.fetched_at, timezone=self._source.timezone)
        about = _About.of(place)
        posts = [about.post(floor, index == 0) for index, floor in enumerate(floors)]
        told = [post for post in posts if post.text or post.title]  # a reply of an emoticon alone says nothing
        return ParsedPage(posts=told, links=_later_pages(place))


@dataclass(frozen=True, slots=True)
class _About:
    """What all floors of a thread page share."""

    url: str
    thread_url: str
    page: int
    title: str
    board: str
    engagement: Engagement

    @classmethod
    def of(cls, place: _Place) -> _About:
        subject = one(place.tree, "//*[@id='thread_subject']")
        boards = [
            a
            for a in select(place.tree, "//*[@id='pt']//a[@href]")
            if (found := read_address(a.get("href"), base_url=place.page.url)) and found.what == "board"
        ]
        return cls(
            url=place.address.url(place.form),
            thread_url=place.address.at(1).url(place.form),
            page=place.address.page,
            title=markup_text(subject) if subject is not None else "",
            board=plain(boards[-1])[:80] if boards else "",
            engagement=_engagement(place),
        )

    def post(self, floor: Floor, at_top: bool) -> RawPost:
        opening = floor.number == 1 or (floor.number == 0 and at_top and self.page == 1)
        return RawPost(
            kind=Kind.THREAD if opening else Kind.REPLY,
            url=f"{self.url}#pid{floor.pid}",
            title=self.title if opening else "",
            text=floor.text,
            native_id=floor.pid,
            floor="" if opening else str(floor.number or ""),
            thread_url=self.thread_url,
            parent_native=floor.quotes,
            author=floor.author,
            published=floor.published,
            edited=floor.edited,
            category=self.board,
            engagement=self.engagement if opening else Engagement(),
        )


def _folder(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[0] + "/"


def _base(boards: Sequence[Address], place: _Place) -> str:
    return boards[0].base if boards else place.address.base


def _refusal(tree: Element) -> ParsedPage | None:
    """What a notice in place of the page means: gone, or not for guests. None for a page as it should be."""
    notice = one(tree, "//*[@id='messagetext']")
    if notice is not None and one(tree, "//*[@id='postlist']") is None:
        gone = bool(_GONE.search(plain(notice))) and one(notice, ".//input[@type='password']") is None
        return ParsedPage(gone=gone, restricted=not gone)
    locked = one(tree, "//form[contains(@action, 'pwverify')]")
    if locked is not None and one(tree, "//*[@id='threadlisttableid']") is None:
        return ParsedPage(restricted=True)
    return None


def _boards(place: _Place) -> list[Address]:
    """The boards (or sub-boards) a page lists, each once, at their first page."""
    found: dict[int, Address] = {}
    tables = f"//table[{having('fl_tb')} or {having('fl_td')}]//a[@href] | //*[starts-with(@id, 'subforum_')]//a[@href]"
    for href in hrefs(select(place.tree, tables)):
        board = read_address(href, base_url=place.page.url)
        if board is not None and board.what == "board":
            found.setdefault(board.number, board.at(1))
    return list(found.values())


def _board_link(board: Address, form: Form) -> Link:
    return Link(board.url(form), "board", walk=True, priority=5)


def _rows(place: _Place, table: Element) -> tuple[list[Link], bool]:
    """The threads of a list, each once, and whether any of them is an ordinary one (not a sticky)."""
    links: dict[str, Link] = {}
    ordinary = False
    for row in select(table, ".//tbody[@id]"):
        found = _ROW.fullmatch(row.get("id", ""))
        title = one(row, f".//a[{having('xst')}][@href]")
        address = read_address(title.get("href"), base_url=place.page.url) if title is not None else None
        if found is None or address is None or address.what != "thread":
            continue
        ordinary = ordinary or found[0].startswith("normal")
        link = _thread_link(place, row, address.at(1), moved=int(found[1]) != address.number)
        links.setdefault(link.url, link)
    return list(links.values()), ordinary


def _thread_link(place: _Place, row: Element, thread: Address, *, moved: bool) -> Link:
    """The link of a row. A moved thread's row shows counters of the past: it says nothing about the thread, and is read
    after all lists, so that the thread's own row can tell first."""
    replies = one(row, f".//td[{having('num')}]/a")
    views = one(row, f".//td[{having('num')}]/em")
    last = select(row, f".//td[{having('by')}]")[-1:]
    stamp = one(last[0], ".//em//span[@title]") if last else None
    spoken = one(last[0], ".//em") if last else None
    # The words (昨天 16:06) change every day while nothing happens, so the exact time decides where it is given.
    when = stamp.get("title", "") if stamp is not None else plain(spoken) if spoken is not None else ""
    shown = number(plain(replies)) if replies is not None else None
    mark = "" if moved or shown is None else f"{shown}|{_moment(place, when)}"[:64]
    meta = {"mark": mark, "replies": shown, "views": number(plain(views)) if views is not None else None}
    return Link(thread.url(place.form), "thread", fingerprint=mark, meta=meta, priority=-1 if moved else 0)


def _moment(place: _Place, words: str) -> str:
    """The day and minute of a last reply, the same whichever words tell it today; "" for 3 小时前, which holds no minute."""
    if "前" in words and ":" not in words:
        return ""
    moment = parse_date(words, now=place.page.fetched_at)
    return f"{moment:%Y%m%d%H%M}" if moment else words


def _later_pages(place: _Place) -> list[Link]:
    """The other pages of a thread, named by its first page (and by every 200th, in threads longer than that)."""
    address, last = place.address, _last_page(place.tree)
    if address.page % AHEAD != 1 or last <= address.page:
        return []
    mark = entry(place.page.meta, "mark") or f"r{_engagement(place).replies}"
    links = []
    for page in range(address.page + 1, min(last, address.page + AHEAD) + 1):
        settled = last > WHOLE_PAGES and page < last  # a full page that only an edit can change
        url = address.at(page).url(place.form)
        links.append(Link(url, "thread", fingerprint="full" if settled else mark, meta={"mark": mark}))
    return links


def _pager(tree: Element) -> Element | None:
    return one(tree, f"//div[{having('pg')}][strong]")


def _shown(tree: Element) -> int:
    """The number of the page that is shown; 1 where there is no pager."""
    pager = _pager(tree)
    strong = one(pager, "./strong") if pager is not None else None
    return (number(plain(strong)) or 1) if strong is not None else 1


def _has_next(tree: Element) -> bool:
    pager = _pager(tree)
    return pager is not None and one(pager, f"./a[{having('nxt')}]") is not None


def _last_page(tree: Element) -> int:
    pager = _pager(tree)
    if pager is None:
        return 1
    total = one(pager, ".//span[@title]")
    if total is not None and (found := _TOTAL.search(total.get("title", ""))):
        return int(found[1])
    shown = [number(plain(a).removeprefix("...").strip()) or 0 for a in select(pager, "./a | ./strong")]
    return max([1, *shown])


def _engagement(place: _Place) -> Engagement:
    """Views and replies as the thread page shows them, else as the list did."""
    header = one(place.tree, f"//*[@id='postlist']//*[{having('hm')}]")
    words = plain(header) if header is not None else ""
    meta = place.page.meta
    views, replies = _VIEWS.search(words), _REPLIES.search(words)
    return Engagement(
        views=int(views[1]) if views else number(meta.get("views")),
        replies=int(replies[1]) if replies else number(meta.get("replies")),
    )
