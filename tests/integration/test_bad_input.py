"""Bad data and bad surroundings, through the real command line: a clear message, the documented exit code, nothing lost."""

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from config.project import init_project
from tests.pipeline.commanding import asked, qingyu

HOTLINE = "{name: hotline, kind: import, files: in/*.jsonl, columns: {id: id, text: text, published: at}}\n"
DAY = "2026-11-01 08:00"


def row(number: int, text: str, at: str = DAY) -> dict[str, str]:
    return {"id": str(number), "text": text, "at": at}


def write_rows(root: Path, name: str, rows: list[dict[str, str]], *more: str) -> None:
    (root / "in").mkdir(exist_ok=True)
    lines = [json.dumps(values) for values in rows]
    (root / "in" / name).write_text("\n".join((*lines, *more)) + "\n", encoding="ascii")


def make(root: Path) -> Path:
    init_project(root, region="云水县", name="测试", contact="test@example.org")
    (root / "config" / "sources" / "hotline.yaml").write_text(HOTLINE, encoding="utf-8")
    return root


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Twenty good posts, crawled and indexed."""
    root = make(tmp_path / "town")
    write_rows(root, "a.jsonl", [row(n, f"第{n}条：光明路停水，请抢修") for n in range(20)])
    asked("crawl", project=root)
    assert asked("process", project=root)["indexed"] == 20
    return root


def total(root: Path, query: str = "") -> int:
    return int(asked("search", query, "--size", "1", project=root)["total"])


def test_hostile_rows_cost_themselves_only(tmp_path: Path) -> None:
    root = make(tmp_path / "town")
    rows = [
        row(1, "路灯修好了，谢谢"),
        row(2, "很远的将来停水", "3019-01-01 08:00"),
        row(3, ""),
        row(4, "停水" * 500_000),
        row(5, "有\x00空字节停电"),
        row(6, "半个代理\ud800停气"),
        row(7, "最后一条说校车", "不知何时"),
    ]
    write_rows(root, "a.jsonl", rows, "{broken", "[1, 2]", "null")
    (ended,) = asked("crawl", project=root, code=3)
    counts = ended["counts"]
    assert (counts["posts_new"], counts["set_aside"]) == (4, 6)
    pieces = asked("sources", "aside", project=root)
    assert len(pieces) == 6
    assert all(piece["reason"] and piece["evidence"] for piece in pieces)
    assert asked("process", project=root) | {"seconds": 0, "model": ""} == {
        "model": "", "read": 4, "indexed": 4, "set_aside": 0, "reused": 0, "rebuilt": 0, "seconds": 0,
    }  # fmt: skip
    exported = [json.loads(line) for line in qingyu("export", project=root).stdout.splitlines()]
    by_text = {post["text"]: post for post in exported}
    assert set(by_text) == {"路灯修好了，谢谢", "很远的将来停水", "有空字节停电", "半个代理停气"}
    assert by_text["很远的将来停水"]["published"] is None
    assert total(root, "停气") == 1


def test_a_query_of_any_bytes_is_answered_or_refused(project: Path) -> None:
    for query in ("\udcff\udcfe", "停水\x01", "(" * 200, "a" * 20_000, "停水 AND", '"', "title:", "published:[3019 TO"):
        done = subprocess.run(
            [os.fsencode(part) for part in _argv(project, "search", "--json", "--", query)],
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode in {0, 2}, (query[:40], done.stderr)
        assert b"Traceback" not in done.stderr, query[:40]
    assert "-published" in qingyu("search", "--sort", "nothing", project=project, code=2).stderr
    assert "续页" in qingyu("search", "--after", "zz", project=project, code=2).stderr
    assert "2026-11-01" in qingyu("search", "--from", "3019-13-01", project=project, code=2).stderr


def _argv(root: Path, *arguments: str) -> list[str]:
    from tests.pipeline.commanding import argv

    return argv("--project", str(root), *arguments)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name: x\n  kind: feed\n", "x.yaml:2"),
        ("name: x\nkind: feed\nurls: http://a.example/\nevry: 2h\n", "every"),
        ("&a [*a, *a]\n", "x.yaml"),
        ("\x00", "x.yaml"),
    ],
)
def test_malformed_yaml_names_file_and_line(tmp_path: Path, text: str, says: str) -> None:
    root = make(tmp_path / "town")
    (root / "config" / "sources" / "x.yaml").write_bytes(text.encode())
    assert says in qingyu("crawl", project=root, code=2).stderr
    assert not (root / "data" / "qingyu.db").exists()


def test_malformed_settings_name_file_and_line(tmp_path: Path) -> None:
    root = make(tmp_path / "town")
    path = root / "config" / "settings.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\nlog: {levl: INFO}\n", encoding="utf-8")
    said = qingyu("doctor", project=root, code=2).stderr
    assert "settings.yaml:" in said
    assert "level" in said


def test_a_locked_database_is_said_and_then_it_goes_on(project: Path) -> None:
    write_rows(project, "b.jsonl", [row(100, "新的一条说校车")])
    quick = {"QINGYU_STORE__BUSY_TIMEOUT_S": "0.5"}
    other = sqlite3.connect(project / "data" / "qingyu.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        (ended,) = asked("crawl", project=project, code=1, env=quick)
        assert ended["outcome"] == "failed"
        assert "占用" in ended["reason"]
        assert "占用" in qingyu("purge", project=project, code=1, env=quick).stderr
        assert qingyu("sources", "list", project=project, env=quick).stdout
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert asked("crawl", project=project)[0]["counts"]["posts_new"] == 1
    asked("process", project=project)
    assert total(project) == 21


def _truncate(folder: Path) -> None:
    for path in folder.rglob("*.store"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _truncate_terms(folder: Path) -> None:
    for path in folder.rglob("*.term"):
        path.write_bytes(b"")


def _no_meta(folder: Path) -> None:
    for path in folder.rglob("meta.json"):
        path.unlink()


def _half_meta(folder: Path) -> None:
    for path in folder.rglob("meta.json"):
        path.write_bytes(path.read_bytes()[:40])


def _no_generation(folder: Path) -> None:
    for path in folder.glob("g-*"):
        shutil.rmtree(path)


def _nonsense(folder: Path) -> None:
    (folder / "CURRENT").write_bytes(b"\xff\x00../..")


def test_a_half_written_index_names_the_remedy_which_mends_it(project: Path) -> None:
    spoilers: tuple[Callable[[Path], None], ...] = (
        _truncate, _truncate_terms, _no_meta, _half_meta, _no_generation, _nonsense,
    )  # fmt: skip
    for spoil in spoilers:
        spoil(project / "data" / "index")
        said = qingyu("search", "停水", project=project, code=1).stderr
        assert "qingyu index rebuild" in said, spoil
        assert asked("index", "rebuild", project=project)["posts"] == 20, spoil
    assert total(project, "停水") == 20


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk of its own under `folder`; skips where that may not be made."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )  # noqa: S607
    if made.returncode:
        pytest.skip("a small disk can only be mounted by root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)  # noqa: S607


def test_a_full_disk_is_said_and_nothing_landed_is_lost(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "24m") as disk:
        root = make(disk / "town")
        write_rows(root, "a.jsonl", [row(n, f"第{n}条说停水") for n in range(20)])
        asked("crawl", project=root)
        asked("process", project=root)
        write_rows(root, "b.jsonl", [row(n, f"第{n}条。" + "停电了，很久没有来。" * 60) for n in range(1000, 1400)])
        filler = disk / "filler"
        _fill(filler)
        assert "磁盘" in qingyu("crawl", project=root, code=1).stderr
        filler.unlink()
        assert asked("crawl", project=root)[0]["outcome"] == "finished"
        _fill(filler)
        said = qingyu("export", "-o", str(disk / "out.csv"), project=root, code=1).stderr
        assert said.strip()
        assert not (disk / "out.csv").exists()
        assert qingyu("process", project=root, code=1).stderr.strip()
        filler.unlink()
        asked("process", project=root)
        assert total(root) == 420


def _fill(filler: Path) -> None:
    """Take all but the last bytes of the disk."""
    with filler.open("wb", buffering=0) as out:
        for size in (1_000_000, 4_096):
            try:
                while True:
                    out.write(b"\0" * size)
            except OSError:
                continue


@contextmanager
def read_only(root: Path) -> Iterator[None]:
    """`root` as a disk that cannot be written, where this may be done."""
    binds = [["mount", "--bind", str(root), str(root)], ["mount", "-o", "remount,ro,bind", str(root)]]
    if subprocess.run(binds[0], capture_output=True, check=False).returncode:
        pytest.skip("a read-only disk can only be mounted by root")
    try:
        subprocess.run(binds[1], check=True)
        yield
    finally:
        subprocess.run(["umount", str(root)], check=True)  # noqa: S607


def test_a_read_only_project_says_so(project: Path) -> None:
    found: dict[str, Any] = {}
    with read_only(project):
        for command in (("crawl",), ("process",), ("search", "停水"), ("index", "rebuild"), ("init", str(project))):
            code = 0 if command[0] == "init" else 1
            found[command[0]] = qingyu(*command, project=project, code=code)
        checks = asked("doctor", project=project, code=1)
    assert all(done.stderr.strip() or done.stdout.strip() for done in found.values())
    assert {"paths.data", "paths.logs"} <= {f["check"] for f in checks if f["state"] == "failed" and f["remedy"]}
    assert total(project) == 20


def test_an_export_that_cannot_be_written_leaves_nothing(project: Path, tmp_path: Path) -> None:
    for target in (tmp_path / "no-such-folder" / "x.csv", tmp_path):
        said = qingyu("export", "-o", str(target), "--format", "csv", project=project, code=1).stderr
        assert str(target) in said
    qingyu("export", "-o", str(tmp_path / "x.doc"), project=project, code=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["town"]


def test_a_reader_that_has_enough_is_no_error_worth_words(project: Path) -> None:
    writer = subprocess.Popen(_argv(project, "export"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stderr is not None
    writer.stdout.close()
    with writer.stderr:
        said = writer.stderr.read()
    assert writer.wait(60) in {0, 1}
    assert said == b""
