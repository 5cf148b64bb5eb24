"""The audit takes rows and gives none up before their time, whoever asks the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update

from config.errors import QingyuError
from config.settings import Retention
from crawlers.purge import purge
from crawlers.schema import audit, meta
from crawlers.store import insert_rows, opened, read, write
from tests.stores import Stores

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def row(days: int) -> dict[str, object]:
    at = int((NOW - timedelta(days=days)).timestamp() * 1000)
    return {"at_ms": at, "who": "王芳", "action": "search", "detail": "停水", "posts": 3}


def test_rows_of_the_audit_can_be_neither_changed_nor_taken_away(tmp_path: Path, stores: Stores) -> None:
    with opened(stores.project(tmp_path)) as store:
        with write(store) as connection:
            insert_rows(connection, audit, [row(1), row(4_000)])
        for act in (
            update(audit).values(who="别人"),
            delete(audit),
            delete(audit).where(audit.c.at_ms < 10**13),
            update(audit).values(at_ms=0).where(audit.c.who == "王芳"),
        ):
            with pytest.raises((QingyuError, Exception), match="audit rows are kept"), write(store) as connection:
                connection.execute(act)
        with read(store) as connection:
            assert connection.execute(select(func.count()).select_from(audit)).scalar_one() == 2


def test_what_is_past_its_retention_goes_and_nothing_younger(tmp_path: Path, stores: Stores) -> None:
    with opened(stores.project(tmp_path)) as store:
        days = Retention().audit_days
        with write(store) as connection:
            insert_rows(connection, audit, [row(1), row(days - 1), row(days + 1), row(days + 900)])
        report = purge(store, Retention(), now=NOW, forget=lambda ids: None)
        assert report.audit == 2
        with read(store) as connection:
            assert connection.execute(select(func.count()).select_from(audit)).scalar_one() == 2
            assert connection.execute(select(meta.c.value).where(meta.c.key == "audit_before")).first() is None
        with pytest.raises((QingyuError, Exception), match="audit rows are kept"), write(store) as connection:
            connection.execute(delete(audit))
