"""How many rows the store holds, in the groups that operators watch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Engine, case, func, select

from crawlers.schema import annotation, audit, post, set_aside
from crawlers.store import read
from pipeline.alerts.reading import counts as outbox_counts
from pipeline.cases.model import WAITING
from pipeline.cases.tables import cases
from pipeline.events.model import LEVELS
from pipeline.events.tables import flag


@dataclass(frozen=True, slots=True)
class StoreCounts:
    """Posts. landed: all; annotated: with an annotation, however old; indexed: with an up-to-date one that stands in the
    index; waiting: new, changed, of another model, or not yet in the index. set_aside: pieces a stage; audit: rows; outbox:
    what is to be told to somebody, by state; flags: by level; cases_waiting: cases that wait for an answer."""

    landed: int
    annotated: int
    indexed: int
    waiting: int
    set_aside: Mapping[str, int]
    audit: int
    outbox: Mapping[str, int]
    flags: Mapping[str, int]
    cases_waiting: int


def store_counts(store: Engine, model: str = "") -> StoreCounts:
    """The counts now. model: what is annotated by another waits; "" where it is not known."""
    fresh = annotation.c.landed_seq >= post.c.landed_seq
    if model:
        fresh = fresh & (annotation.c.model == model)
    status = case((fresh, annotation.c.status), else_="annotated")
    joined = annotation.join(post, post.c.id == annotation.c.post_id)
    with read(store) as connection:
        landed = connection.execute(select(func.count()).select_from(post)).scalar_one()
        grouped = select(status, func.count()).select_from(joined).group_by(status)
        by_status = {str(row[0]): int(row[1]) for row in connection.execute(grouped)}
        stages = select(set_aside.c.stage, func.count()).group_by(set_aside.c.stage)
        by_stage = {str(row[0]): int(row[1]) for row in connection.execute(stages)}
        outbox = outbox_counts(connection)
        levels = select(flag.c.level, func.count()).group_by(flag.c.level)
        by_level = {str(row[0]): int(row[1]) for row in connection.execute(levels)}
        unanswered = select(func.count()).select_from(cases).where(cases.c.state.in_(sorted(WAITING)))
        cases_waiting = connection.execute(unanswered).scalar_one()
        audited = connection.execute(select(func.count()).select_from(audit)).scalar_one()
    done = by_status.get("indexed", 0) + by_status.get("set_aside", 0)
    return StoreCounts(
        landed=landed,
        annotated=sum(by_status.values()),
        indexed=by_status.get("indexed", 0),
        waiting=landed - done,
        set_aside={"crawl": 0, "process": 0} | by_stage,
        audit=audited,
        outbox=outbox,
        flags=dict.fromkeys(LEVELS, 0) | by_level,
        cases_waiting=cases_waiting,
    )
