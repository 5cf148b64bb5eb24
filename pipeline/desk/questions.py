"""Questions that people keep: the whole view under a title, for themselves or shared with all who may read posts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, or_, select

from config.errors import ConfigError
from config.text import tr
from crawlers.store import insert_rows, read, take_turn, write
from pipeline.access.model import Action
from pipeline.desk.desk import Desk, verb
from pipeline.desk.tables import question, question_opened
from pipeline.query.times import milliseconds

_TITLE, _VIEW, _MOST = 60, 8_000, 200
Params = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Kept:
    """view: parameters of the address; opened_at: when this person opened it last, None for never."""

    id: int
    owner: str
    title: str
    view: Params
    shared: bool
    made_at: datetime
    opened_at: datetime | None
    mine: bool


@verb(Action.READ_POSTS)
def listed(desk: Desk, /) -> list[Kept]:
    """The person's own, then those that others share, by title."""
    with read(desk.store) as connection:
        return _listed(connection, desk.person.name)


@verb(Action.READ_POSTS)
def opened(desk: Desk, /, question_id: int) -> Kept:
    """A question with the time it was opened before; that time is set to now. Raises ConfigError for none of the person's."""
    at = milliseconds(desk.now())
    with write(desk.store) as connection:
        take_turn(connection, "questions")
        found = _one(connection, desk.person.name, question_id)
        mine = (question_opened.c.question_id == question_id, question_opened.c.person == desk.person.name[:80])
        connection.execute(delete(question_opened).where(*mine))
        row = {"question_id": question_id, "person": desk.person.name[:80], "at_ms": at}
        insert_rows(connection, question_opened, [row])
    return found


@verb(Action.KEEP_QUESTIONS, changes=True)
def keep(desk: Desk, /, title: str, view: Params, *, shared: bool) -> Kept:
    """Keep a view under a title; one of the same title is replaced. Raises ConfigError: no title, too long, too many."""
    plain = " ".join(title.split())
    text = json.dumps(view, ensure_ascii=False)
    if not plain or len(plain) > _TITLE:
        message = tr("题目 1 到 {n} 个字", "a title has 1 to {n} characters", n=_TITLE)
        raise ConfigError(message)
    if len(text) > _VIEW:
        raise ConfigError(tr("问题太长，不能保存", "the question is too long to keep"))
    owner = desk.person.name[:80]
    with write(desk.store) as connection:
        take_turn(connection, "questions")
        mine = (question.c.owner == owner, question.c.title == plain)
        values = {"view": text, "shared": int(shared), "made_ms": milliseconds(desk.now())}
        if not connection.execute(question.update().where(*mine).values(values)).rowcount:
            held = connection.execute(select(question.c.id).where(question.c.owner == owner)).all()
            if len(held) >= _MOST:
                raise ConfigError(tr("最多保存 {n} 个问题", "{n} questions at most", n=_MOST))
            insert_rows(connection, question, [{"owner": owner, "title": plain, **values}])
        kept = connection.execute(select(question.c.id).where(*mine)).scalar_one()
        return _one(connection, desk.person.name, int(kept))


@verb(Action.KEEP_QUESTIONS, changes=True)
def rename(desk: Desk, /, question_id: int, title: str) -> None:
    """Another title for a question of one's own. Raises ConfigError."""
    plain = " ".join(title.split())
    if not plain or len(plain) > _TITLE:
        raise ConfigError(tr("题目 1 到 {n} 个字", "a title has 1 to {n} characters", n=_TITLE))
    with write(desk.store) as connection:
        take_turn(connection, "questions")
        _own(connection, desk.person.name, question_id)
        owner = desk.person.name[:80]
        other = select(question.c.id).where(
            question.c.owner == owner, question.c.title == plain, question.c.id != question_id
        )
        if connection.execute(other).first() is not None:
            raise ConfigError(tr("已有同名的问题", "there is a question of that title"))
        connection.execute(question.update().where(question.c.id == question_id).values(title=plain))


@verb(Action.KEEP_QUESTIONS, changes=True)
def share(desk: Desk, /, question_id: int, *, shared: bool) -> None:
    """Share a question of one's own with all who may read posts, or no longer. Raises ConfigError."""
    with write(desk.store) as connection:
        _own(connection, desk.person.name, question_id)
        connection.execute(question.update().where(question.c.id == question_id).values(shared=int(shared)))


@verb(Action.KEEP_QUESTIONS, changes=True)
def forget(desk: Desk, /, question_id: int) -> None:
    """Delete a question of one's own. Raises ConfigError."""
    with write(desk.store) as connection:
        _own(connection, desk.person.name, question_id)
        connection.execute(delete(question).where(question.c.id == question_id))
        connection.execute(delete(question_opened).where(question_opened.c.question_id == question_id))


def _listed(connection: Connection, person: str) -> list[Kept]:
    at = select(question_opened.c.question_id, question_opened.c.at_ms).where(question_opened.c.person == person[:80])
    times = {row.question_id: row.at_ms for row in connection.execute(at)}
    asked = select(question).where(or_(question.c.owner == person[:80], question.c.shared == 1))
    found = []
    for row in connection.execute(asked):
        ms = times.get(row.id)
        opened_at = datetime.fromtimestamp(ms / 1000, UTC) if ms else None
        made = datetime.fromtimestamp(row.made_ms / 1000, UTC)
        mine = row.owner == person[:80]
        found.append(Kept(row.id, row.owner, row.title, json.loads(row.view), bool(row.shared), made, opened_at, mine))
    return sorted(found, key=lambda one: (not one.mine, one.title, one.id))


def _one(connection: Connection, person: str, question_id: int) -> Kept:
    found = next((one for one in _listed(connection, person) if one.id == question_id), None)
    if found is None:
        raise ConfigError(tr("没有这个问题，或不再共享", "there is no such question, or it is no longer shared"))
    return found


def _own(connection: Connection, person: str, question_id: int) -> None:
    if not _one(connection, person, question_id).mine:
        raise ConfigError(tr("这是别人的问题，只能打开", "this question is somebody else's: it can only be opened"))
