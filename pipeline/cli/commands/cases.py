"""`qingyu cases`: the list of cases (清单), and everything that is done with one."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from config.errors import ConfigError
from config.project import Project
from config.text import tr
from pipeline.cases.model import ACTS, LISTED, NAMES, OPEN, ORIGINS, Case, Change, Doing, State
from pipeline.cli.app import app
from pipeline.cli.options import Json, day, invocation, start_of
from pipeline.cli.output import SHANGHAI, emit_json, emit_table, local_time, say
from pipeline.cli.words import LEVELS, SECTORS, word

cases_app = typer.Typer(
    help=tr("清单：交办、限时、反馈、销号", "cases: assigned, timed, answered, struck off"),
    rich_markup_mode=None,
    invoke_without_command=True,
)
app.add_typer(cases_app, name="cases")

Number = Annotated[
    str, typer.Argument(metavar="NUMBER", help=tr("编号，如 2026-清单-0031，或 31", "number, 2026-清单-0031 or 31"))
]
Who = Annotated[str, typer.Option("--who", help=tr("谁做的；不写则为登录名", "who does it; else the login name"))]
Why = Annotated[str, typer.Option("--why", help=tr("理由", "reason"))]
Version = Annotated[
    int | None,
    typer.Option("--version", help=tr("你看的是第几次改动；别人又改过则不写入", "the version you looked at")),
]
Title = Annotated[str, typer.Option("--title", help=tr("事项名称", "title"))]
Category = Annotated[
    str, typer.Option("--category", help=tr("类别：城乡建设、环境保护 …", "category: construction, environment …"))
]
Place = Annotated[str, typer.Option("--place", help=tr("地点：名称或标识", "place: name or id"))]
Unit = Annotated[str, typer.Option("--unit", help=tr("责任单位", "responsible unit"))]
LevelSaid = Annotated[str, typer.Option("--level", help=tr("级别：蓝、黄、橙、红", "level: blue, yellow, orange, red"))]
Clock = Annotated[
    str, typer.Option("--clock", help=tr("时限：一般事项、复杂事项、紧急回应 …", "clock: ordinary, complex, urgent …"))
]


def doing_of(who: str, why: str = "", version: int | None = None) -> Doing:
    """Who does something now; the login name where nobody is named."""
    return Doing(who or getpass.getuser(), datetime.now(UTC), why, version)


def _id(table: Any, said: str) -> str:
    """The id of a value that may be written in either language."""
    return next((key for key, words in table.items() if said in words), said)


def _place(project: Project, said: str) -> str:
    from pipeline.vocabulary import place_names

    return next((key for key, name in place_names(project).items() if said == name), said) if said else ""


@cases_app.callback()
def listing(
    context: typer.Context,
    open_only: Annotated[bool, typer.Option("--open", help=tr("只看在办的（未办结）", "not finished yet"))] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help=tr("只看超期的", "overdue"))] = False,
    ended: Annotated[
        bool, typer.Option("--all", help=tr("连同已销号、不予受理的", "those struck off and declined too"))
    ] = False,
    unit: Unit = "",
    state: Annotated[str, typer.Option("--state", help=tr("只看这个状态的", "of this state"))] = "",
    since: Annotated[
        str, typer.Option("--since", "--from", help=tr("受理从哪一天起（含）", "opened from this day on"))
    ] = "",
    until: Annotated[str, typer.Option("--to", help=tr("受理到哪一天止（含）", "opened up to this day"))] = "",
    json: Json = False,
) -> None:
    """List cases; without options those on the list."""
    if context.invoked_subcommand is not None:
        return
    from crawlers.store import opened, read
    from pipeline.cases.keeping import all_cases
    from pipeline.cases.moves import state_of

    project = invocation(context).project()
    now, wanted = datetime.now(UTC), state_of(state) if state else None
    first, last = day(since, "--since"), day(until, "--to")
    with opened(project) as store, read(store) as connection:
        found = all_cases(connection)
    kept = [
        one
        for one in found
        if (one.state == wanted if wanted else ended or one.state in (OPEN if open_only else LISTED))
        and (not overdue or one.overdue(now))
        and (not unit or one.unit == unit)
        and (first is None or one.opened_at >= start_of(first))
        and (last is None or one.opened_at < start_of(last + timedelta(days=1)))
    ]
    if json:
        emit_json([told(one, now) for one in kept])
    else:
        _show_list(kept, now)


def told(case: Case, now: datetime) -> dict[str, Any]:
    """A case as JSON values."""
    from pipeline.cases.clocks import left
    from pipeline.cases.figures import taken

    return {
        **asdict(case),
        "state_name": tr(*NAMES[case.state]),
        "overdue": case.overdue(now),
        "on_time": case.on_time if case.answered_at else None,
        "taken": taken(case),
        "left": left(case, now),
    }


def _show_list(found: list[Case], now: datetime) -> None:
    from pipeline.cases.clocks import left, shown_deadline

    if not found:
        say(tr("清单上没有事项", "no cases"))
        return
    rows = [
        [one.number, one.title, one.unit, tr(*NAMES[one.state]), shown_deadline(one.deadline_at), left(one, now),
         tr("有官方答复，待采纳", "reply found: accept?") if one.proposed else ""]
        for one in found
    ]  # fmt: skip
    columns = tr("编号 事项 责任单位 状态 截止 时限 提示", "number title unit state deadline time hint").split()
    emit_table(tr("清单", "cases"), columns, rows)


def _say_case(case: Case, *, json: bool) -> None:
    from pipeline.cases.clocks import left, shown_deadline

    now = datetime.now(UTC)
    if json:
        emit_json(told(case, now))
        return
    unit = case.unit or tr("还没有责任单位", "no unit yet")
    said = tr("截止 {d}，{w}", "due {d}, {w}", d=shown_deadline(case.deadline_at), w=left(case, now))
    say(f"{case.number}  {case.title}")
    say(f"{tr(*NAMES[case.state])}  {unit}  {said}")


@cases_app.command("show", help=tr("一件事项：经过、帖文摘录、期限", "one case: its course, quotations, deadline"))
def show(context: typer.Context, number: Number, json: Json = False) -> None:
    """One case with its course."""
    from crawlers.store import opened, read
    from pipeline.cases.keeping import changes_of, find_case
    from pipeline.cases.quoting import quotations

    project, now = invocation(context).project(), datetime.now(UTC)
    with opened(project) as store, read(store) as connection:
        case = find_case(connection, number, now=now)
        changes = changes_of(connection, case.number)
    quoted = quotations(project, case, who=getpass.getuser())
    if json:
        course = [asdict(one) for one in changes]
        emit_json({**told(case, now), "course": course, "quotations": [asdict(one) for one in quoted]})
        return
    _say_case(case, json=False)
    facts = [word(SECTORS, case.category), word(LEVELS, case.level), tr(*ORIGINS[case.origin])]
    say("  ".join(one for one in facts if one))
    if case.answer:
        say(tr("办理情况：{a}", "what was done: {a}", a=case.answer))
    if case.proposed:
        message = (
            "有官方答复，建议改为 {s}：qingyu cases accept {n}",
            "a reply was found, {s} proposed: qingyu cases accept {n}",
        )
        say(tr(*message, s=tr(*NAMES[case.proposed]), n=case.number))
    for change in changes:
        say(_step(change))
    gone = tr("原文已不在库中（超过保留期限）", "the original is no longer held (past its retention)")
    for one in quoted:
        said = f"{one.title} {one.text} {one.url}" if one.held else gone
        reply = tr("〔{u} {t} 已答复〕", "[{u} replied {t}]", u=one.reply_unit, t=local_time(one.replied_at))
        say(f"· {said} {reply if one.reply_unit or one.replied_at else ''}")


def _step(change: Change) -> str:
    moved = "" if change.was in ("", change.state) else f"{tr(*NAMES[change.was])} → {tr(*NAMES[change.state])}"
    parts = [
        local_time(change.at),
        change.who,
        tr(*ACTS[change.act]),
        moved,
        change.why,
        str(change.record.get("text", "")),
    ]
    if change.record.get("unit"):
        parts.append(str(change.record["unit"]))
    return "  ".join(part for part in parts if part)


@cases_app.command(
    "open", help=tr("立一件：来自预警、事件、帖子，或手工", "open a case: from a flag, event, post, or by hand")
)
def open_one(
    context: typer.Context,
    flag: Annotated[str, typer.Option("--flag", help=tr("预警编号", "id of a flag"))] = "",
    event: Annotated[str, typer.Option("--event", help=tr("事件编号", "id of an event"))] = "",
    post: Annotated[str, typer.Option("--post", help=tr("帖子编号", "id of a post"))] = "",
    title: Title = "",
    category: Category = "",
    place: Place = "",
    unit: Unit = "",
    level: LevelSaid = "",
    clock: Clock = "",
    deadline: Annotated[
        str, typer.Option("--deadline", help=tr("截止：2026-10-20，或 2026-10-20T17:00", "deadline"))
    ] = "",
    who: Who = "",
    why: Why = "",
    json: Json = False,
) -> None:
    """Open a case."""
    from pipeline.cases.model import Origin
    from pipeline.cases.opening import Asked, open_case

    given: list[tuple[Origin, str]] = [("flag", flag), ("event", event), ("post", post)]
    named = [one for one in given if one[1]]
    if len(named) > 1:
        raise ConfigError(tr("--flag、--event、--post 只写一个", "give only one of --flag, --event, --post"))
    origin, origin_id = named[0] if named else ("hand", "")
    project = invocation(context).project()
    asked = Asked(
        origin,
        origin_id,
        title=title,
        category=_id(SECTORS, category),
        place=_place(project, place),
        unit=unit,
        level=_id(LEVELS, level),
        clock=clock,
        deadline=_moment(deadline) if deadline else None,
    )
    found = open_case(project, asked, doing_of(who, why))
    if json:
        emit_json({**told(found.case, datetime.now(UTC)), "new": found.new, "related": found.related,
                   "earlier": found.earlier})  # fmt: skip
        return
    if not found.new:
        say(tr("已经立过，仍在清单上：", "it is on the list already:"))
    _say_case(found.case, json=False)
    for numbers, message in (
        (found.related, ("同一件事的还有：{k}", "also about this matter: {k}")),
        (found.earlier, ("以前立过：{k}", "opened before: {k}")),
    ):
        if numbers:
            say(tr(*message, k="、".join(numbers)))


def _moment(said: str) -> datetime:
    """A deadline as written: a day lasts to its end."""
    try:
        at = datetime.fromisoformat(said.strip())
    except ValueError as error:
        message = "时间应写作 2026-10-20 或 2026-10-20T17:00，现为 {t}", "write 2026-10-20 or 2026-10-20T17:00, got {t}"
        raise ConfigError(tr(*message, t=said[:30])) from error
    local = at.replace(tzinfo=SHANGHAI) if at.tzinfo is None else at
    return local + timedelta(days=1) if len(said.strip()) == len("2026-10-20") else local


@cases_app.command(
    "move",
    help=tr(
        "改状态：待研判、已交办、办理中、已反馈、已办结、已销号、不予受理",
        "change the state: pending, assigned, working, answered, finished, closed, declined",
    ),
)
def move_one(
    context: typer.Context,
    number: Number,
    state: Annotated[str, typer.Argument(metavar="STATE", help=tr("改成什么状态", "the state to be"))],
    answer: Annotated[str, typer.Option("--answer", help=tr("办理情况", "what was done"))] = "",
    who: Who = "",
    why: Why = "",
    version: Version = None,
    json: Json = False,
) -> None:
    """Move a case."""
    from pipeline.cases.acting import move
    from pipeline.cases.moves import state_of

    to: State = state_of(state)
    _say_case(move(invocation(context).project(), number, to, doing_of(who, why, version), answer=answer), json=json)


@cases_app.command(
    "assign", help=tr("交给一个单位（也可改级别、类别、地点、名称）", "give it to a unit (or change level …)")
)
def assign_one(
    context: typer.Context,
    number: Number,
    unit: Annotated[str, typer.Argument(metavar="UNIT", help=tr("责任单位", "responsible unit"))] = "",
    level: LevelSaid = "",
    category: Category = "",
    place: Place = "",
    title: Title = "",
    who: Who = "",
    why: Why = "",
    version: Version = None,
    json: Json = False,
) -> None:
    """Assign a case."""
    from pipeline.cases.acting import Assignment, assign

    project = invocation(context).project()
    given = Assignment(unit, _id(LEVELS, level), _id(SECTORS, category), _place(project, place), title)
    _say_case(assign(project, number, given, doing_of(who, why, version)), json=json)


@cases_app.command(
    "extend", help=tr("改期：写明截止时间或时限种类，以及理由", "another deadline or clock, with a reason")
)
def extend_one(
    context: typer.Context,
    number: Number,
    to: Annotated[
        str, typer.Option("--to", help=tr("截止：2026-10-20（到当日 24:00），或 2026-10-20T17:00", "the deadline"))
    ] = "",
    clock: Clock = "",
    who: Who = "",
    why: Why = "",
    version: Version = None,
    json: Json = False,
) -> None:
    """Change a deadline."""
    from pipeline.cases.acting import extend

    if bool(to) == bool(clock):
        raise ConfigError(tr("--to 与 --clock 写一个", "give one of --to and --clock"))
    wanted = clock or _moment(to)
    _say_case(extend(invocation(context).project(), number, wanted, doing_of(who, why, version)), json=json)


@cases_app.command("note", help=tr("记一笔", "add a note"))
def note_one(
    context: typer.Context,
    number: Number,
    text: Annotated[str, typer.Argument(metavar="TEXT", help=tr("内容", "what is to be noted"))],
    who: Who = "",
    version: Version = None,
    json: Json = False,
) -> None:
    """Note something."""
    from pipeline.cases.acting import note as write_note

    _say_case(write_note(invocation(context).project(), number, text, doing_of(who, "", version)), json=json)


@cases_app.command(
    "accept", help=tr("采纳官方答复所建议的状态（--no 不采纳）", "accept what a found reply proposes (or --no)")
)
def accept_one(
    context: typer.Context,
    number: Number,
    refuse: Annotated[bool, typer.Option("--no", help=tr("不采纳，写明理由", "do not accept it; say why"))] = False,
    who: Who = "",
    why: Why = "",
    version: Version = None,
    json: Json = False,
) -> None:
    """Accept a proposal."""
    from pipeline.cases.acting import accept, dismiss

    act = dismiss if refuse else accept
    _say_case(act(invocation(context).project(), number, doing_of(who, why, version)), json=json)
