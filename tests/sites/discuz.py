"""A Discuz! X3.4-like forum on loopback, after the facts of the markup: both encodings, both forms of addresses, its traps.

with serve(make_forum(encoding="gbk", static=True)) as site:
    site.url, site.asked, site.forum.truth()
"""

from __future__ import annotations

import html
import random
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import parse_qs, urlsplit

LOCAL = timezone(timedelta(hours=8))
_REFUSED = ["/api/", "/data/", "/source/", "/search.php", "/member.php", "/misc.php", "/forum.php?mod=redirect*"]
_REFUSED += ["/forum.php?mod=post*", "/home.php?mod=spacecp*", "/*?mod=misc*", "/*?mod=attachment*", "/*mobile=yes*"]
ROBOTS = "User-agent: *\n" + "".join(f"Disallow: {path}\n" for path in _REFUSED)
_FLOORS = {1: "楼主", 2: "沙发", 3: "板凳", 4: "地板"}
POISON = "机器人不该读到的话"


@dataclass(slots=True)
class Floor:
    """A floor. markup: what stands in the message; text: what a guest may read of it, None where nothing."""

    pid: int
    author: str
    at: datetime
    markup: str
    text: str | None
    edited: datetime | None = None
    shielded: bool = False
    quotes: int = 0


@dataclass(slots=True)
class Thread:
    """A thread. state: "" open, "permission" not for guests, "gone" deleted while still listed, "moved" a pointer here."""

    tid: int
    fid: int
    title: str
    floors: list[Floor]
    state: Literal["", "permission", "gone"] = ""
    sticky: bool = False
    moved_from: int = 0
    views: int = 10

    def last_at(self) -> datetime:
        return max(floor.at for floor in self.floors)


@dataclass(slots=True)
class Forum:
    """The forum's content. boards: fid → name; board 9 is not for guests."""

    encoding: str
    static: bool
    boards: dict[int, str]
    threads: dict[int, Thread]
    next_pid: int = 90_000

    def truth(self) -> dict[int, tuple[Thread, Floor]]:
        """What a guest may read: pid → thread and floor."""
        return {
            floor.pid: (thread, floor)
            for thread in self.threads.values()
            if not thread.state and thread.fid != 9
            for floor in thread.floors
            if floor.text is not None and not floor.shielded
        }

    def find(self, pid: int) -> Floor:
        return next(f for t in self.threads.values() for f in t.floors if f.pid == pid)

    def edit(self, pid: int, text: str) -> None:
        floor = self.find(pid)
        floor.markup, floor.text, floor.edited = (
            html.escape(text),
            text,
            datetime.now(UTC).replace(second=0, microsecond=0),
        )

    def reply(self, tid: int, text: str) -> int:
        self.next_pid += 1
        at = datetime.now(UTC).replace(microsecond=0)
        self.threads[tid].floors.append(Floor(self.next_pid, "新来的", at, html.escape(text), text))
        return self.next_pid


def make_forum(*, encoding: str = "utf-8", static: bool = True, seed: int = 3, now: datetime | None = None) -> Forum:
    """A forum of some 90 threads and 400 floors, with every trap. now: the age of its newest floors is counted from it."""
    rng, now = random.Random(seed), (now or datetime.now(UTC)).replace(microsecond=0)
    forum = Forum(encoding, static, {2: "民生热线", 3: "城市建设", 9: "内部交流"}, {})
    pid = 1000
    for tid in range(101, 191):
        count = 35 if tid == 105 else 70 if tid == 106 else rng.choice([1, 1, 2, 3, 5, 10, 11])
        begun = now - timedelta(minutes=rng.randint(200, 60_000) if tid > 110 else rng.randint(5, 9_000) + count * 7)
        floors = []
        for n in range(count):
            pid += rng.choice([1, 1, 1, 2])
            at = begun + timedelta(minutes=7 * n, seconds=rng.randint(0, 59))
            floors.append(_floor(rng, pid, n, min(at, now - timedelta(seconds=30)), floors))
        forum.threads[tid] = Thread(
            tid, rng.choice([2, 3]), f"第{tid}帖：{_topic(rng)}", floors, sticky=tid in {102, 150}
        )
    forum.threads[120].state, forum.threads[121].state = "permission", "gone"
    forum.threads[122].fid = 9
    forum.threads[123].moved_from = 2 if forum.threads[123].fid == 3 else 3
    return forum


def _topic(rng: random.Random) -> str:
    return rng.choice(["停水", "校车", "路灯", "物业", "公交 & 地铁", "菜场<东>"])


def _floor(rng: random.Random, pid: int, n: int, at: datetime, before: list[Floor]) -> Floor:
    """One floor, every sixth of them with a trap of its own."""
    words = f"{pid}号说：{_topic(rng)}的事，{rng.choice(['还没解决', '今天好了', '请看看'])}。第二句在这里。"
    plain = html.escape(words)
    floor = Floor(pid, f"网友{pid % 29}", at, plain, words)
    trap = pid % 23
    if trap == 1:
        floor.markup = f"{plain}<br />\n<br />\n第三行&nbsp;有空格"
        floor.text = f"{words}\n第三行 有空格"
    elif trap == 2 and before:
        quoted = before[-1]
        floor.quotes = quoted.pid
        floor.markup = (
            f'<div class="quote"><blockquote><font size="2"><a href="forum.php?mod=redirect&amp;goto=findpost&amp;pid={quoted.pid}'
            f'&amp;ptid=1" target="_blank"><font color="#999999">{quoted.author} 发表于 2026-10-25 07:01</font></a></font>'
            f"<br />\n被引用的话{quoted.pid}</blockquote></div><br />\n{plain}"
        )
    elif trap == 3:
        floor.markup = f'{plain}<br />\n<div class="locked">游客，如果您要查看本帖隐藏内容请<a href="forum.php?mod=post">回复</a></div>完。'
        floor.text = f"{words}\n完。"
    elif trap == 4:
        floor.shielded = n > 0
    elif trap == 5:
        floor.markup = f'{plain}<img src="static/image/smiley/default/lol.gif" smilieid="12" border="0" alt="" /> 哈'
        floor.text = f"{words} 哈"
    elif trap == 6:
        floor.markup = (
            f'{plain}<font class="jammer">c4a8kQ{pid}</font><br />\n<span style="display:none">: z9{pid}</span>后一句'
        )
        floor.text = f"{words}\n后一句"
    elif trap == 7:
        floor.edited = (at + timedelta(minutes=9)).replace(second=0)
        floor.text = words
    elif trap == 8:
        floor.markup = (
            f'{plain}<br />\n<ignore_js_op><img id="aimg_7" src="static/image/common/none.gif" /><div class="tip tip_4 aimg_tip">'
            '<div class="tip_c xs0"><strong>a.jpg</strong> <em class="xg1">(10 KB, 下载次数: 2)</em></div></div></ignore_js_op>'
        )
    elif trap == 9:
        floor.markup = (
            f'{plain}<div class="blockcode"><div id="code_x"><ol><li>x = 1;<br /></li><li>y = 2;</li></ol></div>'
            "<em onclick=\"copycode($('code_x'));\">复制代码</em></div>"
        )
        floor.text = f"{words}\nx = 1;\ny = 2;"
    elif trap == 10:
        floor.markup, floor.text = f"{plain} 😀 㐂 €", f"{words} 😀 㐂 €"
    elif trap == 11 and n > 0:
        floor.markup, floor.text = (
            '<div class="locked">游客，如果您要查看本帖隐藏内容请<a href="#">回复</a></div>',
            None,
        )
    return floor


# ── pages ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def _spoken(at: datetime, now: datetime) -> str:
    """A time as Discuz! words it: relative, with the exact time in `title`, when under 8 days old."""
    local, age = at.astimezone(LOCAL), (now - at).total_seconds()
    days = (now.astimezone(LOCAL).date() - local.date()).days
    exact = f"{local.year}-{local.month}-{local.day} {local:%H:%M:%S}"
    if days > 7:
        return exact
    if days == 0:
        words = f"{int(age)}&nbsp;秒前" if age < 60 else f"{int(age // 60)}&nbsp;分钟前"
        words = words if age < 1800 else "半小时前" if age < 3600 else f"{int(age // 3600)}&nbsp;小时前"
    else:
        words = {1: f"昨天&nbsp;{local:%H:%M}", 2: f"前天&nbsp;{local:%H:%M}"}.get(days, f"{days}&nbsp;天前")
    return f'<span title="{exact}">{words}</span>'


@dataclass(slots=True)
class Pages:
    """Renders the forum for guests at a moment."""

    forum: Forum
    now: datetime

    def _board_url(self, fid: int, page: int = 1) -> str:
        if self.forum.static:
            return f"forum-{fid}-{page}.html"
        return f"forum.php?mod=forumdisplay&amp;fid={fid}" + (f"&amp;page={page}" if page > 1 else "")

    def _thread_url(self, tid: int, page: int = 1, listed: int = 1) -> str:
        if self.forum.static:
            return f"thread-{tid}-{page}-{listed}.html"
        return f"forum.php?mod=viewthread&amp;tid={tid}&amp;extra=page%3D{listed}" + (
            f"&amp;page={page}" if page > 1 else ""
        )

    def index(self) -> str:
        rows = "".join(
            f'<tr><td><h2><a href="{self._board_url(fid)}">{name}</a></h2><p>最后: <a href="forum.php?mod=redirect&amp;tid=101'
            f'&amp;goto=lastpost#lastpost">某帖</a></p></td></tr>'
            for fid, name in self.forum.boards.items()
        )
        return self._page("论坛", f'<div class="fl bm"><table cellspacing="0" class="fl_tb">{rows}</table></div>')

    def board(self, fid: int, page: int) -> str | None:
        if fid not in self.forum.boards:
            return None
        if fid == 9:
            return self.notice("抱歉，您没有权限访问该版块", "alert_error")
        mine = [t for t in self.forum.threads.values() if fid in {t.fid, t.moved_from} and not t.sticky]
        mine.sort(key=lambda t: t.last_at(), reverse=True)
        last = max(1, -(-len(mine) // 20))
        page = page if page <= last else 1
        stickies = [t for t in self.forum.threads.values() if t.sticky]
        rows = "".join(self._row(t, "stickthread", fid, page) for t in stickies)
        rows += "".join(self._row(t, "normalthread", fid, page) for t in mine[(page - 1) * 20 : page * 20])
        pager = self._pager(page, last, lambda n: self._board_url(fid, n))
        name = self.forum.boards[fid]
        table = f'<div id="threadlist"><table summary="forum_{fid}" id="threadlisttableid">{rows}</table></div>'
        return self._page(name, f"{self._crumbs(fid)}{pager}{table}{pager}")

    def _row(self, t: Thread, kind: str, fid: int, page: int) -> str:
        moved = t.moved_from == fid
        url, last, own = self._thread_url(t.tid, 1, page), t.floors[-1], t.tid + (5000 if moved else 0)
        replies = "-" if moved else str(len(t.floors) - 1)
        begun = t.floors[0].at.astimezone(LOCAL)
        return (
            f'<tbody id="{kind}_{own}"><tr><td class="icn"><a href="{url}" target="_blank"><img src="f.gif" /></a></td>'
            f'<th class="common"><a href="javascript:;" class="showcontent y"></a> <a href="{url}" class="s xst">'
            f"{html.escape(t.title)}</a></th>"
            f'<td class="by"><cite><a href="space-uid-5.html">{t.floors[0].author}</a></cite>'
            f"<em><span>{begun.year}-{begun.month}-{begun.day}</span></em></td>"
            f'<td class="num"><a href="{url}" class="xi2">{replies}</a><em>{t.views}</em></td>'
            f'<td class="by"><cite><a href="space-username-x.html">{last.author}</a></cite><em><a href="forum.php?mod=redirect&amp;'
            f'tid={t.tid}&amp;goto=lastpost#lastpost">{self._minutes(last.at)}</a></em></td></tr></tbody>'
        )

    def _minutes(self, at: datetime) -> str:
        return re.sub(r"(\d\d:\d\d):\d\d", r"\1", _spoken(at, self.now))

    def thread(self, tid: int, page: int) -> str | None:
        t = self.forum.threads.get(tid)
        if t is None or t.state == "gone":
            return None
        if t.state == "permission" or t.fid == 9:
            return self.notice("抱歉，本帖要求阅读权限高于 10 才能浏览", "alert_info")
        t.views += 1
        last = max(1, -(-len(t.floors) // 10))
        page = min(page, last)
        pager = self._pager(page, last, lambda n: self._thread_url(tid, n))
        first = (page - 1) * 10
        posts = "".join(self._post(t, f, first + n + 1, n == 0) for n, f in enumerate(t.floors[first : first + 10]))
        head = (
            '<table class="plhin"><tr><td class="pls ptn pbn"><div class="hm ptn"><span class="xg1">查看:</span> <span class="xi1">'
            f'{t.views}</span><span class="pipe">|</span><span class="xg1">回复:</span> <span class="xi1">{len(t.floors) - 1}</span>'
            f'</div></td><td class="plc ptm pbn vwthd"><h1 class="ts"><a href="forum.php?typeid=1">[求助]</a> '
            f'<span id="thread_subject">{html.escape(t.title)}</span></h1></td></tr></table>'
        )
        body = (
            f'{self._crumbs(t.fid)}<div class="pgs">{pager}</div><div id="postlist" class="pl bm">{head}{posts}</div>'
        )
        return self._page(
            html.escape(t.title), f'{body}<div id="postlistreply" class="pl"><div id="post_new"></div></div>{pager}'
        )

    def _post(self, t: Thread, f: Floor, number: int, at_top: bool) -> str:
        name = _FLOORS.get(number) or f"<em>{number}</em><sup>#</sup>"
        notice = ""
        if f.edited:
            local = f.edited.astimezone(LOCAL)
            when = f"{local.year}-{local.month}-{local.day} {local:%H:%M}"
            notice = f'<i class="pstatus"> 本帖最后由 {f.author} 于 {when} 编辑 </i><br />\n<br />\n'
        message = f'<table><tr><td class="t_f" id="postmessage_{f.pid}">\n{notice}{f.markup}</td></tr></table>'
        if f.shielded:
            message = '<div class="locked">提示: <em>该帖被管理员或版主屏蔽</em></div>'
        ads = '<div class="attach_nopermission attach_tips"><h3>您需要 <a href="member.php">登录</a> 才可以下载或查看</h3></div>'
        comment = f'<div id="comment_{f.pid}" class="cm"><div class="pstl"><a href="#">某人</a> 点评的话 发表于 昨天 10:00</div></div>'
        return (
            f'<div id="post_{f.pid}"><table id="pid{f.pid}" class="plhin"><tr><td class="pls"><div class="pi"><div class="authi">'
            f'<a href="space-uid-7.html" class="xw1">{f.author}</a></div></div></td><td class="plc"><div class="pi"><strong>'
            f'<a href="{self._thread_url(t.tid)}#pid{f.pid}" id="postnum{f.pid}">{name}</a></strong><div class="pti">'
            f'<div class="authi"><em id="authorposton{f.pid}">发表于 {_spoken(f.at, self.now)}</em> <span class="pipe">|</span>'
            f'<a href="forum.php?mod=viewthread&amp;tid={t.tid}&amp;page=1&amp;authorid=7">只看该作者</a></div></div></div>'
            f'<div class="pct"><div class="pcb"><div class="t_fsz">{message}</div>{ads if at_top else ""}{comment}</div></div>'
            f"</td></tr></table></div>"
        )

    def notice(self, words: str, kind: str) -> str:
        text = f'<div id="messagetext" class="{kind}"><p>{words}</p></div>'
        return self._page("提示信息", f'<div id="ct" class="wp cl w"><div class="nfl">{text}</div></div>')

    def _crumbs(self, fid: int) -> str:
        name = self.forum.boards[fid]
        return f'<div id="pt"><div class="z"><a href="forum.php">论坛</a><em>›</em><a href="{self._board_url(fid)}">{name}</a></div></div>'

    def _pager(self, page: int, last: int, url: object) -> str:
        if last == 1 or not callable(url):
            return ""
        near = "".join(
            f"<strong>{n}</strong>" if n == page else f'<a href="{url(n)}">{n}</a>'
            for n in range(max(1, page - 2), min(last, page + 2) + 1)
        )
        label = f'<label><input type="text" name="custompage" value="{page}" /><span title="共 {last} 页"> / {last} 页</span></label>'
        following = f'<a href="{url(page + 1)}" class="nxt">下一页</a>' if page < last else ""
        return f'<div class="pg">{near}{label}{following}</div>'

    def _page(self, title: str, body: str) -> str:
        charset = self.forum.encoding
        return (
            '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"><html><head>'
            f'<meta http-equiv="Content-Type" content="text/html; charset={charset}" /><title>{title}</title>'
            '<meta name="generator" content="Discuz! X3.4" /></head><body>'
            f'<div id="hd"><a href="search.php">搜索</a><a href="forum.php?mobile=yes">手机版</a></div>{body}</body></html>'
        )


# ── the server ──────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(slots=True)
class Site:
    """A forum that is being served. asked: the paths with queries that were asked for."""

    forum: Forum
    url: str = ""
    asked: list[str] = field(default_factory=list)

    def answer(self, target: str) -> tuple[int, str]:
        """Status and text of a page."""
        parts = urlsplit(target)
        query = {k: v[-1] for k, v in parse_qs(parts.query).items()}
        pages, name = Pages(self.forum, datetime.now(UTC)), parts.path.lstrip("/")
        if name == "robots.txt":
            return 200, ROBOTS
        if found := re.fullmatch(r"(forum|thread)-(\d+)-(\d+)(?:-\d+)?\.html", name):
            if not self.forum.static:
                return 404, pages.notice("没有找到", "alert_error")
            return self._shown(pages, found[1], int(found[2]), int(found[3]))
        if name in {"", "forum.php"} and "mod" not in query:
            return 200, pages.index()
        page = int(query.get("page", "1"))
        if name == "forum.php" and query.get("mod") == "forumdisplay":
            return self._shown(pages, "forum", int(query["fid"]), page)
        if name == "forum.php" and query.get("mod") == "viewthread":
            return self._shown(pages, "thread", int(query["tid"]), page)
        return 200, pages.notice(POISON, "alert_info")

    def _shown(self, pages: Pages, what: str, number: int, page: int) -> tuple[int, str]:
        text = pages.board(number, page) if what == "forum" else pages.thread(number, page)
        if text is None:
            return 404, pages.notice("抱歉，指定的主题不存在或已被删除或正在被审核", "alert_error")
        return 200, text


@contextmanager
def serve(forum: Forum) -> Iterator[Site]:
    """Serve a forum on a free loopback port until the block ends."""
    site = Site(forum)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            status, text = site.answer(self.path)
            body = text.encode(forum.encoding, "xmlcharrefreplace")
            self.send_response(status)
            plain = self.path == "/robots.txt"
            self.send_header("Content-Type", "text/plain" if plain else f"text/html; charset={forum.encoding}")
            self.send_header("Set-Cookie", f"x_lastvisit={len(site.asked)}; path=/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_address[1]}/"
    worker = threading.Thread(target=server.serve_forever, daemon=True)
    worker.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        worker.join(timeout=10)
