"""`qingyu init` and `qingyu doctor`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from config.project import init_project
from config.text import tr
from pipeline.cli.app import app
from pipeline.cli.options import Json, invocation
from pipeline.cli.output import FAILED, emit_json, say
from pipeline.cli.words import CHECKS, STATES, word
from pipeline.doctor import examine


@app.command(
    help=tr("建立项目目录：设置、来源目录、密钥", "make a project directory: settings, folder of sources, key")
)
def init(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help=tr("目录，默认当前目录", "folder, default: this one"))] = None,
    region: Annotated[str, typer.Option(help=tr("本地区名称", "name of the region"))] = "",
    name: Annotated[
        str, typer.Option(help=tr("单位名称，写进 User-Agent", "who runs this; said in the User-Agent"))
    ] = "",
    contact: Annotated[str, typer.Option(help=tr("联系邮箱或网址", "contact: e-mail or address"))] = "",
) -> None:
    """Make a project directory."""
    root = (folder or invocation(context).project_option or Path()).expanduser().resolve()
    made = init_project(root, region=region, name=name, contact=contact)
    for path in made:
        say(tr("新建 {p}", "made {p}", p=path))
    if not made:
        say(tr("{p} 已是项目目录，没有改动", "{p} is a project directory already; nothing was changed", p=root))
    else:
        say(tr("下一步：qingyu --project {p} sources add 网址", "next: qingyu --project {p} sources add URL", p=root))


@app.command(help=tr("检查机器与配置，并说明该怎么办", "check the machine and the configuration, and say what to do"))
def doctor(context: typer.Context, json: Json = False) -> None:
    """Check a machine and a configuration."""
    findings = examine(invocation(context).project(), now=datetime.now(UTC))
    if json:
        emit_json([finding.to_dict() for finding in findings])
    else:
        for finding in findings:
            say(f"{word(STATES, finding.state)}  {word(CHECKS, finding.check)}{tr('：', ': ')}{finding.message}")
            if finding.remedy:
                say(f"        → {finding.remedy}")
    if any(finding.state == "failed" for finding in findings):
        raise typer.Exit(FAILED)
