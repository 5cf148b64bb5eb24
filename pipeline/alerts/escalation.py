"""Acknowledging, and telling the next person where nobody did."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, select, update

from config.errors import ConfigError
from config.groups import Group
from config.project import Project
from config.text import tr
from crawlers.store import opened, take_turn, write
from pipeline.alerts.cleaning import line
from pipeline.alerts.outbox import TURN
from pipeline.alerts.recipients import people
from pipeline.alerts.record import alert_of
from pipeline.alerts.spreading import add_items, quiet_of, release
from pipeline.alerts.tables import alert, alert_group, alert_item
from pipeline.query.times import milliseconds

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """An alert that is acknowledged. first: by this; who, at: by whom and when it was first."""

    id: str
    title: str
    level: str
    who: str
    at: datetime
    first: bool


def escalate(project: Project, *, now: datetime) -> str:
    """Tell the next person of each group where an alert was not acknowledged in time; returns a sentence, "" for nothing.

    Safe to do twice and by two: who was told is known by the item, and told once.
    """
    groups = project.groups
    told = 0
    with opened(project) as store, write(store) as connection:
        take_turn(connection, TURN)
        asked = (
            select(alert_group, alert.c.record)
            .join(alert, alert.c.id == alert_group.c.alert_id)
            .where(alert_group.c.next_ms <= milliseconds(now), alert.c.ack_ms.is_(None))
            .order_by(alert.c.made_ms)
        )
        for row in connection.execute(asked).all():
            told += _tell_next(connection, row, groups.get(row.group_name), now)
    if not told:
        return ""
    return tr("升级：又告诉 {n} 人", "escalated: {n} more told", n=told)


def _tell_next(connection: Connection, row: Any, group: Group | None, now: datetime) -> bool:
    """Whether somebody more was found in the group."""
    mine = and_(alert_group.c.alert_id == row.alert_id, alert_group.c.group_name == row.group_name)
    known = select(alert_item.c.recipient_id).where(alert_item.c.alert_id == row.alert_id)
    already = set(connection.execute(known).scalars())
    left = [one for one in people(row.group_name, group) if one.id not in already] if group else []
    following = None
    if left and group is not None:
        found = alert_of(row.record)
        when = release(connection, quiet_of(found, group), "", left[:1], now)
        add_items(connection, row.alert_id, left[:1], when, escalated=1)
        # The last one told has his time too; after it nobody is left to tell, which is logged.
        following = milliseconds(when.at + timedelta(seconds=found.delivery.escalate_after_s))
    else:
        logger.error("alerts not acknowledged group=%s and nobody left to tell", row.group_name)
    connection.execute(update(alert_group).where(mine).values(next_ms=following))
    return bool(left)


def acknowledge(project: Project, alert_id: str, *, who: str, now: datetime) -> Acknowledged:
    """Note that `who` has seen to an alert; the first stands. Raises ConfigError for an unknown id or no name."""
    name = line(who, 40)
    if not name:
        raise ConfigError(tr("请写明是谁：--who 姓名", "say who: --who NAME"))
    with opened(project) as store, write(store) as connection:
        found = note_acknowledged(connection, [alert_id], who=name, now=now)
    if not found:
        raise ConfigError(tr("没有编号为 {i} 的告警", "there is no alert {i}", i=line(alert_id, 80)))
    return found[0]


def note_acknowledged(connection: Connection, ids: list[str], *, who: str, now: datetime) -> list[Acknowledged]:
    """Note within a transaction that alerts were acknowledged; those unknown are left out."""
    new = and_(alert.c.id.in_(ids), alert.c.ack_ms.is_(None), alert.c.kind == "alert")
    first = set(connection.execute(select(alert.c.id).where(new)).scalars())
    connection.execute(update(alert).where(new).values(ack_ms=milliseconds(now), ack_who=who))
    connection.execute(update(alert_group).where(alert_group.c.alert_id.in_(ids)).values(next_ms=None))
    asked = select(alert).where(alert.c.id.in_(ids), alert.c.ack_ms.is_not(None)).order_by(alert.c.made_ms)
    return [
        Acknowledged(
            row.id, row.title, row.level, row.ack_who, datetime.fromtimestamp(row.ack_ms / 1000, UTC), row.id in first
        )
        for row in connection.execute(asked)
    ]  # fmt: skip
