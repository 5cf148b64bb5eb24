"""Enforces the retention in the index and the store."""

from __future__ import annotations

from datetime import datetime

from config.project import Project
from crawlers.purge import PurgeReport, purge
from crawlers.store import open_store
from pipeline.process import forget


def enforce(project: Project, *, now: datetime, dry_run: bool = False) -> PurgeReport:
    """Remove what is older than `retention` allows, from the index first. Raises StageError while another process writes."""
    store = open_store(project)
    try:
        return purge(
            store, project.settings.retention, now=now, forget=lambda ids: forget(project, ids), dry_run=dry_run
        )
    finally:
        store.dispose()
