"""Writes posts: new ones, changed ones with their old version kept, counters alone, or nothing where nothing changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from crawlers.record import Post, to_json
from crawlers.report import Counts
from crawlers.rows import from_ms, post_row, row_post
from crawlers.schema import meta, post, revision
from crawlers.store import insert_rows, take_turn, upsert

# SQLite takes at most 32,766 parameters in a statement; 500 keep the statement small enough to be cached.
_CHUNK = 500
_SEQUENCE = "landed_seq"
_COUNTERS = ("likes", "dislikes", "replies")
# A page that says 刚刚 or 1 minute ago is off by minutes, not by the whole of the age it gives.
_JUST_NOW = timedelta(minutes=10)
# What stays as it was when a post changes: when it was first collected.
_KEPT = ("id", "collected_ms")


class PostWriter:
    """Writes the posts of one batch within the transaction of `connection`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def write(self, posts: Sequence[tuple[Post, str]], counts: Counts) -> set[str]:
        """Write posts, each with the id of its page; of two with one id the last counts. Returns ids new or changed."""
        latest = {one.id: (one, page) for one, page in posts}
        counts.posts_unchanged += len(posts) - len(latest)
        stored = self._stored(list(latest))
        new: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        counters: list[dict[str, Any]] = []
        views: list[dict[str, Any]] = []
        for one, page in latest.values():
            row = {**post_row(one), "page_id": page}
            old = stored.get(one.id)
            if old is not None and old["content_hash"] != row["content_hash"]:
                row = {**post_row(_settled(one, old)), "page_id": page}
            if old is None:
                new.append({**row, "revision": 1})
            elif old["content_hash"] != row["content_hash"]:
                changed.append({**row, "revision": old["revision"] + 1})
            elif any(old[name] != row[name] for name in _COUNTERS):
                counters.append(row)
            else:
                counts.posts_unchanged += 1
                if old["views"] != row["views"]:
                    views.append(row)
        self._number(new + changed + counters)
        insert_rows(self.connection, post, new)
        self._change(changed)
        self._count(counters, (*_COUNTERS, "views", "landed_seq"))
        # Reading a page raises its counter of views: that alone is no change the index must follow.
        self._count(views, ("views",))
        counts.posts_new += len(new)
        counts.posts_changed += len(changed)
        counts.posts_engagement += len(counters)
        return {row["id"] for row in new + changed}

    def _stored(self, ids: list[str]) -> dict[str, dict[str, Any]]:
        columns = (
            post.c.id,
            post.c.content_hash,
            post.c.revision,
            post.c.likes,
            post.c.dislikes,
            post.c.replies,
            post.c.views,
            post.c.published_ms,
            post.c.official_replied_ms,
        )
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(ids), _CHUNK):
            asked = select(*columns).where(post.c.id.in_(ids[start : start + _CHUNK]))
            found.update({row["id"]: dict(row) for row in self.connection.execute(asked).mappings()})
        return found

    def _number(self, rows: list[dict[str, Any]]) -> None:
        """Give rows the next numbers of the landing; the row in `meta` is locked, so numbers never overtake each other."""
        if not rows:
            return
        asked = select(meta.c.value).where(meta.c.key == _SEQUENCE).with_for_update()
        held = self.connection.execute(asked).scalar()
        if held is None:  # the first landing of all: there is no row to lock yet
            take_turn(self.connection, _SEQUENCE)
            held = self.connection.execute(asked).scalar()
        last = int(held or 0)
        for number, row in enumerate(rows, start=last + 1):
            row["landed_seq"] = number
        upsert(self.connection, meta, [{"key": _SEQUENCE, "value": str(last + len(rows))}], key="key")

    def _change(self, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        replaced: list[dict[str, Any]] = []
        by_id = {row["id"]: row for row in rows}
        ids = list(by_id)
        for start in range(0, len(ids), _CHUNK):
            asked = select(post).where(post.c.id.in_(ids[start : start + _CHUNK]))
            for old in self.connection.execute(asked).mappings():
                at = by_id[old["id"]]["collected_ms"]
                record = to_json(row_post(dict(old)))
                replaced.append(
                    {"post_id": old["id"], "revision": old["revision"], "replaced_ms": at, "record": record}
                )
        insert_rows(self.connection, revision, replaced)
        self._count(rows, tuple(name for name in rows[0] if name not in _KEPT))

    def _count(self, rows: list[dict[str, Any]], names: Sequence[str]) -> None:
        if not rows:
            return
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
        statement = update(post).where(post.c.id == bindparam("at_id")).values(values)
        packed = [{"at_id": row["id"], **{f"new_{name}": row[name] for name in names}} for row in rows]
        self.connection.execute(statement, packed)


def _settled(new: Post, old: Mapping[str, Any]) -> Post:
    """`new` with the times kept that only drifted: 3 小时前, read again an hour later, is no edit."""
    published = _steady(from_ms(old["published_ms"]), new.published, new.collected)
    official = new.official
    if official is not None:
        replied = _steady(from_ms(old["official_replied_ms"]), official.replied, new.collected)
        official = replace(official, replied=replied)
    return replace(new, published=published, official=official)


def _steady(old: datetime | None, new: datetime | None, collected: datetime) -> datetime | None:
    """The time to keep. An age in whole units (3 小时前) is rounded down, so it makes a time too late by less than itself:
    of two such readings the earlier is the better. A time later by more, or much earlier, was set anew by the site."""
    if old is None or new is None:
        return new
    return old if -_JUST_NOW < new - old < max(collected - new, _JUST_NOW) else new
