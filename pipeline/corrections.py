"""Labels that people set right: kept with who and when, they measure the models and are what the next training learns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from config.errors import ConfigError
from config.project import Project
from config.text import tr
from crawlers.rows import to_ms
from crawlers.schema import annotation, correction, post
from crawlers.store import insert_rows, open_store, read, write
from nlp.matters import CATEGORIES, INTENTS
from nlp.sentiment import CLASSES

VALUES: Mapping[str, tuple[str, ...]] = {
    "sentiment": CLASSES,
    "intent": INTENTS,
    "appeal": ("yes", "no"),
    "sector": CATEGORIES,
}


def correct(project: Project, post_id: str, values: Mapping[str, str], who: str) -> dict[str, str]:
    """Keep what a person says of a post; returns what the model had said, by field. values: field of VALUES → value.

    Nothing is written unless all of it can be. Raises ConfigError for an unknown post, field or value, or no value at all.
    """
    if not values:
        raise ConfigError(
            tr("没有要改的标签，例如 --sentiment negative", "no label given, for example --sentiment negative")
        )
    for name, value in values.items():
        if value not in VALUES.get(name, ()):
            known = " ".join(VALUES.get(name, VALUES))
            raise ConfigError(
                tr("{f} 不能是 {v}；可用：{k}", "{f} cannot be {v}; known: {k}", f=name, v=value, k=known)
            )
    store, now = open_store(project), to_ms(datetime.now(UTC)) or 0
    try:
        with write(store) as connection:
            said, model = _said(connection, post_id)
            rows = [
                {"post_id": post_id, "field": name, "value": value, "said": said[name], "model": model,
                 "who": who[:80], "at_ms": now}
                for name, value in values.items()
            ]  # fmt: skip
            insert_rows(connection, correction, rows)
    finally:
        store.dispose()
    return {name: said[name] for name in values}


def _said(connection: Connection, post_id: str) -> tuple[dict[str, str], str]:
    found = connection.execute(select(annotation).where(annotation.c.post_id == post_id)).mappings().first()
    if found is None or found["status"] != "indexed":
        message = tr("没有编号为 {i} 的已处理帖子", "there is no processed post {i}", i=post_id[:64])
        raise ConfigError(message)
    said = {
        "sentiment": found["sentiment"],
        "intent": found["intent"],
        "appeal": "yes" if found["appeal"] else "no",
        "sector": (found["sectors"].split() or [""])[0],
    }
    return said, found["model"]


def accuracy_by_source(project: Project) -> list[dict[str, Any]]:
    """How often the model had said what people say, by source and field: source, field, checked, right, accuracy (0 … 1).

    Of several corrections of one post and field the newest counts. People mark what looks wrong, so these figures are
    lower than the model's accuracy on a random sample.
    """
    newest = select(func.max(correction.c.id)).group_by(correction.c.post_id, correction.c.field)
    asked = (
        select(post.c.source, correction.c.field, correction.c.value, correction.c.said)
        .join(post, post.c.id == correction.c.post_id)
        .where(correction.c.id.in_(newest))
    )
    store = open_store(project)
    try:
        with read(store) as connection:
            rows = list(connection.execute(asked))
    finally:
        store.dispose()
    counted: dict[tuple[str, str], list[bool]] = {}
    for source, name, value, said in rows:
        counted.setdefault((source, name), []).append(value == said)
    return [
        {
            "source": source,
            "field": name,
            "checked": len(right),
            "right": sum(right),
            "accuracy": sum(right) / len(right),
        }
        for (source, name), right in sorted(counted.items())
    ]


def training_rows(project: Project) -> list[dict[str, str]]:
    """The corrected texts for the next training, as redacted: title, text, and the newest value of each field."""
    newest = select(func.max(correction.c.id)).group_by(correction.c.post_id, correction.c.field)
    asked = (
        select(post.c.id, post.c.title, post.c.text, correction.c.field, correction.c.value)
        .join(post, post.c.id == correction.c.post_id)
        .where(correction.c.id.in_(newest))
        .order_by(correction.c.id)
    )
    store = open_store(project)
    try:
        with read(store) as connection:
            found: dict[str, dict[str, str]] = {}
            for one, title, text, name, value in connection.execute(asked):
                found.setdefault(one, {"title": title, "text": text})[name] = value
    finally:
        store.dispose()
    return list(found.values())
