"""Posts for display and export, read from the store by id."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from crawlers.rows import from_ms, row_post
from crawlers.schema import annotation, post, revision

# SQLite takes 32,766 variables in a statement, PostgreSQL 65,535.
_AT_ONCE = 5_000
_ADDED = (
    "model",
    "title_tokens",
    "text_tokens",
    "sentiment",
    "score",
    "confidence",
    "topics",
    "keyphrases",
    "unsure",
    "intent",
    "appeal",
    "sectors",
    "places",
    "duty",
    "copy_cluster",
    "duplicate_of",
)
_POSTS = (
    select(post, *(annotation.c[name].label(f"a_{name}") for name in _ADDED))
    .select_from(post.outerjoin(annotation, annotation.c.post_id == post.c.id))
    .where(post.c.id.in_(bindparam("ids", expanding=True)))
)
_AT = func.coalesce(post.c.published_ms, post.c.collected_ms).label("at_ms")
_WORDINGS = select(post.c.id, _AT, post.c.title, post.c.text).where(post.c.id.in_(bindparam("ids", expanding=True)))
_INDEXED = select(annotation.c.post_id).where(annotation.c.status == "indexed").limit(1)
_REVISIONS = select(revision).where(revision.c.post_id == bindparam("id")).order_by(revision.c.revision.desc())
_TITLES = (
    select(post.c.thread_url, post.c.title)
    .where(post.c.thread_url.in_(bindparam("threads", expanding=True)), post.c.title != "")
    .order_by(post.c.published_ms.nulls_first(), post.c.id)
)
# Threads of thousands of floors exist; the first thousand are enough to go on from.
_THREAD = (
    select(post.c.id, post.c.kind, post.c.published_ms)
    .where(post.c.thread_url == bindparam("thread"), post.c.id != bindparam("id"))
    .order_by(post.c.published_ms.nulls_first(), post.c.id)
    .limit(1000)
)


def posts_by_id(connection: Connection, ids: Sequence[str]) -> list[dict[str, Any]]:
    """The posts of `ids` in that order, as exported; those no longer in the store are left out."""
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(ids), _AT_ONCE):
        chunk = list(ids[start : start + _AT_ONCE])
        for row in connection.execute(_POSTS, {"ids": chunk}).mappings():
            found[row["id"]] = _exported(row)
    return [found[one] for one in ids if one in found]


def wordings_of(connection: Connection, ids: Sequence[str]) -> list[tuple[str, int, str, str]]:
    """Id, time of publication (of collection where none is known; ms), title and text of posts, in no order."""
    found: list[tuple[str, int, str, str]] = []
    for start in range(0, len(ids), _AT_ONCE):
        rows = connection.execute(_WORDINGS, {"ids": list(ids[start : start + _AT_ONCE])})
        found += ((row.id, row.at_ms, row.title, row.text) for row in rows)
    return found


def _exported(row: Any) -> dict[str, Any]:
    values = row_post(row).to_dict()
    label = row["a_sentiment"]
    values["tokens"] = f"{row['a_title_tokens'] or ''} {row['a_text_tokens'] or ''}".split()
    values["sentiment"] = (
        {
            "label": label,
            "score": row["a_score"],
            "confidence": row["a_confidence"],
            "unsure": bool(row["a_unsure"]),
        }
        if label
        else None
    )
    values["topics"] = (row["a_topics"] or "").split()
    values["keyphrases"] = [phrase for phrase in (row["a_keyphrases"] or "").split("\x1f") if phrase]
    values["intent"] = row["a_intent"] or ""
    values["appeal"] = bool(row["a_appeal"]) if label else None
    values["sectors"] = (row["a_sectors"] or "").split()
    values["places"] = [place for place in (row["a_places"] or "").split("\x1f") if place]
    values["duty"] = row["a_duty"] or ""
    values["copies"] = row["a_copy_cluster"] or ""
    values["duplicate_of"] = row["a_duplicate_of"] or ""
    values["model"] = row["a_model"] or ""
    return values


def any_indexed(connection: Connection) -> bool:
    """Whether any post was ever put into the index."""
    return connection.execute(_INDEXED).first() is not None


def revisions_of(connection: Connection, post_id: str) -> list[dict[str, Any]]:
    """What the post said before, newest first: revision, replaced (ISO time), record (the old post)."""
    rows = connection.execute(_REVISIONS, {"id": post_id}).mappings()
    return [
        {"revision": row["revision"], "replaced": _iso(row["replaced_ms"]), "record": json.loads(row["record"])}
        for row in rows
    ]


def thread_of(connection: Connection, values: dict[str, Any]) -> list[dict[str, Any]]:
    """The other posts of the post's thread, oldest first: id, kind, published."""
    if not values["thread_url"]:
        return []
    rows = connection.execute(_THREAD, {"thread": values["thread_url"], "id": values["id"]}).mappings()
    return [{"id": row["id"], "kind": row["kind"], "published": _iso(row["published_ms"])} for row in rows]


def thread_titles(connection: Connection, threads: Sequence[str]) -> dict[str, str]:
    """The title of each thread: that of its earliest post that has one."""
    rows = connection.execute(_TITLES, {"threads": list(threads)})
    titles: dict[str, str] = {}
    for thread, title in rows:
        titles.setdefault(thread, title)
    return titles


def _iso(ms: int | None) -> str | None:
    moment = from_ms(ms)
    return moment.isoformat().replace("+00:00", "Z") if moment else None
