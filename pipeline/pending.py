"""What is to be processed, as the store has it: posts that want annotating, annotations that are still good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Select, case, or_, select

from config.project import Project
from config.settings import SHIPPED
from crawlers.schema import annotation, post
from crawlers.store import read
from pipeline.annotated import stored_annotation
from pipeline.annotating import Done, Tools

_IDS = 500


def tools_of(project: Project) -> Tools:
    """Where the project's language tools are."""
    return Tools(project.settings.nlp, (project.config_dir, SHIPPED))


def stale(store: Engine, model: str, *, most: int | None = None) -> list[str]:
    """Ids of posts to annotate: those without an annotation in the order of landing, in which copies are grouped; then
    those changed since or annotated by another model, newest landed first. most: no more than that."""
    joined = post.outerjoin(annotation, annotation.c.post_id == post.c.id)
    stale = or_(
        annotation.c.post_id.is_(None), annotation.c.landed_seq < post.c.landed_seq, annotation.c.model != model
    )
    with read(store) as connection:
        new = annotation.c.post_id.is_(None)
        order = case((new, post.c.landed_seq), else_=-post.c.landed_seq)
        asked = select(post.c.id).select_from(joined).where(stale).order_by(new.desc(), order).limit(most)
        return list(connection.execute(asked).scalars())


def annotated_posts(status: str = "indexed") -> Select[Any]:
    """Asks for posts with their annotations of that status, whose columns are called `a_…`."""
    joined = post.join(annotation, annotation.c.post_id == post.c.id)
    asked = select(post, *(c.label(f"a_{c.name}") for c in annotation.c)).select_from(joined)
    return asked.where(annotation.c.status == status)


def annotation_of(row: dict[str, Any]) -> dict[str, Any]:
    """The annotation of a row of `annotated_posts`."""
    return {name.removeprefix("a_"): value for name, value in row.items() if name.startswith("a_")}


def posts_of(connection: Connection, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Rows of table `post`, in no order; those no longer there are left out."""
    for start in range(0, len(ids), _IDS):
        found = connection.execute(select(post).where(post.c.id.in_(ids[start : start + _IDS])))
        names = list(found.keys())
        yield from (dict(zip(names, row, strict=True)) for row in found)


def kept(connection: Connection, rows: dict[str, dict[str, Any]], model: str) -> dict[str, Done]:
    """Annotations by the same model of the same content: only counters of these posts have changed."""
    kept: dict[str, Done] = {}
    ids = list(rows)
    for start in range(0, len(ids), _IDS):
        some = ids[start : start + _IDS]
        asked = select(annotation).where(
            annotation.c.post_id.in_(some), annotation.c.model == model, annotation.c.status == "indexed"
        )
        for found in connection.execute(asked).mappings():
            if found["content_hash"] == rows[found["post_id"]]["content_hash"]:
                kept[found["post_id"]] = stored_annotation(dict(found))
    return kept


def piece(row: dict[str, Any], reason: str, now_ms: int) -> dict[str, Any]:
    """The row of table `set_aside` for a post that could not be used."""
    return {
        "stage": "process",
        "source": row["source"],
        "url": row["url"],
        "post_id": row["id"],
        "reason": reason[:500],
        "evidence": (row["title"] + "\n" + row["text"])[:500],
        "at_ms": now_ms,
    }
