"""`qingyu run`: new posts become searchable without hands, a stop is in good order, a restart keeps the intervals."""

import logging
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from config.project import Project, open_project
from pipeline.crawl import lanes
from pipeline.demo.project import consecutive_ports, write_demo_project
from pipeline.demo.site import Clock, TownServer
from pipeline.demo.town import CST, generate
from pipeline.schedule import Schedule
from tests.pipeline.commanding import argv, asked, environment, qingyu

BEGIN = datetime(2026, 11, 21, 18, 0, tzinfo=CST)
# Longer than any of these takes on a slow machine; each wait ends with what it waits for.
PATIENCE_S = 60.0


@pytest.fixture
def town() -> Iterator[TownServer]:
    later = BEGIN + timedelta(days=1)
    with TownServer(generate(1, later), ports=consecutive_ports(0), clock=Clock(BEGIN)) as running:
        yield running


@pytest.fixture
def project(town: TownServer, tmp_path: Path) -> Path:
    """The demo's news, read every two seconds; the other two sites are switched off."""
    root = tmp_path / "town"
    write_demo_project(root, ports=town.ports, anchor=BEGIN)
    for name, every in (("news", "every: 2s"), ("board", "enabled: false"), ("forum", "enabled: false")):
        path = root / "config" / "sources" / f"{name}.yaml"
        declared = path.read_text(encoding="utf-8").replace("every: 1h", every)
        path.write_text(declared, encoding="utf-8")
    return root


@contextmanager
def working(project: Path) -> Iterator[tuple[subprocess.Popen[str], "Lines"]]:
    """`qingyu run` while the block lasts."""
    env = environment(QINGYU_SCHEDULE__PROCESS_EVERY_S="1", PYTHONUNBUFFERED="1")
    started = subprocess.Popen(
        argv("run", project=project),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        env=env,
    )
    lines = Lines(started)
    try:
        yield started, lines
    finally:
        if started.poll() is None:
            started.kill()
        started.wait(30)
        lines.reader.join(30)


class Lines:
    """What a process prints, as it prints it."""

    def __init__(self, started: subprocess.Popen[str]) -> None:
        self.seen: list[str] = []
        self.arrived = threading.Condition()
        self.over = False
        self.reader = threading.Thread(target=self._read, args=(started,), daemon=True)
        self.reader.start()

    def _read(self, started: subprocess.Popen[str]) -> None:
        assert started.stdout is not None
        with started.stdout:
            for line in started.stdout:
                with self.arrived:
                    self.seen.append(line)
                    self.arrived.notify_all()
        with self.arrived:
            self.over = True
            self.arrived.notify_all()

    def wait(self, holds: Callable[[list[str]], bool]) -> list[str]:
        """The lines once they are as wanted; fails when the process ends or time runs out first."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: holds(self.seen) or self.over, PATIENCE_S), self.seen
            assert holds(self.seen), self.seen
            return list(self.seen)


def stop(started: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> float:
    """Ask the process to end; how many seconds it took. It must end with 0."""
    began = time.monotonic()
    started.send_signal(number)
    assert started.wait(PATIENCE_S) == 0
    return time.monotonic() - began


def indexed(lines: list[str]) -> int:
    return sum("入索引" in line for line in lines)


def test_new_posts_are_found_without_hands_and_a_restart_keeps_the_interval(town: TownServer, project: Path) -> None:
    with working(project) as (started, lines):
        lines.wait(lambda seen: indexed(seen) >= 1)
        before = asked("search", "", "--size", "1", project=project)["total"]
        assert "已有一个" in qingyu("run", project=project, code=1).stderr
        town.clock.fixed = BEGIN + timedelta(days=1)
        expected = sum(1 for post in town.view.town.visible(town.clock.now()) if post.site == "news")
        told = indexed(lines.seen)
        lines.wait(lambda seen: indexed(seen) > told)
        after = asked("search", "", "--size", "1", project=project)["total"]
        assert stop(started) < 15
        assert "已停下" in lines.wait(lambda seen: "已停下" in "".join(seen))[-1]
    assert before < after == expected

    path = project / "config" / "sources" / "news.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("every: 2s", "every: 1h"), encoding="utf-8")
    town.log.clear()
    town.clock.fixed = BEGIN + timedelta(hours=30)
    with working(project) as (started, lines):
        lines.wait(lambda seen: any("开始值守" in line for line in seen))
        # Two turns of the processing (every second) pass before it is asked to stop.
        threading.Event().wait(3)
        assert stop(started, signal.SIGINT) < 15
    assert not town.log
    assert not any("采集 news" in line for line in lines.seen)


def test_a_crawl_in_progress_is_asked_to_end(town: TownServer, project: Path) -> None:
    path = project / "config" / "sources" / "news.yaml"
    declared = path.read_text(encoding="utf-8").replace("delay_s: 0,", "delay_s: 1,")
    path.write_text(declared, encoding="utf-8")
    with working(project) as (started, lines):
        deadline = time.monotonic() + PATIENCE_S
        while len(town.log) < 4 and time.monotonic() < deadline:
            threading.Event().wait(0.05)
        assert len(town.log) >= 4
        assert stop(started) < 15
    assert "Traceback" not in "".join(lines.seen)
    (state,) = [h for h in asked("sources", "health", project=project) if h["name"] == "news"]
    assert state["counts"]["requested"] > 0


def test_a_mistake_of_a_job_is_logged_and_the_rest_goes_on(
    project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The processing is made to fail in a way nobody foresaw: told each turn, crawls go on, the stop is in good order."""
    monkeypatch.setenv("QINGYU_SCHEDULE__PROCESS_EVERY_S", "1")
    told: list[tuple[str, str]] = []
    enough = threading.Event()

    def on_event(job: str, sentence: str) -> None:
        told.append((job, sentence))
        jobs = [name for name, _ in told]
        if jobs.count("process") >= 2 and jobs.count("crawl news") >= 2:
            enough.set()

    def fails(project: Project, *, now: datetime) -> str:
        raise ZeroDivisionError("帖子里的话")

    schedule = Schedule(open_project(project), on_event=on_event)
    monkeypatch.setattr(schedule.works, "process", fails)
    ender = threading.Thread(target=lambda: (enough.wait(PATIENCE_S), schedule.stop()))
    ender.start()
    handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    with caplog.at_level(logging.INFO):
        schedule.run()
    ender.join()
    assert handlers == [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    assert enough.is_set(), told
    assert "ZeroDivisionError" in caplog.text
    assert "帖子里的话" not in caplog.text


def test_sources_of_one_host_share_a_lane(town: TownServer, tmp_path: Path) -> None:
    write_demo_project(tmp_path, ports=dict.fromkeys(town.ports, 8871), anchor=BEGIN)
    assert len(lanes(open_project(tmp_path, {}).sources)) == 1
    write_demo_project(tmp_path, ports=town.ports, anchor=BEGIN)
    assert len(lanes(open_project(tmp_path, {}).sources)) == 3
