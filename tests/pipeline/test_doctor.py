"""`qingyu doctor` on a sound project and on a really broken one: each fault is found, and each says what to do."""

import json
import os
import socket
from pathlib import Path

import pytest

from config.project import init_project, open_project
from crawlers.store import open_store
from pipeline.workers import present
from tests.pipeline.commanding import asked, qingyu

HOTLINE = "{name: hotline, kind: import, files: in/*.jsonl, columns: {id: id, text: text}}\n"
BAD_SOURCE = "name: bad\nkind: feed\nurls: not-an-address\n"


def sound(root: Path) -> Path:
    """A project with one source that has been read and indexed."""
    init_project(root, region="云水县", name="测试", contact="test@example.org")
    (root / "config" / "sources" / "hotline.yaml").write_text(HOTLINE, encoding="utf-8")
    (root / "in").mkdir()
    rows = [{"id": str(n), "text": f"第{n}条：光明路的路灯不亮，请维修。" * 40} for n in range(200)]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (root / "in" / "a.jsonl").write_text(lines, encoding="utf-8")
    asked("crawl", project=root)
    asked("process", project=root)
    return root


def findings(root: Path, *, code: int, env: dict[str, str] | None = None) -> dict[str, dict[str, str]]:
    return {f["check"]: f for f in asked("doctor", project=root, code=code, env=env)}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sound(tmp_path_factory.mktemp("doctor") / "town")


def test_a_sound_project_has_no_fault_and_then_each_fault_is_named(project: Path) -> None:
    found = findings(project, code=0)
    assert {f["state"] for f in found.values()} <= {"ok", "warning"}
    assert all(found[name]["state"] == "ok" for name in ("store", "index", "author_key", "dictionaries", "mail"))

    (project / "secrets" / "author.key").chmod(0o644)
    (project / "config" / "sources" / "bad.yaml").write_text(BAD_SOURCE, encoding="utf-8")
    (project / "config" / "dictionaries").mkdir()
    (project / "config" / "topics.yaml").write_text("topics:\n  - id: water\n    weights: [\n", encoding="utf-8")
    damage(project / "data" / "qingyu.db")
    for meta in (project / "data" / "index").rglob("meta.json"):
        meta.unlink()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    env = {"QINGYU_MAIL__HOST": "127.0.0.1", "QINGYU_MAIL__PORT": port}
    found = findings(project, code=1, env=env)
    expected = {
        "author_key": "chmod 600",
        "sources/bad.yaml": "行号",
        "dictionaries": "改正",
        "store": "备份",
        "index": "qingyu index rebuild",
        "mail": "mail",
    }
    assert {name for name, f in found.items() if f["state"] == "failed"} == set(expected)
    for name, remedy in expected.items():
        assert remedy in found[name]["remedy"], found[name]
    assert "bad.yaml:3" in found["sources/bad.yaml"]["message"]
    assert found["sources/hotline.yaml"]["state"] == "ok"

    (project / "secrets" / "author.key").unlink()
    told = qingyu("doctor", project=project, code=1, language="en").stdout
    assert "qingyu init" in told
    assert "✗ failed" in told


def damage(file: Path) -> None:
    """Overwrite every other page of a database but its first."""
    with file.open("r+b") as raw:
        for start in range(8_192, file.stat().st_size, 8_192):
            raw.seek(start)
            raw.write(os.urandom(4_096))


def test_a_public_source_needs_a_contact_and_nothing_is_changed(tmp_path: Path) -> None:
    init_project(tmp_path)
    source = "{name: news, kind: feed, urls: 'https://news.example.org/feed'}\n"
    (tmp_path / "config" / "sources" / "news.yaml").write_text(source, encoding="utf-8")
    found = findings(tmp_path, code=1)
    assert "operator.contact" in found["sources/news.yaml"]["remedy"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes to any folder")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    init_project(tmp_path)
    (tmp_path / "data").chmod(0o500)
    found = findings(tmp_path, code=1)
    (tmp_path / "data").chmod(0o700)
    assert "paths.data" in found["paths.data"]["remedy"]


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    init_project(tmp_path)
    (tmp_path / "data").rmdir()
    (tmp_path / "data").write_bytes(b"")
    found = findings(tmp_path, code=1)
    assert found["paths.data"]["state"] == "failed"
    assert "paths.data" in found["paths.data"]["remedy"]
    assert found["store"]["state"] == "failed"


def test_who_is_at_work_and_what_it_waits_for(tmp_path: Path) -> None:
    init_project(tmp_path, contact="test@example.org")
    assert "没有" in findings(tmp_path, code=0)["workers"]["message"]
    store = open_store(open_project(tmp_path, {}))
    with present(store, "机一 0a1b", "model") as presence:
        assert findings(tmp_path, code=0)["workers"]["state"] == "ok"
        presence.tell("磁盘写满")
        found = findings(tmp_path, code=0)["workers"]
    store.dispose()
    assert found["state"] == "warning" and found["remedy"]
    assert f"机一 进程 {os.getpid()}" in found["message"] and "等待：磁盘写满" in found["message"]
