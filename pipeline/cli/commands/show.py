"""`qingyu dashboard`."""

from __future__ import annotations

from typing import Annotated

import typer

from config.text import tr
from pipeline.cli.app import app
from pipeline.cli.options import invocation
from pipeline.cli.output import say
from pipeline.serving import dashboard_process, free_port, wait_until_stopped


@app.command(help=tr("打开看板，直到被停止（Ctrl-C）", "serve the dashboard until stopped (Ctrl-C)"))
def dashboard(
    context: typer.Context,
    port: Annotated[int | None, typer.Option(help=tr("端口；0 为任选", "port; 0: any"))] = None,
) -> None:
    """Serve the dashboard."""
    project = invocation(context).project()
    wanted = project.settings.dashboard.port if port is None else port
    with dashboard_process(project.root, wanted or free_port(), address=project.settings.dashboard.address) as shown:
        say(tr("看板已启动，按 Ctrl-C 结束", "the dashboard is served; Ctrl-C ends it"))
        wait_until_stopped(shown)
