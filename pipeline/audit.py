"""Who asked, opened and exported what: one row each, in the store's `audit` table."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine, insert

from config.errors import TransientError
from config.text import tr
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
        "detail": _storable(detail[:10_000]),
        "posts": posts,
    }
    try:
        with write(engine) as connection:
            connection.execute(insert(audit), row)
    except TransientError as error:
        message = tr(
            "数据库被另一个进程占用，查询的审计没有写进去，所以没有给出结果；稍后再试",
            "the store is locked by another process, so this read could not be audited and is not given; try again",
        )
        raise TransientError(message, **error.context) from error


def _storable(text: str) -> str:
    """`text` as every database takes it: no lone surrogates, no NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")
