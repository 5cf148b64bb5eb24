"""Documents of posts whose annotation stands in the store already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine

from crawlers.schema import post
from crawlers.store import read
from pipeline.annotated import Copy, document, stored_annotation
from pipeline.index.document import IndexDocument
from pipeline.index.engine import Writer
from pipeline.pending import annotated_posts, annotation_of

_IDS = 500


def put_moved(store: Engine, writer: Writer, moved: Mapping[str, Copy]) -> None:
    """Documents of posts whose annotation stands in the store, and whose cluster or original is another now."""
    if not moved:
        return
    with read(store) as connection:
        ids = list(moved)
        for start in range(0, len(ids), _IDS):
            rows = connection.execute(annotated_posts().where(post.c.id.in_(ids[start : start + _IDS]))).mappings()
            writer.put(
                document(dict(row), stored_annotation(annotation_of(dict(row))), moved[row["id"]]) for row in rows
            )


def stored_document(row: dict[str, Any]) -> IndexDocument:
    """The document of a row of `annotated_posts`."""
    return document(row, stored_annotation(annotation_of(row)), Copy(row["a_copy_cluster"], row["a_duplicate_of"]))
