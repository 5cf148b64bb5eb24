"""A server in a folder: made, started, stopped. It listens on loopback or on a socket, and trusts whoever reaches that."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from config.errors import StageError
from config.text import tr

USER, DATABASE = "postgres", "qingyu"
_DEBIAN = Path("/usr/lib/postgresql")
_START_S = 60


@dataclass(frozen=True, slots=True)
class Plan:
    """folder: data and log, kept between runs; port: on loopback, 0 for a socket in the folder alone; fast: without waiting
    for the disk, for data that nobody will miss."""

    folder: Path
    port: int = 0
    fast: bool = False

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    def url(self, database: str = DATABASE) -> str:
        """The address for `store.url`."""
        if self.port:
            return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/{database}"
        return f"postgresql+psycopg://{USER}@/{database}?host={self.folder}"


class Server:
    """The server of a plan; as a context manager it runs for the time of the block.

    Raises StageError where PostgreSQL is not installed, or does not start.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def running(self) -> bool:
        """Whether it runs: its pid file names a server of this folder, not a program that was given the number since."""
        try:
            pid = int((self.plan.data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
            process = psutil.Process(pid)
            return str(self.plan.data) in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE
        except (OSError, ValueError, psutil.Error):
            return False

    def start(self) -> None:
        """Make it where there is none, and start it."""
        tool("pg_ctl")
        self.plan.folder.mkdir(parents=True, exist_ok=True)
        self._own(self.plan.folder)
        if subprocess.run(self._as_user(["test", "-w", str(self.plan.folder)]), check=False).returncode:
            raise StageError(_out_of_reach(self.plan.folder))
        if not self.plan.data.is_dir():
            made = ["-D", str(self.plan.data), "-A", "trust", "-U", USER, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
            self._told(self._as_user([tool("initdb"), *made]))
        options = f"-c listen_addresses={'127.0.0.1' if self.plan.port else chr(39) * 2} -k {self.plan.folder}"
        options += f" -p {self.plan.port}" if self.plan.port else ""
        options += " -c fsync=off -c synchronous_commit=off" if self.plan.fast else ""
        # Its output must not hold the pipe of whoever reads ours.
        begun = self._control("start", "-o", options, "-l", str(self.plan.log), "-t", str(_START_S), check=False)
        if begun.returncode:
            raise StageError(self._why())
        # Not where the folder is made: that start may have failed.
        self._databases(lambda names: [] if DATABASE in names else [f'CREATE DATABASE "{DATABASE}"'])

    def make_database(self, name: str) -> str:
        """A database, emptied if there is one; returns its address."""
        self._databases(lambda names: [f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}"'])
        return self.plan.url(name)

    def _databases(self, wanted: Callable[[Collection[str]], Sequence[str]]) -> None:
        """Execute the statements that are wanted in view of the names of databases."""
        from sqlalchemy import create_engine, text

        engine = create_engine(self.plan.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            names = connection.execute(text("SELECT datname FROM pg_database")).scalars().all()
            for statement in wanted(names):
                connection.execute(text(statement))
        engine.dispose()

    def stop(self) -> None:
        """Stop it; data stays. Nothing happens where it does not run."""
        if self.running():
            self._control("stop", "-m", "fast")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _control(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        argv = self._as_user([tool("pg_ctl"), "-D", str(self.plan.data), "-w", *words])
        return self._told(argv) if check else subprocess.run(argv, check=False, stdout=subprocess.DEVNULL)

    def _told(self, argv: list[str]) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(argv, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if done.returncode:
            raise StageError(done.stderr.decode("utf-8", "replace").strip()[-500:])
        return done

    def _as_user(self, argv: list[str]) -> list[str]:
        """The command as the server's own user: it refuses to run as root."""
        if os.geteuid() != 0:
            return argv
        user = _user()
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *argv]

    def _own(self, folder: Path) -> None:
        if os.geteuid() == 0:
            user = _user()
            os.chown(folder, user.pw_uid, user.pw_gid)

    def _why(self) -> str:
        last = self.plan.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
        return tr(
            "PostgreSQL 没有启动：{w}（日志 {log}）；端口被占用时换一个",
            "PostgreSQL did not start: {w} (log: {log}); take another port where this one is taken",
            w=" ".join(last)[-300:],
            log=self.plan.log,
        )


def _out_of_reach(folder: Path) -> str:
    return tr(
        "用户 postgres 进不了 {f}（上层目录不许进入）；用 --folder 换一个目录，或不要以 root 运行",
        "user postgres cannot get into {f} (a folder above it is closed); take another by --folder, or do not run as root",
        f=folder,
    )


def tool(name: str) -> str:
    """Where a tool of the server is: Debian keeps them outside the path. Raises StageError when it is not installed."""
    newest = sorted(_DEBIAN.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    found = shutil.which(name) or (str(newest[-1]) if newest else "")
    if not found:
        message = tr(
            "没有安装 PostgreSQL；运行 apt-get install postgresql", "PostgreSQL is missing; apt-get install postgresql"
        )
        raise StageError(message)
    return found


def _user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(USER)
    except KeyError as error:
        message = tr("没有用户 postgres，PostgreSQL 不能以 root 运行", "PostgreSQL runs as user postgres, not as root")
        raise StageError(message) from error
