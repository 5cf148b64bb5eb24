"""How cases were dealt with: received, answered, on time, how long it took; every figure with the cases it counts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any, Literal, get_args

from config.workdays import SHANGHAI
from pipeline.cases.clocks import elapsed
from pipeline.cases.model import Case, Measure

By = Literal["", "unit", "category", "place", "level", "clock", "month"]
GROUPINGS: tuple[By, ...] = get_args(By)


@dataclass(frozen=True, slots=True)
class Spread:
    """How long the answers of some cases took, in hours or working days. p90: nearest rank, so that it is that of a case
    there is."""

    median: float
    p90: float
    cases: Sequence[str]


@dataclass(frozen=True, slots=True)
class Group:
    """Cases of one unit, category, place … in a time, by number.

    received: opened in it; declined: of these; handled: the answer that stands was given in it; on_time: of these, before
    the deadline; finished: 办结 in it; overdue: without an answer and past the deadline at its end (or now, if that is
    earlier); hours, workdays: of the handled whose clock counts so, None for none.
    """

    key: str
    received: Sequence[str]
    declined: Sequence[str]
    handled: Sequence[str]
    on_time: Sequence[str]
    finished: Sequence[str]
    overdue: Sequence[str]
    hours: Spread | None
    workdays: Spread | None

    @property
    def on_time_share(self) -> float | None:
        """On time of the handled, 0 … 1; None where none was."""
        return len(self.on_time) / len(self.handled) if self.handled else None


@dataclass(frozen=True, slots=True)
class Span:
    """From since until before until; now: no later than this anything is known."""

    since: datetime
    until: datetime
    now: datetime

    def holds(self, at: datetime | None) -> bool:
        """Whether a time lies in it."""
        return at is not None and self.since <= at < self.until


_KEYS: dict[By, Callable[[Case], str]] = {
    "": lambda case: "",
    "unit": lambda case: case.unit,
    "category": lambda case: case.category,
    "place": lambda case: case.place,
    "level": lambda case: case.level,
    "clock": lambda case: case.clock,
}


def figures(cases: Sequence[Case], span: Span, by: By = "") -> list[Group]:
    """A group for each value that has anything to tell in the span, most received first; by month: in order of time.

    cases: as they stood at the end of the span, or now; without a grouping: one group, of all.
    """
    if by == "month":
        return [_group(month, cases, within) for month, within in _months(span)]
    if by == "":
        return [_group("", cases, span)]
    sorted_in: dict[str, list[Case]] = {}
    for case in cases:
        sorted_in.setdefault(_KEYS[by](case), []).append(case)
    groups = [_group(key, some, span) for key, some in sorted_in.items()]
    telling = [one for one in groups if any((one.received, one.handled, one.finished, one.overdue))]
    return sorted(telling, key=lambda one: (-len(one.received), -len(one.handled), one.key))


def _group(key: str, cases: Sequence[Case], span: Span) -> Group:
    handled = [case for case in cases if span.holds(case.answered_at)]
    end = min(span.until, span.now)
    return Group(
        key=key,
        received=_numbers(case for case in cases if span.holds(case.opened_at)),
        declined=_numbers(case for case in cases if case.state == "declined" and span.holds(case.opened_at)),
        handled=_numbers(handled),
        on_time=_numbers(case for case in handled if case.on_time),
        finished=_numbers(case for case in cases if span.holds(case.finished_at)),
        overdue=_numbers(case for case in cases if case.overdue(end)),
        hours=_spread(handled, "hours"),
        workdays=_spread(handled, "workdays"),
    )


def _numbers(cases: Iterable[Case]) -> list[str]:
    return sorted(case.number for case in cases)


def taken(case: Case) -> float | None:
    """How long the answer took by the clock of the case; None without one."""
    return elapsed(case.measure, case.started_at, case.answered_at) if case.answered_at else None


def _spread(handled: Sequence[Case], measure: Measure) -> Spread | None:
    counted = [case for case in handled if case.measure == measure]
    times = sorted(time for case in counted if (time := taken(case)) is not None)
    if not times:
        return None
    return Spread(round(float(median(times)), 2), round(times[math.ceil(0.9 * len(times)) - 1], 2), _numbers(counted))


def _months(span: Span) -> list[tuple[str, Span]]:
    """The months of Asia/Shanghai that the span touches, each with the part of the span in it."""
    found = []
    at = span.since.astimezone(SHANGHAI)
    while at < span.until:
        first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
        found.append((f"{first:%Y-%m}", Span(at, min(following, span.until), span.now)))
        at = following
    return found


def told(group: Group) -> dict[str, Any]:
    """A group as JSON values: each figure with the numbers of the cases it counts."""
    lists = ("received", "declined", "handled", "on_time", "finished", "overdue")
    figures_told: dict[str, Any] = {name: _counted(getattr(group, name)) for name in lists}
    spreads = {name: getattr(group, name) for name in ("hours", "workdays")}
    for name, one in spreads.items():
        figures_told[name] = {"median": one.median, "p90": one.p90, "cases": list(one.cases)} if one else None
    return {"key": group.key, **figures_told, "on_time_share": group.on_time_share}


def _counted(numbers: Sequence[str]) -> dict[str, Any]:
    return {"count": len(numbers), "cases": list(numbers)}
