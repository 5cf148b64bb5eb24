"""Pages of the forum in the markup of Discuz! X3.4 with static addresses. Everything from a post is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape

from pipeline.demo.town import Town, TownPost

BOARDS = {2: "民生热线", 3: "交通出行", 4: "教育医疗", 5: "城乡环境", 6: "劳动社保"}
THREADS_A_PAGE, FLOORS_A_PAGE = 20, 10
_FLOORS = {1: "楼主", 2: "沙发", 3: "板凳", 4: "地板"}
_FRESH = timedelta(days=8)


@dataclass(frozen=True)
class Thread:
    """A thread as it stands at one moment. floors: the first post and its published replies, by time."""

    tid: int
    floors: tuple[TownPost, ...]

    @property
    def first(self) -> TownPost:
        return self.floors[0]

    @property
    def last_at(self) -> datetime:
        return self.floors[-1].at


def threads_at(town: Town, now: datetime) -> dict[int, Thread]:
    """All threads published at `now`, by tid."""
    floors: dict[str, list[TownPost]] = {}
    for post in town.posts:
        if post.site == "forum" and post.at <= now:
            floors.setdefault(post.thread or post.id, []).append(post)
    found = (Thread(int(posts[0].path.split("-")[1]), tuple(posts)) for posts in floors.values())
    return {thread.tid: thread for thread in found}


def plain(at: datetime) -> str:
    """`2026-10-5 07:01:01`, month and day without leading zero."""
    return f"{at.year}-{at.month}-{at.day} {at:%H:%M:%S}"


def shown_time(at: datetime, now: datetime) -> str:
    """The time as the forum shows it: relative with the whole in `title` when under eight days old."""
    if now - at >= _FRESH:
        return plain(at)
    return f'<span title="{plain(at)}">{_relative(at, now)}</span>'


def _relative(at: datetime, now: datetime) -> str:
    past, days = (now - at).total_seconds(), (now.date() - at.date()).days
    if days == 0:
        if past < 60:
            return f"{int(past)}&nbsp;秒前"
        if 1800 <= past < 3600:
            return "半小时前"
        return f"{int(past // 60)}&nbsp;分钟前" if past < 1800 else f"{int(past // 3600)}&nbsp;小时前"
    if days <= 2:
        return f"{'昨天' if days == 1 else '前天'}&nbsp;{at:%H:%M}"
    return f"{min(days, 7)}&nbsp;天前"


def _page(title: str, body: str) -> str:
    return (
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
        '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n<html xmlns="http://www.w3.org/1999/xhtml">\n<head>\n'
        f'<meta http-equiv="Content-Type" content="text/html; charset=utf-8" />\n<title>{escape(title)} - 云水论坛</title>\n'
        '<meta name="generator" content="Discuz! X3.4" />\n</head>\n<body id="nv_forum">\n'
        '<div id="hd"><h2><a href="forum.php">云水论坛</a></h2></div>\n'
        f'<div id="wp" class="wp">\n{body}\n</div>\n<div id="ft"><a href="/admin/todo.html">管理</a> '
        "Powered by Discuz! X3.4（演示站点）</div>\n</body></html>\n"
    )


def index(threads: dict[int, Thread]) -> str:
    """The index of boards."""
    rows = ""
    for fid, name in BOARDS.items():
        own = [t for t in threads.values() if t.first.board == fid]
        rows += (
            f'<tr><td><h2><a href="forum-{fid}-1.html">{name}</a></h2></td>'
            f'<td class="fl_i"><span class="xi2">{len(own)}</span> / {sum(len(t.floors) for t in own)}</td></tr>\n'
        )
    return _page("首页", f'<div class="fl bm"><table class="fl_tb">\n{rows}</table></div>')


def board(fid: int, threads: dict[int, Thread], page: int, now: datetime, *, by_start: bool = False) -> str:
    """A page of a board, last reply first; a page past the end shows the first, as Discuz! does."""
    own = [t for t in threads.values() if t.first.board == fid and t.first.trait != "sticky"]
    own.sort(key=lambda t: (t.first.at if by_start else t.last_at, t.tid), reverse=True)
    pages = max(1, -(-len(own) // THREADS_A_PAGE))
    page = page if 1 <= page <= pages else 1
    sticky = [t for t in threads.values() if t.first.trait == "sticky"]
    rows = "\n".join(_row(t, now, "stickthread") for t in sticky)
    shown = own[(page - 1) * THREADS_A_PAGE : page * THREADS_A_PAGE]
    rows += "\n" + "\n".join(_row(t, now, "normalthread") for t in shown)
    pager = _pager(page, pages, f"forum-{fid}-{{}}.html")
    body = (
        f'<h1 class="xs2"><a href="forum-{fid}-1.html">{BOARDS[fid]}</a></h1>\n{pager}\n<div id="threadlist" class="tl bm">'
        f'<table summary="forum_{fid}" id="threadlisttableid" cellspacing="0">\n{rows}\n</table></div>\n{pager}'
    )
    return _page(BOARDS[fid], body)


def _row(thread: Thread, now: datetime, prefix: str) -> str:
    first, last = thread.first, thread.floors[-1]
    link = f"thread-{thread.tid}-1-1.html"
    day = shown_time(first.at, now) if now - first.at < _FRESH else plain(first.at).split()[0]
    return (
        f'<tbody id="{prefix}_{thread.tid}"><tr><td class="icn"><a href="{link}"></a></td>'
        f'<th class="common"><a href="{link}" onclick="atarget(this)" class="s xst">{escape(first.title)}</a></th>'
        f'<td class="by"><cite><a href="space-uid-{_uid(first.author)}.html">{escape(first.author)}</a></cite>'
        f"<em><span>{day}</span></em></td>"
        f'<td class="num"><a href="{link}" class="xi2">{len(thread.floors) - 1}</a><em>{first.views}</em></td>'
        f'<td class="by"><cite>{escape(last.author)}</cite><em><a href="forum.php?mod=redirect&amp;tid={thread.tid}'
        f'&amp;goto=lastpost#lastpost">{plain(last.at)[:-3]}</a></em></td></tr></tbody>'
    )


def _pager(page: int, pages: int, form: str) -> str:
    if pages < 2:
        return ""
    links = "".join(
        f"<strong>{n}</strong>" if n == page else f'<a href="{form.format(n)}">{n}</a>'
        for n in range(max(1, page - 4), min(pages, page + 5) + 1)
    )
    label = f'<label><input type="text" name="custompage" value="{page}" /><span title="共 {pages} 页"> / {pages} 页</span></label>'
    follow = f'<a href="{form.format(page + 1)}" class="nxt">下一页</a>' if page < pages else ""
    return f'<div class="pgs"><div class="pg">{links}{label}{follow}</div></div>'


def thread(found: Thread, page: int, now: datetime) -> str:
    """A page of a thread; past the end its last page, as Discuz! does."""
    first = found.first
    if first.trait == "members":
        return message("抱歉，本帖要求阅读权限高于 10 才能浏览", kind="alert_info")
    pages = max(1, -(-len(found.floors) // FLOORS_A_PAGE))
    page = min(max(page, 1), pages)
    numbers = {post.id: number for number, post in enumerate(found.floors, start=1)}
    by_id = {post.id: post for post in found.floors}
    shown = found.floors[(page - 1) * FLOORS_A_PAGE : page * FLOORS_A_PAGE]
    floors = "\n".join(_floor(p, numbers[p.id], by_id.get(p.quotes), found.tid, now) for p in shown)
    pager = _pager(page, pages, f"thread-{found.tid}-{{}}-1.html")
    body = (
        f'<div id="pt"><a href="forum.php">论坛</a> <a href="forum-{first.board}-1.html">{BOARDS[first.board]}</a></div>\n{pager}\n'
        '<div id="postlist" class="pl bm">\n<table><tr><td class="pls"><span class="xg1">查看:</span> '
        f'<span class="xi1">{first.views}</span> <span class="xg1">回复:</span> <span class="xi1">{len(found.floors) - 1}</span></td>'
        f'<td class="plc"><h1 class="ts"><a href="thread-{found.tid}-1-1.html" id="thread_subject">{escape(first.title)}</a></h1></td>'
        f"</tr></table>\n{floors}\n</div>\n{pager}"
    )
    return _page(first.title, body)


def _floor(post: TownPost, number: int, quoted: TownPost | None, tid: int, now: datetime) -> str:
    pid, author = post.number, escape(post.author)
    name = _FLOORS.get(number, f"<em>{number}</em><sup>#</sup>")
    return (
        f'<div id="post_{pid}"><table id="pid{pid}" class="plhin" summary="pid{pid}" cellspacing="0"><tr><td class="pls">'
        f'<div class="authi"><a href="space-uid-{_uid(post.author)}.html" class="xw1">{author}</a></div></td>\n'
        f'<td class="plc"><div class="pi"><strong><a href="thread-{tid}-1-1.html#pid{pid}" id="postnum{pid}">{name}</a></strong>'
        f'<div class="pti"><div class="authi"><em id="authorposton{pid}">发表于 {shown_time(post.at, now)}</em></div></div></div>\n'
        f'<div class="pct"><div class="pcb"><div class="t_fsz"><table cellspacing="0"><tr>'
        f'<td class="t_f" id="postmessage_{pid}">\n{_edited(post, now)}{_quote(quoted, tid)}{_text(post)}</td></tr></table></div>'
        f'<div id="comment_{pid}" class="cm"></div></div></div></td></tr></table></div>'
    )


def _text(post: TownPost) -> str:
    if post.trait == "locked":
        return '<div class="locked">游客，如果您要查看本帖隐藏内容请<a href="#">回复</a></div>'
    return escape(post.text).replace("\n", "<br />\n")


def _edited(post: TownPost, now: datetime) -> str:
    if post.edited_at is None or post.edited_at > now:
        return ""
    return f'<i class="pstatus"> 本帖最后由 {escape(post.author)} 于 {plain(post.edited_at)[:-3]} 编辑 </i><br />\n<br />\n'


def _quote(quoted: TownPost | None, tid: int) -> str:
    if quoted is None:
        return ""
    cut = escape(quoted.text[:60].replace("\n", " "))
    return (
        '<div class="quote"><blockquote><font size="2"><a href="forum.php?mod=redirect&amp;goto=findpost'
        f'&amp;pid={quoted.number}&amp;ptid={tid}" target="_blank"><font color="#999999">{escape(quoted.author)} 发表于 '
        f"{plain(quoted.at)[:-3]}</font></a></font><br />\n{cut}</blockquote></div><br />\n"
    )


def message(text: str, *, kind: str = "alert_error") -> str:
    """The page of a refusal or an unknown thread."""
    return _page("提示信息", f'<div id="messagetext" class="{kind}"><p>{escape(text)}</p></div>')


def rss(threads: Sequence[Thread], base: str) -> str:
    """The 20 newest threads; `threads` newest first."""
    items = "\n".join(
        f"<item><title>{escape(_xml(t.first.title))}</title><link>{base}/thread-{t.tid}-1-1.html</link>"
        f"<description>{escape(_xml(t.first.text[:255]))}</description><category>{BOARDS[t.first.board]}</category>"
        f"<author>{escape(t.first.author)}</author><pubDate>{format_datetime(t.first.at)}</pubDate></item>"
        for t in threads[:20]
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel><title>云水论坛</title>'
        f"<link>{base}/forum.php</link><description>Latest threads</description><ttl>60</ttl>\n{items}\n</channel></rss>\n"
    )


def _xml(text: str) -> str:
    return "".join(c for c in text if c >= " " or c in "\n\t")


def _uid(author: str) -> int:
    return sum(ord(c) * (i + 7) for i, c in enumerate(author)) % 90_000 + 100
