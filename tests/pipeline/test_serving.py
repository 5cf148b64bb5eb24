"""The dashboard as a process: it answers, it says why when it cannot, it ends with its owner."""

import socket
import urllib.request
from pathlib import Path

import pytest

from config.errors import StageError
from config.project import init_project
from pipeline.serving import dashboard_process, free_port, port_is_free


def test_it_answers_and_is_stopped(tmp_path: Path) -> None:
    init_project(tmp_path)
    port = free_port()
    with dashboard_process(tmp_path, port) as shown:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=10) as answer:
            assert answer.status == 200
        assert not port_is_free(port)
    assert shown.poll() is not None


def test_an_address_beyond_loopback_is_refused_with_the_reason(tmp_path: Path) -> None:
    init_project(tmp_path)
    with (
        pytest.raises(StageError, match=r"dashboard\.log"),
        dashboard_process(tmp_path, free_port(), address="0.0.0.0"),
    ):
        pass
    assert (tmp_path / "logs" / "dashboard.log").read_text(encoding="utf-8").strip()


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert not port_is_free(taken.getsockname()[1])
