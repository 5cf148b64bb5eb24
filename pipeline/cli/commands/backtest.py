"""`qingyu backtest`: what would have been flagged in the past, as it was known then."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from config.errors import ConfigError
from config.text import tr
from pipeline.cli.app import app
from pipeline.cli.options import Json, day, invocation, start_of
from pipeline.cli.output import emit_json, emit_table, local_time, say
from pipeline.cli.words import LEVELS, word


@app.command(help=tr("按当时所知重放过去，看会报出什么", "replay the past as it was known then"))
def backtest(
    context: typer.Context,
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
    from pipeline.events.backtest import backtest as replayed
    from pipeline.events.backtest import read_listed

    if not events:
        raise ConfigError(tr("请加 --events", "add --events"))
    if matters and not source:
        raise ConfigError(tr("--matters 须与 --source 一起用", "--matters needs --source"))
    listed = read_listed(matters, source) if matters else []
    first, last = day(since, "--from"), day(until, "--to")
    assert first and last  # both options are required
    outcome = replayed(
        invocation(context).project(), since=start_of(first), until=start_of(last + timedelta(days=1)), listed=listed
    )
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
