"""What an address is: every proposed declaration loads, and reads what it was proposed for."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.sources import (
    BoardSource,
    FeedSource,
    ForumSource,
    SitemapSource,
    SourceConfig,
    WordPressSource,
    read_sources,
)
from config.yamlfile import parse_yaml
from crawlers.adapters.base import FetchedPage
from crawlers.markup import parse_html
from crawlers.recognise import Proposal, recognise, source_name

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def page(text: str, url: str, body: bytes | None = None) -> FetchedPage:
    return FetchedPage(url=url, role="", text=text, body=body or text.encode("utf-8", "replace"), fetched_at=NOW)


def load(proposal: Proposal) -> SourceConfig:
    (source,) = read_sources(parse_yaml(proposal.yaml, name="proposal"))
    assert source.kind == proposal.kind
    assert 0 < proposal.confidence <= 1 and proposal.why
    return source


def best(text: str, url: str = "https://www.a.cn/x", body: bytes | None = None) -> SourceConfig:
    return load(recognise(page(text, url, body))[0])


def test_feeds() -> None:
    item = "<item><title>t</title><link>https://a.cn/1{}</link></item>"
    article = best(
        f'<?xml version="1.0"?><rss version="2.0"><channel>{item.format("")}</channel></rss>', "https://a.cn/feed/"
    )
    comments = best(
        f'<rss version="2.0"><channel>{item.format("#comment-3")}</channel></rss>', "https://a.cn/comments/feed/"
    )
    assert isinstance(article, FeedSource) and isinstance(comments, FeedSource)
    assert (article.urls, article.content, comments.content) == (("https://a.cn/feed/",), "article", "comments")


def test_sitemaps() -> None:
    text = "<urlset><url><loc>https://a.cn/1</loc></url></urlset>"
    plain = best(text, "https://a.cn/sitemap.xml")
    packed = best("", "https://a.cn/sitemap.xml.gz", gzip.compress(text.encode()))
    robots = best("User-agent: *\nSitemap: https://a.cn/news.xml\n", "https://a.cn/robots.txt")
    assert isinstance(plain, SitemapSource) and isinstance(packed, SitemapSource) and isinstance(robots, SitemapSource)
    assert plain.urls == ("https://a.cn/sitemap.xml",) and robots.urls == ("https://a.cn/news.xml",)


def test_discuz() -> None:
    html = '<meta name="generator" content="Discuz! X3.4"><table id="threadlisttableid"></table><a href="forum-2-1.html">x</a>'
    source = best(html, "https://bbs.a.cn/bbs/forum-2-1.html")
    assert isinstance(source, ForumSource)
    assert (source.urls, source.boards) == (("https://bbs.a.cn/bbs/forum.php",), (2,))


def test_wordpress_and_the_feeds_it_names() -> None:
    html = """<html><head><meta name="generator" content="WordPress 6.1"><link rel="https://api.w.org/" href="https://a.cn/blog/wp-json/">
    <link rel="alternate" type="application/rss+xml" title="晚报 &raquo; Feed" href="/blog/feed/">
    <link rel="alternate" type="application/rss+xml" title="评论" href="/blog/comments/feed/"></head></html>"""
    sources = [load(p) for p in recognise(page(html, "https://a.cn/blog/2026/x/"))]
    assert [s.kind for s in sources] == ["wordpress", "feed", "feed"]
    assert isinstance(sources[0], WordPressSource) and sources[0].urls == ("https://a.cn/blog/",)
    assert isinstance(sources[1], FeedSource) and sources[1].urls == ("https://a.cn/blog/feed/",)
    assert isinstance(sources[2], FeedSource) and sources[2].content == "comments"


TABLE = """<div class="menu"><ul><li><a href="/">首页</a></li><li><a href="/b">信箱</a></li><li><a href="/c">我要写信</a></li></ul></div>
<table class="maillist"><tr><th>编号</th><th>标题</th><th>类别</th><th>办理状态</th><th>时间</th></tr>{rows}</table>
<div class="pages"><a href="?p=1">1</a> <a href="?p=2">下一页</a></div>"""
TABLE_ROW = '<tr class="{c}"><td>A{i}</td><td><a href="/mail/{i}.html">关于小区停水的来信{i}</a></td><td>供水</td><td>已办结</td><td>2026-10-{i:02d}</td></tr>'
LIST = "<div id='news'><ul class='list'>{rows}</ul></div><a rel='next' href='index_2.html'>后页</a>"
LIST_ROW = "<li><a href='/cat'>通知</a><a class='t' href='a{i}.html'>关于停水的通知 第{i}号</a><span>2026-10-{i:02d}</span></li>"


def test_a_table_of_messages_gives_selectors_that_find_them() -> None:
    html = TABLE.format(rows="".join(TABLE_ROW.format(i=i, c="odd" if i % 2 else "even") for i in range(1, 13)))
    source = best(html, "https://a.cn/mail/list")
    assert isinstance(source, BoardSource)
    root = parse_html(html)
    from parsel import Selector

    rows = Selector(html).css(source.list.row.css or "")
    linked = [row.css(f"{source.list.link.css}::attr(href)").get() for row in rows]
    assert [href for href in linked if href] == [f"/mail/{i}.html" for i in range(1, 13)]
    assert source.list.state and rows[1].css(f"{source.list.state.css}::text").get() == "已办结"
    assert source.list.category and rows[1].css(f"{source.list.category.css}::text").get() == "供水"
    assert source.list.id and rows[1].css(f"{source.list.id.css}::text").get() == "A1"
    assert source.list.next and root is not None and root.xpath(source.list.next.xpath) == ["?p=2"]


def test_a_plain_list_is_found_and_the_title_link_taken() -> None:
    html = LIST.format(rows="".join(LIST_ROW.format(i=i) for i in range(1, 9)))
    source = best(html, "https://a.cn/news/index.html")
    assert isinstance(source, BoardSource)
    assert (source.list.row.css, source.list.link.css) == ("ul.list > li", "a.t")
    assert source.list.next and source.list.next.css == "[rel~=next]"


@pytest.mark.parametrize(
    "text", ["", "<html><body><p>停水</p></body></html>", "<ul><li><a href='https://b.cn/1'>x</a></ul>", "{}", "\x00"]
)
def test_nothing_known_is_nothing(text: str) -> None:
    assert recognise(page(text, "https://a.cn/x")) == []


def test_hostile_words_cannot_break_out_of_the_declaration() -> None:
    html = """<link rel="alternate" type="application/rss+xml" title="x
    kind: board" href='/f?a="&#10;kind: board #'>"""
    (proposal,) = recognise(page(html, "https://a.cn/"), allow_private=["127.0.0.1"])
    source = load(proposal)
    assert isinstance(source, FeedSource) and source.allow_private == ("127.0.0.1",)


@pytest.mark.parametrize(
    ("url", "name"),
    [("https://www.news.a.cn/x", "news-a-cn"), ("http://127.0.0.1:80/", "127-0-0-1"), ("http://[::1]/", "1"), ("https://" + "a" * 60 + ".cn", "a" * 40)],
)  # fmt: skip
def test_names_come_from_hosts(url: str, name: str) -> None:
    assert source_name(url) == name


_PIECES = ["<li>", "<tr>", "<td>", "<a href='/1'>停水停水停水</a>", "<a href='/2' class=\"x'y\">", "2026-10-25", "</li>", "<table id='1:2'>",
           "<ul class='a b'>", "下一页", "<rss>", "<urlset>", "Discuz!", "wp-content/", "<link rel=next href=x>", "\x00", "&#0;"]  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=40).map("".join))
@settings(max_examples=300, deadline=None)
def test_whatever_is_proposed_loads(html: str) -> None:
    for proposal in recognise(page(html, "https://a.cn/x")):
        load(proposal)
