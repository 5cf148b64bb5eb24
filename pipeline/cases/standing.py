"""What others are told of cases: the lines of a brief, as of any moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from config.project import Project
from crawlers.store import opened, read
from pipeline.cases.keeping import cases_at
from pipeline.cases.model import OPEN, state_name


@dataclass(frozen=True, slots=True)
class CaseLine:
    """An open case as a brief tells it. id: its number; title: of the matter; unit: who deals with it, "" for nobody yet;
    state: in words; deadline: aware; overdue: the deadline had passed without an answer. No author, no post text."""

    id: str
    title: str
    unit: str
    state: str
    opened_at: datetime
    deadline: datetime | None
    overdue: bool


def case_lines(project: Project) -> Callable[[datetime], Sequence[CaseLine]]:
    """A way to ask for the open (在办) cases as they stood at a moment, the earliest deadline first. What is asked of the
    same moment again is the same, whatever has happened since."""

    def lines(moment: datetime) -> Sequence[CaseLine]:
        with opened(project) as store, read(store) as connection:
            found = [case for case in cases_at(connection, moment) if case.state in OPEN]
        return [
            CaseLine(
                id=case.number,
                title=case.title,
                unit=case.unit,
                state=state_name(case.state),
                opened_at=case.opened_at,
                deadline=case.deadline_at,
                overdue=case.overdue(moment),
            )
            for case in sorted(found, key=lambda one: (one.deadline_at, one.number))
        ]

    return lines
