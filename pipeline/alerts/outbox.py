"""The outbox: what is to be told is written in the transaction of whoever raises it, and sent afterwards by `deliver`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.alerts.model import Alert, Letter
from pipeline.alerts.record import alert_row, attachment_rows, letter_row
from pipeline.alerts.tables import alert, alert_attachment, alert_attempt, alert_group, alert_item, alert_parcel

# Held so by all who decide who is told what; see `crawlers.store.take_turn`.
TURN = "alerts"
# Statements of PostgreSQL and SQLite take tens of thousands of values.
_AT_ONCE = 1_000


def enqueue(connection: Connection, alerts: Sequence[Alert]) -> None:
    """Put `alerts` into the outbox within the caller's transaction; those already there (by id) stay as they are.

    Nothing is read, so that a caller is not kept waiting: who is told is decided when they are sent.
    """
    insert_new(connection, alert, [alert_row(one) for one in {one.id: one for one in alerts}.values()])


def enqueue_letter(connection: Connection, letter: Letter) -> None:
    """Put `letter` into the outbox within the caller's transaction, once for its id."""
    insert_new(connection, alert_attachment, attachment_rows(letter))
    insert_new(connection, alert, [letter_row(letter)])


def insert_new(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert those of `rows` whose primary key is not there yet."""
    if rows:
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        connection.execute(dialect.insert(table).on_conflict_do_nothing(), rows)


def forgettable(connection: Connection, before_ms: int) -> int:
    """How many alerts and letters `forget` would remove."""
    return int(connection.execute(select(func.count()).select_from(_old(before_ms).subquery())).scalar_one())


def _old(before_ms: int) -> Select[tuple[str]]:
    waiting = select(alert_item.c.alert_id).outerjoin(alert_parcel, alert_parcel.c.id == alert_item.c.parcel_id)
    waiting = waiting.where((alert_item.c.parcel_id == "") | alert_parcel.c.state.in_(("waiting", "sending")))
    settled = alert.c.state.in_(("told", "nobody"))
    return select(alert.c.id).where(alert.c.made_ms < before_ms, settled, alert.c.id.not_in(waiting))


def forget(connection: Connection, before_ms: int) -> int:
    """Remove what was handed over before `before_ms` and waits for nothing, some at a time; returns how many, 0 at the end."""
    ids = list(connection.execute(_old(before_ms).limit(_AT_ONCE)).scalars())
    if not ids:
        return 0
    parcels = select(alert_item.c.parcel_id).where(alert_item.c.alert_id.in_(ids))
    # A digest goes when the last of its alerts goes.
    shared = select(alert_item.c.parcel_id).where(
        alert_item.c.alert_id.not_in(ids), alert_item.c.parcel_id.in_(parcels)
    )
    gone = list(connection.execute(parcels.where(alert_item.c.parcel_id.not_in(shared))).scalars())
    connection.execute(delete(alert_attempt).where(alert_attempt.c.parcel_id.in_(gone)))
    connection.execute(delete(alert_parcel).where(alert_parcel.c.id.in_(gone)))
    for table in (alert_item, alert_group, alert_attachment):
        connection.execute(delete(table).where(table.c.alert_id.in_(ids)))
    connection.execute(delete(alert).where(alert.c.id.in_(ids)))
    return len(ids)
