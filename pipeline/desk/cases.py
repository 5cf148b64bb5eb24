"""清单: the cases, their course, and what people do with them. Who may close is not who may work on them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from config.errors import ConfigError
from config.text import tr
from crawlers.store import read
from pipeline.access.model import Action
from pipeline.cases import acting
from pipeline.cases.acting import Assignment, end_of_day
from pipeline.cases.figures import By, Group, Span, figures
from pipeline.cases.importing import Imported, import_answers
from pipeline.cases.keeping import all_cases, case_numbered, changes_of
from pipeline.cases.model import Case, Change, Doing, Opened, Origin, State
from pipeline.cases.moves import MOVES
from pipeline.cases.naming import sheet_words
from pipeline.cases.opening import Asked, open_case, units_of
from pipeline.cases.quoting import Quotation, quotations
from pipeline.cases.sheets import write_sheet
from pipeline.desk.desk import Desk, verb
from pipeline.query.asked import midnight

# Moves that end a case or take its end back; the others are work on it.
CLOSING: frozenset[tuple[State, State]] = frozenset(
    (before, after)
    for before, after in MOVES
    if after in {"declined", "finished", "closed"}
    or before in {"declined", "closed", "finished"}
    or before == "answered"
)
# A filled-in list is far smaller.
UPLOAD_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Seen:
    """The version of a case that somebody looked at, and why they do something with it."""

    number: str
    version: int
    why: str = ""


@verb(Action.SEE_CASES)
def listed(desk: Desk, /) -> list[Case]:
    """All cases."""
    with read(desk.store) as connection:
        return all_cases(connection)


@verb(Action.SEE_CASES)
def one(desk: Desk, /, number: str) -> tuple[Case, Sequence[Change], Sequence[Quotation]]:
    """A case, its course, what its posts say; reading these is audited. Raises ConfigError for an unknown number."""
    with read(desk.store) as connection:
        case = case_numbered(connection, number[:40])
        changes = changes_of(connection, case.number)
    return case, changes, quotations(desk.project, case, who=desk.person.name)


@verb(Action.SEE_CASES)
def units(desk: Desk, /) -> list[str]:
    """The units that cases are assigned to."""
    return units_of(desk.project)


@verb(Action.SEE_CASES)
def counted(desk: Desk, /, first: date, last: date, by: By) -> list[Group]:
    """How the cases of a time were dealt with, by unit, category, place, level, month."""
    span = Span(midnight(first), midnight(last, 1), desk.now())
    return figures(listed(desk), span, by)


@verb(Action.SEE_CASES, changes=True)
def sheet(desk: Desk, /, numbers: Sequence[str]) -> bytes:
    """Those cases as an Excel file that units fill in; that it was taken is audited."""
    wanted = set(numbers)
    found = [case for case in listed(desk) if case.number in wanted]
    found.sort(key=lambda case: (case.deadline_at, case.number))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.xlsx"
        write_sheet(found, path, sheet_words(desk.project), now=desk.now())
        return path.read_bytes()


@verb(Action.WORK_CASES, changes=True)
def open_from(desk: Desk, /, origin: Origin, origin_id: str) -> Opened:
    """Put a flag, an event or a post on the list; where it is on it already, that case. Raises ConfigError."""
    return open_case(desk.project, Asked(origin, origin_id), _doing(desk))


@verb(Action.WORK_CASES, changes=True)
def open_by_hand(desk: Desk, /, title: str, unit: str = "", level: str = "") -> Opened:
    """A case of somebody's own words. Raises ConfigError for an empty title or an unknown unit."""
    return open_case(desk.project, Asked("hand", title=title, unit=unit, level=level), _doing(desk))


@verb(Action.WORK_CASES, changes=True)
def move(desk: Desk, /, seen: Seen, to: State, answer: str = "") -> Case:
    """Another state that is work on the case. Raises ConfigError (a move that closes, is not allowed or lacks its reason),
    CaseChangedError."""
    with read(desk.store) as connection:
        state = case_numbered(connection, seen.number).state
    if (state, to) in CLOSING:
        desk.require(Action.CLOSE_CASES, "cases.close")
    return acting.move(desk.project, seen.number, to, _doing(desk, seen), answer=answer)


@verb(Action.CLOSE_CASES, changes=True)
def close(desk: Desk, /, seen: Seen, to: State) -> Case:
    """Finish, strike off, decline, return or reopen. Raises ConfigError, CaseChangedError."""
    with read(desk.store) as connection:
        state = case_numbered(connection, seen.number).state
    if (state, to) not in CLOSING:
        desk.require(Action.WORK_CASES, "cases.move")
    return acting.move(desk.project, seen.number, to, _doing(desk, seen))


@verb(Action.WORK_CASES, changes=True)
def assign(desk: Desk, /, seen: Seen, unit: str) -> Case:
    """Give it to a unit. Raises ConfigError, CaseChangedError."""
    return acting.assign(desk.project, seen.number, Assignment(unit=unit), _doing(desk, seen))


@verb(Action.WORK_CASES, changes=True)
def extend(desk: Desk, /, seen: Seen, to: date) -> Case:
    """Another deadline, the end of that day; the reason is needed. Raises ConfigError, CaseChangedError."""
    return acting.extend(desk.project, seen.number, end_of_day(midnight(to)), _doing(desk, seen))


@verb(Action.WORK_CASES, changes=True)
def note(desk: Desk, /, seen: Seen) -> Case:
    """Only write something down. Raises ConfigError for nothing, CaseChangedError."""
    return acting.note(desk.project, seen.number, seen.why, _doing(desk, Seen(seen.number, seen.version)))


@verb(Action.WORK_CASES, changes=True)
def accept(desk: Desk, /, seen: Seen) -> Case:
    """Take the official reply that was found as the answer. Raises ConfigError, CaseChangedError."""
    return acting.accept(desk.project, seen.number, _doing(desk, seen))


@verb(Action.WORK_CASES, changes=True)
def dismiss(desk: Desk, /, seen: Seen) -> Case:
    """The official reply that was found is no answer. Raises ConfigError, CaseChangedError."""
    return acting.dismiss(desk.project, seen.number, _doing(desk, seen))


@verb(Action.WORK_CASES)
def preview(desk: Desk, /, data: bytes) -> Imported:
    """What a filled-in list would change, and the rows that cannot be taken. Nothing is written. Raises ConfigError."""
    return _imported(desk, data, dry_run=True)


@verb(Action.WORK_CASES)
def take_in(desk: Desk, /, data: bytes) -> Imported:
    """Take in a filled-in list: all of it, or nothing where a row cannot be taken. Raises ConfigError."""
    done = _imported(desk, data, dry_run=False)
    desk.audit("cases_in", f"{len(done.changes)} {done.written}")
    return done


def _imported(desk: Desk, data: bytes, *, dry_run: bool) -> Imported:
    if len(data) > UPLOAD_BYTES:
        raise ConfigError(tr("文件太大，反馈表不会超过 1 MB", "the file is too large: a filled-in list is below 1 MB"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.xlsx"
        path.write_bytes(data)
        return import_answers(desk.project, path, _doing(desk), dry_run=dry_run)


def _doing(desk: Desk, seen: Seen | None = None) -> Doing:
    now: datetime = desk.now()
    if seen is None:
        return Doing(who=desk.person.name, now=now)
    return Doing(who=desk.person.name, now=now, why=seen.why, version=seen.version)


def month_of(day: date) -> tuple[date, date]:
    """The first and last day of the month of `day`."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
