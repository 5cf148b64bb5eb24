"""Enforces the retention in the store: what is older than the settings allow goes, in small transactions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, func, select

from config.settings import Retention
from crawlers.rows import to_ms
from crawlers.schema import annotation, audit, correction, meta, post, revision, run, set_aside
from crawlers.store import insert_rows, read, take_turn, write

# Small enough that a crawl waiting for the lock does not notice.
_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class PurgeReport:
    """How many of each were removed (or would be). alerts: by the pipeline, whose they are."""

    posts: int
    revisions: int
    set_aside: int
    runs: int
    audit: int
    alerts: int = 0

    def to_dict(self) -> dict[str, int]:
        """As JSON values."""
        return asdict(self)


def purge(
    engine: Engine,
    retention: Retention,
    *,
    now: datetime,
    forget: Callable[[Sequence[str]], None],
    dry_run: bool = False,
) -> PurgeReport:
    """Remove what is too old. forget: takes posts out of the index, by ids, before they leave the store, so that a stop
    in between leaves no post that can be found but not shown. A post's age counts from when it was published."""
    age = func.coalesce(post.c.published_ms, post.c.collected_ms)
    old_posts = age < _limit(now, retention.posts_days)
    others: list[tuple[Table, ColumnElement[bool]]] = [
        (revision, revision.c.replaced_ms < _limit(now, retention.revisions_days)),
        (set_aside, set_aside.c.at_ms < _limit(now, retention.set_aside_days)),
        (run, run.c.started_ms < _limit(now, retention.runs_days)),
        (audit, audit.c.at_ms < _limit(now, retention.audit_days)),
    ]
    if dry_run:
        with read(engine) as connection:
            counted = [
                int(connection.execute(select(func.count()).select_from(table).where(old)).scalar_one())
                for table, old in [(post, old_posts), *others]
            ]
        return PurgeReport(*counted)
    posts = _purge_posts(engine, old_posts, forget)
    removed: list[int] = []
    for table, old in others:
        with write(engine) as connection:
            if table is audit:
                removed.append(_purge_audit(connection, _limit(now, retention.audit_days)))
            else:
                removed.append(connection.execute(delete(table).where(old)).rowcount)
    return PurgeReport(posts, *removed)


def _purge_audit(connection: Connection, before_ms: int) -> int:
    """Triggers keep the rows of the audit; they let those go that are older than this mark, while it stands."""
    take_turn(connection, "audit")
    mark = {"key": "audit_before", "value": str(before_ms)}
    connection.execute(delete(meta).where(meta.c.key == mark["key"]))
    insert_rows(connection, meta, [mark])
    removed = connection.execute(delete(audit).where(audit.c.at_ms < before_ms)).rowcount
    connection.execute(delete(meta).where(meta.c.key == mark["key"]))
    return removed


def _limit(now: datetime, days: int) -> int:
    return to_ms(now - timedelta(days=days)) or 0


def _purge_posts(engine: Engine, old: ColumnElement[bool], forget: Callable[[Sequence[str]], None]) -> int:
    removed = 0
    while True:
        with read(engine) as connection:
            ids = list(connection.execute(select(post.c.id).where(old).limit(_BATCH)).scalars())
        if not ids:
            return removed
        forget(ids)
        with write(engine) as connection:
            _delete_posts(connection, ids)
        removed += len(ids)


def _delete_posts(connection: Any, ids: list[str]) -> None:
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        # Who annotates one of them holds its row: what that adds is seen, and goes too, once it is let go of.
        connection.execute(select(post.c.id).where(post.c.id.in_(some)).order_by(post.c.id).with_for_update()).all()
        connection.execute(delete(annotation).where(annotation.c.post_id.in_(some)))
        connection.execute(delete(correction).where(correction.c.post_id.in_(some)))
        connection.execute(delete(revision).where(revision.c.post_id.in_(some)))
        connection.execute(delete(post).where(post.c.id.in_(some)))
