"""The board adapter and its selectors on pages of many shapes."""

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.sources import BoardSource, Pick, read_sources
from config.yamlfile import parse_yaml
from crawlers import picking
from crawlers.adapters.base import FetchedPage, WrongPage
from crawlers.adapters.board import BoardAdapter
from crawlers.record import Kind

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
LIST = """<table class="list"><tr><th>编号</th><th>标题</th></tr>
<tr><td class="no">1</td><td class="title"><a href="/msg/1.html?utm_source=x">停水 三天</a></td><td class="state">办理中</td></tr>
<tr><td class="no">2</td><td class="title"><a href="msg/2.html">路灯</a></td><td class="state">已回复</td></tr>
<tr><td class="no">3</td><td class="title"><a href="javascript:void(0)">无链接</a></td></tr></table>
<a class="next" href="list_2.html">下一页</a>"""
DETAIL = """<div class="message"><h2 class="subject"> 停水&nbsp;三天 </h2><p class="meta">编号：<span class="no">17</span>
时间：<span class="time">2019年3月5日 07:08:09</span> 点赞：<span class="likes">1.2万</span> <span class="user">A001</span></p>
<div class="content"><p>第一段 &lt;b&gt;&amp;</p><p>第二段<br/>换行　完</p><script>var x = "不要";</script></div></div>
<div class="reply"><span class="unit">水务局</span><span class="reply-time">2019-03-06 10:00</span>
<div class="reply-content">已恢复供水。</div></div>"""


def adapter(**changes: object) -> BoardAdapter:
    source = {
        "name": "b",
        "kind": "board",
        "urls": "http://b.example/",
        "list": {"row": "table.list tr", "link": "td.title a", "id": "td.no", "state": "td.state", "next": "a.next"},
        "detail": {
            "title": "h2.subject",
            "text": "div.content",
            "id": "span.no",
            "published": "span.time",
            "author": "span.user",
            "likes": "span.likes",
            "reply": {
                "block": "div.reply",
                "text": "div.reply-content",
                "unit": "span.unit",
                "time": "span.reply-time",
            },
        },
    } | changes
    return BoardAdapter(BoardSource.model_validate(source), {})


def test_the_how_to_is_a_valid_source() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "board.md").read_text(encoding="utf-8")
    (source,) = read_sources(parse_yaml(text.split("```yaml\n")[1].split("```")[0], name="board.md"))
    assert isinstance(source, BoardSource) and source.detail.reply is not None
    assert [link.url for link in BoardAdapter(source, {}).start()] == ["http://127.0.0.1:8811/"]


def page(text: str, role: str = "detail", **more: object) -> FetchedPage:
    return FetchedPage(f"http://b.example/{role}", role, text, text.encode("utf-8", "replace"), NOW, **more)


def test_list_gives_links_with_fingerprint_and_next() -> None:
    parsed = adapter().parse(page(LIST, "list"))
    assert [link.url for link in parsed.links] == ["http://b.example/msg/1.html", "http://b.example/msg/2.html"]
    assert [link.meta["id"] for link in parsed.links] == ["1", "2"]
    assert not any(link.walk for link in parsed.links)
    assert [(link.url, link.walk, link.role) for link in parsed.more] == [
        ("http://b.example/list_2.html", True, "list")
    ]


@pytest.mark.parametrize(("old", "new"), [("办理中", "已回复"), ("停水 三天", "停水 四天")])
def test_a_changed_row_has_another_fingerprint(old: str, new: str) -> None:
    before = adapter().parse(page(LIST, "list")).links[0]
    after = adapter().parse(page(LIST.replace(old, new, 1), "list")).links[0]
    assert before.fingerprint != after.fingerprint


def test_detail_gives_every_field() -> None:
    (post,) = adapter().parse(page(DETAIL)).posts
    assert post.kind is Kind.MESSAGE and post.native_id == "17" and post.author == "A001"
    assert post.title == "停水 三天"
    assert post.text == "第一段 <b>&\n第二段\n换行 完"
    assert post.published == datetime(2019, 3, 4, 23, 8, 9, tzinfo=UTC)
    assert post.engagement.likes == 12_000 and post.engagement.views is None
    assert post.official is not None
    assert (post.official.unit, post.official.text) == ("水务局", "已恢复供水。")
    assert post.official.replied == datetime(2019, 3, 6, 2, 0, tzinfo=UTC)


def test_no_reply_block_is_no_reply() -> None:
    (post,) = adapter().parse(page(DETAIL[: DETAIL.index('<div class="reply">')])).posts
    assert post.official is None


@pytest.mark.parametrize(
    ("role", "text"),
    [
        ("list", "<p>维护中</p>"),
        ("list", "<table class=list><tr><th>标题</th></tr></table>"),
        ("list", ""),
        ("detail", "<h2 class=subject>只有标题</h2>"),
        ("detail", "<div class=content>只有正文</div>"),
        ("detail", DETAIL.replace("17", "")),
        ("detail", ""),
    ],
)
def test_a_page_that_is_not_what_it_should_be_says_so(role: str, text: str) -> None:
    with pytest.raises(WrongPage, match=r"list\.row|detail\."):
        adapter().parse(page(text, role))


def test_an_unreadable_time_is_a_problem_not_a_lost_message() -> None:
    parsed = adapter().parse(page(DETAIL.replace("2019年3月5日 07:08:09", "很久以前")))
    assert parsed.posts[0].published is None
    assert len(parsed.problems) == 1


@given(st.text(max_size=300))
def test_hostile_text_never_breaks_a_parser(text: str) -> None:
    for role in ("list", "detail"):
        with contextlib.suppress(WrongPage):
            adapter().parse(page(f"<table class=list><tr><td class=title><a href='{text}'>{text}", role))


def test_deep_nesting_is_read_without_recursion() -> None:
    text = picking.block_text(picking.read_html("<div>" * 20_000 + "底"))
    assert "底" in text or text == ""


@pytest.mark.parametrize(
    ("pick", "expected"),
    [
        ({"css": "h2.subject"}, "停水 三天"),
        ({"css": "span.time::text"}, "2019年3月5日 07:08:09"),
        ({"xpath": "//span[@class='no']/text()"}, "17"),
        ({"xpath": "string(//span[@class='no'])"}, "17"),
        ({"xpath": "count(//p)"}, "3"),
        ({"css": "p.meta", "regex": "编号：(\\d+)"}, "17"),
        ({"css": "p.meta", "regex": "没有"}, ""),
        ({"css": "b.none"}, ""),
        ({"xpath": "//*[has-class('unit')]"}, "水务局"),
        ({"xpath": "//span[re:test(@class, '^un')]"}, "水务局"),
    ],
)
def test_picks(pick: dict[str, str], expected: str) -> None:
    assert picking.value(Pick.model_validate(pick), picking.read_html(DETAIL)) == expected


@pytest.mark.parametrize(
    ("shown", "number"), [("1,234", 1234), ("3.5万", 35_000), ("点赞(7)", 7), ("无", None), ("2k", 2000)]
)
def test_numbers(shown: str, number: int | None) -> None:
    assert picking.number(Pick(css="i"), picking.read_html(f"<i>{shown}</i>")) == number
