"""`qingyu process`: landed posts → annotation → index. Stopped at any instant and run again, it ends the same.

The index is committed first, then the annotations are written: a stop in between only repeats work that changes nothing.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from config.project import Project
from config.text import tr
from crawlers.rows import to_ms
from crawlers.schema import annotation, set_aside
from crawlers.store import insert_rows, opened, read, upsert, write
from pipeline.annotated import Copy, annotation_row, document
from pipeline.annotating import ALONE, Annotators, Done, Tools, Work, annotators
from pipeline.collector import seldom_collected
from pipeline.copy_index import CopyIndex
from pipeline.copying import Placed, copies_lost, mend_originals, place_batch, rebuild_copies
from pipeline.index.engine import Writer
from pipeline.index.engines import engine_of
from pipeline.pending import annotated_posts, kept, piece, posts_of, stale, tools_of
from pipeline.process_report import ProcessReport, Progress
from pipeline.query.reading import any_indexed
from pipeline.sharing import Told, index_to_oneself, process_shared
from pipeline.stored_documents import put_moved, stored_document
from pipeline.workers import machine_of, present

logger = logging.getLogger(__name__)
_IDS = 500
NO_COPY = Copy()


def process(project: Project, *, progress: Progress | None = None, workers: int | None = None) -> ProcessReport:
    """Annotate and index what is new, changed, or annotated by another model; the rest is not touched.

    An index that is gone is made again from the store first. workers: annotating processes; None or 0: one less than
    processors. On PostgreSQL the work is shared with all processes that work for the store, and workers is how many of them
    to start; see `pipeline.sharing`. Raises StageError when another process is writing.
    """
    began = time.monotonic()
    tools = tools_of(project)
    annotator = tools.load()
    report = ProcessReport(model=annotator.model)
    wanted = workers or project.settings.process.workers
    machine = machine_of(project.data_dir)
    with opened(project) as store, present(store, machine, annotator.model) as presence, seldom_collected():
        report.rebuilt = _put_back(project, store, presence.tell)
        told = Told(annotator, presence, report, progress)
        if store.dialect.name == "sqlite":
            _process_alone(project, store, tools, told, wanted)
        else:
            process_shared(project, store, told, workers=wanted or os.cpu_count() or 1)
    report.seconds = round(time.monotonic() - began, 3)
    logger.info(
        "process model=%s read=%s indexed=%s set_aside=%s seconds=%s",
        report.model, report.read, report.indexed, report.set_aside, report.seconds,
    )  # fmt: skip
    return report


def _process_alone(project: Project, store: Engine, tools: Tools, told: Told, wanted: int) -> None:
    """The stage in this process and annotating processes of its own, where no other shares the store."""
    model = told.annotator.model
    ids = stale(store, model)
    if not ids:
        return

    def progress(done: int, total: int | None) -> None:
        told.presence.tell()
        if told.progress is not None:
            told.progress(done, total)

    # One processor is left for reading, indexing and writing, which take as long as the annotation.
    processes = 0 if len(ids) < ALONE else wanted or (os.cpu_count() or 1) - 1
    with (
        annotators(tools, told.annotator, processes=processes) as pool,
        engine_of(project, told=told.presence.tell).writer() as writer,
        CopyIndex(project.copies_dir) as copies,
    ):
        _work(project, store, ids, _Stage(pool, writer, copies, model, told.report), progress)


def put_back(posts: int) -> str:
    """What to tell where a run had to make the index again."""
    return tr(
        "索引不见了，已由数据库重建 {n} 条", "the index was gone; {n} posts were put back from the store", n=posts
    )


def _put_back(project: Project, store: Engine, told: Callable[[str], None] = lambda note: None) -> int:
    """Rebuild an index that is gone, so that no new one begins with the newest posts alone. Returns posts put back."""
    if copies_lost(project, store):
        rebuild_copies(project, store)
    if engine_of(project, told=told).exists():
        return 0
    with read(store) as connection:
        once = any_indexed(connection)
    return rebuild_index(project) if once else 0


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


def _work(project: Project, store: Engine, stale: Sequence[str], stage: _Stage, progress: Progress) -> None:
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
                progress(done, total)
            committing = _index(store, batch, made, stage, beside) if batch is not None else None
            batch = following


def _read(store: Engine, ids: Sequence[str], stage: _Stage) -> _Batch:
    with read(store) as connection:
        rows = {row["id"]: row for row in posts_of(connection, ids)}
        reused = kept(connection, rows, stage.model)
    works = [
        Work(row["id"], row["title"], row["text"], row["official_text"] or "")
        for key, row in rows.items()
        if key not in reused
    ]
    return _Batch(rows, reused, stage.pool.begin(works))


@dataclass(frozen=True, slots=True)
class _Committing:
    """A batch whose documents were given to the index, and what is to be written when they are committed."""

    commit: Future[Mapping[str, str]]
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
    pieces = [piece(rows[one], done.reason, now) for one, done in made.items() if done.annotation is None]
    gone = [piece["post_id"] for piece in pieces]
    # What an earlier model or an earlier text had put there must not be found any longer.
    stage.writer.delete(gone)
    stage.copies.forget([bytes.fromhex(one) for one in gone])
    stage.writer.put(
        document(rows[one], done, placed.copies.get(one, NO_COPY)) for one, done in every.items() if done.annotation
    )
    put_moved(store, stage.writer, {one: copy for one, copy in placed.moved.items() if one not in every})
    return _Committing(beside.submit(_committed, stage.writer), rows, every, placed, pieces, len(batch.kept))


def _settle(store: Engine, stage: _Stage, batch: _Committing) -> int:
    """Wait for the index, then write the annotations; returns posts. What stops in between is done again."""
    now, placed = to_ms(datetime.now(UTC)) or 0, batch.placed
    annotations = [
        annotation_row(batch.rows[one], done, placed.copies.get(one, NO_COPY), model=stage.model, now_ms=now)
        for one, done in batch.every.items()
    ]
    refused = batch.commit.result()
    stage.copies.commit()
    pieces = [*batch.pieces, *_refused(batch, refused, annotations, now)]
    with write(store) as connection:
        upsert(connection, annotation, annotations, key="post_id")
        insert_rows(connection, set_aside, pieces)
        placed.write(connection)
    _count(stage.report, len(batch.rows), len(pieces), batch.reused)
    return len(batch.rows)


def _refused(
    batch: _Committing, refused: Mapping[str, str], annotations: Sequence[dict[str, Any]], now_ms: int
) -> list[dict[str, Any]]:
    """Rows of table `set_aside` for what the index would not take; the annotations say the same."""
    if not refused:
        return []
    for row in annotations:
        if row["post_id"] in refused:
            row["status"] = "set_aside"
    mine = [(one, reason) for one, reason in refused.items() if one in batch.rows]
    return [piece(batch.rows[one], reason, now_ms) for one, reason in mine]


def _committed(writer: Writer) -> Mapping[str, str]:
    writer.commit()
    return writer.refused()


def _count(report: ProcessReport, read_: int, pieces: int, kept: int) -> None:
    report.read += read_
    report.set_aside += pieces
    report.indexed += read_ - pieces
    report.reused += kept


def rebuild_index(project: Project, *, progress: Progress | None = None) -> int:
    """Make the index anew from the store's posts and annotations, while readers go on with the old one. Returns posts.

    Raises StageError when another process is writing the index.
    """
    with opened(project) as store:
        posts = _rebuilt(project, store, progress)
        rebuild_copies(project, store)
    logger.info("index rebuilt posts=%s", posts)
    return posts


def _rebuilt(project: Project, store: Engine, progress: Progress | None) -> int:
    posts = 0
    with (
        index_to_oneself(store) as epoch,
        engine_of(project, epoch=epoch).rebuild() as writer,
        read(store) as connection,
    ):
        found = connection.execution_options(stream_results=True).execute(annotated_posts())
        for partition in found.mappings().partitions(_IDS):
            writer.put(stored_document(dict(row)) for row in partition)
            posts += len(partition)
            if progress is not None:
                progress(posts, None)
    return posts


@contextmanager
def forgetting(project: Project) -> Iterator[Callable[[Sequence[str]], None]]:
    """What takes posts out of the index for good, by ids. No other process writes the index while the block lasts, so
    none puts a post there that is just leaving the store. Raises StageError while another process is writing."""
    with opened(project) as store, ExitStack() as stack:
        _put_back(project, store)
        epoch = stack.enter_context(index_to_oneself(store))
        writer = stack.enter_context(engine_of(project, epoch=epoch).writer())
        copies = stack.enter_context(CopyIndex(project.copies_dir))

        def forget(ids: Sequence[str]) -> None:
            writer.delete(ids)
            writer.commit()
            copies.forget([bytes.fromhex(one) for one in ids])
            copies.commit()

        yield forget
        _mend_originals(store, writer)


def _mend_originals(store: Engine, writer: Writer) -> None:
    """Where the original of copies has left the store, the earliest copy that is left takes its place."""
    mended = mend_originals(store)
    put_moved(store, writer, mended.moved)
    writer.commit()
    with write(store) as connection:
        mended.write(connection)
