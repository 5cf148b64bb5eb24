"""`python -m pipeline.local_elasticsearch up|down|status`: nodes that go on running; `make es-up` and its fellows."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from config import locks
from config.errors import QingyuError
from config.text import tr
from pipeline.local_elasticsearch import health, process
from pipeline.local_elasticsearch.artefacts import VERSION, cache_folder
from pipeline.local_elasticsearch.cluster import ClusterPlan, LocalCluster
from pipeline.local_elasticsearch.home import NodePlan
from pipeline.local_elasticsearch.ports import Ports
from pipeline.local_elasticsearch.records import Records

app = typer.Typer(no_args_is_help=True, add_completion=False, help=f"Elasticsearch {VERSION}")
Folder = Annotated[Path, typer.Option(help=tr("数据与日志的目录", "folder of data and logs"))]
_FOLDER = Path("var/elasticsearch")


@app.command(help=tr("启动并等到可用", "start, and wait until it answers"))
def up(
    nodes: Annotated[int, typer.Option(min=1, max=3, help=tr("节点数", "number of nodes"))] = 1,
    folder: Folder = _FOLDER,
    port: Annotated[int, typer.Option(help=tr("第一个 HTTP 端口", "first HTTP port"))] = 9200,
    heap: Annotated[int, typer.Option(min=256, help=tr("每个节点的堆内存，MB", "heap of each node, MB"))] = 512,
) -> None:
    # The usual distance of the two rows, 9200 and 9300.
    plan = ClusterPlan(folder=folder, nodes=nodes, heap_mb=heap, ports=Ports(port, port + 100))
    with locks.take(folder / ".lock", tr("另一个 es-up 或 es-down 正在进行", "another es-up or es-down is going on")):
        if len(Records(folder.resolve()).running()) == nodes:
            typer.echo(
                tr("{n} 个节点已在运行；make es-status 看状态", "{n} nodes run already; see make es-status", n=nodes)
            )
            return
        _announce()
        begun = time.monotonic()
        urls = " ".join(_raised(plan).urls)
        typer.echo(tr("{s:.1f} 秒后可用：{u}", "ready after {s:.1f} s: {u}", s=time.monotonic() - begun, u=urls))


@app.command(help=tr("停止由 up 启动的节点；数据保留", "stop what up started; data stays"))
def down(folder: Folder = _FOLDER) -> None:
    with locks.take(folder / ".lock", tr("另一个 es-up 或 es-down 正在进行", "another es-up or es-down is going on")):
        ended = process.end_all(plan.folder for plan in Records(folder.resolve()).plans())
    typer.echo(tr("已停止 {n} 个节点", "{n} nodes stopped", n=ended))


@app.command(help=tr("各节点的状态", "how each node is"))
def status(folder: Folder = _FOLDER) -> None:
    states = [_state(plan) for plan in Records(folder.resolve()).plans()]
    for _, line in states:
        typer.echo(line)
    if not any(runs for runs, _ in states):
        typer.echo(tr("没有在运行；make es-up 启动", "not running; make es-up starts it"))
        raise typer.Exit(1)


def _announce() -> None:
    if not cache_folder().is_dir():
        typer.echo(
            tr(
                "第一次启动：下载 Elasticsearch（41 MB）到 {f}",
                "first start: fetching Elasticsearch (41 MB) into {f}",
                f=cache_folder(),
            )
        )


def _raised(plan: ClusterPlan) -> LocalCluster:
    """A cluster that outlives this process, or nothing at all."""
    cluster = LocalCluster(plan, tied=False)
    with cluster.stopped_on_failure():
        cluster.start()
        cluster.wait_ready()
    return cluster


def _state(plan: NodePlan) -> tuple[bool, str]:
    found, said = process.find(plan.folder), health.ask(plan.http)
    if found is None:
        return False, tr("{n}  已停止", "{n}  stopped", n=plan.name)
    line = tr(
        "{n}  http://127.0.0.1:{port}  pid {pid}  {mb} MB  {s}",
        "{n}  http://127.0.0.1:{port}  pid {pid}  {mb} MB  {s}",
        n=plan.name,
        port=plan.http,
        pid=found.pid,
        mb=found.memory_info().rss // 1_000_000,
        s=f"{said.status}, {said.nodes} nodes" if said else "…",
    )
    return True, line


def main(run: Callable[[], object] = app) -> int:
    """The exit code: 0 done, 1 failed with a sentence on standard error, 2 usage."""
    try:
        run()
    except QingyuError as error:
        typer.echo(error.message, err=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
