"""Addresses and pages of a Discuz! forum, one trap at a time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from config.sources import ForumSource
from crawlers.adapters.base import FetchedPage, WrongPage
from crawlers.adapters.forum import ForumAdapter
from crawlers.adapters.forum_address import read_address
from crawlers.record import Kind

BASE = "https://bbs.example.org/x/"
NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)  # 16:30 in Shanghai


def adapter(**more: object) -> ForumAdapter:
    return ForumAdapter(
        ForumSource.model_validate({"name": "f", "kind": "forum", "urls": BASE + "forum.php", **more}), {}
    )


def page(text: str, name: str = "thread-7-1-1.html", **meta: object) -> FetchedPage:
    return FetchedPage(BASE + name, "thread", text, text.encode(), NOW, meta=meta)


def floor(pid: int, message: str, *, number: str = "楼主", time: str = "发表于 2026-10-25 07:01:01") -> str:
    return (
        f'<div id="post_{pid}"><div class="authi"><a class="xw1" href="space-uid-1.html">张三</a></div>'
        f'<a id="postnum{pid}" href="#">{number}</a><em id="authorposton{pid}">{time}</em>{message}</div>'
    )


def thread(*floors: str, pager: str = "") -> str:
    head = '<span id="thread_subject">停水 &amp; 供暖</span>'
    return f'<html><body><div id="pt"><a href="forum-2-1.html">民生</a></div>{pager}<div id="postlist">{head}{"".join(floors)}</div></body></html>'


def message(pid: int, markup: str) -> str:
    return f'<table><tr><td class="t_f" id="postmessage_{pid}">{markup}</td></tr></table>'


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("thread-7-2-9.html", ("thread", 7, 2, "static")),
        ("forum.php?mod=viewthread&tid=7&extra=page%3D1&page=3", ("thread", 7, 3, "dynamic")),
        ("forum-36-1.html", ("board", 36, 1, "static")),
        ("forum.php?mod=forumdisplay&fid=36&filter=lastpost", ("board", 36, 1, "dynamic")),
        ("forum.php", ("index", 0, 1, "dynamic")),
        ("forum.php?mod=viewthread&tid=7&page=0", ("thread", 7, 1, "dynamic")),
    ],
)
def test_addresses_of_one_page_are_one(href: str, expected: tuple[str, int, int, str]) -> None:
    found = read_address(href, base_url=BASE + "forum.php")
    assert found is not None
    assert (found.what, found.number, found.page, found.form) == expected
    assert found.base == BASE


@pytest.mark.parametrize(
    "href",
    [
        "forum.php?mod=redirect&goto=findpost&ptid=7&pid=1",
        "forum.php?mod=viewthread&tid=7&authorid=3",
        "forum.php?mod=viewthread&tid=7&ordertype=1",
        "forum.php?mod=viewthread&action=printable&tid=7",
        "forum.php?mod=viewthread&tid=7&mobile=yes",
        "forum.php?mod=viewthread&tid=abc",
        "forum.php?mod=viewthread&tid=9999999999999999999999",
        "forum.php?gid=1",
        "home.php?mod=space&uid=1",
        "javascript:;",
        "http://[bad",
        "thread-7-1.html.exe",
    ],
)
def test_other_views_are_no_pages_of_ours(href: str) -> None:
    assert read_address(href, base_url=BASE + "forum.php") is None


def test_a_floor_with_everything_foreign_taken_off() -> None:
    markup = (
        '<i class="pstatus"> 本帖最后由 李四发表于 于 2026-11-22 16:06 编辑 </i><br /><br />'
        '<div class="quote"><blockquote><font size="2"><a href="forum.php?mod=redirect&goto=findpost&pid=12&ptid=7">'
        '<font color="#999999">王五 发表于 昨天 10:21</font></a></font><br />原话</blockquote></div><br />'
        '水<font class="jammer">Zq9</font>停了<span style="DISPLAY : none">x8k</span>，<img src="a.gif" smilieid="3" alt="" />请看。'
        '<div class="locked">游客，如果您要查看本帖隐藏内容请<a href="#">回复</a></div>'
        '<script>alert(1)</script><ignore_js_op><img src="x.jpg"><div class="tip aimg_tip">下载次数: 3</div></ignore_js_op>'
        "尾 &lt;b&gt; 句"
    )
    parsed = adapter().parse(
        page(
            thread(
                floor(11, "x" + message(11, "先说")), floor(13, message(13, markup), number="<em>5</em><sup>#</sup>")
            )
        )
    )
    first, second = parsed.posts
    assert (first.kind, first.title, first.text, first.native_id) == (Kind.THREAD, "停水 & 供暖", "先说", "11")
    assert (second.kind, second.title, second.floor, second.parent_native) == (Kind.REPLY, "", "5", "12")
    assert second.text == "水停了，请看。\n尾 <b> 句"
    assert second.edited == datetime(2026, 11, 22, 8, 6, tzinfo=UTC)
    assert second.published == datetime(2026, 10, 24, 23, 1, 1, tzinfo=UTC)
    assert second.thread_url == BASE + "thread-7-1-1.html"
    assert second.url == BASE + "thread-7-1-1.html#pid13"


def test_the_exact_time_stands_in_the_title() -> None:
    told = '发表于 <span title="2026-11-21 10:21:33">昨天&nbsp;10:21</span>'
    words = "发表于 3&nbsp;小时前"
    parsed = adapter().parse(
        page(thread(floor(1, message(1, "甲"), time=told), floor(2, message(2, "乙"), number="沙发", time=words)))
    )
    assert [p.published for p in parsed.posts] == [
        datetime(2026, 11, 21, 2, 21, 33, tzinfo=UTC),
        datetime(2026, 11, 22, 5, 30, tzinfo=UTC),
    ]


def test_shielded_and_hidden_floors_are_left_alone() -> None:
    parsed = adapter().parse(
        page(
            thread(
                floor(1, message(1, "公开的")),
                floor(2, '<div class="locked">提示: <em>该帖被管理员或版主屏蔽</em></div>', number="沙发"),
                floor(3, message(3, '<div class="locked">游客，如果您要查看本帖隐藏内容请回复</div>'), number="板凳"),
            )
        )
    )
    assert [p.text for p in parsed.posts] == ["公开的"]


def test_a_document_quoted_in_the_first_post_is_its_text() -> None:
    quote = '<div class="quote"><blockquote>通知全文：周五停水。</blockquote></div>大家看看'
    parsed = adapter().parse(page(thread(floor(1, message(1, quote)), floor(2, message(2, quote), number="沙发"))))
    assert [p.text for p in parsed.posts] == ["通知全文：周五停水。\n大家看看", "大家看看"]


def pager(current: int, last: int) -> str:
    return (
        f'<div class="pg"><strong>{current}</strong><label><span title="共 {last} 页"> / {last} 页</span></label></div>'
    )


def test_every_page_of_a_long_thread_is_named_once_by_its_first() -> None:
    parsed = adapter().parse(page(thread(floor(1, message(1, "甲")), pager=pager(1, 7)), mark="60|202611220800"))
    assert [link.url for link in parsed.links] == [f"{BASE}thread-7-{n}-1.html" for n in range(2, 8)]
    assert [link.fingerprint for link in parsed.links] == ["full"] * 5 + ["60|202611220800"]
    huge = adapter().parse(page(thread(floor(1, message(1, "甲")), pager=pager(1, 9_999_999))))
    assert len(huge.links) == 200


def test_a_number_past_the_end_shows_the_last_page_and_is_gone() -> None:
    parsed = adapter().parse(page(thread(floor(1, message(1, "甲")), pager=pager(2, 2)), name="thread-7-5-1.html"))
    assert parsed.gone
    assert not parsed.posts


@pytest.mark.parametrize(
    ("words", "gone"),
    [
        ("抱歉，本帖要求阅读权限高于 10 才能浏览", False),
        ("抱歉，指定的主题不存在或已被删除或正在被审核", True),
        ("您需要登录才可以继续", False),
    ],
)
def test_a_notice_in_place_of_a_page(words: str, gone: bool) -> None:
    parsed = adapter().parse(
        page(f'<html><body><div id="messagetext" class="alert_error"><p>{words}</p></div></body></html>')
    )
    assert (parsed.gone, parsed.restricted) == (gone, not gone)
    assert not parsed.posts


def test_a_list_of_stickies_alone_does_not_end_the_walk() -> None:
    row = '<tbody id="stickthread_5"><tr><th><a class="s xst" href="thread-5-1-1.html">置顶</a></th></tr></tbody>'
    following = '<div class="pg"><strong>1</strong><a class="nxt" href="forum-2-2.html">下一页</a></div>'
    parsed = adapter().parse(page(f'{following}<table id="threadlisttableid">{row}</table>', name="forum-2-1.html"))
    assert not parsed.more
    assert [(link.url, link.walk) for link in parsed.links] == [
        (BASE + "thread-5-1-1.html", False),
        (BASE + "forum-2-2.html", True),
    ]


@pytest.mark.parametrize("text", ["", "<html><body>hello</body></html>", "<<<>>>", "plain words"])
def test_another_page_is_said_to_be_one(text: str) -> None:
    for name in ("thread-7-1-1.html", "forum-2-1.html", "forum.php"):
        with pytest.raises(WrongPage):
            adapter().parse(page(text, name=name))
