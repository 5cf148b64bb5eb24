"""What rules raised, what people say of it, and how right each rule was by that."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from config.errors import ConfigError
from config.text import tr
from crawlers.store import insert_rows
from pipeline.alerts.tables import alert
from pipeline.events.reading import verdicts as flag_verdicts
from pipeline.events.verdicts import SAID
from pipeline.query.times import milliseconds
from pipeline.rules.asking import moment
from pipeline.rules.tables import rule_firing, rule_verdict


@dataclass(frozen=True, slots=True)
class Fired:
    """A firing of a rule. id: of its alert; posts: how many it was about; title, query, reason, flag_id: "" or () once the
    alert is past its retention; verdict: what people say of it, or of the flag it told of, "" before any."""

    id: str
    rule: str
    key: str
    level: str
    at: datetime
    since: datetime
    until: datetime
    posts: int
    title: str
    query: str
    reason: tuple[str, ...]
    flag_id: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Record:
    """How right a rule was. fired: all that is kept; judged: with a verdict; right: of those true, or known already."""

    fired: int = 0
    judged: int = 0
    right: int = 0


def firings(connection: Connection, rule: str | None = None, *, size: int | None = None) -> list[Fired]:
    """What rules raised, the newest first. rule: of that one alone."""
    asked = select(rule_firing, alert.c.record, alert.c.title)
    asked = asked.select_from(rule_firing.outerjoin(alert, alert.c.id == rule_firing.c.id))
    asked = asked.order_by(rule_firing.c.fired_ms.desc(), rule_firing.c.id)
    if rule is not None:
        asked = asked.where(rule_firing.c.rule == rule)
    rows = connection.execute(asked.limit(size) if size else asked).all()
    own, of_flags = _verdicts(connection), flag_verdicts(connection)
    return [_fired(row, own, of_flags) for row in rows]


def _fired(row: Row[Any], own: Mapping[str, str], of_flags: Mapping[str, str]) -> Fired:
    record = json.loads(row.record) if row.record else {}
    flag_id = record.get("flag_id", "")
    return Fired(
        id=row.id,
        rule=row.rule,
        key=row.key,
        level=row.level,
        at=moment(row.fired_ms),
        since=moment(row.since_ms),
        until=moment(row.until_ms),
        posts=row.posts,
        title=row.title or "",
        query=record.get("query", ""),
        reason=tuple(record.get("reason", ())),
        flag_id=flag_id,
        verdict=own.get(row.id) or of_flags.get(flag_id, ""),
    )


def records(some: Sequence[Fired]) -> dict[str, Record]:
    """How right each rule was, by name."""
    by_rule: dict[str, list[Fired]] = {}
    for one in some:
        by_rule.setdefault(one.rule, []).append(one)
    return {
        name: Record(
            len(those), sum(bool(one.verdict) for one in those), sum(one.verdict in ("true", "known") for one in those)
        )
        for name, those in by_rule.items()
    }


def note_verdict(connection: Connection, firing_id: str, said: str, *, who: str, now: datetime) -> None:
    """Keep what a person says of a firing. Raises ConfigError for an unknown firing or verdict."""
    if said not in SAID:
        raise ConfigError(
            tr("判断不能是 {s}；可用：{k}", "a verdict cannot be {s}; known: {k}", s=said[:20], k="、".join(SAID))
        )
    if connection.execute(select(rule_firing.c.id).where(rule_firing.c.id == firing_id)).first() is None:
        raise ConfigError(tr("没有编号为 {i} 的触发", "there is no firing {i}", i=firing_id[:64]))
    row = {"firing_id": firing_id, "verdict": said, "who": who[:80], "at_ms": milliseconds(now)}
    insert_rows(connection, rule_verdict, [row])


def _verdicts(connection: Connection) -> dict[str, str]:
    newest = select(func.max(rule_verdict.c.id)).group_by(rule_verdict.c.firing_id)
    asked = select(rule_verdict.c.firing_id, rule_verdict.c.verdict).where(rule_verdict.c.id.in_(newest))
    return {row.firing_id: row.verdict for row in connection.execute(asked)}
