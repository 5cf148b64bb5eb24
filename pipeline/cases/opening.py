"""Opening a case: from a flag, an event, a post, or by hand."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from config.cases import CATEGORIES
from config.errors import ConfigError
from config.project import Project
from config.text import tr
from config.workdays import SHANGHAI
from crawlers.store import opened, read, take_turn, write
from nlp.units import load_units
from pipeline.cases.clocks import check_deadline, clock_for, clock_id, deadline, measure_of
from pipeline.cases.course import after, link_record, recorded
from pipeline.cases.keeping import TURN, all_cases, case_numbered, keep, project_case
from pipeline.cases.model import Case, Change, Doing, Linked, Opened, Origin
from pipeline.cases.replies import replied
from pipeline.cases.tables import case_post, cases
from pipeline.cases.wording import TITLE, WHY, cut, line, who_of
from pipeline.events.model import LEVELS, Event, Flag
from pipeline.events.reading import event_by_id, event_of_post, flag_by_id, flags, posts_of
from pipeline.query.layer import QueryLayer
from pipeline.vocabulary import place_names

# How long a title may be that is made from what posts say.
_PROPOSED_TITLE = 60
_TEXT_TITLE = 40
_UNIT = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """What a case is to be opened from and what is said of it; "" leaves it to what the origin suggests. deadline: instead
    of the clock's."""

    origin: Origin
    origin_id: str = ""
    title: str = ""
    category: str = ""
    place: str = ""
    unit: str = ""
    level: str = ""
    clock: str = ""
    deadline: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Suggested:
    origin_id: str = ""
    event_id: str = ""
    values: dict[str, str] = field(default_factory=dict)
    posts: Sequence[str] = ()


def open_case(project: Project, asked: Asked, doing: Doing) -> Opened:
    """The case, new or the one that is on the list already for the same flag, event or post.

    Raises ConfigError for an unknown origin, category, place, level or clock, or no title; nothing is written then.
    """
    said = check_words(project, asked)
    if doing.now.tzinfo is None:
        raise ValueError("now must be aware")
    with opened(project) as store:
        with read(store) as connection:
            found = _suggested(connection, project, said, doing.who)
        with write(store) as connection:
            take_turn(connection, TURN)
            there = _listed(connection, said.origin, found.origin_id)
            if there is not None:
                return Opened(there, new=False)
            case = _write(connection, project, _filled(said, found), doing)
            return Opened(case, True, _related(connection, case), _earlier(connection, case))


def check_words(project: Project, asked: Asked) -> Asked:
    """`asked` with safe words. Raises ConfigError for a category, place, level or clock that is not known."""
    settings = project.settings.cases
    _one_of(asked.category, CATEGORIES, tr("类别", "category"))
    _one_of(asked.level, LEVELS, tr("级别", "level"))
    if asked.place:
        _one_of(asked.place, tuple(place_names(project)), tr("地点", "place"))
    return replace(
        asked,
        title=line(asked.title, TITLE, tr("事项名称", "title")),
        unit=_unit(project, line(asked.unit, _UNIT, tr("单位名称", "unit"))),
        clock=clock_id(settings, asked.clock) if asked.clock else "",
    )


def units_of(project: Project) -> list[str]:
    """The units a case can be given to: those of units.yaml, then those of settings.cases.units."""
    rules = load_units(project.file(project.settings.nlp.units), topics=None, places=None).rules
    return list(dict.fromkeys([*(rule.unit for rule in rules), *project.settings.cases.units]))


def _unit(project: Project, said: str) -> str:
    known = units_of(project) if said else []
    if said in known or not said:
        return said
    shown = "、".join(difflib.get_close_matches(said, known, n=5, cutoff=0.3) or known[:40])
    message = tr(
        "没有单位“{s}”；相近的：{k}。别的单位写进 units.yaml，或设置 cases.units",
        "there is no unit “{s}”; near: {k}. Other units go into units.yaml, or the setting cases.units",
        s=said[:40],
        k=shown,
    )
    raise ConfigError(message)


def _one_of(said: str, known: Sequence[str], name: str) -> None:
    if said and said not in known:
        shown = "、".join(known[:40])
        raise ConfigError(
            tr("没有{n}“{s}”；可用：{k}", "there is no {n} “{s}”; known: {k}", n=name, s=said[:20], k=shown)
        )


def _suggested(connection: Connection, project: Project, asked: Asked, who: str) -> _Suggested:
    if asked.origin == "hand":
        if not asked.title:
            raise ConfigError(tr("没有写事项名称：--title", "give the title by --title"))
        return _Suggested()
    if asked.origin == "post":
        return _from_post(connection, project, asked.origin_id, who)
    if asked.origin == "flag":
        flag = flag_by_id(connection, asked.origin_id)
        return _from_flag(connection, flag) if flag else _unknown(tr("预警", "flag"), asked.origin_id)
    event = event_by_id(connection, asked.origin_id)
    return _from_event(connection, event) if event else _unknown(tr("事件", "event"), asked.origin_id)


def _unknown(name: str, one: str) -> _Suggested:
    raise ConfigError(tr("没有编号为 {i} 的{n}", "there is no {n} {i}", n=name, i=one[:64]))


def _from_event(connection: Connection, event: Event) -> _Suggested:
    levels = [flag.level for flag in flags(connection, event_id=event.id)]
    answered = [one.id for one in replied(connection, sorted(posts_of(connection, event.id)))]
    values = {
        "title": event.title,
        "category": _first(event.sectors),
        "place": _first(event.places),
        "unit": event.duty,
        "level": max(levels, key=LEVELS.index, default=""),
    }
    posts = dict.fromkeys([event.first_post, *event.representatives, *answered])
    return _Suggested(event.id, event.id, values, [one for one in posts if one])


def _from_flag(connection: Connection, flag: Flag) -> _Suggested:
    event = event_by_id(connection, flag.event_id) if flag.event_id else None
    found = _from_event(connection, event) if event else _Suggested()
    values = {
        "category": flag.series if flag.kind == "sector" else "",
        "place": flag.series if flag.kind == "place" else "",
        **{key: value for key, value in found.values.items() if value},
        "title": flag.label,
        "level": flag.level,
    }
    values["unit"] = flag.duty or values.get("unit", "")
    return _Suggested(flag.id, found.event_id, values, list(dict.fromkeys([*flag.posts, *found.posts])))


def _from_post(connection: Connection, project: Project, post_id: str, who: str) -> _Suggested:
    with QueryLayer.open(project, who=who) as layer:
        view = layer.post(post_id)
    if view is None:
        return _unknown(tr("帖子", "post"), post_id)
    said = view.post
    values = {
        "title": said["title"] or cut(said["text"], _TEXT_TITLE),
        "category": _first(said["sectors"]),
        "place": _first(said["places"]),
        "unit": said["duty"],
    }
    return _Suggested(post_id, event_of_post(connection, post_id), values, [post_id])


def _first(values: Sequence[str]) -> str:
    return values[0] if values else ""


def _filled(asked: Asked, found: _Suggested) -> tuple[Asked, _Suggested]:
    suggested = {key: value for key, value in found.values.items() if value and not getattr(asked, key)}
    for key, most in (("title", _PROPOSED_TITLE), ("unit", _UNIT)):
        if key in suggested:
            suggested[key] = cut(suggested[key], most)
    filled: dict[str, Any] = {"title": tr("（无标题）", "(no title)")} if not asked.title else {}
    return replace(asked, **{**filled, **suggested}), found


def _write(connection: Connection, project: Project, told: tuple[Asked, _Suggested], doing: Doing) -> Case:
    asked, found = told
    settings = project.settings.cases
    name = asked.clock or clock_for(settings, level=asked.level, category=asked.category)
    clock = settings.clocks[name]
    record = {
        **{key: getattr(asked, key) for key in ("title", "origin", "category", "place", "unit", "level")},
        "origin_id": found.origin_id,
        "event_id": found.event_id,
        "clock": name,
        "measure": measure_of(clock),
        "started_at": doing.now,
        "deadline_at": asked.deadline or deadline(clock, doing.now),
        "posts": link_record(_links(connection, found.posts)),
    }
    number = _next_number(connection, settings.series, doing.now)
    why = line(doing.why, WHY, tr("理由", "reason"))
    change = Change(number, 1, doing.now, who_of(doing.who), "opened", "", "pending", why, recorded(record))
    case = after(None, change)
    if asked.deadline is not None:
        check_deadline(case, asked.deadline, doing.now)
    keep(connection, change)
    project_case(connection, case)
    return case_numbered(connection, number)


def _links(connection: Connection, ids: Sequence[str]) -> list[Linked]:
    """The posts, with the replies that are known already: these propose nothing."""
    known = {one.id: one for one in replied(connection, list(ids))}
    return [known.get(one, Linked(one)) for one in ids]


def _next_number(connection: Connection, series: str, now: datetime) -> str:
    """The next of the year. Within the turn, so that no other process can take the same; numbers are never given back."""
    year = now.astimezone(SHANGHAI).year
    last = connection.execute(select(func.max(cases.c.serial)).where(cases.c.year == year)).scalar()
    return f"{year}-{series}-{(last or 0) + 1:04d}"


def _listed(connection: Connection, origin: Origin, origin_id: str) -> Case | None:
    if origin == "hand":
        return None
    listed = all_cases(connection, cases.c.listed == 1, cases.c.origin == origin)
    return next((one for one in listed if _same_origin(connection, one, origin_id)), None)


def _same_origin(connection: Connection, case: Case, origin_id: str) -> bool:
    if case.origin_id == origin_id or case.origin != "event":
        return case.origin_id == origin_id
    event = event_by_id(connection, case.origin_id)  # it may have become part of the other since
    return event is not None and event.id == origin_id


def _related(connection: Connection, case: Case) -> list[str]:
    """Other cases on the list that are about the same event or share a post."""
    posts = select(case_post.c.number).where(case_post.c.post_id.in_([one.id for one in case.posts]))
    same: ColumnElement[bool] = cases.c.number.in_(posts)
    if case.event_id:
        same = or_(same, cases.c.event_id == case.event_id)
    asked = select(cases.c.number).where(cases.c.listed == 1, cases.c.number != case.number, same)
    return list(connection.execute(asked.order_by(cases.c.year, cases.c.serial)).scalars())


def _earlier(connection: Connection, case: Case) -> list[str]:
    if case.origin == "hand":
        return []
    same = cases.c.origin == case.origin, cases.c.origin_id == case.origin_id, cases.c.listed == 0
    return list(
        connection.execute(select(cases.c.number).where(*same).order_by(cases.c.year, cases.c.serial)).scalars()
    )
