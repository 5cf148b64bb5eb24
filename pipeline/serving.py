"""Starts the dashboard as a process of its own, and waits until it answers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config.errors import StageError
from config.text import language, tr

# Importing Streamlit and pandas takes seconds on a slow disk.
_READY_S = 60.0
_POLL_S = 0.1
_WATCH_S = 0.5
_STOP_S = 10.0


def free_port() -> int:
    """A free port of the loopback address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    """Whether nothing listens on that port of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextmanager
def dashboard_process(project: Path, port: int, *, address: str = "127.0.0.1") -> Iterator[subprocess.Popen[bytes]]:
    """The dashboard of `project`, answering on `port`; stopped in the end. What it says goes to logs/dashboard.log.

    Raises StageError when it does not answer.
    """
    argv = [
        sys.executable,
        "-P",
        "-m",
        "dashboard",
        "--project",
        str(project),
        "--port",
        str(port),
        "--address",
        address,
    ]
    said = project / "logs" / "dashboard.log"
    said.parent.mkdir(parents=True, exist_ok=True)
    with said.open("ab") as log:
        environment = {**os.environ, "QINGYU_LANGUAGE": language()}
        started = subprocess.Popen(argv, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        _await_answer(started, f"http://127.0.0.1:{port}/_stcore/health", said)
        yield started
    finally:
        stop_process(started)


def wait_until_stopped(shown: subprocess.Popen[bytes]) -> None:
    """Return at SIGTERM or SIGINT. Raises StageError when the process ends by itself."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.wait(_WATCH_S):
        if shown.poll() is not None:
            raise StageError(tr("看板意外结束（退出码 {c}）", "the dashboard ended with code {c}", c=shown.returncode))


def stop_process(started: subprocess.Popen[Any]) -> None:
    """End a process that was started here: asked first, killed after ten seconds."""
    if started.poll() is None:
        started.terminate()
        try:
            started.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()
    if started.stdout is not None:
        started.stdout.close()


def _await_answer(started: subprocess.Popen[bytes], url: str, said: Path) -> None:
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline and started.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - a fixed loopback address
                return
        except (urllib.error.URLError, OSError):
            time.sleep(_POLL_S)
    last = (said.read_text(encoding="utf-8", errors="replace").strip().splitlines() or [""])[-1]
    message = tr("看板没有启动：{l}（详见 {p}）", "the dashboard did not start: {l} (see {p})", l=last[:300], p=said)
    raise StageError(message, exit=started.poll())
