"""`qingyu detect`, `events`, `event ID`, `flags`, `flag ID VERDICT`: what moves, and why it is worth a look."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from config.errors import ConfigError
from config.text import tr
from pipeline.cli.app import app
from pipeline.cli.options import Json, Since, Until, day, invocation, start_of
from pipeline.cli.output import emit_json, emit_table, local_time, progress, say
from pipeline.cli.words import LEVELS, STATES_OF_EVENTS, VERDICTS, word
from pipeline.events.wording import why


@app.command(help=tr("找出新事件与预警（qingyu run 会定时做）", "find events and flags (qingyu run does it by itself)"))
def detect(context: typer.Context, json: Json = False) -> None:
    """Find events and raise flags."""
    from pipeline.events.detect import detect as detect_all

    with progress(tr("发现事件", "detecting"), quiet=json) as tell:
        report = detect_all(
            invocation(context).project(), now=datetime.now(UTC), progress=lambda done: tell(done, None)
        )
    if json:
        emit_json(asdict(report))
    else:
        say(report.sentence() or tr("没有新的帖子要看", "no new posts to look at"))


def _span(since: str, until: str) -> tuple[datetime | None, datetime | None]:
    first, last = day(since, "--from"), day(until, "--to")
    return start_of(first) if first else None, start_of(last + timedelta(days=1)) if last else None


@app.command(help=tr("事件：同一件事的帖子，最近的在前", "events: posts of one matter, the latest first"))
def events(context: typer.Context, since: Since = "", until: Until = "", json: Json = False) -> None:
    """List events."""
    from crawlers.store import opened, read
    from pipeline.events.reading import events as read_events

    with opened(invocation(context).project()) as store, read(store) as connection:
        first, end = _span(since, until)
        found = read_events(connection, since=first, until=end)
    if json:
        emit_json([asdict(one) for one in found])
        return
    if not found:
        say(tr("没有事件", "no events"))
        return
    rows = [
        [one.id, one.title, word(STATES_OF_EVENTS, one.state), one.originals, one.voices, local_time(one.first_at),
         local_time(one.last_at), one.duty]
        for one in found
    ]  # fmt: skip
    columns = tr(
        "编号 事件 状态 条数 声音 最早 最近 通常答复的单位", "id event state posts voices first last unit"
    ).split()
    emit_table(tr("事件", "events"), columns, rows, right=(3, 4))


@app.command(help=tr("一个事件的经过", "the course of an event"))
def event(
    context: typer.Context,
    event_id: Annotated[str, typer.Argument(metavar="ID", help=tr("事件编号", "id of the event"))],
    json: Json = False,
) -> None:
    """One event: curve, phrases, representatives, flags."""
    from crawlers.store import opened, read
    from pipeline.events.reading import event_by_id
    from pipeline.events.reading import flags as read_flags
    from pipeline.query.layer import QueryLayer

    project = invocation(context).project()
    with opened(project) as store, read(store) as connection:
        found = event_by_id(connection, event_id)
        raised = read_flags(connection, event_id=found.id) if found else []
    if found is None:
        raise ConfigError(tr("没有编号为 {i} 的事件", "there is no event {i}", i=event_id[:64]))
    with QueryLayer.open(project, who=getpass.getuser()) as layer:
        views = [view.post for one in found.representatives if (view := layer.post(one))]
    if json:
        emit_json({**asdict(found), "flags": [asdict(one) for one in raised], "representative_posts": views})
        return
    say(f"{found.title}  {word(STATES_OF_EVENTS, found.state)}")
    say(
        tr(
            "{o} 条（另有转载 {c}），{v} 个声音，{a} 条有官方答复；{f} — {l}",
            "{o} posts (and {c} copies), {v} voices, {a} answered; {f} — {l}",
            o=found.originals,
            c=found.posts - found.originals,
            v=found.voices,
            a=found.answered,
            f=local_time(found.first_at),
            l=local_time(found.last_at),
        )
    )
    say(tr("短语：{p}", "phrases: {p}", p="、".join(found.phrases)))
    for one in raised:
        say(f"{local_time(one.flagged_at)}  {word(LEVELS, one.level)}  {why(one)}")
    for shown in views:
        say(f"· {local_time(_time(shown['published']))} {shown['title']}  {shown['url']}")


def _time(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value)) if value else None


@app.command(help=tr("预警：为什么值得看，最近的在前", "flags and why, the latest first"))
def flags(
    context: typer.Context,
    since: Since = "",
    until: Until = "",
    precision: Annotated[
        bool, typer.Option("--precision", help=tr("各规则按人的判断有多准", "how right each rule was"))
    ] = False,
    json: Json = False,
) -> None:
    """List flags."""
    from crawlers.store import opened, read
    from pipeline.events.reading import flags as read_flags
    from pipeline.events.verdicts import precision as measured

    with opened(invocation(context).project()) as store, read(store) as connection:
        if precision:
            _show_precision([asdict(one) for one in measured(connection)], json=json)
            return
        first, end = _span(since, until)
        found = read_flags(connection, since=first, until=end)
    if json:
        emit_json([asdict(one) for one in found])
        return
    if not found:
        say(tr("没有预警", "no flags"))
        return
    rows = [
        [
            local_time(one.flagged_at),
            word(LEVELS, one.level),
            one.label,
            why(one),
            one.duty,
            word(VERDICTS, one.verdict),
            one.id,
        ]
        for one in found
    ]
    columns = tr("时间 级别 什么 为什么 通常答复的单位 判断 编号", "time level what why unit verdict id").split()
    emit_table(tr("预警", "flags"), columns, rows)


def _show_precision(rows: list[dict[str, Any]], *, json: bool) -> None:
    if json:
        emit_json(rows)
        return
    shown = [[r["rule"], r["raised"], r["judged"], r["right"], _share(r["share"])] for r in rows]
    columns = tr("规则 预警 已判断 属实 占比", "rule raised judged right share").split()
    emit_table(tr("各规则有多准", "how right each rule was"), columns, shown, right=(1, 2, 3, 4))


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.0%}"


@app.command(
    help=tr("判断一条预警：true 属实、noise 误报、known 早已知道", "judge a flag: true, noise or known"),
)
def flag(
    context: typer.Context,
    flag_id: Annotated[str, typer.Argument(metavar="ID", help=tr("预警编号", "id of the flag"))],
    verdict: Annotated[str, typer.Argument(metavar="VERDICT", help="true, noise, known")],
    why_said: Annotated[str, typer.Option("--why", help=tr("理由", "reason"))] = "",
    who: Annotated[str, typer.Option(help=tr("谁说的；不写则为登录名", "who says so; else the login name"))] = "",
    json: Json = False,
) -> None:
    """Judge a flag."""
    from pipeline.events.verdicts import judge

    found = judge(
        invocation(context).project(),
        flag_id,
        verdict,
        who=who or getpass.getuser(),
        now=datetime.now(UTC),
        why=why_said,
    )
    if json:
        emit_json(asdict(found))
    else:
        say(f"{found.label}{tr('：', ': ')}{word(VERDICTS, found.verdict)}")
