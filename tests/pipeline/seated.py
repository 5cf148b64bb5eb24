"""A person at a desk, for tests of verbs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import select

from config.project import Project
from crawlers.schema import audit
from crawlers.store import opened, read
from pipeline.access.model import Person, Role
from pipeline.desk.desk import Desk
from pipeline.query.layer import QueryLayer


@contextmanager
def seated(project: Project, *roles: Role, now: datetime, name: str = "张三") -> Iterator[Desk]:
    """The desk of a person with these roles, at that time."""
    with opened(project) as store, QueryLayer.open(project, now=lambda: now) as layer:
        yield Desk(project, Person(name, frozenset(roles)), layer.speaking_for(name), store, lambda: now)


def audited(desk: Desk) -> list[tuple[str, str]]:
    """Who did what, in order."""
    with read(desk.store) as connection:
        rows = connection.execute(select(audit.c.who, audit.c.action).order_by(audit.c.id)).all()
    return [(row.who, row.action) for row in rows]
