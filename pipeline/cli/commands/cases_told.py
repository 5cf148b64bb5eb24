"""`qingyu cases figures`, `export`, `import`: the list of cases in figures and as an Excel file."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from config.errors import ConfigError
from config.project import Project
from config.text import tr
from pipeline.cases.model import LISTED
from pipeline.cli.commands.cases import Unit, Who, cases_app, doing_of
from pipeline.cli.options import Json, Since, Until, day, invocation, start_of
from pipeline.cli.output import FAILED, SHANGHAI, emit_json, emit_table, note, say
from pipeline.cli.words import LEVELS, SECTORS


@cases_app.command(
    "figures", help=tr("受理、反馈、按时、用时，每个数都列出编号", "received, handled, on time, time taken")
)
def figures_of(
    context: typer.Context,
    month: Annotated[str, typer.Option("--month", help=tr("哪个月，如 2026-10", "which month, such as 2026-10"))] = "",
    since: Since = "",
    until: Until = "",
    by: Annotated[
        str,
        typer.Option(
            "--by", help=tr("按 unit 单位、category 类别、place 地点、level 级别、clock 时限、month 月", "group by")
        ),
    ] = "",
    json: Json = False,
) -> None:
    """Figures of cases."""
    from crawlers.store import opened, read
    from pipeline.cases.figures import GROUPINGS, Span, figures
    from pipeline.cases.figures import told as told_group
    from pipeline.cases.keeping import all_cases

    grouping = next((one for one in GROUPINGS if one == by), None)
    if grouping is None:
        known = "、".join(one for one in GROUPINGS if one)
        raise ConfigError(tr("不能按“{b}”分；可用：{k}", "cannot group by “{b}”; known: {k}", b=by[:20], k=known))
    project = invocation(context).project()
    first, end = _span(month, since, until)
    with opened(project) as store, read(store) as connection:
        found = all_cases(connection)
    groups = figures(found, Span(first, end, datetime.now(UTC)), grouping)
    if json:
        emit_json({"since": first, "until": end, "by": by, "groups": [told_group(one) for one in groups]})
        return
    names = _group_names(project)
    rows = [
        [names.get(one.key, one.key or tr("全部", "all") if not by else one.key or tr("（未定）", "(none)")),
         len(one.received), len(one.declined), len(one.handled), len(one.on_time), _share(one.on_time_share),
         len(one.finished), len(one.overdue), _spread(one.hours), _spread(one.workdays)]
        for one in groups
    ]  # fmt: skip
    columns = tr(
        "分组 受理 不予受理 已反馈 按时 按时率 办结 超期 小时（中位/P90） 工作日（中位/P90）",
        "group received declined handled on-time share finished overdue hours(median/p90) workdays(median/p90)",
    ).split()
    emit_table(tr("清单办理情况", "how cases were dealt with"), columns, rows, right=range(1, 10))


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.0%}"


def _spread(one: Any) -> str:
    return f"{one.median:g}/{one.p90:g}" if one else "—"


def _group_names(project: Project) -> dict[str, str]:
    from pipeline.vocabulary import place_names

    clocks = {key: clock.zh for key, clock in project.settings.cases.clocks.items()}
    sectors = {key: tr(*words) for key, words in SECTORS.items()}
    return place_names(project) | clocks | sectors | {key: tr(*words) for key, words in LEVELS.items()}


def _span(month: str, since: str, until: str) -> tuple[datetime, datetime]:
    """The time asked for; without any the current month. Raises ConfigError."""
    if month and (since or until):
        raise ConfigError(tr("--month 与 --from、--to 只写一种", "give --month, or --from and --to"))
    first, last = day(since, "--from"), day(until, "--to")
    today = datetime.now(SHANGHAI).date()
    if first or last:
        begin = first or last
        assert begin is not None  # one of the two was given
        return start_of(begin), start_of((last or today) + timedelta(days=1))
    begin = day(f"{month}-01", "--month") if month else today.replace(day=1)
    assert begin is not None  # not empty
    following = begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)
    return start_of(begin), start_of(following)


@cases_app.command(
    "export", help=tr("导出为 Excel，单位可在其中填写办理情况与反馈时间", "write an Excel file, to be filled in")
)
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.xlsx", help=tr("文件", "file"))],
    unit: Unit = "",
    everything: Annotated[
        bool, typer.Option("--all", help=tr("连同已销号、不予受理的", "those struck off and declined too"))
    ] = False,
) -> None:
    """Export cases."""
    from crawlers.store import opened, read
    from pipeline.audit import append_audit
    from pipeline.cases.keeping import all_cases
    from pipeline.cases.naming import sheet_words
    from pipeline.cases.sheets import write_sheet

    if file.suffix.lower() != ".xlsx":
        raise ConfigError(tr("文件名应以 .xlsx 结尾", "the file's name must end in .xlsx"))
    project, now = invocation(context).project(), datetime.now(UTC)
    with opened(project) as store:
        with read(store) as connection:
            found = [one for one in all_cases(connection) if everything or one.state in LISTED]
        kept = [one for one in found if not unit or one.unit == unit]
        append_audit(store, getpass.getuser(), "cases", f"export {unit}", len(kept))
    write_sheet(kept, file, sheet_words(project), now=now)
    note(tr("{n} 件 → {p}", "{n} cases → {p}", n=len(kept), p=file))


@cases_app.command(
    "import", help=tr("读回单位填写的 Excel：全部写入，或一行也不写", "read a filled-in file: all of it or nothing")
)
def import_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.xlsx", help=tr("文件", "file"))],
    dry: Annotated[bool, typer.Option("--dry", help=tr("只说会改什么", "only say what would change"))] = False,
    who: Who = "",
    json: Json = False,
) -> None:
    """Import answers."""
    from pipeline.cases.importing import import_answers

    done = import_answers(invocation(context).project(), file, doing_of(who, file.name[:80]), dry_run=dry)
    if json:
        emit_json(asdict(done))
    else:
        for one in done.changes:
            say(tr("第 {r} 行  {n}  {s}", "row {r}  {n}  {s}", r=one.row, n=one.number, s=one.said))
        for one in done.refused:
            note(
                tr(
                    "第 {r} 行不能用  {n}：{s}",
                    "row {r} cannot be taken  {n}: {s}",
                    r=one.row,
                    n=one.number,
                    s=one.said,
                )
            )
        counts = {"c": len(done.changes), "u": done.unchanged, "b": len(done.refused)}
        say(tr("有改动 {c} 件，无变化 {u} 件，不能用 {b} 行", "{c} changed, {u} unchanged, {b} rows refused", **counts))
        say(tr("已写入", "written") if done.written else tr("没有写入", "nothing was written"))
    if done.refused:
        raise typer.Exit(FAILED)


@cases_app.command("rebuild", help=tr("由经过重建清单的各行", "make the rows of all cases anew from their changes"))
def rebuild_rows(context: typer.Context, json: Json = False) -> None:
    """Make the rows anew."""
    from crawlers.store import opened
    from pipeline.cases.keeping import rebuild

    with opened(invocation(context).project()) as store:
        count = rebuild(store)
    if json:
        emit_json({"cases": count})
    else:
        say(tr("已重建 {n} 件", "{n} cases made anew", n=count))
