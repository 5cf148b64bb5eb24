"""审计: who searched, opened, exported and changed what, for auditors. Rows are only read here, and nowhere changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, func, select

from crawlers.schema import audit
from crawlers.store import read
from pipeline.access.model import Action
from pipeline.desk.desk import Desk, verb
from pipeline.query.times import milliseconds

_PAGE = 2_000


@dataclass(frozen=True, slots=True)
class Sought:
    """Which rows. since, until: aware, until exclusive; who, action: exactly that, "" for all; words: in the detail."""

    since: datetime | None = None
    until: datetime | None = None
    who: str = ""
    action: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """What somebody did. posts: how many were read."""

    id: int
    at: datetime
    who: str
    action: str
    detail: str
    posts: int


@verb(Action.READ_AUDIT)
def rows(desk: Desk, /, sought: Sought, *, size: int, before: int = 0) -> tuple[int, list[Row]]:
    """How many there are, and the newest `size` of them; before: only rows with smaller ids, 0 for all."""
    with read(desk.store) as connection:
        total = connection.execute(_narrowed(select(func.count()), sought)).scalar_one()
        asked = _narrowed(select(audit), sought).order_by(audit.c.id.desc()).limit(size)
        if before:
            asked = asked.where(audit.c.id < before)
        found = [_row(row) for row in connection.execute(asked)]
    return int(total), found


@verb(Action.READ_AUDIT)
def people_and_actions(desk: Desk, /) -> tuple[list[str], list[str]]:
    """Who and what stand in the audit, for choices."""
    with read(desk.store) as connection:
        people = connection.execute(select(audit.c.who).distinct().order_by(audit.c.who)).scalars().all()
        actions = connection.execute(select(audit.c.action).distinct().order_by(audit.c.action)).scalars().all()
    return list(people), list(actions)


@verb(Action.READ_AUDIT, changes=True)
def every(desk: Desk, /, sought: Sought) -> Iterator[Row]:
    """Every row, the newest first, for a file; that it was taken is itself audited."""
    return _every(desk, sought)


def _every(desk: Desk, sought: Sought) -> Iterator[Row]:
    before = 0
    while True:
        asked = _narrowed(select(audit), sought).order_by(audit.c.id.desc()).limit(_PAGE)
        with read(desk.store) as connection:
            found = [_row(row) for row in connection.execute(asked.where(audit.c.id < before) if before else asked)]
        yield from found
        if len(found) < _PAGE:
            return
        before = found[-1].id


def _narrowed(asked: Select[Any], sought: Sought) -> Select[Any]:
    asked = asked.select_from(audit)
    if sought.since is not None:
        asked = asked.where(audit.c.at_ms >= milliseconds(sought.since))
    if sought.until is not None:
        asked = asked.where(audit.c.at_ms < milliseconds(sought.until))
    if sought.who:
        asked = asked.where(audit.c.who == sought.who)
    if sought.action:
        asked = asked.where(audit.c.action == sought.action)
    if sought.words:
        asked = asked.where(audit.c.detail.contains(sought.words, autoescape=True))
    return asked


def _row(row: Any) -> Row:
    return Row(row.id, datetime.fromtimestamp(row.at_ms / 1000, UTC), row.who, row.action, row.detail, row.posts)
