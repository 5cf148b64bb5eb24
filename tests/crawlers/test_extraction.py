"""Articles out of the pages of Chinese sites: stated facts before guesses, tables kept, no page raises."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.extraction import extract_article

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
URL = "https://news.example.cn/a/1.html"
BODY = [
    "受管网抢修影响，城东片区将于今晚八时至明晨六时停水，请居民提前储水。",
    "停水期间，供水公司将在三个小区设置临时供水点，工作人员全程值守。",
    "恢复供水后，部分用户水质可能短时发黄，请放水数分钟后再使用。",
]
PARAGRAPHS = "".join(f"<p>{p}</p>" for p in BODY)
NAV = "<nav><a href='/'>首页</a><a href='/b'>新闻</a></nav>"
FOOT = "<footer>版权所有 某某市人民政府 联系我们</footer>"


def article(html: str):  # noqa: ANN201
    return extract_article(html, URL, now=NOW)


def test_a_government_page_by_its_meta_tags() -> None:
    html = f"""<html><head><title>停水通知_某某市人民政府</title><meta name="ArticleTitle" content="停水通知">
    <meta name="PubDate" content="2026-10-25 07:01"><meta name="ContentSource" content="市供水公司"></head><body>{NAV}
    <h1>某某市人民政府</h1><div id="zoom">{PARAGRAPHS}<table><tr><td>一区</td><td>8时</td></tr></table></div>{FOOT}</body></html>"""
    found = article(html)
    assert found.title == "停水通知"
    assert found.text == "\n".join([*BODY, "一区 8时"])
    assert found.published == datetime(2026, 10, 24, 23, 1, tzinfo=UTC)
    assert found.author == "市供水公司"
    assert found.edited is None


def test_a_news_page_by_json_ld() -> None:
    html = f"""<head><title>停水 - 晚报</title><script type="application/ld+json">{{"@context":"x","@graph":[{{"@type":"WebPage",
    "datePublished":"2020-01-01"}},{{"@type":["NewsArticle"],"headline":"城东停水","datePublished":"2026-10-25T07:01:00+08:00",
    "dateModified":"2026-10-25T09:00:00+08:00","author":[{{"name":"记者 甲"}}]}}]}}</script></head>
    <body><article><div class="x entry-content">{PARAGRAPHS}</div></article></body>"""
    found = article(html)
    assert (found.title, found.author) == ("城东停水", "记者 甲")
    assert found.published == datetime(2026, 10, 24, 23, 1, tzinfo=UTC)
    assert found.edited == datetime(2026, 10, 25, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "line", ["发布时间：2026-10-25 07:01 来源：晚报", "2026年10月25日 07:01 &nbsp;来源：晚报", "时间:2026/10/25 7:01"]
)
def test_a_page_that_states_nothing_is_read_by_what_it_shows(line: str) -> None:
    html = f"""<html><head><title>城东停水两天_晚报</title></head><body><div class=top>2020-01-01 欢迎</div>{NAV}
    <div class="main"><h1>城东停水两天</h1><div class=info>{line}</div><div class="con">{PARAGRAPHS}</div></div>{FOOT}</body></html>"""
    found = article(html)
    assert found.title == "城东停水两天"
    assert found.published == datetime(2026, 10, 24, 23, 1, tzinfo=UTC)
    assert all(paragraph in found.text for paragraph in BODY)
    assert "版权所有" not in found.text and "首页" not in found.text


def test_a_title_that_repeats_the_sites_name_is_shortened_by_the_heading() -> None:
    html = f'<head><meta property="og:title" content="城东停水两天 - 晚报"></head><h1>城东停水两天</h1><div id=zoom>{PARAGRAPHS}</div>'
    assert article(html).title == "城东停水两天"


@pytest.mark.parametrize("page", ["城东停水两天 - 市民留言板", "城东停水两天_市民留言板"])
@pytest.mark.parametrize("heading", ["<h2>城东停水两天</h2>", ""])
def test_the_sites_name_as_heading_is_not_the_title(page: str, heading: str) -> None:
    html = f"<head><title>{page}</title></head><h1>市民留言板</h1>{heading}<div id=zoom>{PARAGRAPHS}</div>"
    assert article(html).title == "城东停水两天"


def test_hostile_text_stays_text() -> None:
    html = f"""<h1>停水 &lt;script&gt;alert(1)&lt;/script&gt;</h1><div id="zoom"><script>alert(2)</script>{PARAGRAPHS}
    <p style="display:none">看不见</p><p>A &amp;amp; B</p></div>"""
    found = article(html)
    assert found.title == "停水 <script>alert(1)</script>"
    assert found.text.endswith("A &amp; B") and "alert(2)" not in found.text and "看不见" not in found.text


def test_a_short_notice_without_any_container_is_still_found() -> None:
    assert (
        article("<html><body><p>今晚停水，请储水，明晨恢复。</p></body></html>").text == "今晚停水，请储水，明晨恢复。"
    )


def test_a_million_characters() -> None:
    text = "停水通知。" * 200_000
    assert article(f"<h1>t</h1><div id=zoom><p>{text}</p></div>").text == text


@pytest.mark.parametrize(
    "html",
    ["", " ", "\x00", "<html></html>", "{}", '<script type="application/ld+json">{"@type": [1, {}], "author": [[]]}</script>',
     '<script type="application/ld+json">' + "[" * 5000 + "</script>", '<meta name="PubDate" content="2026-99-99">'],
)  # fmt: skip
def test_pages_without_an_article(html: str) -> None:
    found = article(html)
    assert (found.title, found.published, found.edited) == ("", None, None)


_PIECES = ["<p>", "</p>", "<div id=zoom>", "<h1>", "<title>", "<meta name=PubDate content='", "'>", "停水", "2026-10-25", "&amp;", "\x00",
           '<script type="application/ld+json">', "</script>", "{", "}", '"@type":"Article"', "<table><tr><td>", "<time datetime="]  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=25).map("".join))
@settings(max_examples=150, deadline=None)
def test_no_page_raises(html: str) -> None:
    article(html)
