"""`qingyu process`: landed posts → annotation → index. Stopped at any instant and run again, it ends the same.

The index is committed first, then the annotations are written: a stop in between only repeats work that changes nothing.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, or_, select

from config.project import Project
from config.settings import SHIPPED
from config.text import tr
from crawlers.rows import to_ms
from crawlers.schema import annotation, post, set_aside
from crawlers.store import insert_rows, open_store, read, upsert, write
from nlp.annotation import Annotation
from pipeline.annotating import ALONE, Annotators, Done, Tools, Work, annotators
from pipeline.index.document import IndexDocument
from pipeline.index.engine import Writer
from pipeline.index.tantivy_engine import TantivyEngine
from pipeline.query.reading import any_indexed

logger = logging.getLogger(__name__)
Progress = Callable[[int, int | None], None]
_IDS = 500
_KEYPHRASE_SEPARATOR = "\x1f"


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
    """Annotate and index what is new, changed, or annotated by another model, newest first; the rest is not touched.

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
        with annotators(tools, annotator, processes=processes) as pool, _engine(project).writer() as writer:
            _work(project, store, stale, _Stage(pool, writer, annotator.model, report), progress)
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
    if _engine(project).exists():
        return 0
    with read(store) as connection:
        once = any_indexed(connection)
    return rebuild_index(project) if once else 0


def _stale(store: Engine, model: str) -> list[str]:
    """Ids of posts without an annotation, changed since, or annotated by another model; newest landed first."""
    joined = post.outerjoin(annotation, annotation.c.post_id == post.c.id)
    stale = or_(
        annotation.c.post_id.is_(None), annotation.c.landed_seq < post.c.landed_seq, annotation.c.model != model
    )
    with read(store) as connection:
        asked = select(post.c.id).select_from(joined).where(stale).order_by(post.c.landed_seq.desc())
        return list(connection.execute(asked).scalars())


@dataclass(frozen=True, slots=True)
class _Stage:
    """What the stage works with."""

    pool: Annotators
    writer: Writer
    model: str
    report: ProcessReport


@dataclass(frozen=True, slots=True)
class _Batch:
    """Posts that were read, with the annotations that are being made or are kept."""

    rows: dict[str, dict[str, Any]]
    kept: dict[str, Done]
    coming: Iterator[list[Done]]


def _work(project: Project, store: Engine, stale: Sequence[str], stage: _Stage, progress: Progress | None) -> None:
    size, done = project.settings.process.batch, 0
    ahead: _Batch | None = None
    for start in range(0, len(stale), size):
        # The next batch is being annotated while this one is indexed and written.
        batch = _read(store, stale[start : start + size], stage)
        if ahead is not None:
            _finish(store, ahead, stage)
            done = _tell(progress, done + len(ahead.rows), len(stale))
        ahead = batch
    if ahead is not None:
        _finish(store, ahead, stage)
        _tell(progress, len(stale), len(stale))


def _tell(progress: Progress | None, done: int, total: int) -> int:
    if progress is not None:
        progress(done, total)
    return done


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


def _finish(store: Engine, batch: _Batch, stage: _Stage) -> None:
    rows, kept, now = batch.rows, batch.kept, to_ms(datetime.now(UTC)) or 0
    annotations: list[dict[str, Any]] = []
    pieces: list[dict[str, Any]] = []
    for chunk in batch.coming:
        _index([(rows[done.post_id], done) for done in chunk if done.annotation is not None], stage.writer)
        for done in chunk:
            annotations.append(_annotation_row(rows[done.post_id], done, stage.model, now))
            if done.annotation is None:
                pieces.append(_piece(rows[done.post_id], done, now))
    # What an earlier model or an earlier text had put there must not be found any longer.
    stage.writer.delete([piece["post_id"] for piece in pieces])
    _index([(rows[key], done) for key, done in kept.items()], stage.writer)
    annotations += [_annotation_row(rows[key], done, stage.model, now) for key, done in kept.items()]
    stage.writer.commit()
    with write(store) as connection:
        upsert(connection, annotation, annotations, key="post_id")
        insert_rows(connection, set_aside, pieces)
    report = stage.report
    report.read += len(rows)
    report.set_aside += len(pieces)
    report.indexed += len(rows) - len(pieces)
    report.reused += len(kept)


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


def stored_annotation(row: dict[str, Any]) -> Done:
    """What the store keeps of an annotation; the content words are derived again from the tokens."""
    phrases = row["keyphrases"]
    kept = Annotation(
        title_tokens=row["title_tokens"],
        text_tokens=row["text_tokens"],
        sentiment=row["sentiment"],
        score=row["score"],
        confidence=row["confidence"],
        topics=tuple(row["topics"].split()),
        keyphrases=tuple(phrases.split(_KEYPHRASE_SEPARATOR)) if phrases else (),
    )
    return Done(row["post_id"], kept, tuple(row["words"].split()), row["official_tokens"])


def _index(pairs: Sequence[tuple[dict[str, Any], Done]], writer: Writer) -> None:
    writer.put(document(row, done) for row, done in pairs)


def document(row: dict[str, Any], done: Done) -> IndexDocument:
    """The index document of a row of table `post` and its annotation."""
    found = done.annotation
    assert found is not None  # posts without one are set aside, never indexed
    return IndexDocument(
        id=row["id"],
        landed_seq=row["landed_seq"],
        source=row["source"],
        kind=row["kind"],
        region=row["region"],
        category=row["category"],
        topics=found.topics,
        sentiment=found.sentiment,
        score=found.score,
        confidence=found.confidence,
        published_ms=row["published_ms"] if row["published_ms"] is not None else row["collected_ms"],
        collected_ms=row["collected_ms"],
        title_tokens=found.title_tokens,
        text_tokens=found.text_tokens,
        words=done.words,
        keyphrases=found.keyphrases,
        thread=row["thread_url"] or row["url"],
        voice=row["author"],
        answered=row["official_text"] is not None,
        official_unit=row["official_unit"] or "",
        official_tokens=done.official_tokens,
        views=row["views"] or 0,
        likes=row["likes"] or 0,
        replies=row["replies"] or 0,
    )


def _annotation_row(row: dict[str, Any], done: Done, model: str, now_ms: int) -> dict[str, Any]:
    found = done.annotation
    return {
        "post_id": row["id"],
        "landed_seq": row["landed_seq"],
        "model": model,
        "status": "indexed" if found else "set_aside",
        "content_hash": row["content_hash"],
        "title_tokens": found.title_tokens if found else "",
        "text_tokens": found.text_tokens if found else "",
        "official_tokens": done.official_tokens,
        "words": " ".join(done.words),
        "sentiment": found.sentiment if found else "",
        "score": found.score if found else None,
        "confidence": found.confidence if found else None,
        "topics": " ".join(found.topics) if found else "",
        "keyphrases": _KEYPHRASE_SEPARATOR.join(found.keyphrases) if found else "",
        "annotated_ms": now_ms,
    }


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
        joined = post.join(annotation, annotation.c.post_id == post.c.id)
        asked = select(post, *(c.label(f"a_{c.name}") for c in annotation.c)).select_from(joined)
        found = connection.execution_options(stream_results=True).execute(asked.where(annotation.c.status == "indexed"))
        for partition in found.mappings().partitions(_IDS):
            writer.put(document(dict(row), stored_annotation(_part(dict(row)))) for row in partition)
            posts += len(partition)
            if progress is not None:
                progress(posts, None)
    store.dispose()
    logger.info("index rebuilt posts=%s", posts)
    return posts


def _part(row: dict[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("a_"): value for name, value in row.items() if name.startswith("a_")}


@contextmanager
def forgetting(project: Project) -> Iterator[Callable[[Sequence[str]], None]]:
    """What takes posts out of the index for good, by ids. No other process writes the index while the block lasts, so
    none puts a post there that is just leaving the store. Raises StageError while another process is writing."""
    store = open_store(project)
    _put_back(project, store)
    store.dispose()
    with _engine(project).writer() as writer:

        def forget(ids: Sequence[str]) -> None:
            writer.delete(ids)
            writer.commit()

        yield forget
