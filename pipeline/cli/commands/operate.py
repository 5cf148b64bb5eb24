"""The commands of those who keep it running: `health`, `backup`, `restore`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from config.text import tr
from pipeline.cli.app import app
from pipeline.cli.options import Json, invocation
from pipeline.cli.output import FAILED, emit_json, emit_table, note, progress, say
from pipeline.cli.words import CHECKS, HEALTH, STATES, word


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
        [j["job"], j["last_end"], j["last_result"], j["errors_in_a_row"], j["next_run"], j["reason"]]
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
