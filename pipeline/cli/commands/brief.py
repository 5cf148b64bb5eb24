"""`qingyu brief …`: the daily, weekly, monthly and topic papers, their list, and the check of their figures."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from config.errors import ConfigError
from config.text import tr
from pipeline.cli.app import app
from pipeline.cli.options import Json, Since, Until, day, invocation
from pipeline.cli.output import FAILED, PIECES, SHANGHAI, complain, emit_json, emit_table, local_time, say

brief_app = typer.Typer(
    help=tr("简报：日报、周报、月报、专报，每个数字可以重算", "briefs, each figure of which can be recomputed"),
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(brief_app, name="brief")

Formats = Annotated[str, typer.Option("--format", help=tr("格式，以逗号分隔：docx,html,pdf", "formats: docx,html,pdf"))]
Out = Annotated[
    Path | None,
    typer.Option("--out", help=tr("放文件的目录；不写则为项目的 briefs/", "folder; else briefs/ of the project")),
]
OneDay = Annotated[
    str,
    typer.Option(
        "--day", help=tr("其中的某一天，如 2026-11-01；不写则为最近结束的一期", "a day in it; else the latest over")
    ),
]


@brief_app.command(help=tr("日报：一天的网情", "the brief of a day"))
def daily(
    context: typer.Context, the_day: OneDay = "", formats: Formats = "docx", out: Out = None, json: Json = False
) -> None:
    """The brief of a day."""
    _periodic(context, "daily", the_day, formats, out, json=json)


@brief_app.command(help=tr("周报：星期一至星期日", "the brief of a week, from Monday"))
def weekly(
    context: typer.Context, the_day: OneDay = "", formats: Formats = "docx", out: Out = None, json: Json = False
) -> None:
    """The brief of a week."""
    _periodic(context, "weekly", the_day, formats, out, json=json)


@brief_app.command(help=tr("月报：一个月的网情", "the brief of a month"))
def monthly(
    context: typer.Context, the_day: OneDay = "", formats: Formats = "docx", out: Out = None, json: Json = False
) -> None:
    """The brief of a month."""
    _periodic(context, "monthly", the_day, formats, out, json=json)


@brief_app.command(
    help=tr("专报：一个话题或查询，默认最近 28 天", "the brief of a topic or query, by default of 28 days")
)
def topic(
    context: typer.Context,
    subject: Annotated[
        str, typer.Argument(metavar="TOPIC", help=tr("话题名称、标识，或查询", "name or id of a topic, or a query"))
    ],
    since: Since = "",
    until: Until = "",
    formats: Formats = "docx",
    out: Out = None,
    json: Json = False,
) -> None:
    """The brief of a topic."""
    from pipeline.briefs.periods import Period

    last = day(until, "--to") or _now().astimezone(SHANGHAI).date()
    first = day(since, "--from") or last - timedelta(days=27)
    if last < first:
        raise ConfigError(tr("--to 早于 --from", "--to lies before --from"))
    _make(context, Period("topic", first, last), subject, formats, out, json=json)


def _now() -> datetime:
    return datetime.now(UTC)


def _periodic(context: typer.Context, kind: Any, the_day: str, formats: str, out: Path | None, *, json: bool) -> None:
    from pipeline.briefs.periods import latest_over, period_of

    named: date | None = day(the_day, "--day")
    _make(context, period_of(kind, named) if named else latest_over(kind, _now()), "", formats, out, json=json)


def _make(context: typer.Context, period: Any, subject: str, formats: str, out: Path | None, *, json: bool) -> None:
    from pipeline.briefs.making import FORMATS, Order, make
    from pipeline.cases.standing import case_lines

    asked = [one.strip() for one in formats.split(",") if one.strip()]
    if not asked or not set(asked) <= set(FORMATS):
        known = ",".join(FORMATS)
        raise ConfigError(
            tr("--format 应为 {k} 中的几种，现为 {g}", "--format must be of {k}, got {g}", k=known, g=formats)
        )
    project = invocation(context).project()
    folder = out.expanduser().resolve() if out else None
    order = Order(period, asked, subject=subject, out=folder, cases=case_lines(project))
    done = make(project, order, now=_now())
    told = {"title": done.brief.title, "year": done.brief.year, "number": done.brief.number}
    if json:
        files = {kind: str(path) for kind, path in done.files.items()}
        emit_json({**told, "figures": len(done.brief.figures()), "files": files, "failed": done.failed})
    else:
        facts = {**told, "f": len(done.brief.figures())}
        say(
            tr("{title}，〔{year}〕第 {number} 期，{f} 个数字", "{title}, no. {number} of {year}, {f} figures", **facts)
        )
        for path in done.files.values():
            say(str(path))
    for kind, why in done.failed.items():
        complain(f"{kind}: {why}")
    if done.failed:
        raise typer.Exit(PIECES)


@brief_app.command("list", help=tr("做过的简报，最近的在前", "the briefs that were made, the latest first"))
def list_(
    context: typer.Context,
    size: Annotated[int, typer.Option(min=1, max=10_000, help=tr("最多列几份", "at most so many"))] = 100,
    json: Json = False,
) -> None:
    """The briefs on the shelf."""
    from crawlers.store import opened
    from pipeline.briefs.shelf import listed

    project = invocation(context).project()
    with opened(project) as engine:
        found = listed(engine, project.root, size=size)
    if json:
        emit_json([{**asdict(one), "paths": dict(one.paths)} for one in found])
        return
    rows = [
        [f"〔{b.year}〕{b.number}", b.kind, b.title, local_time(b.made_at), " ".join(b.paths), b.id[:8]] for b in found
    ]
    heads = tr("期号 种类 标题 成稿 格式 编号", "number kind title made formats id").split()
    emit_table(tr("简报", "briefs"), heads, rows)


@brief_app.command(help=tr("把做过的一份发给几个组", "send a brief that was made to groups"))
def send(
    context: typer.Context,
    made_id: Annotated[
        str,
        typer.Argument(metavar="ID", help=tr("简报的编号或其开头，见 brief list", "id of the brief or its beginning")),
    ],
    group: Annotated[list[str], typer.Option("--group", help=tr("组名，可写多次", "name of a group, more than once"))],
    json: Json = False,
) -> None:
    """Put a brief into the outbox for groups."""
    from config.groups import find_group
    from pipeline.alerts.outbox import enqueue_letter
    from pipeline.briefs.sending import send_brief

    project = invocation(context).project()
    for name in group:
        find_group(project.groups, name)
    made = send_brief(project, made_id, group, send=enqueue_letter)
    if json:
        emit_json({"id": made.id, "subject": made.subject, "groups": list(made.groups)})
        return
    facts = {"s": made.subject, "g": "、".join(group)}
    say(tr("已放入发件箱：{s}，发给 {g}", "in the outbox: {s}, for {g}", **facts))


_STATES = {
    "same": ("相同", "same"),
    "late": ("成稿后又采到帖文，按成稿时所知相同", "more was collected since; as known then it is the same"),
    "changed": ("成稿后帖文等有变化，可能因此不同", "posts and so on changed since, which may be why it differs"),
    "differs": ("不同", "differs"),
    "altered": ("文中被改动", "altered in the text"),
    "gone": ("无从重算", "cannot be recomputed"),
}


@brief_app.command(
    help=tr(
        "重算文件里的每个数字；有不同或被改动的，退出码为 1；有无从确认的（清理、变化、正文里删去），为 3",
        "recompute each figure; exit code 1 where one differs, 3 where one cannot be confirmed any more",
    )
)
def verify(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=tr("简报文件：docx、html 或 pdf", "docx, html or pdf"))],
    json: Json = False,
) -> None:
    """Recompute every figure of a file."""
    from pipeline.briefs.carried import read_brief
    from pipeline.briefs.measures import Ground
    from pipeline.briefs.verifying import verify as verified
    from pipeline.cases.standing import case_lines
    from pipeline.query.layer import QueryLayer

    project = invocation(context).project()
    read = read_brief(file.expanduser())
    with QueryLayer.open(project, who="verify") as layer:
        verdict = verified(read, Ground(project, layer, read.record.made_at, case_lines(project), later=_now()))
    if json:
        emit_json(_verdict_values(verdict))
    else:
        _say_verdict(verdict)
    if not verdict.whole:
        raise typer.Exit(PIECES if verdict.right else FAILED)


def _verdict_values(verdict: Any) -> dict[str, Any]:
    from pipeline.briefs.record import figure_values

    told = [
        {**figure_values(one.figure), "state": one.state, "now": one.now, "text": one.text, "why": one.why}
        for one in verdict.checked
    ]
    return {
        "right": verdict.right,
        "whole": verdict.whole,
        "counts": dict(verdict.counts),
        "absent": list(verdict.absent),
        "figures": told,
    }


def _difference(*texts: str) -> int:
    """Where the texts first differ, among those that are there."""
    given = [text for text in texts if text]
    same = 0
    while all(len(text) > same and text[same] == given[0][same] for text in given):
        same += 1
    return same


def _around(text: str, at: int) -> str:
    """What stands at a place of a long text."""
    start = max(0, at - 20)
    return ("…" if start else "") + text[start : start + 80] + ("…" if len(text) > start + 80 else "")


def _say_verdict(verdict: Any) -> None:
    from pipeline.briefs.words import ground_words, measure_words

    for one in verdict.checked:
        if one.state == "same":
            continue
        facts = {"i": one.figure.id, "n": measure_words(one.figure), "g": ground_words(one.figure.origin)}
        start = _difference(one.figure.shown, one.now, one.text)
        values = {
            "t": _around(one.text, start),
            "r": _around(one.figure.shown, start),
            "w": _around(one.now, start) or "—",
            "s": tr(*_STATES[one.state]) + (f"（{one.why}）" if one.why else ""),
        }
        say(
            tr(
                "{i} {n}（{g}）：{s}——文中 {t}，记录 {r}，现在 {w}",
                "{i} {n} ({g}): {s}: text {t}, record {r}, now {w}",
                **facts,
                **values,
            )
        )
    counts = [f"{tr(*_STATES[state])} {n}" for state, n in verdict.counts.items()]
    say(tr("共 {n} 个数字：", "{n} figures: ", n=len(verdict.checked)) + tr("；", "; ").join(counts))
    if verdict.absent:
        say(tr("正文里已删去 {n} 个", "{n} no longer stand in the text", n=len(verdict.absent)))
