"""The demo town with hostile posts, its dashboard and a real Chromium, for all tests of this room."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.project import open_project
from pipeline.crawl import crawl
from pipeline.demo.play import play
from pipeline.process import process
from pipeline.serving import dashboard_process, free_port
from tests.browser.hostile import HOSTILE, SOURCE
from tests.browser.watched import Watched, chromium


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser") / "town"
    play(folder, port=free_port_run(3), dashboard=False, dashboard_port=0, say=lambda sentence: None)
    (folder / "config" / "sources" / "hostile.yaml").write_text(SOURCE, encoding="utf-8")
    rows = [{"id": n, "title": body[:40], "text": body, "at": "2026-01-02 08:00:00"} for n, body in enumerate(HOSTILE)]
    (folder / "hostile.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    opened = open_project(folder)
    crawl(opened, [opened.source("hostile")])
    process(opened)
    return folder


def free_port_run(count: int) -> int:
    from pipeline.demo.project import consecutive_ports
    from pipeline.serving import port_is_free

    while True:
        first = free_port()
        if first + count < 65_000 and all(port_is_free(port) for port in consecutive_ports(first).values()):
            return first


@pytest.fixture(scope="module")
def base(project: Path) -> Iterator[str]:
    port = free_port()
    with dashboard_process(project, port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture
def watched(browser: Any, base: str) -> Iterator[Watched]:
    made = Watched(browser, base)
    yield made
    made.tab.close()
