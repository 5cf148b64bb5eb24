"""Feeds as they really are: RSS 2.0, RDF, Atom, comment feeds, broken ones, and pages that are no feeds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.sources import FeedSource
from crawlers.adapters.base import FetchedPage, WrongPage
from crawlers.adapters.feed import FeedAdapter
from crawlers.encoding import decode_body
from crawlers.record import Kind

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
URL = "https://news.example.cn/feed/"
NAMES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
)
ITEM = """<item><title>停水 &amp;amp; 停电</title><link>/a/1.html?utm_source=rss</link><guid isPermaLink="false">news-1</guid>
<pubDate>Sun, 25 Oct 2026 07:01:01 +0800</pubDate><dc:creator>记者甲</dc:creator><category>民生</category>
<description>今晚停水…</description><content:encoded><![CDATA[<p>今晚停水&nbsp;两天</p><p>请储水<script>alert(1)</script></p>
<p style="display:none">看不见</p>]]></content:encoded><comments>https://news.example.cn/a/1.html#respond</comments><slash:comments>3</slash:comments></item>"""
COMMENT = """<item><title>乙对《停水通知》的评论</title><link>https://news.example.cn/a/1.html/comment-page-2/#comment-9</link>
<dc:creator>乙</dc:creator><pubDate>Sun, 25 Oct 2026 00:01:01 +0000</pubDate><guid isPermaLink="false">https://news.example.cn/?p=1#comment-9</guid>
<content:encoded><![CDATA[<p>In reply to <a href="https://news.example.cn/a/1.html#comment-7">甲</a>.</p>
<p>我家也停了</p>]]></content:encoded></item>"""


def rss(*items: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" {NAMES}><channel><title>晚报</title>{"".join(items)}</channel></rss>'


def adapter(**more: Any) -> FeedAdapter:
    return FeedAdapter(FeedSource.model_validate({"name": "n", "kind": "feed", "urls": URL, **more}), {})


def page(text: str, *, role: str = "feed", url: str = URL, **more: Any) -> FetchedPage:
    return FetchedPage(url=url, role=role, text=text, body=text.encode("utf-8", "replace"), fetched_at=NOW, **more)


def test_an_rsshub_route_is_a_feed() -> None:
    source = {"name": "n", "kind": "feed", "rsshub": {"base": "https://hub.example.cn/", "route": "/gov/x"}}
    links = FeedAdapter(FeedSource.model_validate(source), {}).start()
    assert [(link.url, link.role, link.walk) for link in links] == [("https://hub.example.cn/gov/x", "feed", True)]


def test_followed_items_lead_to_articles_with_what_the_feed_says() -> None:
    found = adapter().parse(page(rss(ITEM)))
    (link,) = found.links
    assert (link.url, link.role, link.walk, found.posts) == ("https://news.example.cn/a/1.html", "article", False, [])
    assert link.meta == {
        "title": "停水 & 停电",
        "published": "2026-10-24T23:01:01+00:00",
        "summary": "今晚停水 两天\n请储水",
        "native_id": "news-1",
        "category": "民生",
        "comments": "https://news.example.cn/a/1.html",
        "replies": 3,
    }


def test_personal_data_does_not_stand_in_a_link() -> None:
    item = ITEM.replace("请储水", "电话13812345678").replace("停电", "找13812345678")
    assert "13812345678" not in str(adapter().parse(page(rss(item))).links)


def test_the_fingerprint_moves_with_the_items_text_and_only_with_it() -> None:
    one, again = (adapter().parse(page(rss(ITEM))).links[0].fingerprint for _ in range(2))
    edited = adapter().parse(page(rss(ITEM.replace("请储水", "请多储水")))).links[0].fingerprint
    counted = adapter().parse(page(rss(ITEM.replace("<slash:comments>3", "<slash:comments>4")))).links[0].fingerprint
    assert one == again == counted != edited
    assert 0 < len(one) <= 64


def test_the_article_takes_title_time_and_id_from_the_feed_and_text_from_the_page() -> None:
    link = adapter().parse(page(rss(ITEM))).links[0]
    html = "<h1>另一个题目</h1><div id=zoom><p>今晚八时起停水，请储水。</p></div>"
    (post,) = adapter().parse(page(html, role="article", url=link.url, meta=link.meta)).posts
    assert (post.kind, post.title, post.text) == (Kind.ARTICLE, "停水 & 停电", "今晚八时起停水，请储水。")
    assert (post.native_id, post.url, post.category) == ("news-1", link.url, "民生")
    assert post.published == datetime(2026, 10, 24, 23, 1, 1, tzinfo=UTC)
    assert post.engagement.replies == 3


def test_an_article_page_without_text_falls_back_on_the_feed_and_else_is_set_aside() -> None:
    link = adapter().parse(page(rss(ITEM))).links[0]
    (post,) = adapter().parse(page("<html></html>", role="article", url=link.url, meta=link.meta)).posts
    assert post.text == "今晚停水 两天\n请储水"
    nothing = adapter().parse(page("<html></html>", role="article", url=link.url))
    assert nothing.posts == () and len(nothing.problems) == 1


def test_an_article_that_is_no_page_is_wrong() -> None:
    with pytest.raises(WrongPage, match="application/pdf"):
        adapter().parse(page("%PDF-1.4", role="article", headers={"content-type": "application/pdf"}))


def test_without_follow_the_feeds_own_fullest_text_is_the_post() -> None:
    (post,) = adapter(follow=False).parse(page(rss(ITEM))).posts
    assert (post.kind, post.title, post.text) == (Kind.ARTICLE, "停水 & 停电", "今晚停水 两天\n请储水")
    assert (post.author, post.category, post.native_id) == ("记者甲", "民生", "news-1")
    assert (post.url, post.thread_url) == ("https://news.example.cn/a/1.html",) * 2


def test_comments_are_their_own_words_under_their_page() -> None:
    (post,) = adapter(content="comments").parse(page(rss(COMMENT))).posts
    assert (post.kind, post.text, post.author) == (Kind.COMMENT, "我家也停了", "乙")
    assert post.title == "停水通知"  # the commenter's name is not in it
    assert post.url == "https://news.example.cn/a/1.html/comment-page-2/#comment-9"
    assert post.thread_url == "https://news.example.cn/a/1.html/"
    assert post.native_id == "https://news.example.cn/?p=1#comment-9"
    assert post.parent_native == "https://news.example.cn/?p=1#comment-7"


@pytest.mark.parametrize(
    "lead", ['<p>回复 <a href="x#comment-7">甲</a>。</p>', '回复<a href="x#comment-7">甲</a>：<br />']
)
def test_the_chinese_lead_of_an_answer_is_not_its_text(lead: str) -> None:
    item = COMMENT.replace('<p>In reply to <a href="https://news.example.cn/a/1.html#comment-7">甲</a>.</p>', lead)
    (post,) = adapter(content="comments").parse(page(rss(item))).posts
    assert post.text == "我家也停了"


def test_words_that_merely_begin_like_an_answer_stay() -> None:
    item = COMMENT.replace('In reply to <a href="https://news.example.cn/a/1.html#comment-7">甲</a>.', "回复太慢了，")
    (post,) = adapter(content="comments").parse(page(rss(item))).posts
    assert post.text == "回复太慢了，\n我家也停了"


def test_rdf_and_atom() -> None:
    rdf = f"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" {NAMES}>
    <item rdf:about="https://a.cn/1"><title>停水</title><link>https://a.cn/1</link><dc:date>2026-10-25T07:01:01+08:00</dc:date></item></rdf:RDF>"""
    atom = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>tag:a.cn,1</id><title type="html">停 &lt;b&gt;水&lt;/b&gt;</title>
    <link href="https://a.cn/1"/><published>2026-10-25T07:01:01+08:00</published><updated>2026-10-26T07:01:01+08:00</updated>
    <content type="html">&lt;p&gt;今晚&lt;/p&gt;</content></entry></feed>"""
    (first,) = adapter(follow=False).parse(page(rdf)).posts
    (second,) = adapter(follow=False).parse(page(atom)).posts
    assert first.published == second.published == datetime(2026, 10, 24, 23, 1, 1, tzinfo=UTC)
    assert (first.title, second.title, second.text, second.native_id) == ("停水", "停 水", "今晚", "tag:a.cn,1")
    assert first.edited is None and second.edited == datetime(2026, 10, 25, 23, 1, 1, tzinfo=UTC)


def test_ids_are_the_guid_else_the_link_and_the_same_in_two_feeds() -> None:
    def native(item: str) -> str:
        return adapter(follow=False).parse(page(rss(item))).posts[0].native_id

    assert native(ITEM) == "news-1"
    assert native(ITEM.replace('<guid isPermaLink="false">news-1</guid>', "")) == ""  # the canonical link identifies
    assert native(ITEM.replace("news-1", "https://news.example.cn/a/1.html")) == ""  # so does a guid that repeats it
    no_link = "<item><title>停水</title><description>今晚</description></item>"
    assert native(no_link) == native(no_link) != ""


def test_a_guid_that_all_items_share_identifies_none() -> None:
    second = ITEM.replace("/a/1.html?utm_source=rss", "/a/2.html")
    posts = adapter(follow=False).parse(page(rss(ITEM, second))).posts
    assert [p.native_id for p in posts] == ["", ""] and len({p.url for p in posts}) == 2


def test_items_without_links_are_posts_even_when_followed() -> None:
    found = adapter().parse(page(rss("<item><title>停水</title><description>今晚停水</description></item>", ITEM)))
    assert [p.text for p in found.posts] == ["今晚停水"] and len(found.links) == 1


@pytest.mark.parametrize("date", ["", "30 Feb 2026", "很久以前", "Sun, 99 Oct 2026 25:61:00 GMT"])
def test_missing_and_impossible_dates_are_none(date: str) -> None:
    item = ITEM.replace("Sun, 25 Oct 2026 07:01:01 +0800", date)
    assert adapter(follow=False).parse(page(rss(item))).posts[0].published is None


def test_relative_dates_and_dates_without_offset_are_local() -> None:
    def published(date: str) -> datetime | None:
        return (
            adapter(follow=False)
            .parse(page(rss(ITEM.replace("Sun, 25 Oct 2026 07:01:01 +0800", date))))
            .posts[0]
            .published
        )

    assert published("3小时前") == datetime(2026, 11, 22, 5, 30, tzinfo=UTC)
    assert published("2026-10-25 07:01:01") == datetime(2026, 10, 24, 23, 1, 1, tzinfo=UTC)


def test_a_gbk_feed_is_read_by_its_declaration() -> None:
    body = rss(ITEM).replace("UTF-8", "gbk").encode("gbk")
    text = decode_body(body, headers={"content-type": "application/xml"})
    assert adapter(follow=False).parse(page(text)).posts[0].text == "今晚停水 两天\n请储水"


def test_an_empty_feed_is_fine() -> None:
    found = adapter().parse(page(rss()))
    assert (list(found.posts), list(found.links), list(found.problems)) == ([], [], [])


def test_an_item_with_nothing_is_set_aside_and_the_rest_goes_on() -> None:
    found = adapter(follow=False).parse(page(rss("<item><link>https://a.cn/1</link></item>", ITEM)))
    assert len(found.posts) == 1 and len(found.problems) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [("<!DOCTYPE html><html><head><title>请登录</title></head></html>", "请登录"), ('{"items": []}', "JSON"), ("", "空页"), ("<html><body>x", "网页")],
)  # fmt: skip
def test_what_is_no_feed_says_what_came(text: str, said: str) -> None:
    with pytest.raises(WrongPage, match=said):
        adapter().parse(page(text))


def test_an_entity_bomb_expands_to_nothing() -> None:
    lol = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "停水">{lol}<!ENTITY f SYSTEM "file:///etc/passwd">]>' + rss(
        "<item><title>t</title><link>https://a.cn/1</link><description>&l11;&f;停水</description></item>"
    ).removeprefix('<?xml version="1.0" encoding="UTF-8"?>')
    (post,) = adapter(follow=False).parse(page(bomb)).posts
    assert len(post.text) < 100 and "root:" not in post.text and post.text.endswith("停水")


def test_a_post_of_a_million_characters_with_nul() -> None:
    item = ITEM.replace("今晚停水&nbsp;两天", "停\x00水" * 500_000)
    (post,) = adapter(follow=False).parse(page(rss(item))).posts
    assert len(post.text) == 1_000_000 + len("\n请储水")


@given(st.text(st.sampled_from("<>/&;![]CDATA\"'= \n停水\x00titemlnkgud#x"), max_size=120))
@settings(max_examples=120, deadline=None)
def test_no_item_raises(inner: str) -> None:
    for more in ({"follow": False}, {"content": "comments"}, {}):
        try:
            adapter(**more).parse(page(rss(f"<item><title>t</title>{inner}</item>", ITEM)))
        except WrongPage:
            continue
