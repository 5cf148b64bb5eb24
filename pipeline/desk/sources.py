"""来源: health, runs, what was set aside, the calendar of crawls, and the trial of a source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from pipeline.access.model import Action
from pipeline.crawl import check_source
from pipeline.desk.desk import Desk, verb
from pipeline.query.times import SHANGHAI
from pipeline.sources_view import DayState, Piece, RunView, SourceView, days_of, health_of, runs_of, set_aside_of

# A page of each kind at the pace of the source takes less; whoever waits longer looks at the log.
TRIAL_S = 180.0


@dataclass(frozen=True, slots=True)
class Calendar:
    """What came of each day (of Asia/Shanghai) at each source, by its name; a day without a run is left out."""

    days: tuple[date, ...]
    states: Mapping[str, Mapping[date, DayState]]


@verb(Action.SEE_SOURCES)
def health(desk: Desk, /) -> list[SourceView]:
    """Every declared source, by name, with its health now."""
    return health_of(replace(desk.project), now=desk.now())


@verb(Action.SEE_SOURCES)
def runs(desk: Desk, /, *, source: str | None = None) -> list[RunView]:
    """The newest runs, newest first."""
    return runs_of(desk.project, source=source)


@verb(Action.SEE_SOURCES)
def set_aside(desk: Desk, /, *, source: str | None = None) -> list[Piece]:
    """What was set aside last, newest first; the evidence is redacted."""
    return set_aside_of(desk.project, source=source)


@verb(Action.SEE_SOURCES)
def calendar(desk: Desk, /, *, last_day: date, days: int) -> Calendar:
    """What came of the `days` days that end with last_day, at each source."""
    first = last_day - timedelta(days=days - 1)
    since, until = _midnight(first), _midnight(last_day + timedelta(days=1))
    shown = tuple(first + timedelta(days=n) for n in range(days))
    return Calendar(shown, days_of(desk.project, since=since, until=until))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


@verb(Action.TRY_SOURCES, changes=True)
def attempt(desk: Desk, /, name: str) -> Callable[[], dict[str, Any]]:
    """The work of reading a page of each kind of a declared source, nothing kept: the same as `qingyu sources check`; call it
    where it can be left. Raises ConfigError for a source that is not declared; the work: StageError, ConfigError."""
    project = replace(desk.project)
    source = project.source(name)
    return lambda: check_source(project, source, limit_s=TRIAL_S)
