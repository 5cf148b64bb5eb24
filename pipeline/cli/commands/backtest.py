"""`qingyu backtest`: what rules would have told, or the detection flagged, in the past, as it was known then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from config.errors import ConfigError
from config.project import Project
from config.text import tr
from pipeline.cli.app import app
from pipeline.cli.options import Json, day, invocation, start_of
from pipeline.cli.output import emit_json, emit_table, local_time, say
from pipeline.cli.words import LEVELS, word

if TYPE_CHECKING:
    from pipeline.events.backtest import Listed


@app.command(help=tr("按当时所知重放过去，看会报出什么", "replay the past as it was known then"))
def backtest(
    context: typer.Context,
    rules: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[RULES]", help=tr("规则文件；不写则为项目的全部规则", "files of rules; else all of the project")
        ),
    ] = None,
    *,
    since: Annotated[str, typer.Option("--from", help=tr("从哪一天起（含）", "first day"))],
    until: Annotated[str, typer.Option("--to", help=tr("到哪一天止（含）", "last day, included"))],
    events: Annotated[bool, typer.Option("--events", help=tr("事件与预警", "events and flags"))] = False,
    matters: Annotated[
        Path | None,
        typer.Option(help=tr("人列出的事情（YAML：名称: [帖子编号]）", "matters a person has listed (YAML)")),
    ] = None,
    source: Annotated[str, typer.Option(help=tr("帖子编号所属的来源", "source that the listed ids belong to"))] = "",
    json: Json = False,
) -> None:
    """Replay the past."""
    from pipeline.events.backtest import read_listed

    if events and rules:
        raise ConfigError(tr("--events 与规则文件只写一样", "give --events or files of rules, not both"))
    if matters and not source:
        raise ConfigError(tr("--matters 须与 --source 一起用", "--matters needs --source"))
    listed = read_listed(matters, source) if matters else []
    first, last = day(since, "--from"), day(until, "--to")
    assert first and last  # both options are required
    if last < first:
        raise ConfigError(tr("--to 早于 --from", "--to lies before --from"))
    span = (start_of(first), start_of(last + timedelta(days=1)))
    project = invocation(context).project()
    if events:
        _show_events(project, span, listed, json=json)
    else:
        _show_rules(project, rules or [], span, listed, json=json)


def _show_rules(
    project: Project, files: Sequence[Path], span: tuple[datetime, datetime], listed: Sequence[Listed], *, json: bool
) -> None:
    from pipeline.cli.commands.rules import declared
    from pipeline.rules.backtest import backtest as replayed

    wanted = [one.rule for one in declared(project, files) if files or one.rule.enabled]
    outcomes = replayed(project, wanted, since=span[0], until=span[1], now=datetime.now(UTC), listed=listed)
    if json:
        emit_json(
            [
                {
                    **one.figures(),
                    "firings": [asdict(firing) for firing in one.firings],
                    "stricter": [asdict(variant) for variant in one.stricter],
                }
                for one in outcomes
            ]
        )
        return
    for one in outcomes:
        _show_outcome(one)
    if not outcomes:
        say(tr("没有规则", "no rules"))


def _show_outcome(outcome: Any) -> None:
    figures = outcome.figures()
    lead = "—" if figures["median_lead_h"] is None else f"{figures['median_lead_h']:g}"
    rows = [
        [local_time(f.at), f.key, f.posts, f.matter, f.peak_day or "", "" if f.lead_h is None else f"{f.lead_h:g}"]
        for f in outcome.firings
    ]
    columns = tr("时间 值 条数 说的是 高峰日 提前小时", "time value posts matter peak_day lead_h").split()
    emit_table(outcome.rule, columns, rows, right=(2, 5))
    say(
        tr(
            "{r}：{w} 周 {a} 条，每周 {p}；说中 {h} 条，{m} 件；提前的小时数（中位）{l}",
            "{r}: {w} weeks, {a} alerts, {p} a week; {h} hits of {m} matters; median lead {l} h",
            r=outcome.rule,
            w=figures["weeks"],
            a=figures["alerts"],
            p=figures["alerts_a_week"],
            h=figures["hits"],
            m=len(figures["matters"]),
            l=lead,
        )
    )
    if outcome.stricter:
        table = [[v.change, v.alerts, v.alerts_a_week, v.hits, v.matters] for v in outcome.stricter]
        columns = tr("门槛 告警 每周 说中 几件", "threshold alerts a_week hits matters").split()
        emit_table(tr("更严的门槛", "stricter thresholds"), columns, table, right=(1, 2, 3, 4))


def _show_events(project: Project, span: tuple[datetime, datetime], listed: Sequence[Listed], *, json: bool) -> None:
    from pipeline.events.backtest import backtest as replayed

    outcome = replayed(project, since=span[0], until=span[1], listed=listed)
    if json:
        shown: dict[str, Any] = {
            **outcome.figures(),
            "found_matters": [asdict(one) for one in outcome.matters],
            "alarms": [_shown(one) for one in outcome.alarms],
        }
        emit_json(shown)
        return
    rows = [
        [local_time(a.at), word(LEVELS, a.raised.level), a.title, len(a.posts), a.raised.voices,
         f"{a.raised.burst.expected:.2g}", f"{a.raised.burst.adjusted:.1g}", a.matter]
        for a in outcome.alarms
    ]  # fmt: skip
    columns = tr(
        "时间 级别 事件 条数 声音 平常 校正后概率 列出的事情", "time level event posts voices usual adjusted matter"
    ).split()
    emit_table(tr("会报出的", "what would be flagged"), columns, rows, right=(3, 4, 5, 6))
    if listed:
        emit_table(
            tr("列出的集中事情", "listed concentrated matters"),
            tr(
                "事情 条数 声音 第五条 首次预警 当时条数 及时", "matter posts voices fifth flagged posts_then in_time"
            ).split(),
            [
                [
                    m.name,
                    m.posts,
                    m.voices,
                    local_time(m.fifth),
                    local_time(m.flagged),
                    m.posts_then,
                    "✓" if m.in_time else "✗",
                ]
                for m in outcome.matters
            ],
            right=(1, 2, 5),
        )
    figures = outcome.figures()
    say(
        tr(
            "{w} 周，{n} 条；预警 {f}，事件 {e}",
            "{w} weeks, {n} posts; {f} flags, {e} events",
            w=figures["weeks"],
            n=figures["posts"],
            f=figures["flags"],
            e=figures["events"],
        )
    )
    if listed:
        say(
            tr(
                "集中事情 {m} 件，第五条之前报出 {i} 件；不在所列事情里的事件每周 {r} 个",
                "{m} concentrated matters, {i} flagged by their fifth post; {r} events a week about none of those listed",
                m=figures["matters"],
                i=figures["in_time"],
                r=figures["false_a_week"],
            )
        )


def _shown(alarm: Any) -> dict[str, Any]:
    burst = alarm.raised.burst
    return {
        "at": alarm.at,
        "event": alarm.raised.event_id,
        "level": alarm.raised.level,
        "title": alarm.title,
        "first": alarm.first,
        "posts": list(alarm.posts),
        "voices": alarm.raised.voices,
        "days": burst.days,
        "count": burst.count,
        "expected": burst.expected,
        "probability": burst.probability,
        "adjusted": burst.adjusted,
        "matter": alarm.matter,
    }
