"""`qingyu demo`: a town of our own making, served on loopback, crawled by the real spiders, shown in the dashboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from config.text import tr
from pipeline.cli.app import app
from pipeline.cli.output import say


@app.command(help=tr("演示：采集本机的示例县城，处理，打开看板", "the demo town: crawled, processed, shown"))
def demo(
    folder: Annotated[Path, typer.Option(help=tr("演示项目的目录", "folder of the demo project"))] = Path("var/demo"),
    port: Annotated[
        int, typer.Option(help=tr("示例站点的起始端口（共三个）", "first of the three ports of the town"))
    ] = 8871,
    dashboard: Annotated[bool, typer.Option(help=tr("处理完后打开看板", "open the dashboard in the end"))] = True,
    dashboard_port: Annotated[int, typer.Option(help=tr("看板端口；0 为任选", "port of the dashboard; 0: any"))] = 8501,
) -> None:
    """Crawl, process and show the demo town."""
    from pipeline.demo.play import play

    play(folder.expanduser().resolve(), port=port, dashboard=dashboard, dashboard_port=dashboard_port, say=say)
