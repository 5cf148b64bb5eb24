"""`qingyu alerts`, `alerts show|ack|test|deliver|retry`, `groups check`: what was told to whom, and what the servers said."""

from __future__ import annotations

import getpass
import os
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from config.errors import ConfigError
from config.groups import missing
from config.text import tr
from pipeline.cli.app import app
from pipeline.cli.options import Json, invocation
from pipeline.cli.output import FAILED, PIECES, complain, emit_json, emit_table, local_time, note, say
from pipeline.cli.words import ATTEMPTS, DELIVERIES, LEVELS, word

alerts_app = typer.Typer(
    help=tr("告警：发给了谁，送到了没有，谁确认了", "alerts: who was told, and who acknowledged"),
    invoke_without_command=True,
    rich_markup_mode=None,
)
app.add_typer(alerts_app, name="alerts")
groups_app = typer.Typer(help=tr("收告警的组", "groups that are told"), no_args_is_help=True, rich_markup_mode=None)
app.add_typer(groups_app, name="groups")

AlertId = Annotated[str, typer.Argument(metavar="ID", help=tr("告警编号", "id of the alert"))]


class State(StrEnum):
    """Where an alert may stand at a recipient."""

    waiting = "waiting"
    held = "held"
    sending = "sending"
    sent = "sent"
    given_up = "given_up"


@alerts_app.callback(invoke_without_command=True)
def alerts(
    context: typer.Context,
    state: Annotated[
        State | None,
        typer.Option(
            "--state",
            help=tr("只看有收件人处于此状态的：{s}", "only with a recipient in this state: {s}", s=" ".join(State)),
        ),
    ] = None,
    most: Annotated[int, typer.Option("--size", min=1, max=10_000, help=tr("最多几条", "at most so many"))] = 50,
    json: Json = False,
) -> None:
    """List alerts, the newest first."""
    if context.invoked_subcommand is not None:
        return
    from crawlers.store import opened, read
    from pipeline.alerts.reading import standings

    with opened(invocation(context).project()) as store, read(store) as connection:
        found = standings(connection, state=state.value if state else None, most=most)
    if json:
        emit_json([one.to_dict() for one in found])
        return
    if not found:
        say(tr("没有告警", "no alerts"))
        return
    rows = [
        [local_time(one.made_at), word(LEVELS, one.level), one.title, _told(one), one.acknowledged_by, one.id]
        for one in found
    ]
    columns = tr("时间 级别 标题 送达 确认 编号", "time level title told acknowledged id").split()
    emit_table(tr("告警", "alerts"), columns, rows)


def _told(one: Any) -> str:
    """`已送到 2，待发 1`."""
    counted: dict[str, int] = {}
    for told in one.told:
        counted[told.state] = counted.get(told.state, 0) + 1
    said = [f"{word(DELIVERIES, state)} {count}" for state, count in counted.items()]
    return "，".join([*said, *([one.note] if one.note else [])]) or word(DELIVERIES, one.state)


@alerts_app.command(
    help=tr("一条告警：每位收件人处到了哪一步，每次尝试的结果", "an alert: each recipient, each attempt")
)
def show(context: typer.Context, alert_id: AlertId, json: Json = False) -> None:
    """One alert with its attempts."""
    from crawlers.store import opened, read
    from pipeline.alerts.reading import attempts, groups_of, standing

    with opened(invocation(context).project()) as store, read(store) as connection:
        found = standing(connection, alert_id)
        if found is None:
            raise ConfigError(tr("没有编号为 {i} 的告警", "there is no alert {i}", i=alert_id[:80]))
        tried, groups = attempts(connection, alert_id), groups_of(connection, alert_id)
    if json:
        shown = {name: {"state": state, "next_at": at} for name, (state, at) in groups.items()}
        emit_json({**found.to_dict(), "groups": shown, "attempts": [asdict(one) for one in tried]})
        return
    say(f"{word(LEVELS, found.level)} {found.title}".strip())
    if found.note:
        say(found.note)
    if found.acknowledged_at:
        at = local_time(found.acknowledged_at)
        say(tr("{w} 于 {a} 确认", "acknowledged by {w} at {a}", w=found.acknowledged_by, a=at))
    for name, (state, at_next) in groups.items():
        later = tr("，{a} 起告诉下一位", ", the next person at {a}", a=local_time(at_next)) if at_next else ""
        say(f"{name}: {word(DELIVERIES, state)}{later}")
    for one in found.told:
        when = local_time(one.sent_at or one.until)
        reason = f"  {one.reason}" if one.reason else ""
        say(f"· {one.group} {one.person} {one.channel} {one.address}  {word(DELIVERIES, one.state)} {when}{reason}")
    for attempt in tried:
        say(f"  {local_time(attempt.at)} {word(ATTEMPTS, attempt.outcome)} {attempt.code or ''} {attempt.note}")


@alerts_app.command(help=tr("确认一条告警：不再升级给下一位", "acknowledge an alert: nobody further is told"))
def ack(
    context: typer.Context,
    alert_id: AlertId,
    who: Annotated[str, typer.Option(help=tr("谁；不写则为登录名", "who; else the login name"))] = "",
    json: Json = False,
) -> None:
    """Acknowledge an alert."""
    from pipeline.alerts.escalation import acknowledge

    done = acknowledge(invocation(context).project(), alert_id, who=who or getpass.getuser(), now=datetime.now(UTC))
    if json:
        emit_json(asdict(done))
        return
    when = local_time(done.at)
    said = ("已确认", "acknowledged") if done.first else ("早已确认", "was acknowledged before")
    say(tr("{s}：{w}，{a}", "{s}: {w}, {a}", s=tr(*said), w=done.who, a=when))


@alerts_app.command(help=tr("立即送出到期的（qingyu run 会定时做）", "send what is due (qingyu run does it by itself)"))
def deliver(context: typer.Context, json: Json = False) -> None:
    """Escalate and deliver once."""
    from crawlers.store import opened, read
    from pipeline.alerts.deliver import deliver as deliver_all
    from pipeline.alerts.escalation import escalate
    from pipeline.alerts.reading import counts

    project = invocation(context).project()
    told = [escalate(project, now=datetime.now(UTC)), deliver_all(project, now=datetime.now(UTC))]
    with opened(project) as store, read(store) as connection:
        standing = counts(connection)
    if json:
        emit_json({"said": [one for one in told if one], "counts": standing})
    else:
        say("；".join(one for one in told if one) or tr("没有到期的", "nothing is due"))
    if standing["given_up"]:
        complain(
            tr(
                "有 {n} 份放弃了：qingyu alerts --state given_up 看原因，改正后 qingyu alerts retry 编号",
                "{n} were given up: see why by qingyu alerts --state given_up, then qingyu alerts retry ID",
                n=standing["given_up"],
            )
        )
        raise typer.Exit(PIECES)


@alerts_app.command(help=tr("把没送到的再试一次，不等到时候", "try again now what was not delivered"))
def retry(context: typer.Context, alert_id: AlertId, json: Json = False) -> None:
    """Have the parcels of an alert tried again."""
    from crawlers.store import opened, read
    from pipeline.alerts.leasing import ask_again
    from pipeline.alerts.reading import standing
    from pipeline.query.times import milliseconds

    project = invocation(context).project()
    window_ms = int(project.settings.mail.idempotence_s * 1000)
    now_ms = milliseconds(datetime.now(UTC))
    with opened(project) as store:
        with read(store) as connection:
            found = standing(connection, alert_id)
        if found is None:
            raise ConfigError(tr("没有编号为 {i} 的告警", "there is no alert {i}", i=alert_id[:80]))
        parcels = list(dict.fromkeys(one.parcel_id for one in found.told if one.parcel_id))
        asked = ask_again(store, parcels, now_ms, sent_before_ms=now_ms - window_ms)
    if json:
        emit_json({"asked": asked})
    elif asked:
        say(tr("{n} 份将再送：qingyu alerts deliver 立即送", "{n} will be sent again: qingyu alerts deliver", n=asked))
    else:
        hours = project.settings.mail.idempotence_s / 3600
        say(
            tr(
                "没有可再送的：已送到的 {h:.0f} 小时内不重发（mail.idempotence_s），未放行的到时自己会走",
                "nothing to send again: what was sent is not repeated for {h:.0f} hours (mail.idempotence_s), "
                "what is held goes by itself",
                h=hours,
            )
        )


@alerts_app.command(
    "test", help=tr("给一组发一封测试告警，并说服务器怎么答", "send a test to a group and say what came")
)
def send_test(
    context: typer.Context,
    group: Annotated[str, typer.Argument(metavar="GROUP", help=tr("组名", "name of the group"))],
    json: Json = False,
) -> None:
    """Send a test alert past the outbox."""
    from pipeline.alerts.trying import try_group

    found = try_group(invocation(context).project(), group, now=datetime.now(UTC), environment=os.environ)
    if json:
        emit_json(asdict(found))
    else:
        rows = [[t.person, t.channel, t.address, word(ATTEMPTS, t.outcome), t.code or "", t.said] for t in found.tried]
        columns = tr("姓名 渠道 地址 结果 代码 对方的话", "name channel address outcome code answer").split()
        emit_table(tr("测试", "test"), columns, rows)
    for fault in found.faults:
        complain(fault)
    if not found.good:
        raise typer.Exit(FAILED)


@groups_app.command(
    help=tr("检查 groups.yaml：组、话题、地方、环境变量", "check groups.yaml: groups, topics, places, variables")
)
def check(context: typer.Context, json: Json = False) -> None:
    """Check the groups."""
    from pipeline.alerts.recipients import matter_of

    project = invocation(context).project()
    groups, matter = project.groups, matter_of(project)
    faults = [
        tr(
            "{g}: 没有名为 {n} 的{k}",
            "{g}: {k} has no {n}",
            g=name,
            n=one,
            k=tr("话题" if key == "topics" else "地方", key),
        )
        for name, group in groups.items()
        for key, one in matter.unknown(group)
    ]
    faults += [
        tr("{g}: 环境变量 {v} 没有设置", "{g}: the variable {v} is not set", g=name, v=channel.env)
        for name, channel in missing(groups, os.environ)
    ]
    if any(group.people for group in groups.values()) and not (
        project.settings.mail.host and project.settings.mail.sender
    ):
        faults.append(tr("没有设置 mail.host 与 mail.sender，邮件发不出去", "mail.host and mail.sender are not set"))
    if json:
        emit_json({"groups": {name: group.model_dump() for name, group in groups.items()}, "faults": faults})
    else:
        for name, group in groups.items():
            say(_sentence(name, group))
        if not groups:
            note(
                tr(
                    "还没有组：写进 config/groups.yaml，见 docs/how-to/alerts.md",
                    "no groups yet: see docs/how-to/alerts.md",
                )
            )
        for fault in faults:
            complain(fault)
    if faults:
        raise typer.Exit(FAILED)


def _sentence(name: str, group: Any) -> str:
    """A group in a sentence."""
    people = " → ".join(one.name for one in group.in_order())
    hooks = "、".join(f"{one.kind}({one.env})" for one in group.channels)
    about = "、".join([*group.topics, *group.places]) or tr("一切", "everything")
    quiet = tr("，{q} 安静", ", quiet {q}", q=group.quiet) if group.quiet else ""
    wake = tr("（{l}色除外）", " (but {l})", l=word(LEVELS, group.wake)) if group.quiet and group.wake else ""
    told = "；".join(part for part in (people, hooks) if part)
    return tr("{n}：{t}；关于{a}{q}{w}", "{n}: {t}; about {a}{q}{w}", n=name, t=told, a=about, q=quiet, w=wake)
