"""The commands of those who keep it running: `health`, `jobs`, `backup`, `restore`."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from config.text import tr
from crawlers.store import opened
from pipeline.cli.app import app
from pipeline.cli.options import Json, invocation
from pipeline.cli.output import FAILED, PIECES, SHANGHAI, emit_json, emit_table, note, progress, say
from pipeline.cli.words import CHECKS, HEALTH, RESULTS, STAGES, STATES, word

if TYPE_CHECKING:
    from pipeline.schedule.reading import JobView


@app.command(
    help=tr(
        "现在怎么样：问 qingyu run 的健康页；没有在运行时自己看。有误时退出码为 1",
        "how it is now: asks the health page of qingyu run, or looks itself where none answers; exit code 1 when failed",
    )
)
def health(context: typer.Context, json: Json = False) -> None:
    """How it is now."""
    from pipeline.health_asked import health_asked

    found = health_asked(invocation(context).project())
    if json:
        emit_json(found)
    else:
        _show(found)
    if found["state"] == "failed":
        raise typer.Exit(FAILED)


def _show(found: dict[str, Any]) -> None:
    for check in found["checks"]:
        say(f"{word(STATES, check['state'])}  {word(CHECKS, check['check'])}{tr('：', ': ')}{check['message']}")
    for one in found["workers"]:
        waits = tr("，在等：{w}", ", waits: {w}", w=one["waits_for"]) if one["waits_for"] else ""
        say(tr("  进程 {p}{w}", "  process {p}{w}", p=one["pid"], w=waits))
    rows = [
        [j["job"], j["last_end"], word(RESULTS, j["last_result"]), j["errors_in_a_row"], j["next_run"], j["reason"]]
        for j in found["jobs"]
    ]
    if rows:
        columns = tr("任务 上次结束 结果 接连出错 下次 原因", "job last_end result errors next reason").split()
        emit_table(tr("任务", "jobs"), columns, rows, right=(3,))
    for one in found["sources"]:
        if one["health"] not in ("fine", "disabled"):
            say(f"{word(HEALTH, one['health'])}  {one['source']}{tr('：', ': ')}{one['reason']}")


@app.command(
    help=tr(
        "定时任务：何时做、上次与下次、结果、谁在做；有接连失败、没做完或过期的，退出码为 3",
        "the periodic jobs: when, last and next, how they ended, who is at them; exit code 3 where one failed or is late",
    )
)
def jobs(context: typer.Context, json: Json = False) -> None:
    """The periodic jobs."""
    from pipeline.schedule.reading import job_views

    with opened(invocation(context).project()) as store:
        views = job_views(store, datetime.now(UTC))
    if json:
        emit_json([view.to_dict() for view in views])
    elif not views:
        say(tr("还没有任务；运行一次 qingyu run", "no jobs yet; start qingyu run once"))
    else:
        columns = tr(
            "任务 何时 上次应在 上次开始 上次结束 结果 下次 谁在做 说明",
            "job when last_due last_start last_end outcome next held_by said",
        ).split()
        emit_table(tr("定时任务", "periodic jobs"), columns, [_job_row(view) for view in views])
    if any(view.state.errors_in_a_row or view.lost or view.overdue for view in views):
        raise typer.Exit(PIECES)


def _job_row(view: JobView) -> list[Any]:
    from pipeline.health import told

    one = view.state
    about = (word(STAGES, one.stage), one.subject, f"@{one.machine}" if one.machine else "")
    lost = tr("（没做完，会重做）", "(did not end; will be done again)") if view.lost else ""
    late = tr("（过期未做）", "(overdue)") if view.overdue else ""
    shown = " ".join(part for part in about if part)
    times = [_local(at) for at in (one.last_due_at, one.started_at, one.ended_at)]
    result = word(RESULTS, one.result) + lost
    return [shown, one.when, *times, result, f"{_local(one.next_at)}{late}", view.held_by, told(one.said)]


def _local(at: datetime | None) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S") if at else ""


@app.command(
    help=tr(
        "在线备份数据库与配置到一个文件（只用于内嵌数据库；索引不备份，恢复时重建）",
        "back up store and configuration into one file, online (embedded store; the index is made anew at restore)",
    )
)
def backup(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(help=tr("放备份的目录", "folder of the backups"))],
    keep: Annotated[
        int | None,
        typer.Option(min=1, help=tr("保留本项目最近几份，较早的删去", "leave the newest so many of this project")),
    ] = None,
    with_secrets: Annotated[
        bool,
        typer.Option("--with-secrets", help=tr("含化名密钥与设置所指的机密文件", "with the key and the secret files")),
    ] = False,
    json: Json = False,
) -> None:
    """Back up the store and the configuration."""
    from pipeline.backup import back_up

    made = back_up(invocation(context).project(), target.expanduser(), keep=keep, with_secrets=with_secrets)
    if json:
        emit_json(
            {
                "path": str(made.path),
                "bytes": made.bytes,
                "counts": made.manifest.counts,
                "indexed": made.manifest.indexed,
                "left_out": made.manifest.left_out,
                "removed": [str(path) for path in made.removed],
            }
        )
        return
    say(made.sentence())
    say(str(made.path))
    if made.manifest.left_out:
        names = tr("、", ", ").join(made.manifest.left_out)
        note(tr("未含机密文件，请另行保管：{n}", "secret files are not in it, keep them elsewhere: {n}", n=names))


@app.command(
    help=tr(
        "由备份恢复到 --project 所指的目录，并重建索引",
        "restore a backup into the folder named by --project, and make its index",
    )
)
def restore(
    context: typer.Context,
    backup_file: Annotated[Path, typer.Argument(metavar="BACKUP", help=tr("备份文件", "file of the backup"))],
    force: Annotated[
        bool,
        typer.Option(
            "--force", help=tr("目录非空也恢复；原有的移到一旁", "into a folder in use; what is there is moved")
        ),
    ] = False,
    check: Annotated[bool, typer.Option("--check", help=tr("只核对，不恢复", "only verify"))] = False,
    json: Json = False,
) -> None:
    """Restore a backup."""
    from dataclasses import asdict

    from pipeline.restore import check_backup
    from pipeline.restore import restore as restore_into

    if check:
        manifest = check_backup(backup_file)
        if json:
            emit_json(asdict(manifest))
        else:
            facts = {"t": manifest.made_at, "n": manifest.counts.get("post", 0)}
            say(tr("备份完好：{t}，{n} 条帖子", "the backup is sound: {t}, {n} posts", **facts))
        return
    named = invocation(context).project_option or Path(os.environ.get("QINGYU_PROJECT") or Path.cwd())
    with progress(tr("重建索引", "rebuild"), quiet=json) as tell:
        done = restore_into(backup_file, named.expanduser().resolve(), force=force, progress=tell)
    if json:
        emit_json(done.to_dict())
        return
    say(
        tr(
            "已恢复到 {p}：{n} 条帖子，索引 {i} 条，与清单相符",
            "restored into {p}: {n} posts, {i} in the index, as the manifest says",
            p=done.root,
            n=done.posts,
            i=done.indexed,
        )
    )
    for path in done.aside:
        note(tr("原有的移到 {p}", "what was there is now {p}", p=path))
    if not done.key:
        note(
            tr(
                "没有化名密钥：把原来的放回 secrets/author.key；丢失了则运行 qingyu init（同一作者会得到新的化名）",
                "there is no key of pseudonyms: put the old one at secrets/author.key; where it is lost run qingyu init "
                "(the same author gets a new pseudonym)",
            )
        )
