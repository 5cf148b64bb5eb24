"""What arrived: posts in the order in which they could first be found, whenever they were published.

A rule remembers the number of the last arrival it was judged with. Unlike a time, that misses none: not the late ones, not
those that were annotated long after they landed, not those that another process indexed a moment before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import ColumnElement, Connection, Select, delete, func, or_, select

from config.rules import MOST_LATE_S
from crawlers.schema import annotation, meta, post
from crawlers.store import insert_rows, take_turn, upsert
from pipeline.index.document import published_key
from pipeline.query.moments import Whole
from pipeline.query.times import milliseconds
from pipeline.rules.tables import rule_arrival, rule_firing, rule_seen
from pipeline.rules.windows import Flags

_TURN = "rule arrivals"
_SETTLED, _SWEPT = "rules_settled_seq", "rules_swept_ms"
_DAY_MS = 86_400_000
# Remembered a day longer than a post may be late, so that none is taken for new twice.
_KEPT_MS = int(MOST_LATE_S * 1000) + _DAY_MS
# All that could be late is looked through so often; else only what landed behind what was settled before.
_SWEEP_MS = 3_600_000
_AT = func.coalesce(post.c.published_ms, post.c.collected_ms)


def note_arrivals(connection: Connection, *, now: datetime, kept_days: int) -> int:
    """Number the posts that can be found now and could not before; returns how many. kept_days: how long firings are kept."""
    take_turn(connection, _TURN)
    now_ms = milliseconds(now)
    _forget(connection, now_ms, kept_days)
    remembered = {row.key: int(row.value) for row in connection.execute(_remembered())}
    any_known = connection.execute(select(rule_arrival.c.number).limit(1)).first() is not None
    sweep = not any_known or not 0 <= now_ms - remembered.get(_SWEPT, 0) < _SWEEP_MS
    settled = 0 if sweep else remembered.get(_SETTLED, 0)
    # Asked first: what is settled meanwhile by another process is looked at again.
    kept = [{"key": _SETTLED, "value": str(_settled(connection, settled))}]
    new = list(_unnumbered(connection, now_ms, settled))
    insert_rows(connection, rule_arrival, new)
    if sweep:
        kept.append({"key": _SWEPT, "value": str(now_ms)})
    upsert(connection, meta, kept, key="key")
    return len(new)


def _remembered() -> Select[tuple[str, str]]:
    return select(meta.c.key, meta.c.value).where(meta.c.key.in_((_SETTLED, _SWEPT)))


def _forget(connection: Connection, now_ms: int, kept_days: int) -> None:
    for table, at, days_ms in (
        (rule_arrival, rule_arrival.c.at_ms, _KEPT_MS),
        (rule_seen, rule_seen.c.at_ms, _KEPT_MS),
        (rule_firing, rule_firing.c.fired_ms, kept_days * _DAY_MS),
    ):
        connection.execute(delete(table).where(at < now_ms - days_ms))


def _unnumbered(connection: Connection, now_ms: int, settled: int) -> Iterator[dict[str, object]]:
    known = select(rule_arrival.c.number).where(rule_arrival.c.post_id == post.c.id).exists()
    recent = (now_ms - int(MOST_LATE_S * 1000) <= _AT) & (now_ms >= _AT)
    asked = (
        select(post.c.id, _AT.label("at_ms"))
        .join(annotation, annotation.c.post_id == post.c.id)
        .where(annotation.c.status == "indexed", recent, ~known, *_behind(settled))
        .order_by(_AT, post.c.id)
    )
    for row in connection.execute(asked):
        yield {"post_id": row.id, "sort_key": published_key(row.id, row.at_ms), "at_ms": row.at_ms}


def _behind(settled: int) -> Sequence[ColumnElement[bool]]:
    return (post.c.landed_seq > settled,) if settled else ()


def _settled(connection: Connection, settled: int) -> int:
    """The place in the order of landing before which every post is indexed or set aside, and so was looked at."""
    unsettled = or_(
        annotation.c.post_id.is_(None), annotation.c.landed_seq < post.c.landed_seq, annotation.c.status == "annotated"
    )
    joined = post.outerjoin(annotation, annotation.c.post_id == post.c.id)
    behind = select(func.min(post.c.landed_seq)).select_from(joined).where(unsettled, *_behind(settled))
    first = connection.execute(behind).scalar()
    last = connection.execute(select(func.max(post.c.landed_seq))).scalar() or 0
    # Posts published later than now wait too: they are numbered when their time has come, by the next sweep.
    return (first - 1) if first is not None else int(last)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Arrivals behind a number. keys: sorted; numbers, at: of each; last: the highest number there is; landed_from: the place
    in the order of landing that none of them lies before."""

    keys: Whole
    numbers: Whole
    at: Whole
    last: int
    landed_from: int

    def new(self, keys: Whole, after: int, since_ms: int) -> Flags:
        """Which of `keys` arrived behind the number `after` and were published at or after `since_ms`."""
        if not len(self.keys):
            return np.zeros(len(keys), dtype=np.bool_)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        found: Flags = (self.keys[place] == keys) & (self.numbers[place] > after) & (self.at[place] >= since_ms)
        return found


_NONE = np.zeros(0, dtype=np.int64)
NOTHING = Arrivals(_NONE, _NONE, _NONE, 0, 0)


def arrivals_after(connection: Connection, number: int) -> Arrivals:
    """What arrived behind `number`."""
    behind = rule_arrival.c.number > number
    asked = select(rule_arrival.c.sort_key, rule_arrival.c.number, rule_arrival.c.at_ms).where(behind)
    rows = connection.execute(asked.order_by(rule_arrival.c.sort_key)).all()
    table = np.array([tuple(row) for row in rows], dtype=np.int64).reshape(len(rows), 3)
    last = connection.execute(select(func.max(rule_arrival.c.number))).scalar()
    joined = annotation.join(rule_arrival, rule_arrival.c.post_id == annotation.c.post_id)
    landed = select(func.min(annotation.c.landed_seq)).select_from(joined).where(behind)
    first = connection.execute(landed).scalar() if rows else None
    return Arrivals(table[:, 0], table[:, 1], table[:, 2], int(last or 0), int(first or 0))
