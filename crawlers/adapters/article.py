"""The article page behind a link of a feed or a sitemap, as a post. Shared by those two adapters."""

from __future__ import annotations

from datetime import datetime

from config.text import tr
from crawlers.adapters.base import FetchedPage, ParsedPage, Problem, WrongPage
from crawlers.extraction import extract_article
from crawlers.markup import one_line
from crawlers.record import Engagement, Kind, RawPost

_EVIDENCE_CHARS = 500


def article_page(page: FetchedPage, *, timezone: str) -> ParsedPage:
    """The page's one post; a Problem instead where no text was found.

    page.meta may hold what the feed or sitemap said: title, published (ISO 8601), summary (text for a page without any),
    native_id, category, replies. What it said of title and time goes before what the page says: it is exact.
    Raises: WrongPage where the page is no HTML.
    """
    kind = page.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and kind not in {"text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml"}:
        raise WrongPage(tr("应为网页，收到的是 {k}", "expected a web page, got {k}", k=kind[:80]))
    article = extract_article(page.text, page.url, now=page.fetched_at, timezone=timezone)
    meta = page.meta
    text = article.text or str(meta.get("summary") or "")
    title = one_line(str(meta.get("title") or "")) or article.title
    if not text:
        reason = tr("文章页里没有找到正文", "no text was found in the article page")
        return ParsedPage(problems=[Problem(reason, page.text[:_EVIDENCE_CHARS])])
    stated = meta.get("published")
    replies = meta.get("replies")
    post = RawPost(
        kind=Kind.ARTICLE,
        url=page.url,
        title=title,
        text=text,
        native_id=str(meta.get("native_id") or ""),
        thread_url=page.url,
        author=article.author,
        published=datetime.fromisoformat(stated) if isinstance(stated, str) and stated else article.published,
        edited=article.edited,
        category=str(meta.get("category") or ""),
        engagement=Engagement(replies=replies if isinstance(replies, int) else None),
    )
    return ParsedPage(posts=[post])
