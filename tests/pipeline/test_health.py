"""`/health` and `qingyu health`: each part that is not well is told, what does not answer does not hold up the rest."""

import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from config.errors import ConfigError, StageError, TransientError
from config.project import Project, init_project, open_project
from config.settings import Health as HealthSettings
from crawlers.schema import run as run_table
from crawlers.schema import worker
from crawlers.store import open_store, write
from pipeline.health import Watch, run_check, told, worst
from pipeline.health_server import Answer, pages_of, served
from pipeline.jobs import JobState
from pipeline.probe import Probe
from pipeline.process import process
from pipeline.schedule import Schedule
from pipeline.serving import free_port
from pipeline.workers import machine_of, now_ms
from tests.pipeline.commanding import asked, qingyu
from tests.postgres_server import postgres_server

PATIENCE_S = 60.0
TEXT = "光明路的路灯坏了三天没人修，打电话也没人接"
HOTLINE = "{name: hotline, kind: import, files: in/*.jsonl, columns: {id: id, text: text, author: who, url: url}, every: 1h}\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "town"
    init_project(root, region="云水县", name="测试", contact="test@example.org")
    (root / "config" / "sources" / "hotline.yaml").write_text(HOTLINE, encoding="utf-8")
    (root / "in").mkdir()
    rows = [
        {"id": str(n), "text": f"{n}{TEXT}", "who": "张三丰", "url": f"http://secret.example/{n}"} for n in range(5)
    ]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (root / "in" / "a.jsonl").write_text(lines, encoding="utf-8")
    return open_project(root, {"QINGYU_SCHEDULE__PROCESS_EVERY_S": "1"})


def checks(found: dict[str, Any]) -> dict[str, str]:
    return {check["check"]: check["state"] for check in found["checks"]}


def get(port: int, path: str = "/health") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


class Working:
    """A schedule at work in this process, with its health page."""

    def __init__(self, project: Project) -> None:
        self.port = free_port()
        health = HealthSettings(port=self.port)
        self.project = Project(project.root, project.settings.model_copy(update={"health": health}))
        self.told: list[str] = []
        self.schedule = Schedule(self.project, on_event=lambda job, said: self.told.append(job))

    def wait(self, holds: Any) -> dict[str, Any]:
        """The health once it is as wanted."""
        deadline, found = time.monotonic() + PATIENCE_S, {}
        while time.monotonic() < deadline:
            try:
                found = json.loads(get(self.port)[1])
            except OSError:
                found = {}
            if found and holds(found):
                return found
            time.sleep(0.1)
        raise AssertionError(found)

    def while_working(self, look: Any) -> Any:
        """What `look` gives while the schedule works (which wants the main thread for its signals)."""
        with ThreadPoolExecutor(1) as beside:
            looking = beside.submit(look, self)
            looking.add_done_callback(lambda _: self.schedule.stop())
            self.schedule.run()
        return looking.result()


def job(found: dict[str, Any], name: str) -> dict[str, Any]:
    none = {"job": name, "last_result": "", "errors_in_a_row": -1}  # at the very beginning
    return next((one for one in found["jobs"] if one["job"] == name), none)


def test_the_running_process_tells_how_it_is(project: Project) -> None:
    def look(working: Working) -> None:
        found = working.wait(
            lambda f: all(job(f, name)["last_result"] == "ok" for name in ("crawl hotline", "process"))
        )
        assert found["state"] == "ok", found
        assert found["running"] is True
        assert set(checks(found)) == {"store", "index", "workers", "sources", "run"}
        one = job(found, "process")
        assert one["errors_in_a_row"] == 0
        # It may have begun again since.
        assert one["last_end"]
        assert job(found, "purge")["last_result"] == "new"
        assert all(one["next_run"] > found["since"] for one in found["jobs"])
        (source,) = found["sources"]
        assert (source["source"], source["health"]) == ("hotline", "fine")
        assert 0 <= source["age_s"] < PATIENCE_S
        for path in ("/health", "/metrics"):
            status, text = get(working.port, path)
            assert status == 200
            assert not re.search("路灯|张三|secret|http", text), "no text, author or address"
        # The command asks the page rather than looking itself.
        env = {"QINGYU_HEALTH__PORT": str(working.port)}
        assert asked("health", project=project.root, env=env)["since"] == found["since"]
        shown = qingyu("health", project=project.root, env=env).stdout
        assert "✓ 正常  索引" in shown and "crawl hotline" in shown
        assert get(working.port, "/")[0] == get(working.port, "/health/x")[0] == 404

    Working(project).while_working(look)


def test_what_fails_is_told_and_three_times_in_a_row_is_a_failure(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    working = Working(project)
    wrong = iter([StageError(f"坏了 http://u:p@10.1.2.3:9200/x {n}") for n in range(100)])

    def fails(project: Project, *, now: datetime) -> str:
        raise next(wrong)

    monkeypatch.setattr(working.schedule.works, "process", fails)

    def look(working: Working) -> None:
        first = working.wait(lambda f: job(f, "process")["errors_in_a_row"] >= 1)
        assert checks(first)["run"] in ("warning", "failed")
        assert job(first, "process")["reason"].startswith("坏了 …")
        found = working.wait(lambda f: job(f, "process")["errors_in_a_row"] >= 3)
        assert found["state"] == "failed"
        assert get(working.port)[0] == 503
        assert "10.1.2.3" not in get(working.port)[1]
        env = {"QINGYU_HEALTH__PORT": str(working.port)}
        assert asked("health", project=project.root, env=env, code=1)["state"] == "failed"

    working.while_working(look)


def test_nothing_runs_and_the_command_looks_itself(project: Project) -> None:
    found = asked("health", project=project.root)
    assert (found["state"], found["running"], found["jobs"]) == ("warning", False, [])
    assert found["sources"][0]["health"] == "new"
    env = {"QINGYU_HEALTH__PORT": str(free_port())}
    assert asked("health", project=project.root, env=env)["running"] is False
    assert "没有在运行" in qingyu("health", project=project.root).stdout
    asked("crawl", project=project.root)
    process(project)
    for meta in (project.index_dir).rglob("meta.json"):
        meta.unlink()
    found = asked("health", project=project.root, code=1)
    assert checks(found)["index"] == "failed"
    (project.data_dir / "qingyu.db").write_bytes(b"x" * 9_000)
    for beside in project.data_dir.glob("qingyu.db-*"):
        beside.unlink()
    assert checks(asked("health", project=project.root, code=1))["store"] == "failed"


def test_another_program_on_the_port_is_not_taken_for_it(project: Project) -> None:
    for body in (b"hello", b'{"checks": [], "instance": "another"}'):
        pages = {"/health": lambda body=body: Answer(200, "text/plain", body)}
        with served(HealthSettings(port=0), pages) as port:
            env = {"QINGYU_HEALTH__PORT": str(port)}
            assert "不是本项目" in qingyu("health", project=project.root, env=env, code=1).stderr


def test_workers_that_wait_and_sources_that_are_late(project: Project) -> None:
    store = open_store(project)
    long_ago = now_ms() - 10 * 3_600_000
    row = {"id": "w", "machine": machine_of(project.data_dir), "pid": 7, "model": "m", "started_ms": now_ms()}
    with write(store) as connection:
        connection.execute(insert(worker), row | {"seen_ms": now_ms(), "note": "集群不在 https://es1:9200 等着"})
        ran = {"id": "r", "source": "hotline", "started_ms": long_ago, "finished_ms": long_ago, "outcome": "finished"}
        connection.execute(insert(run_table), ran | {"reason": "", "counts": '{"posts_read": 3}'})
    found = Watch(project).look(running=True).to_dict()
    assert found["state"] == "warning"
    assert checks(found)["workers"] == checks(found)["sources"] == "warning"
    assert found["workers"][0]["waits_for"] == "集群不在 … 等着"
    assert found["sources"][0]["health"] == "late"
    with write(store) as connection:
        connection.execute(update(worker).values(note=""))
    assert checks(Watch(project).look(running=True).to_dict())["workers"] == "ok"
    store.dispose()


def test_a_faulty_source_file_is_told_beside_a_store_that_answers(project: Project) -> None:
    (project.config_dir / "sources" / "bad.yaml").write_text("name: bad\nkind: feed\n", encoding="utf-8")
    found = checks(Watch(project).look(running=True).to_dict())
    assert (found["store"], found["sources"]) == ("ok", "failed")


def test_on_postgresql_that_goes_away_and_comes_back(tmp_path: Path) -> None:
    with postgres_server() as server:
        init_project(tmp_path)
        made = open_project(tmp_path, {"QINGYU_STORE__URL": server.make_database("health")})
        watch = Watch(made)
        answer = pages_of(watch, running=lambda: True, engine="tantivy")["/metrics"]()
        assert b"qingyu_posts_landed 0" in answer.body
        assert checks(watch.look(running=True).to_dict())["store"] == "ok"
        server.stop()
        found = watch.look(running=True)
        assert checks(found.to_dict())["store"] == found.state == "failed"
        server.start()
        # The first connections are those of the server before.
        assert "ok" in [checks(watch.look(running=True).to_dict())["store"] for _ in range(3)]


def test_what_does_not_answer_holds_up_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()
    watch = Watch(project, patience_s=0.3)
    monkeypatch.setattr(watch, "_index", Probe("index", lambda: held.wait(PATIENCE_S)))
    began, threads = time.monotonic(), threading.active_count()
    for _ in range(3):
        found = watch.look(running=True).to_dict()
        assert checks(found)["index"] == "failed"
    assert time.monotonic() - began < 10
    assert threading.active_count() <= threads + 1, "it is asked once, not once a look"
    held.set()


def test_a_probe_gives_an_answer_again_for_its_share_of_time() -> None:
    asked_: list[int] = []

    def ask() -> int:
        asked_.append(1)
        time.sleep(0.05)
        return len(asked_)

    probe = Probe("x", ask, share=1_000)
    assert [probe.answer(5), probe.answer(5), len(asked_)] == [1, 1, 1]

    def fails() -> int:
        raise ZeroDivisionError("帖子里的话")

    with pytest.raises(TransientError, match="ZeroDivisionError") as caught:
        Probe("y", fails).answer(5)
    assert "帖子" not in caught.value.message


@pytest.mark.parametrize("address", ["localhost", "", "nothing", "127.0.0.1:9300"])
def test_the_address_is_an_ip_address(tmp_path: Path, address: str) -> None:
    init_project(tmp_path)
    with pytest.raises(ConfigError, match=r"health\.address"):
        open_project(tmp_path, {"QINGYU_HEALTH__ADDRESS": f"'{address}'"})


def test_a_port_that_is_taken_is_said_and_others_are_warned_of(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StageError, match=r"health\.port"), served(HealthSettings(port=port), {}):
            pass
    with served(HealthSettings(port=0), {}):
        assert not caplog.records
    with served(HealthSettings(address="0.0.0.0", port=0), {}):
        assert "no loopback" in caplog.text


@pytest.fixture
def server() -> Iterator[int]:
    def fails() -> Answer:
        raise ZeroDivisionError("帖子里的话")

    with served(HealthSettings(port=0), {"/health": lambda: Answer(HTTPStatus.OK, "a/b", b"x"), "/bad": fails}) as port:
        yield port


def test_the_server_bears_bad_clients(server: int, caplog: pytest.LogCaptureFixture) -> None:
    silent = [socket.create_connection(("127.0.0.1", server)) for _ in range(6)]
    assert get(server)[0] == 200
    more = [socket.create_connection(("127.0.0.1", server)) for _ in range(6)]
    for one in silent + more:
        one.close()
    for said in (b"\r\n\r\n", b"GET\r\n\r\n", b"POST /health HTTP/1.1\r\n\r\n", b"\xff" * 70_000):
        with socket.create_connection(("127.0.0.1", server)) as raw:
            raw.sendall(said)
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            assert get(server)[0] == 200
            break
        except OSError:
            time.sleep(0.1)
    status, text = get(server, "/bad")
    assert (status, text) == (500, "failed\n")
    assert "帖子" not in caplog.text
    connection = http.client.HTTPConnection("127.0.0.1", server)
    connection.request("HEAD", "/health?x=1")
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Content-Length"), answer.read()) == (200, "1", b"")
    assert "Python" not in (answer.getheader("Server") or "")
    connection.close()


def test_how_much_a_failure_weighs() -> None:
    def state(**jobs: int) -> str:
        book = [JobState(name.replace("_", " "), errors_in_a_row=n) for name, n in jobs.items()]
        return run_check(book, running=True).state

    assert state(process=0, crawl_a=0) == "ok"
    assert state(process=2) == state(crawl_a=9, process=0) == "warning"
    assert state(process=3) == state(backup=3) == "failed"
    assert run_check([], running=False).state == "warning"
    assert [worst([]), worst(["ok", "failed", "warning"]), worst(["warning", "ok"])] == ["ok", "failed", "warning"]


def test_sentences_hold_no_addresses() -> None:
    assert told("连不上 https://user:p@es1.example:9200/x?y=1 了\n再试 10.0.0.1:9200") == "连不上 … 了 再试 …"
    assert len(told("字" * 999)) == 300
    late = datetime.now(UTC) - timedelta(hours=2)
    assert told(f"自 {late:%H:%M} 起") == f"自 {late:%H:%M} 起"
