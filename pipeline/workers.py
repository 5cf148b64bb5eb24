"""Who is at work on a store: processes that annotate and index, on this machine or others, with a sign of life each."""

from __future__ import annotations

import os
import platform
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, delete, select, update

from config.errors import StageError
from config.text import tr
from crawlers.schema import worker
from crawlers.store import insert_rows, read, write

# A sign of life is written this often at most; without one for `GONE_S` a process is taken for dead.
_EVERY_S = 5.0
GONE_S = 900.0


@dataclass(frozen=True, slots=True)
class AtWork:
    """A process at work. machine: name and identity; silent_s: since its last sign of life; note: what it waits for."""

    machine: str
    pid: int
    model: str
    silent_s: float
    note: str


class Presence:
    """The row of this process in table `worker`."""

    def __init__(self, store: Engine, row: str) -> None:
        self._store, self._row = store, row
        self._last, self._note = time.monotonic(), ""

    def tell(self, note: str = "") -> None:
        """A sign of life, with what is waited for; written when something changed, or now and then."""
        now = time.monotonic()
        if note == self._note and now - self._last < _EVERY_S:
            return
        self._last, self._note = now, note
        with write(self._store) as connection:
            values = {"seen_ms": now_ms(), "note": note}
            connection.execute(update(worker).where(worker.c.id == self._row).values(values))


@contextmanager
def present(store: Engine, machine: str, model: str) -> Iterator[Presence]:
    """A row for this process while the block lasts.

    Raises StageError while another machine works with another model (other dictionaries, topics, places, program): the two
    would annotate each other's posts anew for ever.
    """
    row = secrets.token_hex(8)
    now = now_ms()
    with write(store) as connection:
        connection.execute(delete(worker).where(worker.c.seen_ms < now - 4 * GONE_S * 1000))
        others = select(worker).where(worker.c.machine != machine, worker.c.model != model)
        other = connection.execute(others.where(worker.c.seen_ms > now - GONE_S * 1000)).mappings().first()
        if other is not None and store.dialect.name != "sqlite":
            message = tr(
                "{m} 正以另一套模型或词典工作（{a}，本机 {b}）；让各机的程序与 config 目录一致后再运行",
                "{m} works with other models or dictionaries ({a}, here {b}); make program and config folder of all "
                "machines the same, then run again",
                m=other["machine"],
                a=other["model"],
                b=model,
            )
            raise StageError(message)
        values = {"id": row, "machine": machine, "pid": os.getpid(), "model": model}
        insert_rows(connection, worker, [values | {"started_ms": now, "seen_ms": now, "note": ""}])
    try:
        yield Presence(store, row)
    finally:
        with write(store) as connection:
            connection.execute(delete(worker).where(worker.c.id == row))


def at_work(store: Engine) -> list[AtWork]:
    """The processes at work, those of which nothing was heard for long left out."""
    now = now_ms()
    with read(store) as connection:
        asked = select(worker).where(worker.c.seen_ms > now - GONE_S * 1000).order_by(worker.c.started_ms)
        rows = connection.execute(asked).mappings().all()
    return [
        AtWork(row["machine"], row["pid"], row["model"], max(0.0, (now - row["seen_ms"]) / 1000), row["note"])
        for row in rows
    ]


def machine_of(folder: Path) -> str:
    """The name of this machine with an identity of its own, kept in `folder`: names are given twice."""
    path = folder / "machine.id"
    try:
        identity = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
        identity = secrets.token_hex(8)
        try:
            with path.open("x", encoding="ascii") as file:
                file.write(identity)
        except FileExistsError:  # another process was faster
            identity = path.read_text(encoding="ascii").strip()
    return f"{platform.node()[:60]} {identity}"


def now_ms() -> int:
    """Now, in ms since 1970."""
    return time.time_ns() // 1_000_000
