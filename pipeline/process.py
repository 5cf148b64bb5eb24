"""`qingyu process`: landed posts → annotation → index. Stopped at any instant and run again, it ends the same.

The index is committed first, then the annotations are written: a stop in between only repeats work that changes nothing.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, case, or_, select

from config.project import Project
from config.settings import SHIPPED
from config.text import tr
from crawlers.rows import to_ms
from crawlers.schema import annotation, post, set_aside
from crawlers.store import insert_rows, open_store, read, upsert, write
from pipeline.annotated import Copy, annotation_row, document, stored_annotation
from pipeline.annotating import ALONE, Annotators, Done, Tools, Work, annotators
from pipeline.collector import seldom_collected
from pipeline.copy_index import CopyIndex
from pipeline.copying import Placed, copies_lost, mend_originals, place_batch, rebuild_copies
from pipeline.index.document import IndexDocument
from pipeline.index.engine import Writer
from pipeline.index.tantivy_engine import TantivyEngine
from pipeline.query.reading import any_indexed

logger = logging.getLogger(__name__)
Progress = Callable[[int, int | None], None]
_IDS = 500
NO_COPY = Copy()


@dataclass(slots=True)
class ProcessReport:
    """read = indexed + set_aside: every post read ends in exactly one status. reused: of the indexed, those whose
    counters alone had changed, so their annotation was kept. rebuilt: posts put back first, into an index that was gone.
    seconds: wall time."""

    model: str
    read: int = 0
    indexed: int = 0
    set_aside: int = 0
    reused: int = 0
    rebuilt: int = 0
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def process(project: Project, *, progress: Progress | None = None, workers: int | None = None) -> ProcessReport:
    """Annotate and index what is new, changed, or annotated by another model; the rest is not touched.

    An index that is gone is made again from the store first. workers: annotating processes; None or 0: one less than
    processors. Raises StageError when another process is writing.
    """
    began = time.monotonic()
    tools = tools_of(project)
    annotator = tools.load()
    report = ProcessReport(model=annotator.model)
    store = open_store(project)
    report.rebuilt = _put_back(project, store)
    stale = _stale(store, annotator.model)
    if stale:
        # One processor is left for reading, indexing and writing, which take as long as the annotation.
        wanted = workers or project.settings.process.workers or (os.cpu_count() or 1) - 1
        processes = 0 if len(stale) < ALONE else wanted
        with (
            seldom_collected(),
            annotators(tools, annotator, processes=processes) as pool,
            _engine(project).writer() as writer,
            CopyIndex(project.copies_dir) as copies,
        ):
            _work(project, store, stale, _Stage(pool, writer, copies, annotator.model, report), progress)
    store.dispose()
    report.seconds = round(time.monotonic() - began, 3)
    logger.info(
        "process model=%s read=%s indexed=%s set_aside=%s seconds=%s",
        report.model, report.read, report.indexed, report.set_aside, report.seconds,
    )  # fmt: skip
    return report


def put_back(posts: int) -> str:
    """What to tell where a run had to make the index again."""
    return tr(
        "索引不见了，已由数据库重建 {n} 条", "the index was gone; {n} posts were put back from the store", n=posts
    )


def tools_of(project: Project) -> Tools:
    """Where the project's language tools are."""
    return Tools(project.settings.nlp, (project.config_dir, SHIPPED))


def _engine(project: Project) -> TantivyEngine:
    return TantivyEngine(project.index_dir, project.settings.index.writer_heap_mb)


def _put_back(project: Project, store: Engine) -> int:
    """Rebuild an index that is gone, so that no new one begins with the newest posts alone. Returns posts put back."""
    if copies_lost(project, store):
        rebuild_copies(project, store)
    if _engine(project).exists():
        return 0
    with read(store) as connection:
        once = any_indexed(connection)
    return rebuild_index(project) if once else 0


def _stale(store: Engine, model: str) -> list[str]:
    """Ids of posts to annotate: those without an annotation in the order of landing, so that clusters of copies do not
    depend on where a batch ends; then those changed since or annotated by another model, newest landed first."""
    joined = post.outerjoin(annotation, annotation.c.post_id == post.c.id)
    stale = or_(
        annotation.c.post_id.is_(None), annotation.c.landed_seq < post.c.landed_seq, annotation.c.model != model
    )
    with read(store) as connection:
        new = annotation.c.post_id.is_(None)
        order = case((new, post.c.landed_seq), else_=-post.c.landed_seq)
        asked = select(post.c.id).select_from(joined).where(stale).order_by(new.desc(), order)
        return list(connection.execute(asked).scalars())


@dataclass(frozen=True, slots=True)
class _Stage:
    """What the stage works with."""

    pool: Annotators
    writer: Writer
    copies: CopyIndex
    model: str
    report: ProcessReport


@dataclass(frozen=True, slots=True)
class _Batch:
    """Posts that were read, with the annotations that are being made or are kept."""

    rows: dict[str, dict[str, Any]]
    kept: dict[str, Done]
    coming: Iterator[list[Done]]


def _work(project: Project, store: Engine, stale: Sequence[str], stage: _Stage, progress: Progress | None) -> None:
    """Three batches are on their way at a time: one is being annotated, one is grouped and indexed, and of one the index
    is being committed, after which its annotations are written."""
    size, total, done = project.settings.process.batch, len(stale), 0
    starts = iter(range(0, total, size))

    def next_batch() -> _Batch | None:
        start = next(starts, None)
        return None if start is None else _read(store, stale[start : start + size], stage)

    with ThreadPoolExecutor(1) as beside:
        batch, committing = next_batch(), None
        while batch is not None or committing is not None:
            following = next_batch()
            made = _collected(batch) if batch is not None else {}
            if committing is not None:
                done += _settle(store, stage, committing)
                if progress is not None:
                    progress(done, total)
            committing = _index(store, batch, made, stage, beside) if batch is not None else None
            batch = following


def _read(store: Engine, ids: Sequence[str], stage: _Stage) -> _Batch:
    with read(store) as connection:
        rows = {row["id"]: row for row in _posts(connection, ids)}
        kept = _kept(connection, rows, stage.model)
    works = [
        Work(row["id"], row["title"], row["text"], row["official_text"] or "")
        for key, row in rows.items()
        if key not in kept
    ]
    return _Batch(rows, kept, stage.pool.begin(works))


@dataclass(frozen=True, slots=True)
class _Committing:
    """A batch whose documents were given to the index, and what is to be written when they are committed."""

    commit: Future[None]
    rows: dict[str, dict[str, Any]]
    every: dict[str, Done]
    placed: Placed
    pieces: list[dict[str, Any]]
    reused: int


def _collected(batch: _Batch) -> dict[str, Done]:
    return {done.post_id: done for chunk in batch.coming for done in chunk}


def _index(
    store: Engine, batch: _Batch, made: dict[str, Done], stage: _Stage, beside: ThreadPoolExecutor
) -> _Committing:
    """Group the copies of a batch, give its documents to the index, and begin to commit it."""
    rows, now = batch.rows, to_ms(datetime.now(UTC)) or 0
    every = made | batch.kept
    keys = {one: done.annotation.copy_keys for one, done in made.items() if done.annotation is not None}
    placed = place_batch(store, stage.copies, rows, keys)
    pieces = [_piece(rows[one], done, now) for one, done in made.items() if done.annotation is None]
    gone = [piece["post_id"] for piece in pieces]
    # What an earlier model or an earlier text had put there must not be found any longer.
    stage.writer.delete(gone)
    stage.copies.forget([bytes.fromhex(one) for one in gone])
    stage.writer.put(
        document(rows[one], done, placed.copies.get(one, NO_COPY)) for one, done in every.items() if done.annotation
    )
    _put_moved(store, stage.writer, {one: copy for one, copy in placed.moved.items() if one not in every})
    return _Committing(beside.submit(stage.writer.commit), rows, every, placed, pieces, len(batch.kept))


def _settle(store: Engine, stage: _Stage, batch: _Committing) -> int:
    """Wait for the index, then write the annotations; returns posts. What stops in between is done again."""
    now, placed = to_ms(datetime.now(UTC)) or 0, batch.placed
    annotations = [
        annotation_row(batch.rows[one], done, placed.copies.get(one, NO_COPY), model=stage.model, now_ms=now)
        for one, done in batch.every.items()
    ]
    batch.commit.result()
    stage.copies.commit()
    with write(store) as connection:
        upsert(connection, annotation, annotations, key="post_id")
        insert_rows(connection, set_aside, batch.pieces)
        placed.write(connection)
    _count(stage.report, len(batch.rows), len(batch.pieces), batch.reused)
    return len(batch.rows)


def _count(report: ProcessReport, read_: int, pieces: int, kept: int) -> None:
    report.read += read_
    report.set_aside += pieces
    report.indexed += read_ - pieces
    report.reused += kept


def _put_moved(store: Engine, writer: Writer, moved: Mapping[str, Copy]) -> None:
    """Documents of posts whose annotation stands in the store, and whose cluster or original is another now."""
    if not moved:
        return
    with read(store) as connection:
        ids = list(moved)
        for start in range(0, len(ids), _IDS):
            asked = _annotated().where(post.c.id.in_(ids[start : start + _IDS]))
            for row in connection.execute(asked).mappings():
                writer.put([document(dict(row), stored_annotation(_part(dict(row))), moved[row["id"]])])


def _annotated() -> Select[Any]:
    joined = post.join(annotation, annotation.c.post_id == post.c.id)
    asked = select(post, *(c.label(f"a_{c.name}") for c in annotation.c)).select_from(joined)
    return asked.where(annotation.c.status == "indexed")


def _posts(connection: Connection, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    for start in range(0, len(ids), _IDS):
        found = connection.execute(select(post).where(post.c.id.in_(ids[start : start + _IDS])))
        names = list(found.keys())
        yield from (dict(zip(names, row, strict=True)) for row in found)


def _kept(connection: Connection, rows: dict[str, dict[str, Any]], model: str) -> dict[str, Done]:
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


def _piece(row: dict[str, Any], done: Done, now_ms: int) -> dict[str, Any]:
    return {
        "stage": "process",
        "source": row["source"],
        "url": row["url"],
        "post_id": row["id"],
        "reason": done.reason[:500],
        "evidence": (row["title"] + "\n" + row["text"])[:500],
        "at_ms": now_ms,
    }


def rebuild_index(project: Project, *, progress: Progress | None = None) -> int:
    """Make the index anew from the store's posts and annotations, while readers go on with the old one. Returns posts.

    Raises StageError when another process is writing the index.
    """
    store = open_store(project)
    posts = 0
    with _engine(project).rebuild() as writer, read(store) as connection:
        found = connection.execution_options(stream_results=True).execute(_annotated())
        for partition in found.mappings().partitions(_IDS):
            writer.put(_stored_document(dict(row)) for row in partition)
            posts += len(partition)
            if progress is not None:
                progress(posts, None)
    rebuild_copies(project, store)
    store.dispose()
    logger.info("index rebuilt posts=%s", posts)
    return posts


def _stored_document(row: dict[str, Any]) -> IndexDocument:
    return document(row, stored_annotation(_part(row)), Copy(row["a_copy_cluster"], row["a_duplicate_of"]))


def _part(row: dict[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("a_"): value for name, value in row.items() if name.startswith("a_")}


@contextmanager
def forgetting(project: Project) -> Iterator[Callable[[Sequence[str]], None]]:
    """What takes posts out of the index for good, by ids. No other process writes the index while the block lasts, so
    none puts a post there that is just leaving the store. Raises StageError while another process is writing."""
    store = open_store(project)
    _put_back(project, store)
    with _engine(project).writer() as writer, CopyIndex(project.copies_dir) as copies:

        def forget(ids: Sequence[str]) -> None:
            writer.delete(ids)
            writer.commit()
            copies.forget([bytes.fromhex(one) for one in ids])
            copies.commit()

        yield forget
        _mend_originals(store, writer)
    store.dispose()


def _mend_originals(store: Engine, writer: Writer) -> None:
    """Where the original of copies has left the store, the earliest copy that is left takes its place."""
    mended = mend_originals(store)
    _put_moved(store, writer, mended.moved)
    writer.commit()
    with write(store) as connection:
        mended.write(connection)
