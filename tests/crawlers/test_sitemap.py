"""Sitemaps: urlset, index, news, text, gzip, robots.txt, and what is none."""

from __future__ import annotations

import gzip
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from config.sources import SitemapSource
from crawlers.adapters.base import FetchedPage, WrongPage
from crawlers.adapters.sitemap import MAX_DEPTH, SitemapAdapter, gunzip, read_sitemap
from crawlers.record import Kind

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
URL = "https://news.example.cn/sitemap.xml"
NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
NEWS = (
    "<news:publication_date>2026-10-25T07:01:01+08:00</news:publication_date><news:title>停水 &amp; 停电</news:title>"
)
IMAGE = (
    "<image:image xmlns:image='i'><image:loc>https://a.cn/x.png</image:loc><image:title>图</image:title></image:image>"
)


def urlset(*urls: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {NS}>{"".join(f"<url>{u}</url>" for u in urls)}</urlset>'


def index(*locs: str) -> str:
    return f"<sitemapindex {NS}>{''.join(f'<sitemap><loc>{loc}</loc></sitemap>' for loc in locs)}</sitemapindex>"


def adapter(**more: Any) -> SitemapAdapter:
    return SitemapAdapter(SitemapSource.model_validate({"name": "n", "kind": "sitemap", "urls": URL, **more}), {})


def page(content: str | bytes, *, role: str = "sitemap", url: str = URL, **more: Any) -> FetchedPage:
    body = content.encode() if isinstance(content, str) else content
    return FetchedPage(url=url, role=role, text=body.decode("utf-8", "replace"), body=body, fetched_at=NOW, **more)


def test_a_urlset_gives_articles_with_lastmod_as_fingerprint() -> None:
    found = adapter().parse(
        page(
            urlset(
                f"<loc>/a/1.html</loc>{IMAGE}<lastmod>2026-10-25</lastmod>",
                "<loc>https://news.example.cn/a/2.html?utm_source=x</loc>",
            )
        )
    )
    assert [(link.url, link.role, link.walk, link.fingerprint, dict(link.meta)) for link in found.links] == [
        ("https://news.example.cn/a/1.html", "article", False, "2026-10-25", {}),
        ("https://news.example.cn/a/2.html", "article", False, "", {}),
    ]


def test_a_news_sitemap_says_title_and_time() -> None:
    news = f"<loc>https://a.cn/1</loc><news:news>{NEWS}</news:news>"
    (link,) = adapter().parse(page(urlset(news))).links
    assert link.meta == {"title": "停水 & 停电", "published": "2026-10-24T23:01:01+00:00"}
    html = "<h1>x</h1><div id=zoom>今晚八时停水，请储水。</div>"
    (post,) = adapter().parse(page(html, role="article", url=link.url, meta=link.meta)).posts
    assert (post.kind, post.title, post.text, post.native_id) == (
        Kind.ARTICLE,
        "停水 & 停电",
        "今晚八时停水，请储水。",
        "",
    )
    assert post.published == datetime(2026, 10, 24, 23, 1, 1, tzinfo=UTC)


def test_an_index_leads_on_to_its_depth_and_not_to_itself() -> None:
    text = index("/s1.xml", "/s1.xml", URL, "ftp://a.cn/x")
    found = adapter().parse(page(text))
    assert [(link.url, link.role, link.walk, dict(link.meta)) for link in found.more] == [
        ("https://news.example.cn/s1.xml", "sitemap", True, {"depth": 1})
    ]
    assert len(found.problems) == 1 and not found.links
    deepest = adapter().parse(page(text, meta={"depth": MAX_DEPTH - 1}))
    assert len(deepest.more) == 1
    beyond = adapter().parse(page(text, meta={"depth": MAX_DEPTH}))
    assert not beyond.more and len(beyond.problems) == 1


def test_robots_txt_names_sitemaps() -> None:
    reader = adapter(urls="https://news.example.cn/robots.txt")
    assert reader.start()[0].role == "robots"
    text = "User-agent: *\nDisallow: /x\nSITEMAP: https://news.example.cn/a.xml\n sitemap:/b.xml # mark\n"
    found = reader.parse(page(text, role="robots", url="https://news.example.cn/robots.txt"))
    assert [link.url for link in found.more] == ["https://news.example.cn/a.xml", "https://news.example.cn/b.xml"]
    with pytest.raises(WrongPage):
        reader.parse(page("User-agent: *", role="robots"))


def test_gzip_and_text_sitemaps() -> None:
    packed = gzip.compress(urlset("<loc>https://a.cn/1</loc>").encode())
    assert [link.url for link in adapter().parse(page(packed)).links] == ["https://a.cn/1"]
    plain = "\ufeffhttps://a.cn/1\r\n\r\nhttps://a.cn/2\n"
    assert [link.url for link in adapter().parse(page(plain)).links] == ["https://a.cn/1", "https://a.cn/2"]


def test_a_gzip_bomb_is_refused_and_a_broken_stream_said() -> None:
    bomb = gzip.compress(b" " * 60_000_000)
    with pytest.raises(WrongPage, match="50000000"):
        adapter().parse(page(bomb))
    with pytest.raises(WrongPage):
        gunzip(b"\x1f\x8bxxxxxxxx", max_bytes=1000)


def test_include_exclude_and_age() -> None:
    urls = [f"<loc>https://a.cn/{path}</loc><lastmod>{day}</lastmod>" for path, day in
            [("news/1", "2026-11-21"), ("news/old", "2026-01-01"), ("news/video/1", "2026-11-21"), ("about", "2026-11-21")]]  # fmt: skip
    urls.append("<loc>https://a.cn/news/undated</loc>")
    found = adapter(include="/news/", exclude="/video/", max_age="30d").parse(page(urlset(*urls)))
    assert [link.url for link in found.links] == ["https://a.cn/news/1", "https://a.cn/news/undated"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("<!DOCTYPE html><html><title>找不到</title></html>", "找不到"), ("", "空页"), ("not a sitemap", "not a"), ("<rss></rss>", "rss"),
     ('{"a":1}', "JSON"), ("<<<", "<<<")],
)  # fmt: skip
def test_what_is_no_sitemap_says_what_came(text: str, said: str) -> None:
    with pytest.raises(WrongPage, match=said):
        adapter().parse(page(text))


def test_an_empty_urlset_is_fine() -> None:
    assert not adapter().parse(page(urlset())).links


def test_entities_are_not_expanded() -> None:
    bomb = f'<?xml version="1.0"?><!DOCTYPE u [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]><urlset {NS}>' \
        "<url><loc>https://a.cn/&b;&f;</loc></url><url><loc>https://a.cn/2</loc></url></urlset>"  # fmt: skip
    urls = [entry.loc for entry in read_sitemap(bomb).entries]
    assert urls[-1] == "https://a.cn/2" and not any("aaaa" in u or "root" in u for u in urls)


def test_fifty_thousand_addresses_in_seconds() -> None:
    urls = [
        f"<loc>https://a.cn/news/{i}.html</loc><lastmod>2026-11-{i % 20 + 1:02d}T07:01:01+08:00</lastmod>"
        for i in range(50_000)
    ]
    text = urlset(*urls)
    start = time.monotonic()
    assert len(adapter(max_age="60d").parse(page(text)).links) == 50_000
    assert time.monotonic() - start < 15
