"""Plays the demo: serves the town, crawls it with the real spiders, processes, and shows the dashboard until stopped."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.errors import StageError
from config.project import open_project
from config.text import tr
from pipeline.crawl import crawl
from pipeline.demo.project import write_demo_project
from pipeline.events.detect import detect
from pipeline.process import process
from pipeline.serving import dashboard_process, free_port, port_is_free, stop_process, wait_until_stopped

Say = Callable[[str], None]
# Generating the town takes some seconds on a slow machine.
_READY_S = 60.0


def play(folder: Path, *, port: int, dashboard: bool, dashboard_port: int, say: Say) -> None:
    """Run the demo in `folder`; a second run is incremental. Raises StageError when a part cannot start."""
    began = time.monotonic()
    with ExitStack() as stack:
        town = stack.enter_context(_town(folder, port))
        write_demo_project(folder, ports=town["ports"])
        project = open_project(folder)
        say(
            tr(
                "云水县（示例）已在 {u} 开站，项目目录 {p}",
                "the demo town is served at {u}; project {p}",
                u=town["urls"]["news"],
                p=folder,
            )
        )
        for result in crawl(project, [s for s in project.sources if s.enabled]):
            if result.outcome == "failed":
                message = tr("采集 {s} 失败：{r}", "crawling {s} failed: {r}", s=result.source, r=result.reason)
                raise StageError(message, source=result.source)
            new, changed = result.counts.get("posts_new", 0), result.counts.get("posts_changed", 0)
            say(
                tr(
                    "采集 {s}：新帖 {n}，变更 {c}",
                    "crawled {s}: {n} new, {c} changed",
                    s=result.source,
                    n=new,
                    c=changed,
                )
            )
        report = process(project)
        found = detect(project, now=datetime.now(UTC))
        took = time.monotonic() - began
        say(tr("处理 {n} 条，共用 {t:.0f} 秒", "{n} posts processed, {t:.0f} s in all", n=report.indexed, t=took))
        if said := found.sentence():
            say(said)
        if dashboard:
            _show(stack, folder, dashboard_port, say)


def _show(stack: ExitStack, folder: Path, wanted_port: int, say: Say) -> None:
    port = wanted_port if wanted_port and port_is_free(wanted_port) else free_port()
    shown = stack.enter_context(dashboard_process(folder, port))
    url = f"http://127.0.0.1:{port}/"
    say(tr("看板：{u}（按 Ctrl-C 结束）", "dashboard: {u} (Ctrl-C ends it)", u=url))
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform == "darwin":
        webbrowser.open(url)
    wait_until_stopped(shown)


@contextmanager
def _town(folder: Path, port: int) -> Iterator[dict[str, Any]]:
    """The town's site as a process of its own; yields what it says once it is ready: ports and urls."""
    argv = [sys.executable, "-P", "-m", "pipeline.demo.site", "--port", str(port), "--folder", str(folder)]
    process_ = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    try:
        yield _ready_line(process_)
    finally:
        stop_process(process_)


def _ready_line(started: subprocess.Popen[str]) -> dict[str, Any]:
    assert started.stdout is not None
    readable, _, _ = select.select([started.stdout], [], [], _READY_S)
    line = started.stdout.readline() if readable else ""
    if not line:
        message = tr(
            "示例站点没有启动；端口被占用时用 qingyu demo --port 换一个",
            "the demo site did not start; if its port is taken, choose another by qingyu demo --port",
        )
        raise StageError(message)
    ready: dict[str, Any] = json.loads(line)
    return ready
