"""WordPress by its pages: lists of posts, a post, its comments; classic themes and block themes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from config.text import tr
from crawlers.adapters.base import FetchedPage, Link, ParsedPage, WrongPage
from crawlers.adapters.html_page import Element, document, having, hrefs, markup_text, one, plain, select
from crawlers.adapters.wordpress_text import body_text, comment_number, password_form, post_url
from crawlers.canonical import canonical_url
from crawlers.dates import parse_date
from crawlers.markup import parse_html
from crawlers.record import Kind, RawPost

_BODY_CLASS = re.compile(r"\b(postid|page-id)-(\d{1,19})\b")
_NUMBERED = re.compile(r"(?:post|comment|div-comment|li-comment)-(\d{1,19})")
_SHORT = re.compile(r"[?&]p=(\d{1,19})$")
_COMMENT_PAGE = re.compile(r"/comment-page-(\d{1,6})/?$")
_CPAGE = re.compile(r"[?&]cpage=(\d{1,6})")
_BODIES = ("entry-content", "wp-block-post-content", "post-content", "article-content", "post-entry")
_COMMENT_BODIES = (
    f"{having('comment-content')} or {having('wp-block-comment-content')} or {having('comment-body-text')}"
)
_POST_MAP = re.compile(r"/wp-sitemap-posts-(?:post|page)-\d+\.xml|[?&]sitemap=posts&sitemap-subtype=(?:post|page)")
MAX_COMMENT_PAGES = 500


def read_list(page: FetchedPage) -> ParsedPage:
    """Links to the posts of a list page, and to the next one. Raises WrongPage when it lists no post."""
    links = list_links(document(page), page.url, articles=page.meta.get("articles") is not False)
    if not any(link.role == "post" for link in links):
        raise WrongPage(tr("网页上没有文章列表", "there is no list of posts on the page"))
    posts = [link for link in links if link.role == "post"]
    return ParsedPage(links=posts, more=[link for link in links if link.role == "list"])


def list_links(tree: Element, base: str, *, articles: bool) -> list[Link]:
    """The posts a page lists ("post"), then the next page of the list ("list"); empty for a page that lists none."""
    titles = select(
        tree,
        f"//*[{having('entry-title')} or {having('wp-block-post-title')} or {having('post-title')}]//a[@href]"
        " | //article//a[@rel='bookmark'][@href]",
    )
    urls = dict.fromkeys(url for href in hrefs(titles) if (url := _address(href, base)))
    following = select(
        tree,
        f"//a[{having('next')}][{having('page-numbers')}] | //a[{having('wp-block-query-pagination-next')}]"
        f" | //*[{having('nav-previous')}]/a | //link[@rel='next']",
    )
    onward = [url for href in hrefs(following)[:1] if urls and (url := _address(href, base))]
    meta = {"articles": articles}
    return [Link(url, "post", meta=meta) for url in urls] + [Link(url, "list", walk=True, meta=meta) for url in onward]


def read_sitemap(page: FetchedPage) -> ParsedPage:
    """Links to the posts a sitemap of WordPress lists, or to its maps of posts. Raises WrongPage for anything else."""
    tree = parse_html(page.text)
    found = [plain(loc) for loc in select(tree, "//*[local-name()='loc']")] if tree is not None else []
    if not found:
        raise WrongPage(tr("不是站点地图", "it is no sitemap"))
    urls = [url for loc in found if (url := _address(loc, page.url))]
    if any(_POST_MAP.search(url) for url in urls):
        return ParsedPage(links=[Link(u, "sitemap", walk=True, meta=page.meta) for u in urls if _POST_MAP.search(u)])
    if not _POST_MAP.search(page.url):
        return ParsedPage()
    return ParsedPage(links=[Link(u, "post", meta={"articles": page.meta.get("articles") is not False}) for u in urls])


def read_post(page: FetchedPage, *, articles: bool, comments: bool) -> ParsedPage:
    """The post of a page (unless `articles` is off) and its comments (unless `comments` is off), and their other pages.

    Raises: WrongPage when there is neither a post nor a comment.
    """
    tree = document(page)
    number, is_post = _identity(tree)
    body = next((found for name in _BODIES if (found := one(tree, f"//*[{having(name)}]")) is not None), None)
    if password_form(body if body is not None else tree):
        return ParsedPage(restricted=True)
    if body is None and one(tree, "//*[starts-with(@id, 'comment-')]") is None:
        raise WrongPage(tr("网页上没有文章正文（.entry-content）", "there is no post on the page (.entry-content)"))
    posts: list[RawPost] = []
    if articles and body is not None and is_post and page.role == "post":
        posts.append(_article(tree, body, number, page))
    if not comments:
        return ParsedPage(posts=posts)
    posts.extend(_comments(tree, number, page))
    return ParsedPage(posts=posts, links=_comment_pages(tree, page))


def _article(tree: Element, body: Element, number: str, page: FetchedPage) -> RawPost:
    title = one(tree, f"//h1[{having('entry-title')} or {having('wp-block-post-title')}]")
    title = title if title is not None else one(tree, "//article//h1 | //main//h1 | //h1")
    author = one(tree, f"//a[contains(@rel, 'author')] | //*[{having('author')}]//*[{having('fn')}]")
    author = author if author is not None else one(tree, f"//*[{having('wp-block-post-author__name')}]")
    category = one(tree, "//a[contains(@rel, 'category')] | //*[contains(@class, 'taxonomy-category')]//a")
    url = post_url(page.url)
    published, edited = _article_times(tree, page.fetched_at)
    return RawPost(
        kind=Kind.ARTICLE,
        url=url,
        title=markup_text(title) if title is not None else "",
        text=body_text(body),
        native_id=f"p{number}",
        thread_url=url,
        author=plain(author) if author is not None else "",
        published=published,
        edited=edited,
        category=plain(category)[:80] if category is not None else "",
    )


def _article_times(tree: Element, now: datetime) -> tuple[datetime | None, datetime | None]:
    """When the post was published, and when edited where the theme says so."""
    published = select(
        tree,
        f"//time[{having('entry-date')}][@datetime] | //*[{having('wp-block-post-date')}]//time[@datetime]"
        " | //meta[@property='article:published_time'] | //article//time[@datetime][not(ancestor::*[@id='comments'])]",
    )
    own = [e for e in published if "updated" not in (e.get("class") or "") or "published" in (e.get("class") or "")]
    edited = one(
        tree, f"//time[{having('updated')}][not({having('published')})] | //meta[@property='article:modified_time']"
    )
    first, last = _moment(own[0], now) if own else None, _moment(edited, now) if edited is not None else None
    return first, last if first and last and last > first else None


def _moment(stamp: Element, now: datetime) -> datetime | None:
    return parse_date(stamp.get("datetime") or stamp.get("content") or "", now=now)


def _identity(tree: Element) -> tuple[str, bool]:
    """The number the page's post has on its site ("" where it tells none), and whether it is a post, not a static page."""
    body = one(tree, "//body")
    if body is not None and (found := _BODY_CLASS.search(body.get("class", ""))):
        return found[2], found[1] == "postid"
    for link in hrefs(select(tree, "//link[@rel='shortlink']")):
        if found := _SHORT.search(link):
            return found[1], True
    articles = select(tree, "//article[starts-with(@id, 'post-')]")
    found = _NUMBERED.fullmatch(articles[0].get("id", "")) if len(articles) == 1 else None
    return (found[1], "type-page" not in articles[0].get("class", "")) if found else ("", False)


def _comments(tree: Element, post: str, page: FetchedPage) -> Iterator[RawPost]:
    """The approved comments of a page, nested ones after those they answer."""
    for node in select(
        tree, f"//li[starts-with(@id, 'comment-')] | //div[{having('comment')}][starts-with(@id, 'comment-')]"
    ):
        found = _NUMBERED.fullmatch(node.get("id", ""))
        marks = (node.get("class") or "").split()
        if found is None or "pingback" in marks or "trackback" in marks:
            continue
        comment = _comment(node, found[1], post, page)
        if comment is not None:
            yield comment


def _comment(node: Element, number: str, post: str, page: FetchedPage) -> RawPost | None:
    """One comment; None for one that waits for approval, or has no text of its own."""

    def own(xpath: str) -> Element | None:
        return next((e for e in select(node, xpath) if _holder(e) is node), None)

    body = own(f".//*[{_COMMENT_BODIES}]")
    if body is None or own(f".//*[{having('comment-awaiting-moderation')}]") is not None:
        return None
    stamp = own(f".//*[{having('comment-metadata')}]//time[@datetime]")
    stamp = stamp if stamp is not None else own(".//time[@datetime]")
    author = own(f".//*[{having('fn')}]")
    author = author if author is not None else own(f".//*[{having('wp-block-comment-author-name')}]")
    parent = _holder(node.getparent())
    answered = _NUMBERED.fullmatch(parent.get("id", "")) if parent is not None else None
    return RawPost(
        kind=Kind.COMMENT,
        url=_comment_url(node, number, page.url),
        title="",
        text=body_text(body),
        native_id=f"c{number}",
        thread_url=post_url(page.url),
        parent_native=f"c{answered[1]}" if answered else f"p{post}" if post else "",
        author=plain(author) if author is not None else "",
        published=_moment(stamp, page.fetched_at) if stamp is not None else None,
    )


def _holder(node: Element | None) -> Element | None:
    """The comment an element belongs to: the nearest one around it."""
    while node is not None:
        if (node.get("id") or "").startswith("comment-") and _NUMBERED.fullmatch(node.get("id")):
            return node
        node = node.getparent()
    return None


def _comment_url(node: Element, number: str, page_url: str) -> str:
    """The comment's lasting address, which names its page of comments, as its own date links it."""
    for href in hrefs(select(node, f".//a[contains(@href, '#comment-{number}')]")):
        url = _address(href, page_url)
        if comment_number(href) == number and url and post_url(url) == post_url(page_url):
            return f"{url}#comment-{number}"
    return f"{page_url}#comment-{number}"


def _comment_pages(tree: Element, page: FetchedPage) -> list[Link]:
    """The other pages of comments, from the first to the last that is linked."""
    if page.role != "post":
        return []
    base, last, template = post_url(page.url), 0, ""
    for href in hrefs(select(tree, "//a[contains(@href, 'comment-page-') or contains(@href, 'cpage=')]")):
        url = _address(href, page.url)
        found = (_COMMENT_PAGE.search(url) or _CPAGE.search(url)) if url else None
        # A comment's own date also links its page: on the post's page that is the page shown, read here already.
        # So does its link for answering (?replytocom=…#respond), which is no page of its own.
        if found and post_url(url) == base and not comment_number(href) and "replytocom" not in href:
            last = max(last, int(found[1]))
            template = url.replace(found[0], found[0].replace(found[1], "{}"))
    meta: dict[str, Any] = {"articles": False}
    pages = range(1, min(last, MAX_COMMENT_PAGES) + 1)
    return [Link(template.replace("{}", str(n)), "comments", meta=meta) for n in pages]


def _address(href: str, base: str) -> str:
    """The canonical address of a link; "" for one that leads nowhere."""
    try:
        return canonical_url(href, base)
    except ValueError:
        return ""
