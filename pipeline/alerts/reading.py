"""The outbox for those who look at it: each alert with how it stands at each of its recipients."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from pipeline.alerts.cleaning import masked, storable
from pipeline.alerts.model import Alert
from pipeline.alerts.record import alert_of
from pipeline.alerts.tables import alert, alert_attempt, alert_group, alert_item, alert_parcel

State = Literal["waiting", "held", "sending", "sent", "given_up"]
STATES: tuple[State, ...] = ("waiting", "held", "sending", "sent", "given_up")
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Told:
    """An alert at a recipient. address: masked; until: when a held one is released or a waiting one tried again; reason: of
    the last failure; parcel_id: the mail it is in, "" while held."""

    group: str
    person: str
    channel: str
    address: str
    state: State
    escalated: bool
    tries: int
    sent_at: datetime | None
    until: datetime | None
    reason: str
    parcel_id: str


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert or letter and how it stands. state: new and open are not yet told, nobody: no group wants it; note: why."""

    id: str
    kind: str
    state: str
    rule: str
    level: str
    title: str
    note: str
    made_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str
    told: Sequence[Told]

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of an attempt. outcome: sent, put_off, away, unknown, given_up, asked, lost; code: of SMTP, 0 for none."""

    at: datetime
    parcel_id: str
    outcome: str
    code: int
    note: str


def standings(
    connection: Connection,
    *,
    state: State | None = None,
    most: int = 200,
    kind: str = "",
    since: datetime | None = None,
) -> list[Standing]:
    """The newest alerts first. state: those with a recipient where they stand so; kind: alert or letter, "" for both."""
    asked = select(alert).order_by(alert.c.made_ms.desc(), alert.c.id)
    if kind:
        asked = asked.where(alert.c.kind == kind)
    if since is not None:
        asked = asked.where(alert.c.made_ms >= round(since.timestamp() * 1000))
    if state is not None:
        asked = asked.where(alert.c.id.in_(_ids_in(state)))
    return _with_told(connection, connection.execute(asked.limit(most)).all())


def _ids_in(state: State) -> Any:
    ids = select(alert_item.c.alert_id)
    if state == "held":
        return ids.where(alert_item.c.parcel_id == "")
    return ids.join(alert_parcel, alert_parcel.c.id == alert_item.c.parcel_id).where(alert_parcel.c.state == state)


def standing(connection: Connection, alert_id: str) -> Standing | None:
    """One of them; None for an unknown id."""
    found = _with_told(connection, connection.execute(select(alert).where(alert.c.id == alert_id)).all())
    return found[0] if found else None


def alert_by_id(connection: Connection, alert_id: str) -> Alert | None:
    """An alert as it was raised; None for an unknown id, and for a letter."""
    asked = select(alert.c.record).where(alert.c.id == alert_id, alert.c.kind == "alert")
    record = connection.execute(asked).scalar()
    return alert_of(record) if record is not None else None


def letters(
    connection: Connection, subjects: Sequence[str]
) -> dict[str, list[tuple[datetime, tuple[str, ...], Sequence[Told]]]]:
    """The letters of each subject, the newest first: when put into the outbox, for which groups, how it stands."""
    rows: list[Any] = []
    wanted = list(dict.fromkeys(subjects))
    for start in range(0, len(wanted), _AT_ONCE):
        some = [storable(one) for one in wanted[start : start + _AT_ONCE]]
        rows += connection.execute(select(alert).where(alert.c.kind == "letter", alert.c.title.in_(some))).all()
    groups = {row.id: tuple(json.loads(row.record)["groups"]) for row in rows}
    found: dict[str, list[tuple[datetime, tuple[str, ...], Sequence[Told]]]] = {}
    for one in sorted(_with_told(connection, rows), key=lambda each: each.made_at, reverse=True):
        found.setdefault(one.title, []).append((one.made_at, groups[one.id], one.told))
    return found


def _with_told(connection: Connection, rows: Sequence[Any]) -> list[Standing]:
    told: dict[str, list[Told]] = {}
    ids = [row.id for row in rows]
    for start in range(0, len(ids), _AT_ONCE):
        asked = select(alert_item, *(alert_parcel.c[name].label(f"p_{name}") for name in _OF_PARCEL))
        asked = asked.select_from(alert_item.outerjoin(alert_parcel, alert_parcel.c.id == alert_item.c.parcel_id))
        asked = asked.where(alert_item.c.alert_id.in_(ids[start : start + _AT_ONCE]))
        for row in connection.execute(
            asked.order_by(alert_item.c.escalated, alert_item.c.release_ms, alert_item.c.person)
        ):
            told.setdefault(row.alert_id, []).append(_told(row))
    return [_standing(row, told.get(row.id, [])) for row in rows]


_OF_PARCEL = ("state", "tries", "sent_ms", "due_ms", "reason")


def _told(row: Any) -> Told:
    state: State = row.p_state or "held"
    until = {"held": row.release_ms, "waiting": row.p_due_ms}.get(state)
    address = masked(row.address) if row.channel == "mail" else row.address
    return Told(
        row.group_name, row.person, row.channel, address, state, bool(row.escalated), row.p_tries or 0,
        _at(row.p_sent_ms), _at(until), row.p_reason or "", row.parcel_id,
    )  # fmt: skip


def _standing(row: Any, told: Sequence[Told]) -> Standing:
    return Standing(
        row.id, row.kind, row.state, row.rule, row.level, row.title, row.note, _at(row.made_ms) or datetime.now(UTC),
        _at(row.ack_ms), row.ack_who, told,
    )  # fmt: skip


def attempts(connection: Connection, alert_id: str) -> list[Attempt]:
    """Every attempt to tell of an alert, the earliest first."""
    parcels = select(alert_item.c.parcel_id).where(alert_item.c.alert_id == alert_id)
    asked = select(alert_attempt).where(alert_attempt.c.parcel_id.in_(parcels)).order_by(alert_attempt.c.id)
    return [
        Attempt(datetime.fromtimestamp(row.at_ms / 1000, UTC), row.parcel_id, row.outcome, row.code, row.note)
        for row in connection.execute(asked)
    ]


def groups_of(connection: Connection, alert_id: str) -> dict[str, tuple[str, datetime | None]]:
    """Of each group of an alert whether it was told or filtered, and when the next person is."""
    asked = select(alert_group).where(alert_group.c.alert_id == alert_id)
    return {row.group_name: (row.state, _at(row.next_ms)) for row in connection.execute(asked)}


def counts(connection: Connection) -> dict[str, int]:
    """How many items stand in each state of STATES."""
    asked = select(alert_parcel.c.state, func.count())
    asked = asked.select_from(alert_item.outerjoin(alert_parcel, alert_parcel.c.id == alert_item.c.parcel_id))
    found = {row[0] or "held": row[1] for row in connection.execute(asked.group_by(alert_parcel.c.state))}
    return {state: int(found.get(state, 0)) for state in STATES}


def _at(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)
