"""What crawl tests share: a project in a folder, a crawl as a subprocess, the replay board and the bad server as children."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.project import init_project

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
REPLAY = SHARED / "replay" / "board.py"

BOARD = """
name: board
kind: board
urls: {url}
hosts: [{hosts}]
allow_private: [127.0.0.1]
pace: {{delay_s: 0, concurrency: {concurrency}, timeout_s: {timeout_s}, retries: {retries}}}
{more}
list:
  row: table.list tr
  link: td.title a
  state: td.state
  next: a.next
{walk}
detail:
  {id}
  title: h2.subject
  text: div.content
  published: .time
  author: span.user
  likes: span.likes
  reply:
    block: div.reply
    text: div.reply-content
    unit: span.unit
    time: span.reply-time
"""


@dataclass(frozen=True)
class Ended:
    """How a crawl ended. events: parsed lines of standard output."""

    code: int
    events: list[dict[str, Any]]
    stderr: str

    @property
    def last(self) -> dict[str, Any]:
        return self.events[-1] if self.events else {}

    @property
    def counts(self) -> dict[str, Any]:
        return dict(self.last.get("counts", {}))


@dataclass
class Site:
    """A project folder with one source."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, root: Path, source: str) -> Site:
        """A project whose one source is `source` (YAML)."""
        init_project(root, region="云水县", name="测试", contact="test@example.org")
        (root / "config" / "sources" / "source.yaml").write_text(source, encoding="utf-8")
        return cls(root)

    def argv(self, verb: str, *options: str, name: str = "board") -> list[str]:
        """The command line of a crawl."""
        return [sys.executable, "-m", "crawlers", verb, "--project", str(self.root), "--source", name, *options]

    def start(self, *options: str, name: str = "board") -> subprocess.Popen[str]:
        """A crawl that goes on."""
        return subprocess.Popen(
            self.argv("run", *options, name=name),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._env(),
            cwd=ROOT,
        )

    def run(self, *options: str, name: str = "board", timeout: float = 240, verb: str = "run") -> Ended:
        """A whole crawl."""
        done = subprocess.run(
            self.argv(verb, *options, name=name),
            capture_output=True,
            text=True,
            env=self._env(),
            cwd=ROOT,
            timeout=timeout,
            check=False,
        )
        return Ended(done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr)

    def _env(self) -> dict[str, str]:
        return {**os.environ, "QINGYU_LANGUAGE": "en", **self.env}

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """Rows of the store."""
        with sqlite3.connect(self.root / "data" / "qingyu.db") as store:
            store.row_factory = sqlite3.Row
            found = [dict(row) for row in store.execute(sql, values)]
        store.close()
        return found

    def posts(self) -> dict[str, dict[str, Any]]:
        """The posts of the store, by the last part of their URL."""
        return {row["url"].rsplit("/", 1)[1].removesuffix(".html"): row for row in self.rows("SELECT * FROM post")}


def board_yaml(
    url: str,
    *,
    hosts: str = "127.0.0.1",
    concurrency: int = 8,
    timeout_s: float = 20,
    retries: int = 3,
    more: str = "",
    walk: str = "",
    native: str = "",
) -> str:
    """A board source in YAML. more: further keys of the source; walk: a line of `list`."""
    return BOARD.format(
        url=url,
        hosts=hosts,
        concurrency=concurrency,
        timeout_s=timeout_s,
        retries=retries,
        more=more,
        walk=f"  walk: {walk}" if walk else "",
        id=f"id: {native}" if native else "state: span.nothing",
    )


@dataclass(frozen=True)
class Replay:
    """A running replay board."""

    url: str

    def set_clock(self, now: str) -> None:
        """Move the board's clock."""
        request = urllib.request.Request(f"{self.url}__clock", data=json.dumps({"now": now}).encode(), method="POST")
        with urllib.request.urlopen(request) as answer:
            answer.read()

    def asked(self) -> list[dict[str, Any]]:
        """What was requested since the log was cleared."""
        with urllib.request.urlopen(f"{self.url}__log") as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return found

    def clear(self) -> None:
        """Forget what was requested."""
        with urllib.request.urlopen(
            urllib.request.Request(f"{self.url}__log/clear", data=b"", method="POST")
        ) as answer:
            answer.read()


@contextmanager
def replay_board(*options: str) -> Iterator[Replay]:
    """The replay board on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with _child([sys.executable, str(REPLAY), "--port", str(port), *options]):
        yield Replay(f"http://127.0.0.1:{port}/")


@contextmanager
def bad_server(robots: str = "open") -> Iterator[str]:
    """The bad server; yields its address."""
    with _child([sys.executable, str(ROOT / "tests" / "sites" / "badserver.py"), "--robots", robots]) as first:
        yield f"http://127.0.0.1:{first.strip()}/"


def asked_of(url: str) -> list[tuple[str, float, str]]:
    """What was asked of the bad server: path, monotonic seconds, User-Agent."""
    with urllib.request.urlopen(f"{url}__asked") as answer:
        return [tuple(item) for item in json.load(answer)]


@contextmanager
def _child(argv: Sequence[str]) -> Iterator[str]:
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        first = child.stdout.readline()
        if not first:
            raise RuntimeError(f"{argv[1]} did not start")
        _answers(first)
        yield first
    finally:
        child.terminate()
        child.wait(10)
        child.stdout.close()


def _answers(first: str) -> None:
    """The board says its line before it listens: wait for the port itself."""
    if "http://127.0.0.1:" not in first:
        return
    port = int(first.split("http://127.0.0.1:")[1].split("/")[0])
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            threading.Event().wait(0.05)
            continue
        return
    raise RuntimeError(f"nothing listens on {port}")
