"""Official replies by the day they were given (the index knows when a message was published, not when it was answered)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, func, insert, select

from config.project import Project
from crawlers.schema import audit, post
from crawlers.store import read, write
from pipeline.sources_view import store_engine


@dataclass(frozen=True, slots=True)
class Reply:
    """An official reply. title, text: redacted, of the message and of the reply; waited: from message to reply, None
    where the page shows no time of the message."""

    post_id: str
    unit: str
    replied_at: datetime
    title: str
    text: str
    waited: timedelta | None


@dataclass(frozen=True, slots=True)
class Replies:
    """total: how many were given; newest: some of them, newest first."""

    total: int
    newest: tuple[Reply, ...]


def replies_between(project: Project, *, since: datetime, until: datetime, size: int, who: str) -> Replies:
    """Replies given from `since` until before `until`; reading them is audited."""
    at = post.c.official_replied_ms
    within = (at >= _ms(since), at < _ms(until))
    engine = store_engine(project)
    columns = (post.c.id, post.c.official_unit, at, post.c.title, post.c.official_text, post.c.published_ms)
    asked = select(*columns).where(*within).order_by(at.desc(), post.c.id).limit(size)
    with write(engine) as connection:
        total = connection.execute(select(func.count()).select_from(post).where(*within)).scalar_one()
        rows = connection.execute(asked).all()
        if rows:
            detail = f"{since.isoformat()}/{until.isoformat()}"
            read = {
                "at_ms": _ms(datetime.now(UTC)),
                "who": who,
                "action": "replies",
                "detail": detail,
                "posts": len(rows),
            }
            connection.execute(insert(audit).values(read))
    return Replies(total, tuple(_reply(*row) for row in rows))


def _reply(
    post_id: str, unit: str | None, replied_ms: int, title: str, text: str | None, published_ms: int | None
) -> Reply:
    waited = timedelta(milliseconds=replied_ms - published_ms) if published_ms is not None else None
    return Reply(post_id, unit or "", datetime.fromtimestamp(replied_ms / 1000, UTC), title, text or "", waited)


def _ms(value: datetime) -> int:
    return int(value.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Waited:
    """How long an official reply took. asked_at: None where the page shows no time of the message."""

    unit: str
    asked_at: datetime | None
    replied_at: datetime


def waited_between(engine: Engine, *, since: datetime, until: datetime) -> list[Waited]:
    """Times of the replies given from `since` until before `until`, the oldest first: figures only, no text is read."""
    at = post.c.official_replied_ms
    asked = select(post.c.official_unit, post.c.published_ms, at).where(at >= _ms(since), at < _ms(until))
    with read(engine) as connection:
        rows = connection.execute(asked.order_by(at, post.c.id)).all()
    return [
        Waited(unit or "", None if asked_ms is None else _at(asked_ms), _at(replied_ms))
        for unit, asked_ms, replied_ms in rows
    ]


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
