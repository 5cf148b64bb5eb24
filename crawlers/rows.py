"""Between the record and the tables: times as milliseconds, nested values as columns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from crawlers.record import Engagement, Kind, Official, Post


def to_ms(value: datetime | None) -> int | None:
    """Milliseconds since 1970 UTC."""
    return None if value is None else round(value.timestamp() * 1000)


def from_ms(value: int | None) -> datetime | None:
    """Aware UTC time of milliseconds since 1970."""
    return None if value is None else datetime.fromtimestamp(value / 1000, UTC)


def post_row(post: Post) -> dict[str, Any]:
    """The columns of table `post` that come from the record (revision, landed_seq and page_id are the landing's)."""
    official = post.official
    return {
        "id": post.id,
        "source": post.source,
        "kind": str(post.kind),
        "url": post.url,
        "thread_url": post.thread_url,
        "parent_id": post.parent_id,
        "title": post.title,
        "text": post.text,
        "author": post.author,
        "published_ms": to_ms(post.published),
        "collected_ms": to_ms(post.collected),
        "edited_ms": to_ms(post.edited),
        "region": post.region,
        "category": post.category,
        "views": post.engagement.views,
        "likes": post.engagement.likes,
        "dislikes": post.engagement.dislikes,
        "replies": post.engagement.replies,
        "official_unit": official.unit if official else None,
        "official_replied_ms": to_ms(official.replied) if official else None,
        "official_text": official.text if official else None,
        "content_hash": post.content_hash(),
    }


def row_post(row: Mapping[str, Any]) -> Post:
    """The record of a row of table `post`."""
    official = None
    if row["official_text"] is not None:
        official = Official(row["official_unit"] or "", from_ms(row["official_replied_ms"]), row["official_text"])
    collected = from_ms(row["collected_ms"])
    assert collected is not None  # the column is NOT NULL
    return Post(
        id=row["id"],
        source=row["source"],
        kind=Kind(row["kind"]),
        url=row["url"],
        thread_url=row["thread_url"],
        parent_id=row["parent_id"],
        title=row["title"],
        text=row["text"],
        author=row["author"],
        published=from_ms(row["published_ms"]),
        collected=collected,
        edited=from_ms(row["edited_ms"]),
        region=row["region"],
        category=row["category"],
        engagement=Engagement(row["views"], row["likes"], row["dislikes"], row["replies"]),
        official=official,
    )
