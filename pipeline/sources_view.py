"""How the sources are, for people: health, last runs, what was set aside, which days were looked at."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from threading import Lock
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, Row, Select, func, select

from config.project import Project
from config.sources import SourceConfig
from crawlers.health import source_health
from crawlers.schema import run, set_aside
from crawlers.store import open_url, read

SHANGHAI = ZoneInfo("Asia/Shanghai")
# Outcomes after which what the run saw can be relied on.
_SUCCESS = ("finished", "limited")
# What came of a day, the best first, and the counts of a run that say it saw something.
DayState = Literal["crawled", "empty", "failed"]
_BEST: tuple[DayState, ...] = ("crawled", "empty", "failed")
_SEEN = ("not_modified", "posts_read", "links_seen", "posts_new", "posts_changed", "posts_unchanged")


@dataclass(frozen=True, slots=True)
class SourceView:
    """A declared source and how it is. counts: of its last run; every_s: seconds between runs."""

    name: str
    title: str
    kind: str
    enabled: bool
    every_s: float
    health: str
    reason: str
    last_ok: datetime | None
    counts: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RunView:
    """The report of a run. finished_at: None while it runs."""

    id: str
    source: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    reason: str
    counts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """A page or post that could not be used. evidence: redacted text as it stood there, never markup to be shown."""

    at: datetime
    source: str
    stage: str
    reason: str
    url: str
    post_id: str
    evidence: str

    def to_dict(self) -> dict[str, Any]:
        """The same as a dict, for JSON."""
        return asdict(self)


def health_of(project: Project, *, now: datetime) -> list[SourceView]:
    """Every declared source, by name, with its health at `now`."""
    states = {state.source: state for state in source_health(store_engine(project), project.sources, now)}
    counts = _last_counts(project)
    return [_view(source, states[source.name], counts.get(source.name, {})) for source in project.sources]


def runs_of(project: Project, *, source: str | None = None, size: int = 30) -> list[RunView]:
    """The newest runs, newest first."""
    asked = select(run).order_by(run.c.started_ms.desc(), run.c.id).limit(size)
    if source:
        asked = asked.where(run.c.source == source)
    return [_run(row) for row in _rows(project, asked)]


def set_aside_of(project: Project, *, source: str | None = None, size: int = 50) -> list[Piece]:
    """What was set aside last, newest first."""
    asked = select(set_aside).order_by(set_aside.c.at_ms.desc(), set_aside.c.id.desc()).limit(size)
    if source:
        asked = asked.where(set_aside.c.source == source)
    return [_piece(row) for row in _rows(project, asked)]


def days_crawled(project: Project, *, since: datetime) -> tuple[frozenset[date], datetime | None]:
    """Days of Asia/Shanghai from `since` on that a successful run began or ended on, and when the newest ended."""
    asked = (
        select(run.c.started_ms, run.c.finished_ms)
        .where(run.c.outcome.in_(_SUCCESS), run.c.finished_ms.is_not(None))
        .where(run.c.finished_ms >= int(since.timestamp() * 1000))
    )
    spans = [(_at(row.started_ms), _at(row.finished_ms)) for row in _rows(project, asked)]
    days = {moment.astimezone(SHANGHAI).date() for span in spans for moment in span}
    return frozenset(days), max((finished for _, finished in spans), default=None)


def days_of(project: Project, *, since: datetime, until: datetime) -> dict[str, dict[date, DayState]]:
    """What came of each day of Asia/Shanghai at each source: the best of the runs that began on it; days without a run are
    left out. crawled: something was seen; empty: a run came to its end and saw nothing; failed: none came to its end."""
    asked = select(run).where(run.c.started_ms >= _ms(since), run.c.started_ms < _ms(until))
    found: dict[str, dict[date, DayState]] = {}
    for row in _rows(project, asked.where(run.c.outcome != "running")):
        days, day = found.setdefault(row.source, {}), _at(row.started_ms).astimezone(SHANGHAI).date()
        state = _day_state(row)
        if day not in days or _BEST.index(state) < _BEST.index(days[day]):
            days[day] = state
    return found


def first_run_at(project: Project) -> datetime | None:
    """When the first run of a source began that is kept, files that were imported aside; None for none."""
    imported = [source.name for source in project.sources if source.kind == "import"]
    (row,) = _rows(project, select(func.min(run.c.started_ms).label("at")).where(run.c.source.not_in(imported)))
    return None if row.at is None else _at(row.at)


def _day_state(row: Row[Any]) -> DayState:
    if row.outcome not in _SUCCESS:
        return "failed"
    counts = json.loads(row.counts)
    return "crawled" if any(int(counts.get(name) or 0) for name in _SEEN) else "empty"


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def store_engine(project: Project) -> Engine:
    """The engine of the project's store, one a process: pools of connections are not made anew for each look."""
    return _engine(project.store_url, project.settings.store.busy_timeout_s)


_ENGINES: OrderedDict[tuple[str, float], Engine] = OrderedDict()
_ENGINES_MOST = 4
_TURN = Lock()


def _engine(url: str, busy_timeout_s: float) -> Engine:
    with _TURN:
        key = url, busy_timeout_s
        if key not in _ENGINES:
            _ENGINES[key] = open_url(url, busy_timeout_s=busy_timeout_s)
            while len(_ENGINES) > _ENGINES_MOST:  # its connections are given back, not left to the collector
                _ENGINES.popitem(last=False)[1].dispose()
        _ENGINES.move_to_end(key)
        return _ENGINES[key]


def _rows(project: Project, asked: Select[Any]) -> Sequence[Row[Any]]:
    with read(store_engine(project)) as connection:
        return connection.execute(asked).all()


def _last_counts(project: Project) -> dict[str, dict[str, Any]]:
    """Counts of each source's newest run."""
    newest = select(run.c.source, func.max(run.c.started_ms).label("at")).group_by(run.c.source).subquery()
    both = (run.c.source == newest.c.source) & (run.c.started_ms == newest.c.at)
    return {row.source: json.loads(row.counts) for row in _rows(project, select(run).join(newest, both))}


def _view(source: SourceConfig, state: Any, counts: Mapping[str, Any]) -> SourceView:
    return SourceView(
        name=source.name,
        title=source.title or source.name,
        kind=source.kind,
        enabled=source.enabled,
        every_s=source.every,
        health=state.health if source.enabled else "disabled",
        reason=state.reason,
        last_ok=state.last_ok,
        counts=counts,
    )


def _run(row: Row[Any]) -> RunView:
    finished = None if row.finished_ms is None else _at(row.finished_ms)
    return RunView(row.id, row.source, _at(row.started_ms), finished, row.outcome, row.reason, json.loads(row.counts))


def _piece(row: Row[Any]) -> Piece:
    return Piece(_at(row.at_ms), row.source, row.stage, row.reason, row.url, row.post_id, row.evidence)


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
