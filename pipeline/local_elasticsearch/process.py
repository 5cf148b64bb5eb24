"""Processes of nodes: started, recognised by pid file, command line and start time, ended. No other process is touched."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import psutil

from config.text import language
from pipeline.local_elasticsearch.home import NodePlan
from pipeline.local_elasticsearch.node import FAILED

_MODULE = "pipeline.local_elasticsearch.node"
_ROOT = Path(__file__).parents[2]
# The kernel counts start times in hundredths of a second from a boot time that a set clock may move a little.
_SAME_START_S = 2.0
_END_S = 30.0


def start(plan: NodePlan, *, tied: bool) -> subprocess.Popen[bytes]:
    """The process of a prepared node. tied: it ends when this process is gone, however that comes about."""
    argv = [sys.executable, "-P", "-m", _MODULE, str(plan.folder), *(["--tied"] if tied else [])]
    if plan.log.exists():
        plan.log.replace(plan.log.with_name("node.log.1"))
    with plan.log.open("wb") as log:
        begun = subprocess.Popen(
            argv,
            cwd=_ROOT,
            env={**os.environ, "QINGYU_LANGUAGE": language()},
            stdin=subprocess.PIPE if tied else subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal is for the starter
        )
    record = {"pid": begun.pid, "started_at": psutil.Process(begun.pid).create_time()}
    _pid_file(plan.folder).write_text(json.dumps(record), encoding="ascii")
    return begun


def find(folder: Path) -> psutil.Process | None:
    """The living process of the node in `folder`, or None when it has ended or the pid now is another's."""
    try:
        record = json.loads(_pid_file(folder).read_text(encoding="ascii"))
        found = psutil.Process(record["pid"])
        same = abs(found.create_time() - record["started_at"]) < _SAME_START_S and _runs_node(found, folder)
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None
    return found if same else None


def end_all(folders: Iterable[Path]) -> int:
    """How many nodes ran and now have ended: asked by SIGTERM all at once, after half a minute by SIGKILL."""
    found = [one for one in map(find, folders) if one is not None]
    for one in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.terminate()
    _, late = psutil.wait_procs(found, _END_S)
    for one in late:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
    psutil.wait_procs(late, _END_S)
    return len(found)


def await_end(begun: subprocess.Popen[bytes]) -> None:
    """Return when a process that was told to end has done so; after half a minute it is killed."""
    try:
        begun.wait(_END_S)
    except subprocess.TimeoutExpired:
        begun.kill()
        begun.wait()
    if begun.stdin:
        begun.stdin.close()


def reason(plan: NodePlan) -> str:
    """Why a node that ended did so: its own line, else the last one of its log."""
    try:
        lines = plan.log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    own = [line.removeprefix(FAILED) for line in lines if line.startswith(FAILED)]
    return (own or [line for line in lines if line.strip()] or [""])[-1][:400]


def _runs_node(found: psutil.Process, folder: Path) -> bool:
    argv = found.cmdline()  # empty for one that has ended and waits for its parent
    return _MODULE in argv and str(folder) in argv


def _pid_file(folder: Path) -> Path:
    return folder / "node.pid"
