"""A question as nodes: its query parsed, its limits added."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import fields
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import Engine

from config.project import Project
from crawlers.store import read
from pipeline.events.reading import posts_of
from pipeline.query.kql import parse_kql
from pipeline.query.language import parse
from pipeline.query.model import Question
from pipeline.query.nodes import All, And, Node, Or, Range, Term
from pipeline.query.times import SHANGHAI, milliseconds
from pipeline.query.values import Names

_KEPT = 500  # parsed queries
_ID = re.compile(r"[0-9a-f]{16,32}")


class Asked:
    """Turns questions into nodes, keeping what it parsed. now: what `now-7d` counts from."""

    def __init__(self, project: Project, now: Callable[[], datetime], store: Engine | None = None) -> None:
        self._project, self._now, self._store = project, now, store
        self._parsed: dict[tuple[str, str], Node] = {}

    @cached_property
    def _topics(self) -> dict[str, tuple[str, ...]]:
        from nlp.taxonomy import load_taxonomy

        project = self._project
        taxonomy = load_taxonomy(project.file(project.settings.nlp.topics))
        return {name: (topic.id,) for topic in taxonomy.topics for name in (topic.zh, topic.en)}

    @cached_property
    def _places(self) -> dict[str, tuple[str, ...]]:
        """By id, name and alias: the place and all that lie in it; of a name that several places share, all of them."""
        from nlp.places import load_places

        places = load_places(self._project.file(self._project.settings.nlp.places))
        within: dict[str, list[str]] = {}
        for place in places.places:
            for above in places.lineage(place.id):
                within.setdefault(above, []).append(place.id)
        found: dict[str, tuple[str, ...]] = {}
        for place in places.places:
            for name in (place.id, place.zh, *place.aliases):
                found[name] = tuple(dict.fromkeys((*found.get(name, ()), *within[place.id])))
        return found

    def _names(self, query: str) -> Names:
        """Read only when the query names the field: the files take some ten milliseconds."""
        topics = "topic" in query or "话题" in query
        places = "place" in query or "地点" in query
        return {
            "topic": self._topics if topics else {},
            "place": self._places if places else {},
            "event": self._events(query) if _of_events(query) else {},
        }

    def _events(self, query: str) -> dict[str, tuple[str, ...]]:
        """The posts of each event whose id stands in the query."""
        if self._store is None:
            return {}
        with read(self._store) as connection:
            return {one: ids for one in set(_ID.findall(query)) if (ids := tuple(posts_of(connection, one)))}

    def words(self, q: Question) -> Node:
        """The query alone. Raises QueryError."""
        kept = self._parsed.get((q.language, q.query))
        if kept is not None:
            return kept
        read = parse_kql if q.language == "kql" else parse
        node = read(q.query, now=self._now(), names=self._names(q.query))
        if "now" not in q.query and not _of_events(q.query):  # events grow
            if len(self._parsed) >= _KEPT:
                self._parsed.clear()
            self._parsed[q.language, q.query] = node
        return node

    def node(self, q: Question, since_day: date | None = None, until_day: date | None = None) -> Node:
        """The query with the question's limits, and with those of days (both included). Raises QueryError."""
        parts: list[Node] = []
        if q.query.strip():
            parts.append(self.words(q))
        if q.since or q.until:
            parts.append(_between(q.since, q.until))
        if since_day and until_day:
            parts.append(_between(midnight(since_day), midnight(until_day, 1)))
        limits = (
            ("source", q.sources),
            ("topic", q.topics),
            ("region", q.regions),
            ("kind", q.kinds),
            ("sentiment", q.sentiments),
            ("place", tuple(lower for one in q.places for lower in self._places.get(one, (one,)))),
        )
        for field, values in limits:
            if values:
                terms = tuple(Term(field, value) for value in values)
                parts.append(terms[0] if len(terms) == 1 else Or(terms))
        if q.originals:
            parts.append(Range("copy", 0, 0))
        parts += [part for part in map(self.node, q.also) if part != All()]
        if not parts:
            return All()
        return parts[0] if len(parts) == 1 else And(tuple(parts))


def _of_events(query: str) -> bool:
    return "event" in query or "事件" in query


def _between(since: datetime | None, until: datetime | None) -> Range:
    low, high = (milliseconds(t) if t else None for t in (since, until))
    return Range("published", low, high, True, False)


def midnight(day: date, later: int = 0) -> datetime:
    """The first instant of a day of Asia/Shanghai, or of the day so many days later."""
    return datetime.combine(day + timedelta(days=later), time(), SHANGHAI)


def describe(q: Question) -> str:
    """The question as JSON, empty parts and the usual language left out: what the audit keeps."""
    return json.dumps(_parts(q), ensure_ascii=False, default=str)


def _parts(q: Question) -> dict[str, Any]:
    values = {field.name: getattr(q, field.name) for field in fields(q)}
    kept = {name: value for name, value in values.items() if value and (name, value) != ("language", "qingyu")}
    return kept | ({"also": [_parts(one) for one in q.also]} if q.also else {})
