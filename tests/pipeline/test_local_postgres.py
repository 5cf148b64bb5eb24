"""`make pg-up` and `make pg-down`: a real server of one's own, whatever happened to it before."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from config.errors import StageError
from pipeline.local_postgres import server as server_module
from pipeline.local_postgres.server import DATABASE, Plan, Server, tool


@pytest.fixture
def folder() -> Iterator[Path]:
    try:
        tool("initdb")
    except StageError as error:
        pytest.skip(error.message)
    made = Path(tempfile.mkdtemp(prefix="pg"))  # short: the path of a socket has at most 107 bytes
    yield made
    Server(Plan(made)).stop()
    shutil.rmtree(made)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of somebody else."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        yield held.getsockname()[1]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


def asked(url: str, statement: str) -> object:
    engine = create_engine(url)
    with engine.begin() as connection:
        found = connection.execute(text(statement))
        value = found.scalar() if found.returns_rows else None
    engine.dispose()
    return value


def make(verb: str, folder: Path, port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline.local_postgres", verb, "--folder", str(folder), "--port", str(port)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=Path(__file__).resolve().parents[2],
    )


def test_up_twice_down_twice_and_the_data_stays(folder: Path) -> None:
    port = free_port()
    said = [make("up", folder, port), make("up", folder, port)]
    assert [(done.returncode, done.stderr) for done in said] == [(0, ""), (0, "")]
    url = Plan(folder, port).url()
    assert all(url in done.stdout for done in said)
    asked(url, "CREATE TABLE kept AS SELECT 7 AS x")
    assert [make("down", folder, port).returncode for _ in range(2)] == [0, 0]
    assert not Server(Plan(folder, port)).running()
    with Server(Plan(folder, port)):
        assert asked(url, "SELECT x FROM kept") == 7


def test_only_this_machine_is_listened_to(folder: Path) -> None:
    with Server(Plan(folder, free_port(), fast=True)) as server:
        assert asked(server.plan.url(), "SHOW listen_addresses") == "127.0.0.1"
    with Server(Plan(folder, fast=True)) as server:
        assert asked(server.plan.url(), "SHOW listen_addresses") == ""


def test_a_port_that_is_taken_is_told_and_another_one_does(folder: Path, taken: int) -> None:
    done = make("up", folder, taken)
    assert (done.returncode, done.stdout) == (1, "")
    assert "端口" in done.stderr and str(folder) in done.stderr
    with Server(Plan(folder, free_port(), fast=True)) as server:
        assert asked(server.plan.url(DATABASE), "SELECT 1") == 1


def test_a_server_that_was_killed_starts_again_and_nobody_else_is_stopped(folder: Path) -> None:
    server = Server(Plan(folder))
    server.start()
    asked(server.plan.url(), "CREATE TABLE kept AS SELECT 7 AS x")
    pid_file = folder / "data" / "postmaster.pid"
    first = pid_file.read_text().splitlines()
    os.kill(int(first[0]), signal.SIGKILL)
    assert_gone(int(first[0]))
    # A pid of another program: neither taken for the server nor stopped in its place.
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        pid_file.write_text("\n".join([str(bystander.pid), *first[1:]]) + "\n")
        assert not server.running()
        server.stop()
        assert bystander.poll() is None
        pid_file.write_text("\n".join(first) + "\n")
        server.start()
        assert asked(server.plan.url(), "SELECT x FROM kept") == 7
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()
        server.stop()


def assert_gone(pid: int) -> None:
    """Until nobody has the number: the system may keep that of one who was killed for some seconds."""
    for _ in range(400):
        if not Path(f"/proc/{pid}").exists():
            return
        time.sleep(0.05)
    raise AssertionError("it does not end")


def test_a_machine_without_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(server_module, "_DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StageError, match="apt-get install postgresql"):
        Server(Plan(tmp_path / "d")).start()
