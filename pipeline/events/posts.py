"""Posts out of the store, as the detection takes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from crawlers.rows import to_ms
from crawlers.schema import annotation, post
from pipeline.events.heard import Heard
from pipeline.events.tables import event_post, event_seen

_AT = func.coalesce(post.c.published_ms, post.c.collected_ms).label("at_ms")
# An answer of the administration is no voice of the public.
_COUNTED = (annotation.c.status == "indexed") & (post.c.kind != "official_reply")
_HEARD = select(
    post.c.id, _AT, post.c.source, post.c.kind, post.c.author, post.c.thread_url, post.c.title,
    post.c.official_text.isnot(None).label("answered"),
    annotation.c.title_tokens, annotation.c.text_tokens, annotation.c.duplicate_of, annotation.c.sentiment,
    annotation.c.unsure, annotation.c.topics, annotation.c.sectors, annotation.c.places, annotation.c.duty,
    annotation.c.keyphrases,
).join(annotation, annotation.c.post_id == post.c.id)  # fmt: skip
_IDS = 5_000


def waiting(connection: Connection, most: int) -> list[Heard]:
    """Posts that stand in the index and were not decided on, in the order of publication, the first `most`."""
    unseen = ~select(event_seen.c.number).where(event_seen.c.post_id == post.c.id).exists()
    rows = connection.execute(_HEARD.where(_COUNTED, unseen).order_by(_AT, post.c.id).limit(most))
    return [_heard(row) for row in rows]


def owned(connection: Connection) -> dict[str, str]:
    """The event of each post that belongs to one."""
    rows = connection.execute(select(event_post.c.post_id, event_post.c.event_id))
    return {row.post_id: row.event_id for row in rows}


def decided(connection: Connection, since_ms: int) -> Iterator[Heard]:
    """Posts since then that were decided on, in that order."""
    asked = _HEARD.join(event_seen, event_seen.c.post_id == post.c.id)
    rows = connection.execute(asked.where(_COUNTED, since_ms <= _AT).order_by(event_seen.c.number))
    return (_heard(row) for row in rows)


def published(connection: Connection, since: datetime, until: datetime) -> list[Heard]:
    """Posts published between since and until (exclusive), in that order."""
    between = (to_ms(since) <= _AT) & (to_ms(until) > _AT)
    return [_heard(row) for row in connection.execute(_HEARD.where(_COUNTED, between).order_by(_AT, post.c.id))]


def by_id(connection: Connection, ids: Sequence[str]) -> dict[str, Heard]:
    """The posts of `ids` that are still in the index."""
    found: dict[str, Heard] = {}
    for start in range(0, len(ids), _IDS):
        some = ids[start : start + _IDS]
        rows = connection.execute(_HEARD.where(_COUNTED, post.c.id.in_(some)))
        found |= {row.id: _heard(row) for row in rows}
    return found


def _heard(row: Row[Any]) -> Heard:
    return Heard(
        id=row.id,
        published_ms=row.at_ms,
        source=row.source,
        kind=row.kind,
        # Where a source shows no authors, it is one voice.
        voice=row.author or f"@{row.source}",
        thread=row.thread_url,
        title=row.title,
        title_tokens=row.title_tokens,
        text_tokens=row.text_tokens,
        original=row.duplicate_of,
        negative=None if row.unsure else row.sentiment == "negative",
        answered=row.answered,
        topics=tuple(row.topics.split()),
        sectors=tuple(row.sectors.split()),
        places=tuple(row.places.split("\x1f")) if row.places else (),
        duty=row.duty,
        phrases=tuple(row.keyphrases.split("\x1f")) if row.keyphrases else (),
    )
