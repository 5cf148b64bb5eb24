"""Cases in the store: read, as they stand or stood, and changed, one change at a time."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, select

from config.errors import ConfigError
from config.project import Project
from config.text import tr
from config.workdays import SHANGHAI
from crawlers.rows import from_ms, to_ms
from crawlers.store import insert_rows, opened, take_turn, upsert, write
from pipeline.cases.course import after, course, recorded
from pipeline.cases.model import LISTED, Case, CaseChangedError, Change, Doing, Draft, Linked, Measure
from pipeline.cases.tables import case_change, case_post, cases
from pipeline.cases.wording import WHY, line, who_of

TURN = "cases"
_TIMES = ("opened", "started", "deadline", "answered", "finished", "ended", "proposed", "updated")
_PLAIN = (
    *("number", "title", "origin", "origin_id", "event_id", "state", "category", "place", "unit", "level"),
    *("clock", "measure", "answer", "proposed", "version"),
)
_PIECE = 500
_SHORT = re.compile(r"(?:(\d{4})-(?:[^-\s]{1,10}-)?)?(\d{1,6})")


def all_cases(connection: Connection, *where: Any) -> list[Case]:
    """The cases for which all conditions on `cases` hold, the newest first."""
    asked = select(cases).where(*where).order_by(cases.c.year.desc(), cases.c.serial.desc())
    rows = connection.execute(asked).all()
    links = _links(connection, [row.number for row in rows])
    return [_case(row, links.get(row.number, ())) for row in rows]


def case_numbered(connection: Connection, number: str) -> Case:
    """The case of a number exactly as kept. Raises ConfigError for none."""
    found = all_cases(connection, cases.c.number == number)
    if not found:
        message = "没有编号为 {n} 的清单事项；qingyu cases 列出现有的", "there is no case {n}; qingyu cases lists them"
        raise ConfigError(tr(*message, n=number[:40]))
    return found[0]


def find_case(connection: Connection, said: str, *, now: datetime) -> Case:
    """The case a person names: 2026-清单-0031, 2026-31, or 31 of this year. Raises ConfigError for none."""
    plain = unicodedata.normalize("NFKC", said).strip()
    short = _SHORT.fullmatch(plain)
    if short is None:
        return case_numbered(connection, plain)
    year = int(short[1] or now.astimezone(SHANGHAI).year)
    same = cases.c.year == year, cases.c.serial == int(short[2])
    number = connection.execute(select(cases.c.number).where(*same)).scalar()
    return case_numbered(connection, str(number or plain))


def changes_of(connection: Connection, number: str) -> list[Change]:
    """Everything that was done with a case, in order."""
    asked = select(case_change).where(case_change.c.number == number).order_by(case_change.c.version)
    return [_change(row) for row in connection.execute(asked)]


def cases_at(connection: Connection, moment: datetime, *where: Any) -> list[Case]:
    """The cases as they stood at a moment, told from their changes; the newest first. where: on `cases`, of columns that
    never change."""
    at = to_ms(moment) or 0
    found = all_cases(connection, cases.c.opened_ms <= at, *where)
    late = [one.number for one in found if one.updated_at > moment]
    then: dict[str, Case] = {}
    for start in range(0, len(late), _PIECE):
        some = case_change.c.number.in_(late[start : start + _PIECE])
        asked = select(case_change).where(some, case_change.c.at_ms <= at)
        rows = connection.execute(asked.order_by(case_change.c.number, case_change.c.version))
        for number, steps in groupby((_change(row) for row in rows), key=lambda one: one.number):
            stood = course(steps)
            if stood is not None:
                then[number] = stood
    return [then.get(one.number, one) for one in found]


def change_case(
    project: Project, said: str, doing: Doing, decide: Callable[[Connection, Case], Draft | None]
) -> tuple[Case, Change | None]:
    """The case after the change that `decide` made of it, and the change; None where it found nothing to change.

    All or nothing, one at a time. Raises CaseChangedError where doing.version is no longer the newest; ConfigError.
    """
    with opened(project) as store, write(store) as connection:
        take_turn(connection, TURN)
        case = find_case(connection, said, now=doing.now)
        if doing.version is not None and doing.version != case.version:
            raise CaseChangedError(case, changes_of(connection, case.number)[-1])
        draft = decide(connection, case)
        if draft is None:
            return case, None
        return append(connection, case, draft, doing)


def append(connection: Connection, case: Case, draft: Draft, doing: Doing) -> tuple[Case, Change]:
    """The case after one more change, kept. Within a transaction that holds the turn."""
    change = Change(
        number=case.number,
        version=case.version + 1,
        at=max(doing.now, case.updated_at),  # a clock that was set back makes no step earlier than the last
        who=who_of(doing.who),
        act=draft.act,
        was=case.state,
        state=draft.state,
        why=line(doing.why, WHY, tr("理由", "reason")),
        record=recorded(draft.record),
    )
    keep(connection, change)
    changed = after(case, _as_kept(change))
    project_case(connection, changed)
    return changed, change


def keep(connection: Connection, change: Change) -> None:
    """Write a change; another of the same number and version is refused by the store."""
    row = asdict(change) | {"record": json.dumps(dict(change.record), ensure_ascii=False), "at_ms": to_ms(change.at)}
    del row["at"]
    insert_rows(connection, case_change, [row])


def project_case(connection: Connection, case: Case) -> None:
    """Write the rows of a case as it stands."""
    upsert(connection, cases, [_row(case)], key="number")
    connection.execute(delete(case_post).where(case_post.c.number == case.number))
    links = [_link_row(case.number, rank, link) for rank, link in enumerate(case.posts)]
    insert_rows(connection, case_post, links)


def rebuild(store: Engine) -> int:
    """Make the rows of all cases anew from their changes; returns how many cases there are."""
    with write(store) as connection:
        take_turn(connection, TURN)
        connection.execute(delete(case_post))
        connection.execute(delete(cases))
        asked = select(case_change).order_by(case_change.c.number, case_change.c.version)
        changes = [_change(row) for row in connection.execute(asked)]
        found = [course(steps) for _, steps in groupby(changes, key=lambda one: one.number)]
        for case in found:
            assert case is not None  # a group has at least one change
            project_case(connection, case)
    return len(found)


def _as_kept(change: Change) -> Change:
    """The change as it will be read again, so that what is shown now and what is made anew are the same."""
    return replace(change, at=_ms_exact(change.at), record=json.loads(json.dumps(dict(change.record))))


def _ms_exact(value: datetime) -> datetime:
    return from_ms(to_ms(value)) or value


def _row(case: Case) -> dict[str, Any]:
    row = {name: getattr(case, name) for name in _PLAIN}
    row |= {f"{name}_ms": to_ms(getattr(case, f"{name}_at")) for name in _TIMES}
    year, serial = year_serial(case.number)
    return row | {"year": year, "serial": serial, "listed": int(case.state in LISTED)}


def year_serial(number: str) -> tuple[int, int]:
    """The year of a number, and the count within it."""
    year, _, serial = number.split("-")
    return int(year), int(serial)


def _link_row(number: str, rank: int, link: Linked) -> dict[str, Any]:
    return {
        "number": number,
        "post_id": link.id,
        "rank": rank,
        "reply": link.reply,
        "reply_unit": link.reply_unit[:200],
        "replied_ms": to_ms(link.replied_at),
    }


def _links(connection: Connection, numbers: Sequence[str]) -> dict[str, list[Linked]]:
    found: dict[str, list[Linked]] = {}
    for start in range(0, len(numbers), _PIECE):
        some = case_post.c.number.in_(numbers[start : start + _PIECE])
        rows: Iterable[Row[Any]] = connection.execute(
            select(case_post).where(some).order_by(case_post.c.number, case_post.c.rank)
        )
        for row in rows:
            link = Linked(row.post_id, row.reply, row.reply_unit, from_ms(row.replied_ms))
            found.setdefault(row.number, []).append(link)
    return found


def _case(row: Row[Any], posts: Sequence[Linked]) -> Case:
    values: dict[str, Any] = {name: getattr(row, name) for name in _PLAIN}
    values |= {f"{name}_at": from_ms(getattr(row, f"{name}_ms")) for name in _TIMES}
    measure: Measure = row.measure
    return Case(**{**values, "measure": measure}, posts=tuple(posts))


def _change(row: Row[Any]) -> Change:
    at = from_ms(row.at_ms)
    assert at is not None  # the column is NOT NULL
    return Change(
        number=row.number,
        version=row.version,
        at=at,
        who=row.who,
        act=row.act,
        was=row.was,
        state=row.state,
        why=row.why,
        record=json.loads(row.record),
    )
