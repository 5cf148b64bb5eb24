"""Who asked, opened and exported what: one row each, in the store's `audit` table."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine, insert

from crawlers.schema import audit
from crawlers.store import write
from pipeline.query.times import milliseconds


def append_audit(engine: Engine, who: str, action: str, detail: str, posts: int) -> None:
    """Write one row. action: search, post, export; detail: the question or id; posts: how many were read.

    Raises TransientError, StageError where the store does not take it: a read that leaves no trace is not given.
    """
    row = {
        "at_ms": milliseconds(datetime.now(UTC)),
        "who": who[:80],
        "action": action[:20],
        "detail": detail[:10_000],
        "posts": posts,
    }
    with write(engine) as connection:
        connection.execute(insert(audit), row)
