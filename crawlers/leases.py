"""Leases: what only one process may do at a time, on this machine (SQLite) or on all machines (PostgreSQL).

A lease ends with its holder, however that ends: a file's lock is the system's, and PostgreSQL drops an advisory lock with
the connection that took it (at the latest a minute after the machine of the holder is gone).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from config.errors import StageError, TransientError
from config.locks import take
from config.text import tr
from crawlers.store import number_of, translated

# A server asks a silent client for a sign of life after 30 s, and gives it up 30 s later.
_ALIVE = ("tcp_keepalives_idle = 30", "tcp_keepalives_interval = 10", "tcp_keepalives_count = 3")


class Lease:
    """Something held. Free it by `release`; it is freed at the end of the process anyway."""

    def __init__(self, stack: ExitStack, connection: Connection | None) -> None:
        self._stack, self._connection = stack, connection

    def check(self) -> None:
        """Raises TransientError where the lease was lost (the connection to the store broke off)."""
        if self._connection is None:
            return
        try:
            self._connection.execute(text("SELECT 1"))
        except SQLAlchemyError as error:
            message = tr("与数据库的连接断开过，稍后重来", "the connection to the store broke off; try again later")
            raise TransientError(message) from error

    def release(self) -> None:
        """Let others have it."""
        with suppress(SQLAlchemyError):
            self._stack.close()


def acquire(store: Engine, name: str) -> Lease | None:
    """The lease called `name`, or None while another process has it. Raises TransientError, StageError (store away)."""
    with ExitStack() as stack:
        connection = None
        if store.dialect.name == "sqlite":
            if not _file_lock(store, name, stack):
                return None
        else:
            with translated():
                connection = stack.enter_context(store.connect().execution_options(isolation_level="AUTOCOMMIT"))
                for option in _ALIVE:
                    connection.execute(text(f"SET {option}"))
                got = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": number_of(name)}).scalar()
                if not got:
                    return None
                # The connection goes back to no pool: closing it is what frees the lock.
                stack.callback(connection.invalidate)
        return Lease(stack.pop_all(), connection)


@contextmanager
def leases(store: Engine, names: Sequence[str]) -> Iterator[bool]:
    """Whether all of `names` were had, for the time of the block; none is kept where one is another's."""
    held: list[Lease] = []
    try:
        for name in sorted(names):
            lease = acquire(store, name)
            if lease is None:
                break
            held.append(lease)
        yield len(held) == len(names)
    finally:
        for lease in held:
            lease.release()


def _file_lock(store: Engine, name: str, stack: ExitStack) -> bool:
    database = store.url.database
    folder = Path(database).parent if database and database != ":memory:" else Path()
    try:
        stack.enter_context(take(folder / "leases" / f"{number_of(name):x}.lock", name))
    except StageError:
        return False
    return True
