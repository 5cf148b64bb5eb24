"""Databases for tests: an empty one for each that asks, of either kind that the store runs on."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, text

from config.project import Project, init_project, open_project
from crawlers.store import open_url
from pipeline.local_postgres.server import Server

KINDS = ("sqlite", "postgresql")


class Postgres:
    """A running server and a database with all tables, which new ones are copied from: that takes a tenth of migrating."""

    _MODEL = "with_tables"

    def __init__(self, server: Server) -> None:
        open_url(server.make_database(self._MODEL)).dispose()
        self._server, self._numbers = server, itertools.count(1)
        self._engine = create_engine(server.plan.url("postgres"), isolation_level="AUTOCOMMIT")

    def make(self, *, empty: bool = False) -> tuple[str, str]:
        """Name and address of a new database. empty: without tables."""
        name = f"test{next(self._numbers)}"
        self._say(f"CREATE DATABASE {name} TEMPLATE {'template0' if empty else self._MODEL}")
        return name, self._server.plan.url(name)

    def drop(self, name: str) -> None:
        """Remove one, whoever is still connected."""
        self._say(f"DROP DATABASE {name} WITH (FORCE)")

    def disconnect(self) -> None:
        """End all other connections, as a restart of the server does."""
        self._say("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname LIKE 'test%'")

    def close(self) -> None:
        """Leave the server."""
        self._engine.dispose()

    def _say(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(text(statement))


class Stores:
    """Where a test has its stores. postgres: None for SQLite files in `folder`."""

    def __init__(self, folder: Path, postgres: Postgres | None) -> None:
        self.folder, self._postgres = folder, postgres
        self._numbers = itertools.count(1)
        self._made: list[str] = []
        self._open: list[Engine] = []

    @property
    def kind(self) -> str:
        """One of KINDS."""
        return "sqlite" if self._postgres is None else "postgresql"

    def url(self, *, empty: bool = False) -> str:
        """The address of a new store. empty: as it is before it is opened for the first time."""
        if self._postgres is None:
            return f"sqlite:///{self.folder / f'q{next(self._numbers)}.db'}"
        name, url = self._postgres.make(empty=empty)
        self._made.append(name)
        return url

    def open(self, url: str | None = None, *, busy_timeout_s: float = 5) -> Engine:
        """The store at `url`, or a new one; closed at the end of the test."""
        engine = open_url(url or self.url(), busy_timeout_s=busy_timeout_s)
        self._open.append(engine)
        return engine

    def project(self, root: Path, *, region: str = "云水县") -> Project:
        """A new project with a store of its own, which commands and other processes find in its settings."""
        init_project(root, region=region)
        if self._postgres is not None:
            (root / "secrets" / "store.url").write_text(self.url(), encoding="utf-8")
            with (root / "config" / "settings.yaml").open("a", encoding="utf-8") as file:
                file.write("store:\n  url_file: ../secrets/store.url\n")
        return open_project(root, {})

    def close(self) -> None:
        """Close and remove all."""
        for engine in self._open:
            engine.dispose()
        for name in self._made:
            assert self._postgres is not None
            self._postgres.drop(name)


@contextmanager
def stores_in(folder: Path, postgres: Postgres | None) -> Iterator[Stores]:
    """Stores that last for the block."""
    made = Stores(folder, postgres)
    try:
        yield made
    finally:
        made.close()
