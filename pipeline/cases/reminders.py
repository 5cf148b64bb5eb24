"""Reminders: before the deadline and at it to those on duty, and each morning the overdue cases to the chief."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, time
from typing import Literal

from sqlalchemy import Connection, select

from config.cases import Cases
from config.project import Project
from config.text import tr
from config.workdays import SHANGHAI
from crawlers.rows import to_ms
from crawlers.store import insert_rows, opened, read, take_turn, write
from pipeline.alerts.model import Alert, Delivery, Level
from pipeline.cases.clocks import left, moments, shown_deadline
from pipeline.cases.keeping import all_cases
from pipeline.cases.model import WAITING, Case, state_name
from pipeline.cases.tables import case_reminder, cases
from pipeline.events.reading import flag_by_id

Send = Callable[[Connection, Sequence[Alert]], None]
Kind = Literal["before", "due", "overdue"]
_TURN = "case reminders"
# A list longer than this is not read in a mail; the rest is counted.
_LISTED = 50
# Posts named in one query: it takes 200 conditions.
_POSTS = 150
# Finds nothing: a case opened by hand has no posts.
_NO_POSTS = "编号:-"


def remind(project: Project, *, now: datetime, send: Send) -> str:
    """A sentence of what was reminded of, "" for nothing. Each reminder is given once: it is marked in the transaction in
    which it is handed to `send`, so a stop at any instant loses none and doubles none."""
    settings = project.settings.cases
    if not (settings.groups or settings.chief):
        return ""
    with opened(project) as store:
        with read(store) as connection:
            if not _due(connection, settings, now)[1]:
                return ""
        with write(store) as connection:
            take_turn(connection, _TURN)
            alerts, marks = _due(connection, settings, now)
            if alerts:
                send(connection, alerts)
            insert_rows(connection, case_reminder, marks)
    names = {"before": tr("将到期", "soon due"), "due": tr("到期", "due"), "overdue": tr("超期清单", "list of overdue")}
    counts = {kind: sum(alert.rule == f"case-{kind}" for alert in alerts) for kind in names}
    said = tr("，", ", ").join(f"{names[kind]} {count}" for kind, count in counts.items() if count)
    return tr("已提醒：{s}", "reminded: {s}", s=said) if said else ""


def _due(connection: Connection, settings: Cases, now: datetime) -> tuple[list[Alert], list[dict[str, object]]]:
    """The alerts that are to be given now, and the rows that say they were. Of several reminders of a case that became due
    (nothing ran for a while) only the latest is given; the others are marked."""
    alerts: list[Alert] = []
    marks: list[dict[str, object]] = []
    waiting = all_cases(connection, cases.c.state.in_(sorted(WAITING)))
    for case in waiting if settings.groups else ():
        stages = [one for one in _stages(case, settings) if one[1] <= now]
        fresh = _unsaid(connection, [_id(case, *one) for one in stages])
        if not stages or not fresh:
            continue
        last = _id(case, *stages[-1])
        if last in fresh:
            alerts.append(_alert(connection, case, stages[-1][0], last, settings.groups, now))
        marks += [_mark(one, case.number, kind, now) for (kind, _), one in _named(case, stages) if one in fresh]
    morning = datetime.combine(now.astimezone(SHANGHAI).date(), time.fromisoformat(settings.morning), SHANGHAI)
    # The list of a day is of what was overdue in its morning, whenever it is that something runs.
    overdue = [one for one in waiting if one.overdue(morning)] if settings.chief and now >= morning else []
    if overdue:
        one = _digest("overdue", morning.date().isoformat())
        if _unsaid(connection, [one]):
            alerts.append(_overdue(overdue, one, settings, now))
            marks.append(_mark(one, "", "overdue", now))
    return alerts, marks


def _stages(case: Case, settings: Cases) -> list[tuple[Kind, datetime]]:
    clock = settings.clocks.get(case.clock)
    before = moments(case, clock.remind, settings.morning) if clock else []
    return [*(("before", at) for at in before), ("due", case.deadline_at)]


def _named(case: Case, stages: Sequence[tuple[Kind, datetime]]) -> list[tuple[tuple[Kind, datetime], str]]:
    return [(stage, _id(case, *stage)) for stage in stages]


def _id(case: Case, kind: Kind, at: datetime) -> str:
    """The same for the same reminder; another deadline makes other reminders."""
    return _digest(case.number, kind, str(to_ms(at)), str(to_ms(case.deadline_at)))


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\x1f".join(("case", *parts)).encode(), digest_size=16).hexdigest()


def _unsaid(connection: Connection, ids: Sequence[str]) -> set[str]:
    said = connection.execute(select(case_reminder.c.id).where(case_reminder.c.id.in_(ids))).scalars()
    return set(ids) - set(said)


def _mark(one: str, number: str, kind: Kind, now: datetime) -> dict[str, object]:
    return {"id": one, "number": number, "kind": kind, "at_ms": to_ms(now)}


def _alert(
    connection: Connection, case: Case, kind: Kind, one: str, groups: Sequence[str], now: datetime
) -> Alert:  # fmt: skip
    levels: dict[Kind, Level] = {"before": "yellow", "due": "orange"}
    flag = flag_by_id(connection, case.origin_id) if case.origin == "flag" else None
    posts = [link.id for link in case.posts]
    return Alert(
        id=one,
        rule=f"case-{kind}",
        key=case.number,
        level=levels[kind],
        title=tr("{n} {w}：{t}", "{n} {w}: {t}", n=case.number, w=left(case, now), t=case.title),
        reason=(_sentence(case, now),),
        figures=_figures(case, now),
        query=f"编号:({' OR '.join(posts[:_POSTS])})" if posts else _NO_POSTS,
        since=case.opened_at,
        until=now,
        posts=tuple(posts[:_POSTS]),
        topics=(),
        places=(case.place,) if case.place else (),
        made_at=now,
        delivery=Delivery(tuple(groups)),
        event_id=case.event_id,
        flag_id=flag.id if flag else "",
    )


def _overdue(overdue: Sequence[Case], one: str, settings: Cases, now: datetime) -> Alert:
    oldest = sorted(overdue, key=lambda case: (case.deadline_at, case.number))
    lines = [_sentence(case, now) for case in oldest[:_LISTED]]
    if len(overdue) > _LISTED:
        lines.append(
            tr("另有 {n} 件：qingyu cases --overdue", "and {n} more: qingyu cases --overdue", n=len(overdue) - _LISTED)
        )
    return Alert(
        id=one,
        rule="case-overdue",
        key="",
        level="red",
        title=tr("超期清单：{n} 件", "overdue cases: {n}", n=len(overdue)),
        reason=tuple(lines),
        figures=((tr("超期", "overdue"), str(len(overdue))),),
        query=_NO_POSTS,
        since=min(case.opened_at for case in overdue),
        until=now,
        posts=(),
        topics=(),
        places=(),
        made_at=now,
        delivery=Delivery(tuple(settings.chief)),
    )


def _sentence(case: Case, now: datetime) -> str:
    return tr(
        "{n}《{t}》，{u}，{s}，截止 {d}，{w}",
        "{n} “{t}”, {u}, {s}, due {d}, {w}",
        n=case.number,
        t=case.title,
        u=case.unit or tr("还没有责任单位", "no unit yet"),
        s=state_name(case.state),
        d=shown_deadline(case.deadline_at),
        w=left(case, now),
    )


def _figures(case: Case, now: datetime) -> tuple[tuple[str, str], ...]:
    return (
        (tr("责任单位", "unit"), case.unit or "—"),
        (tr("状态", "state"), state_name(case.state)),
        (tr("截止", "deadline"), shown_deadline(case.deadline_at)),
        (tr("时限", "time"), left(case, now)),
    )
