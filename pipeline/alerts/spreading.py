"""From alerts to recipients and from those to parcels: who is told what, when, and in which mail."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from config.errors import ConfigError
from config.groups import Group
from config.text import tr
from crawlers.store import read, take_turn, write
from pipeline.alerts.model import Alert
from pipeline.alerts.outbox import TURN, insert_new
from pipeline.alerts.recipients import Matter, Recipient, channels, people
from pipeline.alerts.record import alert_of, letter_of
from pipeline.alerts.tables import alert, alert_group, alert_item, alert_parcel
from pipeline.alerts.times import released
from pipeline.events.model import LEVELS
from pipeline.query.times import milliseconds

logger = logging.getLogger(__name__)
# A mail of more alerts than this is cut in several: each still opens on a phone.
MOST_IN_A_PARCEL = 40


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides who is told. worth_s: how long an unknown group is waited for; now: aware; otherwise: names of the groups
    for alerts that name none."""

    groups: Mapping[str, Group]
    matter: Matter
    worth_s: float
    now: datetime
    otherwise: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """When an alert goes out. held: it waits for that, so it goes with what else waited for the same mailbox."""

    at: datetime
    held: bool
    digest: str = ""


def spread(store: Engine, rules: Rules) -> int:
    """Decide for each new alert who is told and when; returns how many were decided. Safe to do twice, and by two."""
    with read(store) as connection:
        waiting = alert.c.state.in_(("new", "open"))
        asked = select(alert.c.id).where(waiting).order_by(alert.c.made_ms, alert.c.id)
        ids = list(connection.execute(asked).scalars())
    decided = 0
    for one in ids:  # each in a transaction of its own: writers elsewhere do not wait for all of them
        with write(store) as connection:
            take_turn(connection, TURN)
            row = connection.execute(select(alert).where(alert.c.id == one, waiting)).first()
            if row is not None:
                _spread_one(connection, row, rules)
                decided += 1
    return decided


def _spread_one(connection: Connection, row: Any, rules: Rules) -> None:
    found: Alert | None = alert_of(row.record) if row.kind == "alert" else None
    names = (found.delivery.groups or rules.otherwise) if found else letter_of(row.record, []).groups
    asked = select(alert_group.c.group_name).where(alert_group.c.alert_id == row.id)
    done = set(connection.execute(asked).scalars())
    unknown = [name for name in dict.fromkeys(names) if name not in rules.groups]
    for name in dict.fromkeys(names):
        if name in rules.groups and name not in done:
            _tell_group(connection, row, found, name, rules)
    _note(connection, row, unknown, rules)


def _tell_group(connection: Connection, row: Any, found: Alert | None, name: str, rules: Rules) -> None:
    group = rules.groups[name]
    if found is not None and not rules.matter.concerns(group, found.topics, found.places):
        insert_new(connection, alert_group, [_group_row(row.id, name, "filtered", None)])
        return
    escalates = found is not None and found.delivery.escalate_after_s > 0 and len(group.people) > 1
    told = people(name, group)[:1] if escalates else people(name, group)
    everybody = [*told, *channels(name, group)]
    when = release(connection, quiet_of(found, group), found.delivery.digest if found else "", everybody, rules.now)
    after = found.delivery.escalate_after_s if found else 0.0
    following = milliseconds(when.at + timedelta(seconds=after)) if escalates else None
    insert_new(connection, alert_group, [_group_row(row.id, name, "told", following)])
    add_items(connection, row.id, everybody, when)


def release(
    connection: Connection, quiet: tuple[str, ...], digest: str, told: Sequence[Recipient], now: datetime
) -> Release:
    """When `told` are told; at once where the digest or the quiet hours cannot be read."""
    try:
        at = released(now, digest, quiet, _opened(connection, digest, told, now))
    except ConfigError as error:
        logger.error("alerts digest or quiet hours unreadable, sent at once reason=%s", error.message)
        at = now
    return Release(at, at > now, digest)


def quiet_of(found: Alert | None, group: Group) -> tuple[str, ...]:
    """The quiet hours that count for an alert (None: a letter): its own and the group's, none where its level wakes."""
    if found is not None and group.wake is not None and LEVELS.index(found.level) >= LEVELS.index(group.wake):
        return ()
    return (group.quiet, found.delivery.quiet if found else "")


def _opened(connection: Connection, digest: str, told: Sequence[Recipient], now: datetime) -> datetime | None:
    """When the digest under way of the first of `told` goes out, None where there is none."""
    if not (digest and told):
        return None
    asked = select(func.min(alert_item.c.release_ms)).where(
        alert_item.c.recipient_id == told[0].id,
        alert_item.c.digest == digest,
        alert_item.c.parcel_id == "",
        alert_item.c.release_ms > milliseconds(now),
    )
    first = connection.execute(asked).scalar()
    return None if first is None else datetime.fromtimestamp(first / 1000, now.tzinfo)


def add_items(
    connection: Connection, alert_id: str, told: Iterable[Recipient], when: Release, *, escalated: int = 0
) -> None:
    """Have `told` be told of an alert; whoever is told already stays as he is."""
    rows = [
        {
            "alert_id": alert_id, "recipient_id": one.id, "group_name": one.group, "person": one.person,
            "channel": one.channel, "address": one.address, "escalated": escalated, "digest": when.digest,
            "held": int(when.held), "release_ms": milliseconds(when.at), "parcel_id": "",
        }
        for one in told
    ]  # fmt: skip
    insert_new(connection, alert_item, rows)


def _group_row(alert_id: str, name: str, state: str, next_ms: int | None) -> dict[str, Any]:
    return {"alert_id": alert_id, "group_name": name, "state": state, "next_ms": next_ms}


def _note(connection: Connection, row: Any, unknown: Sequence[str], rules: Rules) -> None:
    """Say in the alert's row how it stands: a group that is unknown may still be written down."""
    told = connection.execute(select(func.count()).where(alert_item.c.alert_id == row.id)).scalar_one()
    hopeful = unknown and milliseconds(rules.now) < row.made_ms + rules.worth_s * 1000
    state = "open" if hopeful else "told" if told else "nobody"
    note = "" if told else tr("没有哪个组要这些话题和地方的告警", "no group wants alerts about these topics and places")
    if unknown:
        listed = "、".join(name[:40] for name in unknown)
        note = tr("config/groups.yaml 里没有组 {g}", "config/groups.yaml has no group {g}", g=listed)
        if row.state == "new":
            logger.error("alerts group unknown groups=%s", listed)
    connection.execute(update(alert).where(alert.c.id == row.id).values(state=state, note=note))


def bundle(store: Engine, now: datetime) -> int:
    """Make parcels of what is no longer held; returns how many. What was held for one recipient goes together.

    What is in a parcel stays in it: a second attempt is the same mail, known by the same Message-ID.
    """
    made = 0
    with write(store) as connection:
        take_turn(connection, TURN)
        asked = (
            select(alert_item, alert.c.kind, alert.c.made_ms)
            .join(alert, alert.c.id == alert_item.c.alert_id)
            .where(alert_item.c.parcel_id == "", alert_item.c.release_ms <= milliseconds(now))
            .order_by(alert_item.c.recipient_id, alert.c.made_ms, alert.c.id)
        )
        rows = connection.execute(asked).all()
        for _, mine in groupby(rows, key=lambda row: row.recipient_id):
            for some in _portions(list(mine)):
                _make(connection, some, now)
                made += 1
    return made


def _portions(rows: list[Any]) -> Iterable[list[Any]]:
    """What goes in one mail: letters alone, what goes out at once and escalations alone, the rest together."""
    together = [row for row in rows if row.kind == "alert" and row.held and not row.escalated]
    yield from ([row] for row in rows if row not in together)
    yield from (together[n : n + MOST_IN_A_PARCEL] for n in range(0, len(together), MOST_IN_A_PARCEL))


def _make(connection: Connection, rows: list[Any], now: datetime) -> None:
    first = rows[0]
    ids = sorted(row.alert_id for row in rows)
    key = hashlib.sha256("\x1f".join((first.recipient_id, *ids)).encode("utf-8", "replace")).hexdigest()[:32]
    same = ("recipient_id", "group_name", "person", "channel", "address")
    values = {name: getattr(first, name) for name in same}
    at = milliseconds(now)
    connection.execute(insert(alert_parcel), {**values, "id": key, "state": "waiting", "due_ms": at, "made_ms": at})
    mine = (alert_item.c.recipient_id == first.recipient_id) & alert_item.c.alert_id.in_(ids)
    connection.execute(update(alert_item).where(mine).values(parcel_id=key))
