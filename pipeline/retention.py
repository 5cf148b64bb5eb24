"""Enforces the retention in the index and the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Engine

from config.project import Project
from crawlers.purge import PurgeReport, purge
from crawlers.store import open_store, read, write
from pipeline.alerts.outbox import forget as forget_alerts
from pipeline.alerts.outbox import forgettable
from pipeline.process import forgetting
from pipeline.query.times import milliseconds


def enforce(project: Project, *, now: datetime, dry_run: bool = False) -> PurgeReport:
    """Remove what is older than `retention` allows, from the index first. Raises StageError while another process writes."""
    store = open_store(project)
    rules = project.settings.retention
    before_ms = milliseconds(now - timedelta(days=rules.alerts_days))
    try:
        if dry_run:
            report = purge(store, rules, now=now, forget=_nothing, dry_run=True)
            with read(store) as connection:
                return replace(report, alerts=forgettable(connection, before_ms))
        with forgetting(project) as forget:
            report = purge(store, rules, now=now, forget=forget)
        return replace(report, alerts=_forget_alerts(store, before_ms))
    finally:
        store.dispose()


def _forget_alerts(store: Engine, before_ms: int) -> int:
    """In small transactions, as many as it takes; returns how many."""
    removed = 0
    while True:
        with write(store) as connection:
            some = forget_alerts(connection, before_ms)
        if not some:
            return removed
        removed += some


def _nothing(ids: Sequence[str]) -> None:
    """A dry run takes nothing out of the index."""
