"""Enforces the retention in the index and the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from config.project import Project
from crawlers.purge import PurgeReport, purge
from crawlers.store import open_store
from pipeline.process import forgetting


def enforce(project: Project, *, now: datetime, dry_run: bool = False) -> PurgeReport:
    """Remove what is older than `retention` allows, from the index first. Raises StageError while another process writes."""
    store = open_store(project)
    rules = project.settings.retention
    try:
        if dry_run:
            return purge(store, rules, now=now, forget=_nothing, dry_run=True)
        with forgetting(project) as forget:
            return purge(store, rules, now=now, forget=forget)
    finally:
        store.dispose()


def _nothing(ids: Sequence[str]) -> None:
    """A dry run takes nothing out of the index."""
