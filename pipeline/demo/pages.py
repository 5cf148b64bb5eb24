"""Pages of the news site and of the government board: values in, HTML out. Everything from a post is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from html import escape
from itertools import pairwise

from pipeline.demo.town import TownPost

PER_PAGE = 20
FEED_ITEMS = 30
TRAP = '<a href="/admin/todo.html">后台管理</a>'
ROBOTS = "User-agent: *\nDisallow: /admin/\n"


def _page(title: str, site: str, head: str, body: str) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(title)}_{site}</title>\n{head}'
        f'</head>\n<body><div class="header"><a class="logo" href="/">{site}</a>'
        '<div class="nav"><a href="/">首页</a></div></div>\n'
        f'{body}\n<div class="footer"><p>主办：云水县人民政府办公室（演示，非真实机构） 电话：0738-4211000 {TRAP}</p></div></body></html>\n'
    )


def _paragraphs(text: str) -> str:
    return "\n".join(f"<p>{escape(part)}</p>" for part in text.split("\n") if part)


def slice_of(posts: Sequence[TownPost], page: int) -> tuple[list[TownPost], int]:
    """The posts of page `page` (1 is the first), and how many pages there are."""
    pages = max(1, -(-len(posts) // PER_PAGE))
    return list(posts[(page - 1) * PER_PAGE : page * PER_PAGE]), pages


def _pager(page: int, pages: int, form: str) -> str:
    links = [f'<a class="prev" href="{form.format(page - 1)}">上一页</a>'] if page > 1 else []
    links += [f'<a class="next" href="{form.format(page + 1)}">下一页</a>'] if page < pages else []
    return f'<div class="pages">{" ".join(links)} <span>第 {page} / {pages} 页</span></div>'


def news_list(posts: Sequence[TownPost], page: int) -> str:
    """List page of the news site; `posts` newest first."""
    shown, pages = slice_of(posts, page)
    rows = "\n".join(
        f'<li><span class="date">{p.at:%Y-%m-%d}</span><a href="{p.path}" title="{escape(p.title)}">{escape(p.title)}</a></li>'
        for p in shown
    )
    body = f'<h2>云水要闻</h2><ul class="list">\n{rows}\n</ul>{_pager(page, pages, "/news/list_{}.html")}'
    feed = '<link rel="alternate" type="application/rss+xml" title="云水新闻网" href="/news/feed.xml">\n'
    return _page("新闻", "云水新闻网", feed, body)


def article(post: TownPost, others: Sequence[TownPost]) -> str:
    """An article in the usual markup of a county's site; `others` are offered for further reading."""
    title = escape(post.title)
    meta = (
        f'<meta name="ArticleTitle" content="{title}">\n<meta name="PubDate" content="{post.at:%Y-%m-%d %H:%M:%S}">\n'
        f'<meta name="ContentSource" content="{escape(post.author)}">\n<meta name="ColumnName" content="云水要闻">\n'
        '<meta name="SiteName" content="云水新闻网">\n'
    )
    more = "".join(f'<li><a href="{p.path}">{escape(p.title)}</a></li>' for p in others)
    body = (
        '<div class="position">当前位置：<a href="/">首页</a> &gt; <a href="/news/">云水要闻</a></div>\n'
        f'<h1>{title}</h1>\n<div class="info"><span class="time">发布时间：{post.at:%Y-%m-%d %H:%M}</span> '
        f'<span class="source">来源：{escape(post.author)}</span> <span class="views">浏览：<em>{post.views}</em></span></div>\n'
        f'<div class="article" id="zoom">\n{_paragraphs(post.text)}\n</div>\n'
        f'<div class="related"><h3>相关阅读</h3><ul>{more}</ul></div>'
    )
    return _page(post.title, "云水新闻网", meta, body)


def _cdata(text: str) -> str:
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def feed(posts: Sequence[TownPost], base: str, now: datetime) -> str:
    """RSS 2.0 of the newest articles; `posts` newest first."""
    items = "\n".join(
        f'<item><title>{escape(p.title)}</title><link>{base}{p.path}</link><guid isPermaLink="true">{base}{p.path}</guid>'
        f"<pubDate>{format_datetime(p.at)}</pubDate><author>{escape(p.author)}</author>"
        f"<description>{_cdata(_paragraphs(p.text))}</description></item>"
        for p in posts[:FEED_ITEMS]
    )
    newest = posts[0].at if posts else now
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>云水新闻网</title>'
        f"<link>{base}/news/</link><description>云水县新闻</description><language>zh-cn</language>"
        f"<lastBuildDate>{format_datetime(newest)}</lastBuildDate>\n{items}\n</channel></rss>\n"
    )


def sitemap(posts: Sequence[TownPost], base: str) -> str:
    """Sitemap with lastmod."""
    rows = "\n".join(f"<url><loc>{base}{p.path}</loc><lastmod>{p.at.isoformat()}</lastmod></url>" for p in posts)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"{rows}\n</urlset>\n"
    )


def state_of(post: TownPost, now: datetime) -> str:
    """What the board says of a message at `now`."""
    return "已答复" if post.answer and post.answer.at <= now else "办理中"


def board_list(posts: Sequence[TownPost], page: int, now: datetime) -> str:
    """List page of the board; `posts` newest first."""
    shown, pages = slice_of(posts, page)
    rows = "\n".join(
        f'<tr class="row"><td class="id">{p.number}</td><td class="category">{p.category}</td>'
        f'<td class="title"><a href="{p.path}">{escape(p.title)}</a></td>'
        f'<td class="state">{state_of(p, now)}</td><td class="date">{p.at:%Y-%m-%d}</td></tr>'
        for p in shown
    )
    head = "<tr><th>编号</th><th>类别</th><th>标题</th><th>状态</th><th>日期</th></tr>"
    body = f'<h2>留言列表</h2><table class="list">{head}\n{rows}\n</table>{_pager(page, pages, "/board/list_{}.html")}'
    return _page("留言", "云水县网上民声", "", body)


def message(post: TownPost, now: datetime) -> str:
    """Detail page of a message; the official reply stands there once it was given."""
    reply = ""
    if post.answer and post.answer.at <= now:
        reply = (
            '\n<div class="reply"><h3>官方答复</h3>'
            f'<p class="reply-meta">答复单位：<span class="unit">{escape(post.answer.unit)}</span> '
            f'答复时间：<span class="reply-time">{post.answer.at:%Y-%m-%d %H:%M}</span></p>'
            f'<div class="reply-text">{_paragraphs(post.answer.text)}</div></div>'
        )
    body = (
        f'<div class="message"><h1 class="title">{escape(post.title)}</h1>\n<p class="meta">编号：<span class="id">{post.number}</span> '
        f'类别：<span class="category">{post.category}</span> 留言人：<span class="author">{escape(post.author)}</span> '
        f'时间：<span class="time">{post.at:%Y-%m-%d %H:%M:%S}</span> 状态：<span class="state">{state_of(post, now)}</span></p>\n'
        f'<div class="text">{_paragraphs(post.text)}</div>\n<p class="count">点赞 <span class="likes">{post.likes}</span> '
        f'浏览 <span class="views">{post.views}</span></p>{reply}</div>'
    )
    return _page(post.title, "云水县网上民声", "", body)


def not_found() -> str:
    """The page for an unknown address."""
    return _page("找不到页面", "云水县", "", "<h1>404 您访问的页面不存在</h1>")


def neighbours(posts: Sequence[TownPost]) -> dict[str, TownPost]:
    """For each article the one published before it."""
    return {after.id: before for before, after in pairwise(posts)}
