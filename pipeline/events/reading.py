"""Events and flags out of the store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from pipeline.events.model import LEVELS, Event, Flag, Level, State, Verdict
from pipeline.events.tables import event, event_post, flag, verdict


def at(ms: int) -> datetime:
    """The aware time of milliseconds since 1970."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def events(
    connection: Connection,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    states: Sequence[State] = (),
) -> list[Event]:
    """Events with posts between since and until (exclusive), the latest first; merged ones are left out."""
    asked = select(event).where(event.c.merged_into == "")
    if since is not None:
        asked = asked.where(event.c.last_ms >= int(since.timestamp() * 1000))
    if until is not None:
        asked = asked.where(event.c.first_ms < int(until.timestamp() * 1000))
    if states:
        asked = asked.where(event.c.state.in_(states))
    return [event_of(row) for row in connection.execute(asked.order_by(event.c.last_ms.desc(), event.c.id))]


def event_by_id(connection: Connection, event_id: str) -> Event | None:
    """The event, through its merger where it was merged; None for an unknown id."""
    row = connection.execute(select(event).where(event.c.id == event_id)).first()
    if row is None:
        return None
    return event_by_id(connection, row.merged_into) if row.merged_into else event_of(row)


def posts_of(connection: Connection, event_id: str) -> list[str]:
    """Ids of the posts of an event."""
    return list(connection.execute(select(event_post.c.post_id).where(event_post.c.event_id == event_id)).scalars())


def event_of_post(connection: Connection, post_id: str) -> str:
    """Id of the event a post belongs to, "" for none."""
    found = connection.execute(select(event_post.c.event_id).where(event_post.c.post_id == post_id)).scalar()
    return str(found or "")


def flags(
    connection: Connection,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    at_least: Level = "blue",
    event_id: str = "",
) -> list[Flag]:
    """Flags raised between since and until (exclusive) of a level or above, the latest first."""
    asked = select(flag).where(flag.c.level.in_(LEVELS[LEVELS.index(at_least) :]))
    if since is not None:
        asked = asked.where(flag.c.flagged_ms >= int(since.timestamp() * 1000))
    if until is not None:
        asked = asked.where(flag.c.flagged_ms < int(until.timestamp() * 1000))
    if event_id:
        asked = asked.where(flag.c.event_id == event_id)
    rows = connection.execute(asked.order_by(flag.c.flagged_ms.desc(), flag.c.id)).all()
    said = verdicts(connection)
    return [flag_of(row, said.get(row.id, "")) for row in rows]


def flag_by_id(connection: Connection, flag_id: str) -> Flag | None:
    """The flag; None for an unknown id."""
    row = connection.execute(select(flag).where(flag.c.id == flag_id)).first()
    return flag_of(row, verdicts(connection).get(flag_id, "")) if row is not None else None


def verdicts(connection: Connection) -> dict[str, Verdict]:
    """The newest verdict of each flag that has one."""
    newest = select(func.max(verdict.c.id)).group_by(verdict.c.flag_id)
    asked = select(verdict.c.flag_id, verdict.c.verdict).where(verdict.c.id.in_(newest))
    return {row.flag_id: row.verdict for row in connection.execute(asked)}


def event_of(row: Row[Any]) -> Event:
    """An event from its row."""
    record = json.loads(row.record)
    record.pop("memory", None)
    record["curve"] = [(date.fromisoformat(day), count) for day, count in record["curve"]]
    return Event(
        id=row.id,
        state=row.state,
        first_at=at(row.first_ms),
        last_at=at(row.last_ms),
        merged_into=row.merged_into,
        **record,
    )


def flag_of(row: Row[Any], said: Verdict) -> Flag:
    """A flag from its row."""
    record = json.loads(row.record)
    for name in ("since_day", "until_day"):
        record[name] = date.fromisoformat(record[name])
    return Flag(
        id=row.id,
        kind=row.kind,
        level=row.level,
        event_id=row.event_id,
        flagged_at=at(row.flagged_ms),
        verdict=said,
        **record,
    )
