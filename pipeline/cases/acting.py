"""What people do with a case: move, assign, change its deadline, note, answer, accept a proposal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from config.errors import ConfigError
from config.project import Project
from config.text import tr
from pipeline.cases.clocks import check_deadline, clock_id, deadline, measure_of
from pipeline.cases.keeping import all_cases, change_case
from pipeline.cases.model import WAITING, Case, Doing, Draft, State, state_name
from pipeline.cases.moves import check_move
from pipeline.cases.opening import Asked, check_words
from pipeline.cases.tables import cases
from pipeline.cases.wording import TEXT, line, text


def move(
    project: Project, number: str, to: State, doing: Doing, *, answer: str = "", answered_at: datetime | None = None
) -> Case:
    """The case in another state. answer: what the unit did; answered_at: when it said so, where that was earlier.

    Raises ConfigError for a move that is not allowed or lacks its reason; CaseChangedError.
    """
    said = text(answer, TEXT, tr("办理情况", "what was done"))
    why = doing.why.strip()

    def decide(connection: Connection, case: Case) -> Draft:
        checked = check_move(case, to, why=why)
        record: dict[str, Any] = {"answer": said} if said else {}
        if to == "answered" and answered_at is not None:
            record["answered_at"] = check_answered(case, answered_at, doing.now)
        if checked.anew:
            _check_free(connection, case)
            record |= _clock_anew(project, case, doing.now)
        return Draft("answered" if to == "answered" else "moved", to, record)

    return change_case(project, number, doing, decide)[0]


def check_answered(case: Case, at: datetime, now: datetime) -> datetime:
    """When a unit says it answered. Raises ConfigError for a time before the clock started, or in the future."""
    if at > now:
        raise ConfigError(tr("反馈时间在将来", "the time of the answer lies in the future"))
    if at < case.started_at:
        raise ConfigError(tr("反馈时间早于受理", "the time of the answer lies before the case was opened"))
    return at


def _check_free(connection: Connection, case: Case) -> None:
    """Raises ConfigError where the same flag, event or post has another case on the list."""
    if case.origin == "hand":
        return
    same = cases.c.listed == 1, cases.c.origin == case.origin, cases.c.origin_id == case.origin_id
    for other in all_cases(connection, *same, cases.c.number != case.number):
        message = "同一来由已另立 {o}，请在那里继续", "{o} was opened for the same matter; go on there"
        raise ConfigError(tr(*message, o=other.number))


def _clock_anew(project: Project, case: Case, now: datetime) -> dict[str, Any]:
    settings = project.settings.cases
    name = case.clock if case.clock in settings.clocks else settings.clock
    clock = settings.clocks[name]
    at = max(now, case.updated_at)
    return {"clock": name, "measure": measure_of(clock), "started_at": at, "deadline_at": deadline(clock, at)}


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who is to deal with a case, and what else is decided with that; "" leaves a thing as it is."""

    unit: str = ""
    level: str = ""
    category: str = ""
    place: str = ""
    title: str = ""


def assign(project: Project, number: str, given: Assignment, doing: Doing) -> Case:
    """The case with its unit (and level, category, place, title). One that waits to be judged becomes 已交办; giving it to
    another unit needs a reason and puts it back to 已交办. Raises ConfigError; CaseChangedError."""
    asked = Asked("hand", **{name: getattr(given, name) for name in Assignment.__slots__})
    said = check_words(project, asked)
    wanted = {name: getattr(said, name) for name in Assignment.__slots__ if getattr(said, name)}
    if not wanted:
        raise ConfigError(tr("没有写要交给哪个单位，或要改什么", "say which unit, or what to change"))

    def decide(connection: Connection, case: Case) -> Draft | None:
        changed = {name: value for name, value in wanted.items() if getattr(case, name) != value}
        to = _assigned_state(case, wanted, changed, doing.why.strip())
        if not changed and to == case.state:
            return None
        return Draft("assigned", to, changed)

    return change_case(project, number, doing, decide)[0]


def _assigned_state(case: Case, wanted: dict[str, str], changed: dict[str, str], why: str) -> State:
    if case.state not in WAITING:
        message = "{n} 已是{s}，先退回再交办", "{n} is {s} already; return it first"
        raise ConfigError(tr(*message, n=case.number, s=state_name(case.state)))
    if case.state == "pending":
        return "assigned" if "unit" in wanted else "pending"
    if "unit" not in changed:
        return case.state
    if not why:
        raise ConfigError(
            tr(
                "改派要写明理由（命令行用 --why）",
                "giving it to another unit: give the reason (--why on the command line)",
            )
        )
    return "assigned"


def extend(project: Project, number: str, to: datetime | str, doing: Doing) -> Case:
    """The case with another deadline. to: a time, or the name of a clock counted from the start. Needs a reason.

    Raises ConfigError for a deadline in the past or without a reason, and where no answer is awaited; CaseChangedError.
    """
    if not doing.why.strip():
        raise ConfigError(tr("改期要写明理由（命令行用 --why）", "another deadline needs a reason: --why"))
    settings = project.settings.cases
    name = clock_id(settings, to) if isinstance(to, str) else ""

    def decide(connection: Connection, case: Case) -> Draft:
        if case.state not in WAITING:
            message = "{n} 现为 {s}，不再计时", "{n} is {s}: its clock has stopped"
            raise ConfigError(tr(*message, n=case.number, s=state_name(case.state)))
        record: dict[str, Any] = {"deadline_at": to}
        if name:
            clock = settings.clocks[name]
            record = {"clock": name, "measure": measure_of(clock), "deadline_at": deadline(clock, case.started_at)}
        check_deadline(case, record["deadline_at"], max(doing.now, case.updated_at))
        return Draft("extended", case.state, record)

    return change_case(project, number, doing, decide)[0]


def note(project: Project, number: str, said: str, doing: Doing) -> Case:
    """The case with a note in its course. Raises ConfigError for an empty one; CaseChangedError."""
    plain = text(said, TEXT, tr("记事", "note"))
    if not plain:
        raise ConfigError(tr("没有写内容", "the note is empty"))
    return change_case(project, number, doing, lambda _, case: Draft("noted", case.state, {"text": plain}))[0]


def accept(project: Project, number: str, doing: Doing) -> Case:
    """The case in the state that a found reply proposes; the answer counts from the time of that reply.

    Raises ConfigError where nothing is proposed; CaseChangedError.
    """
    why = line(doing.why, TEXT, tr("理由", "reason")) or tr("官方已答复", "there is an official reply")

    def decide(connection: Connection, case: Case) -> Draft:
        to = _proposed(case)
        check_move(case, to, why=why)
        at = min(max(case.proposed_at or doing.now, case.started_at), doing.now)
        return Draft("answered", to, {"answered_at": at})

    return change_case(project, number, replace(doing, why=why), decide)[0]


def dismiss(project: Project, number: str, doing: Doing) -> Case:
    """The case without what was proposed: the reply does not settle it. Needs a reason. Raises ConfigError."""
    if not doing.why.strip():
        raise ConfigError(tr("不采纳要写明理由（命令行用 --why）", "not accepting needs a reason: --why"))

    def decide(connection: Connection, case: Case) -> Draft:
        _proposed(case)
        return Draft("noted", case.state, {"proposed": "", "proposed_at": None})

    return change_case(project, number, doing, decide)[0]


def _proposed(case: Case) -> State:
    if case.proposed != "answered":
        message = "{n} 没有待采纳的建议", "nothing is proposed for {n}"
        raise ConfigError(tr(*message, n=case.number))
    return "answered"


def end_of_day(at: datetime) -> datetime:
    """24:00 of a day given by its first instant: a deadline that is named by its day lasts to its end."""
    return at + timedelta(days=1)
