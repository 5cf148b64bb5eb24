"""WordPress: REST, feeds and pages parsed; and a site that closed some of them, read by the real spider."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from config.sources import WordPressSource
from crawlers.adapters.base import FetchedPage, Link, WrongPage
from crawlers.adapters.wordpress import WordPressAdapter
from crawlers.record import Kind

BASE = "https://www.example.org/"
NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def _crawling() -> Any:
    spec = spec_from_file_location("qingyu_tests_crawling_wp", Path(__file__).with_name("crawling.py"))
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def adapter(state: dict[str, Any] | None = None, **more: object) -> WordPressAdapter:
    source = WordPressSource.model_validate({"name": "w", "kind": "wordpress", "urls": BASE, **more})
    return WordPressAdapter(source, state or {})


def page(text: str, role: str, url: str = BASE, headers: dict[str, str] | None = None, **meta: object) -> FetchedPage:
    return FetchedPage(url, role, text, text.encode(), NOW, headers=headers or {}, meta=meta)


HOME = """<html><head><link rel="https://api.w.org/" href="{base}wp-json/">
<link rel="alternate" type="application/rss+xml" title="x" href="{base}feed/">
<link rel="alternate" type="application/rss+xml" title="y" href="{base}comments/feed/"></head>
<body><article id="post-5"><h2 class="entry-title"><a href="{base}archives/5/" rel="bookmark">停水</a></h2></article></body></html>"""


def home(**more: object) -> list[Link]:
    state: Any = more.pop("state", None)
    return list(adapter(state, **more).parse(page(HOME.format(base=BASE), "home")).links)


def test_the_front_page_leads_to_the_interface_and_names_what_to_read_instead() -> None:
    (posts,) = home()
    assert posts.url.startswith(BASE + "wp-json/wp/v2/posts?per_page=100&orderby=id&order=asc")
    assert [(url, role) for url, role, _, _ in posts.meta["instead"]] == [
        (BASE + "feed/", "feed"),
        (BASE + "comments/feed/", "comments_feed"),
        (BASE + "wp-sitemap-posts-page-1.xml", "sitemap"),
    ]
    (alone,) = home(via="rest")
    assert "instead" not in alone.meta
    assert [link.role for link in home(via="pages", comments=False)] == ["feed"]


def test_a_large_site_is_asked_only_for_what_is_new_or_modified() -> None:
    state = {"rest_read_at": "2026-11-22T03:00:00+00:00", "rest_pages": 40}
    modified, new = home(state=state)
    assert "modified_after=2026-11-21T00:00:00Z&" in modified.url
    assert "?after=2026-11-21T00:00:00Z&" in new.url  # published on schedule: its modified date is old
    assert len(home(state={**state, "rest_pages": 3})) == 1


def rest_post(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "date_gmt": "2026-11-01T02:03:04",
        "modified_gmt": "2026-11-03T00:00:00",
        "link": f"{BASE}archives/{number}/",
        "status": "publish",
        "title": {"rendered": "停水 &#038; 供暖"},
        "content": {"rendered": "<p>第一段<br />\n第二行</p>\n<p>“好”&#8230;</p>", "protected": False},
        "_embedded": {"author": [{"name": "张三"}], "wp:term": [[{"taxonomy": "category", "name": "民生"}]]},
        **more,
    }


def test_posts_of_the_interface() -> None:
    items = [rest_post(5), rest_post(6, content={"rendered": "", "protected": True}), {"id": 7}]
    asked = page(
        json.dumps(items),
        "rest_posts",
        headers={"x-wp-totalpages": "3"},
        query=BASE + "wp-json/wp/v2/posts?per_page=100",
    )
    parsed = adapter().parse(asked)
    (post,) = parsed.posts
    assert (post.kind, post.title, post.text, post.category) == (
        Kind.ARTICLE,
        "停水 & 供暖",
        "第一段\n第二行\n“好”…",
        "民生",
    )
    assert (post.published, post.edited) == (
        datetime(2026, 11, 1, 2, 3, 4, tzinfo=UTC),
        datetime(2026, 11, 3, tzinfo=UTC),
    )
    assert len(parsed.problems) == 1  # the entry without fields
    assert [link.url for link in parsed.more] == [BASE + "wp-json/wp/v2/posts?per_page=100&page=2"]


def test_comments_of_the_interface() -> None:
    base = {"post": 5, "author_name": "网友", "date_gmt": "2026-11-02T00:00:01", "status": "approved"}
    link = BASE + "archives/5/comment-page-2/#comment-"
    items = [
        {**base, "id": 8, "parent": 0, "link": link + "8", "content": {"rendered": "<p>好</p>"}},
        {**base, "id": 9, "parent": 8, "link": link + "9", "content": {"rendered": "<p>不好</p>"}},
        {**base, "id": 10, "parent": 0, "link": link + "10", "status": "hold", "content": {"rendered": "<p>等</p>"}},
    ]
    parsed = adapter().parse(page(json.dumps(items), "rest_comments", headers={"x-wp-totalpages": "1"}))
    assert [(c.native_id, c.parent_native, c.text) for c in parsed.posts] == [("c8", "p5", "好"), ("c9", "c8", "不好")]
    assert parsed.posts[0].url == link + "8"
    assert {c.thread_url for c in parsed.posts} == {BASE + "archives/5/"}


@pytest.mark.parametrize("text", ["<html>maintenance</html>", '{"code":"rest_no_route"}', "", "[" * 100_000, "null"])
def test_a_closed_interface_is_said_to_be_closed(text: str) -> None:
    for role in ("rest_posts", "rest_comments"):
        with pytest.raises(WrongPage):
            adapter().parse(page(text, role))


def comment(number: int, text: str, inside: str = "", extra: str = "") -> str:
    return (
        f'<li id="comment-{number}" class="comment depth-1"><article id="div-comment-{number}"><b class="fn">网友{number}</b>'
        f'<div class="comment-metadata"><a href="{BASE}archives/5/comment-page-2/#comment-{number}">'
        f'<time datetime="2026-11-02T08:00:{number:02}+08:00">2 11 月</time></a></div>{extra}'
        f'<div class="comment-content"><p>{text}</p></div><a class="comment-reply-link" href="?replytocom={number}">回复</a></article>'
        f"{inside}</li>"
    )


def post_page(body: str, comments: str = "", nav: str = "") -> str:
    return (
        '<html><body class="single postid-5"><article id="post-5"><h1 class="entry-title">停水</h1>'
        '<time class="entry-date published" datetime="2026-11-01T10:03:04+08:00">1 11 月</time>'
        f'<div class="entry-content">{body}</div></article><div id="comments">{nav}<ol class="comment-list">{comments}</ol></div></body></html>'
    )


def test_a_post_and_its_nested_comments() -> None:
    inner = f'<ol class="children">{comment(9, "内")}</ol>'
    waiting = comment(10, "等", extra='<em class="comment-awaiting-moderation">待审核</em>')
    ping = '<li id="comment-11" class="pingback"><div class="comment-body">ping</div></li>'
    nav = f'<nav class="comments-pagination"><a href="{BASE}archives/5/comment-page-2/#comments">较早</a></nav>'
    text = post_page(
        '<p>正文<img class="wp-smiley" alt="🙂"></p><div class="sharedaddy">分享</div>',
        comment(8, "外", inner) + waiting + ping,
        nav,
    )
    parsed = adapter().parse(page(text, "post", BASE + "archives/5/"))
    assert [(p.native_id, p.parent_native, p.text) for p in parsed.posts] == [
        ("p5", "", "正文🙂"),
        ("c8", "p5", "外"),
        ("c9", "c8", "内"),
    ]
    assert parsed.posts[0].published == datetime(2026, 11, 1, 2, 3, 4, tzinfo=UTC)
    assert parsed.posts[1].url == BASE + "archives/5/comment-page-2/#comment-8"
    assert [link.url for link in parsed.links] == [f"{BASE}archives/5/comment-page-{n}/" for n in (1, 2)]
    further = adapter().parse(page(text, "comments", BASE + "archives/5/comment-page-1/"))
    assert [p.native_id for p in further.posts] == ["c8", "c9"]
    assert not further.links


def test_a_post_behind_a_password_yields_nothing() -> None:
    form = '<form class="post-password-form" action="/wp-login.php?action=postpass"><p>请输入密码</p></form>'
    parsed = adapter().parse(page(post_page(form, comment(8, "外")), "post", BASE + "archives/5/"))
    assert parsed.restricted
    assert not parsed.posts


def feed(*items: str) -> str:
    spaces = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" {spaces}><channel>{"".join(items)}</channel></rss>'
    )


def feed_comment(number: int, body: str, guid: str = "?p=5") -> str:
    return (
        f"<item><title>评论者：网友</title><link>{BASE}archives/5/#comment-{number}</link><dc:creator>网友</dc:creator>"
        f'<pubDate>Mon, 02 Nov 2026 00:00:01 +0000</pubDate><guid isPermaLink="false">{BASE}{guid}#comment-{number}</guid>'
        f"<content:encoded><![CDATA[{body}]]></content:encoded></item>"
    )


def test_the_feed_of_comments() -> None:
    answer = f'<p>In reply to <a href="{BASE}archives/5/#comment-8">网友</a>.</p>\n<p>不好</p>'
    text = feed(
        feed_comment(8, "<p>好</p>"),
        feed_comment(9, answer),
        feed_comment(10, "<p>不知在哪</p>", guid="archives/5/"),
        feed_comment(11, '<form class="post-password-form"></form>'),
    )
    parsed = adapter().parse(page(text, "comments_feed"))
    assert [(c.native_id, c.parent_native, c.text) for c in parsed.posts] == [("c8", "p5", "好"), ("c9", "c8", "不好")]
    assert [link.url for link in parsed.links] == [BASE + "archives/5/"]


def test_the_feed_of_posts_tells_edits_and_passes_over_protected_posts() -> None:
    def links(body: str) -> list[Link]:
        item = f"<item><title>停水</title><link>{BASE}archives/5/</link><content:encoded><![CDATA[{body}]]></content:encoded></item>"
        return list(adapter().parse(page(feed(item), "feed", BASE + "feed/")).links)

    (before,), (after,) = links("<p>周四</p>"), links("<p>周五</p>")
    assert before.url == after.url
    assert before.fingerprint != after.fingerprint
    assert links('<form class="post-password-form"></form>') == []
    with pytest.raises(WrongPage):
        adapter().parse(page("<html>no feed</html>", "feed"))


# ── over HTTP ───────────────────────────────────────────────────────────────────────────────────────────────────────
@contextmanager
def small_site(robots: str, closed: dict[str, int]) -> Iterator[tuple[str, list[str]]]:
    """A WordPress of one post and one comment, REST and feeds as far as `closed` (path → status) leaves them open."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            base = f"http://{self.headers['Host']}/"
            path = self.path.partition("?")[0]
            pages = {
                "/robots.txt": ("text/plain", robots),
                "/": ("text/html", HOME.replace("{base}", base)),
                "/archives/5/": (
                    "text/html",
                    post_page("<p>网页上的正文</p>", comment(8, "网页上的评论")).replace(BASE, base),
                ),
                "/wp-json/wp/v2/posts": ("application/json", json.dumps([rest_post(5)]).replace(BASE, base)),
                "/wp-json/wp/v2/comments": ("application/json", "[]"),
            }
            kind, text = pages.get(path, ("text/html", ""))
            status = closed.get(path, 200 if path in pages else 404)
            body = text.encode() if status == 200 else b"closed"
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    worker = threading.Thread(target=server.serve_forever, daemon=True)
    worker.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", asked
    finally:
        server.shutdown()
        server.server_close()
        worker.join(timeout=10)


@pytest.mark.parametrize(
    ("robots", "closed", "texts"),
    [
        ("", {}, ["第一段\n第二行\n“好”…"]),
        ("", {"/wp-json/wp/v2/posts": 401}, ["网页上的正文", "网页上的评论"]),
        ("User-agent: *\nDisallow: /wp-json/\n", {}, ["网页上的正文", "网页上的评论"]),
        ("User-agent: *\nDisallow: /archives/\n", {}, []),
        ("", {"/wp-json/wp/v2/comments": 403}, ["第一段\n第二行\n“好”…", "网页上的评论"]),
    ],
)
def test_what_is_closed_is_read_by_another_way(
    tmp_path: Path, robots: str, closed: dict[str, int], texts: list[str]
) -> None:
    with small_site(robots, closed) as (url, asked):
        source = f"name: wp\nkind: wordpress\nurls: {url}\nallow_private: [127.0.0.1]\npace: {{delay_s: 0, autothrottle: false}}\n"
        project = _crawling().Site.make(tmp_path, source)
        for _ in range(2):
            ended = project.run(name="wp")
            assert (ended.last["outcome"], ended.counts["failed"]) == ("finished", 0), ended.stderr
            assert sorted(row["text"] for row in project.rows("SELECT text FROM post")) == sorted(texts)
        assert ended.counts["posts_changed"] == 0
        refused = robots.partition("Disallow: ")[2].strip()
        assert not [path for path in asked if refused and path.startswith(refused)]
