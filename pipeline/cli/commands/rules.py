"""`qingyu rules check|list|run|silence`: what is told of, in whose words, and how long it is silent."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from config.errors import ConfigError
from config.project import Project
from config.rule_files import Declared, read_rules
from config.rule_values import duration
from config.text import tr
from config.yamlfile import read_yaml
from pipeline.cli.app import app
from pipeline.cli.options import Json, invocation
from pipeline.cli.output import FAILED, PIECES, complain, emit_json, emit_table, local_time, say
from pipeline.cli.words import LEVELS, RULE_KINDS, word

rules_app = typer.Typer(
    help=tr("规则：什么情况要告诉谁（config/rules）", "rules: what is told to whom (config/rules)"),
    no_args_is_help=True,
)
app.add_typer(rules_app, name="rules")

Files = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[FILES]", help=tr("只看这些文件；空为项目的全部规则", "only these files")),
]
Name = Annotated[str, typer.Argument(metavar="NAME", help=tr("规则的名字", "name of the rule"))]


def declared(project: Project, files: Sequence[Path] | None) -> list[Declared]:
    """The rules of these files, or all of the project. Raises ConfigError that lists each fault."""
    from pipeline.rules.reading import checks_of, rules_of

    if not files:
        return rules_of(project, project.groups)
    return read_rules([read_yaml(path) for path in files], checks_of(project, project.groups))


@rules_app.command(help=tr("检查规则，各用一句话说明", "check the rules and explain each in a sentence"))
def check(context: typer.Context, files: Files = None, json: Json = False) -> None:
    """Explain each rule; faults end with exit code 2."""
    from pipeline.rules.saying import explain

    found = declared(invocation(context).project(), files)
    if json:
        emit_json([{**_shown(one), "sentence": explain(one.rule)} for one in found])
        return
    for one in found:
        say(f"{one.rule.name}{tr('：', ': ')}{explain(one.rule)}")
    say(tr("{n} 条规则，没有错误", "{n} rules, no faults", n=len(found)))


def _shown(one: Declared) -> dict[str, Any]:
    return {**one.rule.model_dump(mode="json", by_alias=True), "file": one.file, "line": one.line}


@rules_app.command("list", help=tr("各规则上次触发、静默到何时", "each rule: last firing, silent till when"))
def list_rules(context: typer.Context, json: Json = False) -> None:
    """List rules and how they stand."""
    from crawlers.store import opened, read
    from pipeline.rules.reading import rules_of, standings

    project = invocation(context).project()
    rules = rules_of(project)
    with opened(project) as store, read(store) as connection:
        found = standings(connection, rules, now=datetime.now(UTC))
    if json:
        emit_json([{**_shown(s.declared), **{k: v for k, v in asdict(s).items() if k != "declared"}} for s in found])
        return
    rows = [
        [
            s.rule.name,
            word(RULE_KINDS, s.rule.kind),
            word(LEVELS, s.rule.level),
            tr("启用", "on") if s.rule.enabled else tr("未启用", "off"),
            local_time(s.fired_at),
            s.firings,
            local_time(s.silenced_till or s.silent_till),
            s.fault.splitlines()[0] if s.fault else "",
        ]
        for s in found
    ]
    columns = tr(
        "规则 种类 级别 状态 上次触发 次数 静默到 问题", "rule kind level state last firings silent_till fault"
    ).split()
    emit_table(tr("规则", "rules"), columns, rows, right=(5,))


@rules_app.command(
    help=tr("判断一次，打印报出的（qingyu run 会定时做）", "judge once and print (qingyu run does it by itself)")
)
def run(
    context: typer.Context,
    dry: Annotated[
        bool, typer.Option("--dry", help=tr("只看，不记也不发", "look only: nothing is kept or sent"))
    ] = False,
    at: Annotated[
        str,
        typer.Option(
            "--now", help=tr("当作现在是这个时刻，如 2026-11-20T08:00", "as if it were then, such as 2026-11-20T08:00")
        ),
    ] = "",
    json: Json = False,
) -> None:
    """Evaluate every rule once."""
    from pipeline.alerts.outbox import enqueue
    from pipeline.rules.evaluate import evaluate, sentence
    from pipeline.rules.reading import rules_of

    project = invocation(context).project()
    now = _moment(at)
    report = evaluate(project, [one.rule for one in rules_of(project)], now=now, send=enqueue, dry=dry)
    if json:
        shown = {"judged": report.judged, "held": report.held, "faults": report.faults}
        emit_json({**shown, "alerts": [asdict(one) for one in report.alerts]})
    else:
        for alert in report.alerts:
            say(f"{word(LEVELS, alert.level)}  {alert.title}  {' '.join(alert.reason)}")
        say(sentence(report) or tr("{n} 条规则，没有要报的", "{n} rules, nothing to tell", n=report.judged))
    for name, fault in report.faults.items():
        complain(f"{name}{tr('：', ': ')}{fault}")
    for error in report.errors:
        complain(error.message)
    if report.errors:
        raise typer.Exit(FAILED)
    if report.faults:
        raise typer.Exit(PIECES)


def _moment(text: str) -> datetime:
    if not text:
        return datetime.now(UTC)
    from pipeline.query.times import SHANGHAI

    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        message = tr(
            "--now 应写作 2026-11-20T08:00，现为 {t}", "--now is written 2026-11-20T08:00, got {t}", t=text[:40]
        )
        raise ConfigError(message) from error
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)


@rules_app.command(help=tr("让一条规则安静一段时间", "let a rule be silent for a while"))
def silence(
    context: typer.Context,
    name: Name,
    for_: Annotated[
        str, typer.Option("--for", help=tr("多久，如 2h、3d；0 为解除", "how long, such as 2h, 3d; 0 ends it"))
    ] = "2h",
    json: Json = False,
) -> None:
    """Silence a rule; what it finds meanwhile is told afterwards where it is flags, changes or single posts."""
    from crawlers.store import opened, write
    from pipeline.audit import append_audit
    from pipeline.query.times import milliseconds
    from pipeline.rules.memory import silence as keep_silence
    from pipeline.rules.reading import rules_of

    project = invocation(context).project()
    known = [one.rule.name for one in rules_of(project)]
    if name not in known:
        message = tr(
            "没有名为 {n} 的规则；现有：{k}", "no rule is called {n}; known: {k}", n=name[:60], k="、".join(known)
        )
        raise ConfigError(message)
    try:
        length_s = duration(float(for_) if for_.isdigit() else for_)
    except ValueError as error:
        raise ConfigError(f"--for {error}") from error
    until = datetime.now(UTC) + timedelta(seconds=length_s)
    with opened(project) as store:
        with write(store) as connection:
            keep_silence(connection, name, milliseconds(until) if length_s else 0)
        append_audit(store, getpass.getuser(), "silence", f"{name} {for_}", 0)
    if json:
        emit_json({"rule": name, "silenced_till": until if length_s else None})
    elif length_s:
        say(tr("{n} 静默到 {t}", "{n} is silent till {t}", n=name, t=local_time(until)))
    else:
        say(tr("{n} 不再静默", "{n} is no longer silent", n=name))
