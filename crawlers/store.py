"""The store: opens the database, brings its tables up to date, and gives the one way to write.

SQLite in WAL mode by default; the same code on PostgreSQL. Readers never wait for the writer. SQLite has one writer at a
time; on PostgreSQL writers wait for each other at the rows they share and where they ask for it by `take_turn`.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, insert, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError, SQLAlchemyError

from config.errors import ConfigError, QingyuError, StageError, TransientError
from config.project import Project
from config.text import tr

# The newest migration of crawlers/migrations/versions.
HEAD = "0019"
_WRITES = "qingyu_write"
# What PostgreSQL calls what went wrong (its appendix A): its words are in the language of the server.
_LOCKED = {"55P03", "40P01", "40001"}
_FULL = {"53100"}
_AWAY = {"57P01", "57P02", "57P03", "53300"}
_DAMAGED = {"XX001", "XX002"}
# What the driver says where there was no server to give a code.
_AWAY_WORDS = ("connection refused", "connection failed", "connection is bad", "server closed", "terminating conn")


def open_store(project: Project, *, flush: bool = True) -> Engine:
    """The store of `project`, tables up to date. flush: see `open_url`. Raises StageError, TransientError (locked)."""
    return open_url(project.store_url, busy_timeout_s=project.settings.store.busy_timeout_s, flush=flush)


@contextmanager
def opened(project: Project) -> Iterator[Engine]:
    """The store of `project` for the time of the block, its connections closed however that ends."""
    store = open_store(project)
    try:
        yield store
    finally:
        store.dispose()


def open_url(url: str, *, busy_timeout_s: float = 30.0, flush: bool = True) -> Engine:
    """The store at an SQLAlchemy URL. busy_timeout_s: how long a writer waits for another.

    flush: a commit waits for the disk, so that it survives power loss too. Without (for rows of the audit, which no search
    should wait for) it survives the end of the process at any instant, but power loss may take the last ones.
    Raises ConfigError for an address that cannot be used, StageError, TransientError.
    """
    engine = _engine(url, busy_timeout_s, flush=flush)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", partial(_prepare_sqlite, flush=flush, patience_s=busy_timeout_s))
        event.listen(engine, "begin", _begin_sqlite)
    try:
        with translated():
            _migrate(engine)
    except QingyuError:
        engine.dispose()
        raise
    return engine


def _engine(url: str, busy_timeout_s: float, *, flush: bool) -> Engine:
    # The address is not shown: it may hold a password.
    try:
        parsed = make_url(url)
        engine = _engine_at(parsed, busy_timeout_s, flush=flush)
    except ArgumentError as error:
        message = tr(
            "store.url 不是可用的数据库地址；例：postgresql+psycopg://用户:密码@主机/库名",
            "store.url is no usable address; e.g. postgresql+psycopg://user:password@host/database",
        )
        raise ConfigError(message) from error
    except ImportError as error:
        message = tr(
            "没有安装 {n} 的驱动；PostgreSQL：pip install 'psycopg[binary]'，地址以 postgresql+psycopg:// 开头",
            "the driver for {n} is not installed; PostgreSQL: pip install 'psycopg[binary]' and write postgresql+psycopg://",
            n=parsed.drivername,
        )
        raise ConfigError(message) from error
    return engine


def _engine_at(parsed: URL, busy_timeout_s: float, *, flush: bool) -> Engine:
    if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    if parsed.get_backend_name() == "sqlite":
        return create_engine(parsed, connect_args={"timeout": busy_timeout_s})
    if parsed.get_backend_name() != "postgresql":
        raise ArgumentError("neither sqlite nor postgresql")
    if parsed.drivername == "postgresql":  # the driver that is installed by the extra, whatever the default is
        parsed = parsed.set(drivername="postgresql+psycopg")
    # As SQLite waits for the lock of the file, PostgreSQL waits for those of rows; an address may hold options of its own.
    given = parsed.query.get("options", "")
    options = given if isinstance(given, str) else " ".join(given)
    wait = f"{options} -c lock_timeout={int(busy_timeout_s * 1000)}".strip()
    if not flush:
        wait += " -c synchronous_commit=off"
    # Asked before use, a connection that a restart of the server ended is replaced.
    return create_engine(parsed, connect_args={"options": wait}, pool_pre_ping=True)


def _prepare_sqlite(connection: sqlite3.Connection, record: object, *, flush: bool, patience_s: float) -> None:
    connection.isolation_level = None  # transactions are begun by `_begin_sqlite`, not guessed by the driver
    cursor = connection.cursor()
    _use_wal(cursor, patience_s)
    # Landing commits in batches, so waiting for the disk costs it little.
    cursor.execute(f"PRAGMA synchronous={'FULL' if flush else 'NORMAL'}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.execute("PRAGMA cache_size=-65536")  # 64 MB
    cursor.close()


def _use_wal(cursor: sqlite3.Cursor, patience_s: float) -> None:
    """Readers beside the writer. A new file is switched once, and SQLite refuses whoever comes at that moment without waiting."""
    give_up = time.monotonic() + patience_s
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: upgrading a read lock later fails without waiting.
    immediate = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def write(engine: Engine) -> Iterator[Connection]:
    """A writing transaction: all or nothing; writers wait for each other. Raises TransientError, StageError.

    On PostgreSQL they wait only at the rows they both write: those who first look and then write say so by `take_turn`.
    """
    with translated(), engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
        yield connection


@contextmanager
def read(engine: Engine) -> Iterator[Connection]:
    """A reading transaction: one state of the store from beginning to end."""
    steady = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with translated(), engine.connect().execution_options(**steady) as connection, connection.begin():
        yield connection


def take_turn(connection: Connection, name: str) -> None:
    """Others who ask for the turn called `name` wait until this transaction has ended; then they see what it wrote."""
    if connection.dialect.name != "sqlite":  # there every writer has the file to itself
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": number_of(f"turn {name}")})


def number_of(name: str) -> int:
    """A number of 63 bits for `name`, as PostgreSQL's advisory locks take it."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big") >> 1


@contextmanager
def translated() -> Iterator[None]:
    """Database errors as ours, with what to do; the values of the statement are left out of the message."""
    try:
        yield
    except QingyuError:
        raise
    except SQLAlchemyError as error:
        raise _translate(error) from error


def _translate(error: SQLAlchemyError) -> QingyuError:
    reason = str(getattr(error, "orig", None) or error).splitlines()[0][:200]
    lower, code = reason.lower(), str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")
    if code in _LOCKED or any(word in lower for word in ("locked", "busy", "lock timeout", "deadlock")):
        message = tr(
            "数据库被另一个进程占用；稍后再试，或调大 store.busy_timeout_s",
            "the store is locked by another process; try again, or raise store.busy_timeout_s",
        )
        return TransientError(message, reason=reason)
    if code in _FULL or (not code and "full" in lower) or "no space left" in lower:
        message = tr(
            "磁盘已满，没有写入；腾出空间后再运行一次即可继续（已落地的都在）",
            "the disk is full, nothing was written; free some space and run again (what had landed is kept)",
        )
        return StageError(message, reason=reason)
    if "i/o error" in lower:
        # What SQLite says when it cannot make its shared-memory file: most often the disk is full.
        message = tr(
            "磁盘读写出错（{r}），多半是磁盘已满；腾出空间后再运行一次（已落地的都在）",
            "reading or writing the disk failed ({r}), most likely it is full; free some space and run again "
            "(what had landed is kept)",
            r=reason,
        )
        return StageError(message, reason=reason)
    if code in _DAMAGED:
        message = tr(
            "PostgreSQL 的数据已损坏（{r}）；请从备份（pg_dump）恢复",
            "the data of PostgreSQL is damaged ({r}); restore it from a backup (pg_dump)",
            r=reason,
        )
        return StageError(message, reason=reason)
    if "malformed" in lower or "not a database" in lower or "corrupt" in lower:
        message = tr(
            "数据库文件已损坏（{r}）；请从备份恢复 data/qingyu.db，或移开它重新采集",
            "the store's file is damaged ({r}); restore data/qingyu.db from a backup, or move it away and crawl anew",
            r=reason,
        )
        return StageError(message, reason=reason)
    if _is_away(error, code, lower):
        message = tr(
            "连不上数据库（{r}）；确认它在运行后再试，已落地的都在",
            "the store does not answer ({r}); see that it runs and try again, what had landed is kept",
            r=reason,
        )
        return TransientError(message, reason=reason)
    if isinstance(error, OperationalError | DatabaseError):
        message = tr(
            "数据库用不了：{r}；运行 qingyu doctor", "the store cannot be used: {r}; run qingyu doctor", r=reason
        )
        return StageError(message, reason=reason)
    return StageError(reason)


def _is_away(error: SQLAlchemyError, code: str, lower: str) -> bool:
    """Whether the server did not answer, or ended the connection."""
    if code in _AWAY or code.startswith("08") or getattr(error, "connection_invalidated", False):
        return True
    return any(word in lower for word in _AWAY_WORDS)


def _version(connection: Connection) -> str | None:
    has = connection.dialect.has_table(connection, "alembic_version")
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if has else None


def _migrate(engine: Engine) -> None:
    """Bring the tables up to HEAD. Alembic is loaded only when there is something to do."""
    with engine.connect() as connection:
        if _version(connection) == HEAD:
            return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).resolve().parent / "migrations"))
    with write(engine) as connection:
        take_turn(connection, "migrations")
        current = _version(connection)  # another process may have done it while this one waited for the lock
        if current is not None and current > HEAD:
            message = tr(
                "数据库由更新的版本建立（{v}）；请升级程序",
                "the store was made by a newer version ({v}); update the program",
                v=current,
            )
            raise StageError(message)
        if current != HEAD:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def upsert(
    connection: Connection, table: Table, rows: list[dict[str, Any]], *, key: str = "id", keep: tuple[str, ...] = ()
) -> None:
    """Insert `rows`, or replace their columns (but `keep`) where `key` exists already. Rows hold the same columns."""
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table)
    changed = {name: statement.excluded[name] for name in rows[0] if name != key and name not in keep}
    connection.execute(statement.on_conflict_do_update(index_elements=[key], set_=changed), rows)


def insert_rows(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert `rows` (none is fine)."""
    if rows:
        connection.execute(insert(table), rows)
