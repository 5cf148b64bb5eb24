"""How the sources stood at a moment, and what was set aside: told from the reports of runs, so that it can be told again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, func, select

from config.sources import Source
from crawlers.health import RunReport, judge
from crawlers.rows import from_ms, to_ms
from crawlers.schema import run, set_aside
from crawlers.store import read

# Earlier runs looked at to know what a source usually gives, as in crawlers.health.
_RUNS = 10
_WELL = ("finished", "limited")


@dataclass(frozen=True, slots=True)
class SourceStanding:
    """A source at a moment. health: as `qingyu sources` tells; last_ok: end of the newest good run, None before any;
    ended: ends of the runs looked at, newest first."""

    name: str
    title: str
    enabled: bool
    health: str
    last_ok: datetime | None
    ended: tuple[datetime, ...]

    def asked_between(self, since: datetime | None, until: datetime | None) -> bool:
        """Whether a run ended then."""
        return any((since is None or since <= end) and (until is None or end < until) for end in self.ended)


def source_standings(engine: Engine, sources: Sequence[Source], at: datetime) -> list[SourceStanding]:
    """How each source was at `at`, in the order given."""
    with read(engine) as connection:
        return [_one(connection, source, at) for source in sources]


def _one(connection: Connection, source: Source, at: datetime) -> SourceStanding:
    ended = (run.c.source == source.name, run.c.finished_ms <= to_ms(at))
    asked = select(run).where(*ended).order_by(run.c.started_ms.desc(), run.c.id).limit(_RUNS)
    rows = connection.execute(asked).all()
    reports = [
        RunReport(_time(r.started_ms), from_ms(r.finished_ms), r.outcome, r.reason, json.loads(r.counts)) for r in rows
    ]
    ends = select(run.c.finished_ms).where(*ended).order_by(run.c.finished_ms.desc())
    good = connection.execute(ends.where(run.c.outcome.in_(_WELL)).limit(1)).scalar()
    health, _ = judge(reports, every=timedelta(seconds=source.every), now=at)
    return SourceStanding(
        name=source.name,
        title=source.title or source.name,
        enabled=source.enabled,
        health=health if source.enabled else "disabled",
        last_ok=from_ms(good),
        ended=tuple(_time(ms) for ms in connection.execute(ends).scalars()),
    )


def _time(ms: int) -> datetime:
    found = from_ms(ms)
    assert found is not None  # only asked of columns that hold a time
    return found


def good_runs_between(engine: Engine, since: datetime, until: datetime) -> bool:
    """Whether any source was read well then: a time without posts is quiet only if somebody looked."""
    within = (run.c.outcome.in_(_WELL), run.c.finished_ms >= to_ms(since), run.c.finished_ms < to_ms(until))
    with read(engine) as connection:
        return connection.execute(select(run.c.id).where(*within).limit(1)).first() is not None


def set_aside_between(engine: Engine, since: datetime, until: datetime, at: datetime) -> int:
    """Pieces set aside then, of those that were known at `at`."""
    end = min(to_ms(until) or 0, to_ms(at) or 0)
    asked = (
        select(func.count()).select_from(set_aside).where(set_aside.c.at_ms >= to_ms(since), set_aside.c.at_ms < end)
    )
    with read(engine) as connection:
        return int(connection.execute(asked).scalar_one())
