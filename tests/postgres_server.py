"""A PostgreSQL of the tests' own, on a socket; skipped where none is installed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.errors import StageError
from pipeline.local_postgres.server import Plan, Server, tool


@contextmanager
def postgres_server() -> Iterator[Server]:
    """A running server."""
    pytest.importorskip("psycopg")
    try:
        tool("initdb")
    except StageError as error:
        pytest.skip(error.message)
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: the path of a socket has at most 107 bytes
    try:
        with Server(Plan(folder, fast=True)) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)
