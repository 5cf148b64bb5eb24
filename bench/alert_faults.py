"""Alerts under faults: `python -m bench.alert_faults [--kills 20] [--refuse 0.3] [--seed N] [--json]`.

A real mail server on loopback refuses three of ten mails at a random step, and drops some connections after it took the mail.
Processes of `qingyu alerts deliver` are ended by kill -9: at random times, and at the moments the server sees MAIL, RCPT,
DATA, the end of a mail, and just after it took one. Says how many alerts were lost, how many a mailbox shows twice (a
mailbox shows one mail of a Message-ID), and how many the server took twice, which nobody can wholly avoid.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

from sqlalchemy import func, select

from bench.mailserver import STAGES, Box, Server, mail_server
from config.project import Project, init_project, open_project
from crawlers.store import opened, read, write
from pipeline.alerts.deliver import deliver
from pipeline.alerts.message import digest
from pipeline.alerts.model import Alert, Delivery
from pipeline.alerts.outbox import enqueue
from pipeline.alerts.reading import counts
from pipeline.alerts.tables import alert_attempt

PEOPLE = ("zhang@example.gov.cn", "li@example.gov.cn", "wang@example.gov.cn")
_REPLIES = ("451 4.3.0 not now", "450 4.7.1 greylisted", "421 4.3.2 going down", "drop")
# Each run has something to do: so many alerts are raised before it.
_WAVE = 4
_MOST_RUNS = 400


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. expected: mails that had to arrive (alert and person); lost: that did not; doubled: that a mailbox shows
    twice; raw_doubled: taken twice by the server with the same Message-ID; unknown: attempts whose outcome could not be known;
    kills: processes ended by kill -9, by moment; refused: by the server."""

    expected: int
    lost: int
    doubled: int
    raw_doubled: int
    unknown: int
    refused: int
    kills: dict[str, int]
    runs: int
    seconds: float


class Faults:
    """A plan of a server: refuses and drops by a seeded die, and kills the client when it is told to."""

    def __init__(self, seed: int, refuse: float, drop_after: float) -> None:
        self._dice = random.Random(seed)
        self._refuse, self._drop_after = refuse, drop_after
        self._lock = threading.Lock()
        self._victim: tuple[subprocess.Popen[bytes], str, int] | None = None
        self._fate: dict[str, str] = {}
        self.refused = 0

    def kill_at(self, process: subprocess.Popen[bytes], stage: str, nth: int) -> None:
        """End `process` when the server sees `stage` for the nth time from now."""
        with self._lock:
            self._victim = (process, stage, nth)

    def __call__(self, stage: str, address: str) -> str:
        """What the server does."""
        with self._lock:
            self._maybe_kill(stage)
            if stage == "MAIL":  # the fate of this mail
                at = self._dice.choice(STAGES[:-1]) if self._dice.random() < self._refuse else ""
                self._fate = {at: self._dice.choice(_REPLIES)} if at else {}
                if not at and self._dice.random() < self._drop_after:
                    self._fate = {"TAKEN": "drop"}
            answer = self._fate.pop(stage, "")
            self.refused += bool(answer)
            return answer

    def _maybe_kill(self, stage: str) -> None:
        if self._victim is None or self._victim[1] != stage:
            return
        process, _, nth = self._victim
        self._victim = (process, stage, nth - 1) if nth > 1 else None
        if nth == 1:
            process.send_signal(signal.SIGKILL)
            process.wait()


def prepare(project: Project, port: int) -> Project:
    """`project` with the group, the server, and waits short enough for a test."""
    people = [{"name": f"值班{n}", "address": one} for n, one in enumerate(PEOPLE, 1)]
    (project.config_dir / "groups.yaml").write_text(
        json.dumps({"groups": {"值班": {"people": people}}}, ensure_ascii=False), encoding="utf-8"
    )
    mail = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "qingyu@example.gov.cn",
            "timeout_s": 5, "data_timeout_s": 2, "unknown_wait_s": 0.5}  # fmt: skip
    alerts = {"retry_first_s": 0.1, "retry_most_s": 1, "lease_s": 2}
    with (project.config_dir / "settings.yaml").open("a", encoding="utf-8") as file:
        file.write(f"mail: {json.dumps(mail)}\nalerts: {json.dumps(alerts)}\n")
    return open_project(project.root, {})


def raise_some(project: Project, first: int, number: int) -> list[str]:
    """Raise alerts; returns their ids."""
    now = datetime.now(UTC)
    made = [
        Alert(
            id=f"fault-{n}", rule="fault", key=str(n), level="orange", title=f"第 {n} 条", reason=["试"], figures=[], query="",
            since=now - timedelta(days=1), until=now, posts=[], topics=[], places=[], made_at=now, delivery=Delivery(["值班"]),
        )
        for n in range(first, first + number)
    ]  # fmt: skip
    with opened(project) as store, write(store) as connection:
        enqueue(connection, made)
    return [one.id for one in made]


def start(project: Project) -> subprocess.Popen[bytes]:
    """A process of `qingyu alerts deliver`."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("QINGYU_")}
    env["PYTHONPATH"] = str(Path(__file__).resolve().parents[1])
    command = [sys.executable, "-m", "pipeline.cli", "alerts", "deliver", "--project", str(project.root)]
    return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def run(project: Project, *, kills: int, refuse: float, seed: int, drop_after: float = 0.05) -> Outcome:
    """Raise alerts, kill processes, let the last ones finish, and count."""
    began, dice = time.monotonic(), random.Random(seed)
    faults = Faults(seed, refuse, drop_after)
    moments = ["random", *STAGES]
    killed: Counter[str] = Counter()
    ids: list[str] = []
    runs = 0
    with mail_server(faults) as server:
        ready = prepare(project, server.port)
        while sum(killed.values()) < kills and runs < _MOST_RUNS:
            ids += raise_some(ready, len(ids), _WAVE)
            moment = moments[sum(killed.values()) % len(moments)]
            runs += 1
            killed[moment] += _one(ready, faults, server, moment, dice)
        while _pending(ready) and runs < _MOST_RUNS:
            runs += 1
            deliver(ready, now=datetime.now(UTC))
            time.sleep(0.1)
        return _count(ready, server.box, ids, faults, (killed, runs, time.monotonic() - began))


def _one(project: Project, faults: Faults, server: Server, moment: str, dice: random.Random) -> bool:
    """One process, to be killed at `moment`; whether it was."""
    seen = len(server.box.stages)
    process = start(project)
    if moment != "random":
        faults.kill_at(process, moment, dice.randint(1, 4))
    else:
        while process.poll() is None and len(server.box.stages) == seen:
            time.sleep(0.002)
        time.sleep(dice.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def _pending(project: Project) -> bool:
    with opened(project) as store, read(store) as connection:
        found = counts(connection)
    return bool(found["waiting"] or found["sending"] or found["held"])


def _count(
    project: Project, box: Box, ids: list[str], faults: Faults, told: tuple[Counter[str], int, float]
) -> Outcome:
    wanted = {(digest(one), person) for one in ids for person in PEOPLE}
    seen: dict[tuple[str, str], set[str]] = {}
    copies: Counter[tuple[str, str]] = Counter()
    for person, mails in box.mails.items():
        for raw in mails:
            mail = message_from_bytes(raw)
            copies[(str(mail["Message-ID"]), person)] += 1
            for one in str(mail["X-Qingyu-Alert"]).split():
                seen.setdefault((one, person), set()).add(str(mail["Message-ID"]))
    with opened(project) as store, read(store) as connection:
        unknown = select(func.count()).where(alert_attempt.c.outcome == "unknown")
        unknowns = int(connection.execute(unknown).scalar_one())
    killed, runs, seconds = told
    return Outcome(
        expected=len(wanted),
        lost=len(wanted - set(seen)),
        doubled=sum(len(ids) > 1 for ids in seen.values()),
        raw_doubled=sum(n - 1 for n in copies.values()),
        unknown=unknowns,
        refused=faults.refused,
        kills=dict(killed),
        runs=runs,
        seconds=round(seconds, 1),
    )


def main() -> None:
    """Run it and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--refuse", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    logging.getLogger("pipeline").setLevel(logging.CRITICAL)  # each refusal is a line, and there are a hundred
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        init_project(root, region="云水县")
        outcome = run(open_project(root, {}), kills=asked.kills, refuse=asked.refuse, seed=asked.seed)
    if asked.json:
        print(json.dumps(asdict(outcome)))
        return
    for name, value in asdict(outcome).items():
        print(f"{name:12} {value}")


if __name__ == "__main__":
    main()
