"""The commands that keep: `export`, `index …`, `purge`."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from config.text import tr
from pipeline.cli.app import app
from pipeline.cli.options import Json, Kql, Query, Since, Sources, Topics, Until, invocation, question
from pipeline.cli.output import counts_line, emit_json, note, progress, say
from pipeline.cli.words import PURGED
from pipeline.query.layer import QueryLayer, Question


class Format(StrEnum):
    """File formats of exports."""

    jsonl = "jsonl"
    csv = "csv"
    xlsx = "xlsx"
    parquet = "parquet"


@app.command(help=tr("导出帖子（JSONL、CSV、Excel、Parquet）", "export posts (JSONL, CSV, Excel, Parquet)"))
def export(
    context: typer.Context,
    query: Query = "",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help=tr("文件；不写则输出到屏幕（仅 jsonl、csv）", "file; else the screen")),
    ] = None,
    file_format: Annotated[
        Format | None, typer.Option("--format", help=tr("格式；不写则按文件名", "format; else by the file's name"))
    ] = None,
    since: Since = "",
    until: Until = "",
    source: Sources = None,
    topic: Topics = None,
    kql: Kql = False,
) -> None:
    """Export posts."""
    from pipeline.export import export_file, export_stream

    project = invocation(context).project()
    asked = question(query, since, until, source, topic, kql=kql)
    kind = (file_format or _format_of(output)).value
    with QueryLayer.open(project) as layer:
        if output is None:
            export_stream(layer, asked, kind)
            return
        total = layer.count(asked)
        with progress(tr("导出", "export"), quiet=False) as tell:
            written = export_file(layer, asked, output, kind, progress=lambda done: tell(done, total))
    note(tr("{n} 条 → {p}", "{n} posts → {p}", n=written, p=output))


def _format_of(output: Path | None) -> Format:
    if output is None:
        return Format.jsonl
    try:
        return Format(output.suffix.lstrip(".").lower())
    except ValueError as error:
        known = "、".join(Format)
        raise typer.BadParameter(
            tr("请用 --format 写明格式：{k}", "name the format by --format: {k}", k=known)
        ) from error


index_app = typer.Typer(help=tr("索引", "the index"), no_args_is_help=True, rich_markup_mode=None)
app.add_typer(index_app, name="index")


@index_app.command(
    "rebuild", help=tr("由数据库重建索引，期间查询照常", "make the index anew from the store; readers go on")
)
def index_rebuild(context: typer.Context, json: Json = False) -> None:
    """Make the index anew from the store."""
    from pipeline.process import rebuild_index

    project = invocation(context).project()
    with progress(tr("重建索引", "rebuild"), quiet=json) as tell:
        posts = rebuild_index(project, progress=tell)
    if json:
        emit_json({"posts": posts})
    else:
        say(tr("新索引 {n} 条，已启用", "the new index holds {n} posts and is in use", n=posts))


@index_app.command(
    "setup",
    help=tr("准备索引引擎（写模板，用上集群有的功能）", "prepare the index engine (template, what the cluster has)"),
)
def index_setup(context: typer.Context, json: Json = False) -> None:
    """Prepare the engine and say what was done."""
    from pipeline.index.engines import engine_of

    done = engine_of(invocation(context).project()).set_up()
    if json:
        emit_json({"done": done})
        return
    for line in done:
        say(line)


@index_app.command("info", help=tr("索引里有多少帖子、是什么版本", "how many posts the index holds, and its version"))
def index_info(context: typer.Context, json: Json = False) -> None:
    """Facts of the index."""
    project = invocation(context).project()
    with QueryLayer.open(project) as layer:
        facts = {
            "engine": "elasticsearch" if project.settings.index.url else "tantivy",
            "posts": layer.count(Question()),
            "version": layer.version(),
        }
    if json:
        emit_json(facts)
    else:
        say(
            tr(
                "引擎 {engine}，{posts} 条，版本 {version}",
                "engine {engine}, {posts} posts, version {version}",
                **facts,
            )
        )


@app.command(help=tr("按保留期限清理", "enforce the retention"))
def purge(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=tr("只说会清理什么", "only say what would go"))] = False,
    json: Json = False,
) -> None:
    """Enforce the retention."""
    from pipeline.retention import enforce

    project = invocation(context).project()
    report = enforce(project, now=datetime.now(UTC), dry_run=dry_run)
    if json:
        emit_json(report.to_dict())
        return
    counts = counts_line(report.to_dict(), PURGED) or tr("无", "nothing")
    say(
        tr("按保留期限将清理：{c}", "past their retention, would be removed: {c}", c=counts)
        if dry_run
        else tr("已清理：{c}", "removed: {c}", c=counts)
    )
