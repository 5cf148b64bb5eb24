"""WordPress by its REST interface (/wp-json/wp/v2): posts and comments as JSON, a hundred a page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from config.text import tr
from crawlers.adapters.base import FetchedPage, Link, ParsedPage, Problem, WrongPage
from crawlers.adapters.html_page import fragment
from crawlers.adapters.wordpress_text import body_text, is_protected, split_comment_url
from crawlers.dates import parse_date
from crawlers.markup import html_text
from crawlers.record import Kind, RawPost

PER_PAGE = 100  # the most WordPress gives
# Sites of up to this many pages of posts are read whole each time (an edit made past WordPress has no new date); of larger
# ones only what is new or modified.
WHOLE_PAGES = 10
OVERLAP = timedelta(days=1)  # for their clock, and for posts saved while the last run went on
_POST_FIELDS = "id,date_gmt,modified_gmt,link,status,title,content,_links,_embedded"
_COMMENT_FIELDS = "id,post,parent,author_name,date_gmt,content,link,status"


def endpoint(root: str, what: str, query: str) -> str:
    """The address of `what` ("posts") below the interface's root, which ends in /wp-json/ or ?rest_route=/."""
    joint = "&" if "?" in root else "?"
    return f"{root.rstrip('/')}/wp/v2/{what}{joint}{query}"


def post_queries(state: Mapping[str, Any]) -> list[str]:
    """What to ask for posts: all of them, or what is new and what was modified since the last run.

    Sorted by id: many posts may share a second, and pages sorted by a time would then lose some. A post published on
    schedule keeps the modified date of the day it was written, so both dates are asked for.
    """
    whole = f"per_page={PER_PAGE}&orderby=id&order=asc&_embed=author,wp:term&_fields={_POST_FIELDS}"
    read_at, pages = state.get("rest_read_at"), state.get("rest_pages")
    if not isinstance(read_at, str) or not isinstance(pages, int) or pages <= WHOLE_PAGES:
        return [whole]
    moment = parse_date(read_at, now=datetime.now(UTC), timezone="UTC")
    if moment is None:
        return [whole]
    # A whole day, so that the addresses of a day's runs are the same.
    since = f"{(moment - OVERLAP):%Y-%m-%d}T00:00:00Z"
    return [f"modified_after={since}&{whole}", f"after={since}&{whole}"]


def comment_query() -> str:
    """What to ask for comments: always all, since an edited comment has no new date."""
    return f"per_page={PER_PAGE}&orderby=id&order=asc&_fields={_COMMENT_FIELDS}"


def read_posts(page: FetchedPage) -> ParsedPage:
    """The posts of a page of the interface, and the pages behind it. Raises WrongPage when it is closed."""
    items, problems = _items(page), []
    posts = []
    for item in items:
        try:
            post = _post(item, page.fetched_at)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            problems.append(_unreadable(item, error))
            continue
        if post is not None:
            posts.append(post)
    whole = not any(mark in page.url for mark in ("modified_after=", "?after=", "&after="))
    state = {"rest_read_at": _their_time(page).isoformat(), "rest_pages": _total(page, items)}
    first = _number(page) == 1 and whole
    return ParsedPage(posts=posts, more=_following(page, items), problems=problems, state=state if first else {})


def read_comments(page: FetchedPage) -> ParsedPage:
    """The comments of a page of the interface, and the pages behind it. Raises WrongPage when it is closed."""
    items, problems = _items(page), []
    posts = []
    for item in items:
        try:
            post = _comment(item, page.fetched_at)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            problems.append(_unreadable(item, error))
            continue
        if post is not None:
            posts.append(post)
    return ParsedPage(posts=posts, more=_following(page, items), problems=problems)


def _items(page: FetchedPage) -> list[Any]:
    try:
        data = json.loads(page.text)
    except (ValueError, RecursionError) as error:
        message = tr("REST 接口未给出 JSON，而是 {t!r}", "REST gave no JSON but {t!r}", t=page.text[:60])
        raise WrongPage(message) from error
    if not isinstance(data, list):
        code = data.get("code") if isinstance(data, dict) else type(data).__name__
        raise WrongPage(tr("REST 接口不开放：{c}", "REST is closed: {c}", c=str(code)[:80]))
    return data


def _post(item: Mapping[str, Any], now: datetime) -> RawPost | None:
    """A post that is open to all; None for one behind a password."""
    content = item["content"]
    if content.get("protected") or item.get("status", "publish") != "publish" or is_protected(content["rendered"]):
        return None
    published = _gmt(item["date_gmt"], now)
    modified = _gmt(item.get("modified_gmt") or "", now)
    embedded = item.get("_embedded") or {}
    return RawPost(
        kind=Kind.ARTICLE,
        url=item["link"],
        title=html_text(item["title"]["rendered"]),
        text=body_text(fragment(content["rendered"])),
        native_id=f"p{int(item['id'])}",
        thread_url=item["link"],
        author=_first_name(embedded.get("author")),
        published=published,
        edited=modified if modified and published and modified > published else None,
        category=_category(embedded.get("wp:term"))[:80],
    )


def _comment(item: Mapping[str, Any], now: datetime) -> RawPost | None:
    """An approved comment; None for one that waits, or stands behind a password."""
    rendered = item["content"]["rendered"]
    if item.get("status", "approved") != "approved" or is_protected(rendered):
        return None
    url, thread_url = split_comment_url(item["link"])
    parent = int(item.get("parent") or 0)
    return RawPost(
        kind=Kind.COMMENT,
        url=url,
        title="",
        text=body_text(fragment(rendered)),
        native_id=f"c{int(item['id'])}",
        thread_url=thread_url,
        parent_native=f"c{parent}" if parent else f"p{int(item['post'])}",
        author=html_text(item.get("author_name") or ""),
        published=_gmt(item["date_gmt"], now),
    )


def _gmt(text: str, now: datetime) -> datetime | None:
    return parse_date(text, now=now, timezone="UTC")


def _first_name(people: Any) -> str:
    """The name of the first author; "" where the site does not tell."""
    name = people[0].get("name") if isinstance(people, list) and people and isinstance(people[0], dict) else ""
    return html_text(name) if isinstance(name, str) else ""


def _category(groups: Any) -> str:
    """The name of the first category."""
    for group in groups if isinstance(groups, list) else []:
        for term in group if isinstance(group, list) else []:
            if isinstance(term, dict) and term.get("taxonomy") == "category":
                return html_text(str(term.get("name", "")))
    return ""


def _unreadable(item: Any, error: Exception) -> Problem:
    reason = tr("REST 条目缺少字段：{e}", "an entry of REST lacks a field: {e}", e=repr(error)[:120])
    return Problem(reason, json.dumps(item, ensure_ascii=False)[:2000])


def _number(page: FetchedPage) -> int:
    number = page.meta.get("n", 1)
    return number if isinstance(number, int) else 1


def _total(page: FetchedPage, items: Sequence[Any]) -> int:
    """How many pages there are, by the header; where a proxy took it off, one more as long as pages are full."""
    told = page.headers.get("x-wp-totalpages", "")
    if told.isascii() and told.isdigit() and len(told) < 7:
        return int(told)
    return _number(page) + (1 if len(items) >= PER_PAGE else 0)


def _following(page: FetchedPage, items: Sequence[Any]) -> list[Link]:
    """The next page: one after the other, so that a site that grows meanwhile is read to its end."""
    number = _number(page)
    if not items or number >= _total(page, items):
        return []
    base = page.meta.get("query")
    if not isinstance(base, str):
        return []
    return [Link(f"{base}&page={number + 1}", page.role, walk=True, meta={"query": base, "n": number + 1})]


def _their_time(page: FetchedPage) -> datetime:
    """The site's own clock, which its dates follow; ours where it tells none."""
    try:
        moment = parsedate_to_datetime(page.headers.get("date", ""))
    except ValueError:
        return page.fetched_at
    return moment if moment.tzinfo else page.fetched_at
