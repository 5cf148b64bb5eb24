"""What all tests share: the store on each database it runs on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres_server import postgres_server
from tests.stores import KINDS, Postgres, Stores, stores_in


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for all tests of the session; skipped where none is installed."""
    with postgres_server() as server:
        made = Postgres(server)
        yield made
        made.close()


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """Stores on SQLite, then the same test on PostgreSQL: both must behave alike."""
    server = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    with stores_in(tmp_path, server) as made:
        yield made
