"""Real `qingyu run` processes: killed in the midst of a job and started again; two on one PostgreSQL."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from config.project import Project, open_project
from crawlers.schema import post
from crawlers.schema import run as run_table
from crawlers.store import opened, read
from pipeline.demo.project import consecutive_ports, write_demo_project
from pipeline.demo.site import Clock, TownServer
from pipeline.demo.town import CST, generate
from pipeline.jobs import JobState
from pipeline.schedule.reading import job_states
from tests.pipeline.commanding import argv, asked, environment, qingyu
from tests.stores import Postgres, Stores

BEGIN = datetime(2026, 11, 21, 18, 0, tzinfo=CST)
PATIENCE_S = 90.0


@pytest.fixture
def town() -> Iterator[TownServer]:
    with TownServer(generate(1, BEGIN), ports=consecutive_ports(0), clock=Clock(BEGIN)) as running:
        yield running


def prepared(stores: Stores, root: Path, town: TownServer, *, delay_s: float, every: str) -> Project:
    """A project that reads the town's news, with a store of the kind wanted."""
    stores.project(root)
    write_demo_project(root, ports=town.ports, anchor=BEGIN)
    for name in ("board", "forum"):
        (root / "config" / "sources" / f"{name}.yaml").unlink()
    source(root, delay_s=delay_s, every=every)
    return open_project(root, {})


def source(root: Path, *, delay_s: float, every: str) -> None:
    path = root / "config" / "sources" / "news.yaml"
    lines = path.read_text(encoding="utf-8").replace("delay_s: 0,", "delay_s: 0.0,")
    for was in ("0.0", "0.5"):
        lines = lines.replace(f"delay_s: {was},", f"delay_s: {delay_s:.1f},")
    for was in ("1h", "2s"):
        lines = lines.replace(f"every: {was}", f"every: {every}")
    path.write_text(lines, encoding="utf-8")


@contextmanager
def at_work(root: Path, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """`qingyu run`, the leader of its own group, so that all of it can be killed as power loss does."""
    running = subprocess.Popen(
        argv("run", project=root),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(**env),
        start_new_session=True,
    )
    try:
        yield running
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
        running.wait(30)


def job_of(project: Project, name: str) -> JobState | None:
    with opened(project) as store:
        return next((one for one in job_states(store) if one.name == name), None)


def wait(holds: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := holds():
            return found
        threading.Event().wait(0.1)
    raise AssertionError("not in time")


def stored(project: Project) -> int:
    with opened(project) as store, read(store) as connection:
        return int(connection.execute(select(func.count()).select_from(post)).scalar_one())


def test_killed_in_the_midst_of_a_crawl_and_started_again(stores: Stores, tmp_path: Path, town: TownServer) -> None:
    project = prepared(stores, tmp_path / "town", town, delay_s=0.5, every="1h")
    with at_work(project.root) as running:
        wait(lambda: len(town.log) >= 5)
        before = job_of(project, "crawl news")
        assert before is not None and before.running and before.runs == 0
        (told,) = [one for one in asked("jobs", project=project.root) if one["job"] == "crawl news"]
        assert told["held_by"].endswith(f" {running.pid}")
        os.killpg(running.pid, signal.SIGKILL)
        running.wait(30)
    source(project.root, delay_s=0.0, every="1h")
    with at_work(project.root) as running:
        ended = wait(lambda: (one := job_of(project, "crawl news")) and one.runs and one)
        expected = sum(1 for one in town.view.town.visible(BEGIN) if one.site == "news")
        assert stored(project) == expected
        wait(lambda: (one := job_of(project, f"process{machine(project)}")) and one.runs)
        running.terminate()
        assert running.wait(PATIENCE_S) == 0
    assert (ended.runs, ended.result) == (1, "ok")
    assert ended.last_due_at == before.next_at, "the same due time, done once"
    after = job_of(project, "crawl news")
    assert after is not None and after.runs == 1 and after.holder == ""
    shown = qingyu("jobs", project=project.root).stdout
    assert "采集 news" in shown and "every 3600 s" in shown


def machine(project: Project) -> str:
    """What is behind the names of jobs that each machine does."""
    from pipeline.workers import machine_of

    return f"@{machine_of(project.data_dir)}" if "url_file" in settings_of(project) else ""


def settings_of(project: Project) -> str:
    return (project.root / "config" / "settings.yaml").read_text(encoding="utf-8")


def test_two_processes_on_one_postgresql_do_not_double(postgres: Postgres, tmp_path: Path, town: TownServer) -> None:
    """Two machines, each with a folder of its own: every due time of the crawl is done by one of them."""
    stores = Stores(tmp_path, postgres)
    try:
        first = prepared(stores, tmp_path / "a", town, delay_s=0.0, every="2s")
        second = tmp_path / "b"
        write_demo_project(second, ports=town.ports, anchor=BEGIN)
        for part in ("config/settings.yaml", "secrets/store.url", "secrets/author.key", "config/sources/news.yaml"):
            (second / part).parent.mkdir(parents=True, exist_ok=True)
            (second / part).write_bytes((first.root / part).read_bytes())
        for name in ("board", "forum"):
            (second / "config" / "sources" / f"{name}.yaml").unlink()
        with at_work(first.root) as one, at_work(second) as other:
            holders: set[str] = set()

            def enough() -> bool:
                found = job_of(first, "crawl news")
                if found is not None and found.holder:
                    holders.add(found.holder)
                return found is not None and found.runs >= 6

            wait(enough)
            for running in (one, other):
                running.terminate()
            assert [running.wait(PATIENCE_S) for running in (one, other)] == [0, 0]
        state = job_of(first, "crawl news")
        with opened(first) as store, read(store) as connection:
            asked_of = select(run_table.c.started_ms).where(run_table.c.source == "news").order_by(text("1"))
            starts = [start for (start,) in connection.execute(asked_of)]
    finally:
        stores.close()
    assert state is not None
    assert state.holder == ""
    # Each run of the job began one crawl at most (on a busy machine a late one is passed over for the next), and no two
    # crawls lie closer than half the interval.
    assert 3 <= len(starts) <= state.runs + 1
    assert all(b - a >= timedelta(seconds=1).total_seconds() * 1000 for a, b in zip(starts, starts[1:], strict=False))
    assert holders, "somebody was seen at work"
