"""`qingyu process` where several processes, on this machine or others, share the work of one store (PostgreSQL).

Each takes chunks of posts nobody else is at (SKIP LOCKED: a lock ends with the connection of its holder), annotates them
and writes what it found. One of them at a time holds the lease of the index: it groups copies in the order of landing and
gives the posts to the index, so that the result does not depend on who annotated what, or on who was killed when.
"""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, exists, func, select, update

from config.errors import QingyuError, StageError
from config.project import Project
from config.text import tr
from crawlers.leases import Lease, acquire
from crawlers.schema import annotation, meta, post, set_aside
from crawlers.store import insert_rows, opened, read, upsert, write
from nlp.annotator import Annotator
from pipeline.annotated import Copy, annotation_row, document, stored_annotation
from pipeline.annotating import ALONE, CHUNK, Context, Done, Work, annotate
from pipeline.copy_index import CopyIndex
from pipeline.copying import copies_lost, place_batch, rebuild_copies
from pipeline.index.engine import Writer
from pipeline.index.engines import engine_of
from pipeline.pending import annotated_posts, annotation_of, kept, piece, stale, tools_of
from pipeline.process_report import ProcessReport, Progress
from pipeline.stored_documents import put_moved
from pipeline.workers import Presence, machine_of, now_ms, present

logger = logging.getLogger(__name__)
_LEASE = "index"
_HOLDER, _EPOCH = "index_holder", "index_epoch"
# Landing numbers that are grouped and indexed in one go; a holder looks for work when as many wait, or nothing else is to
# be done.
_BLOCK = 5 * CHUNK
# Ids asked for in one go; they are kept in memory.
_ROUND = 200_000
_PAUSE_S = 0.2
_IDS = 500
# How often one who does not hold the lease asks for it.
_RETRY_S = 1.0
# How long purging and rebuilding wait for their turn.
_PATIENCE_S = 60.0
NO_COPY = Copy()


@dataclass(frozen=True, slots=True)
class Told:
    """What a run of the stage works with, and whom it tells."""

    annotator: Annotator
    presence: Presence
    report: ProcessReport
    progress: Progress | None = None


def process_shared(project: Project, store: Engine, told: Told, *, workers: int) -> None:
    """Work until nothing is left, in `workers` processes (this one is the first); others that are killed are no harm.

    Raises StageError where the embedded engine is another machine's.
    """
    # For few posts, others would take longer to load what they need than this process to do all.
    few = len(stale(store, told.annotator.model, most=ALONE)) < ALONE
    others = [] if few else [Context().Process(target=_member, args=(project,)) for _ in range(workers - 1)]
    for other in others:
        other.start()
    try:
        _work(project, store, told)
    finally:
        for other in others:
            other.join()
    broken = [other.exitcode for other in others if other.exitcode]
    if broken:
        logger.warning("process members=%s ended with %s; the others did their work", len(broken), broken)


def _member(project: Project) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the first, and this one when its work is done
    annotator = tools_of(project).load()
    try:
        with opened(project) as store, present(store, machine_of(project.data_dir), annotator.model) as presence:
            _work(project, store, Told(annotator, presence, ProcessReport(model=annotator.model)))
    except QingyuError as error:
        logger.warning("process member stopped: %s", error.message)
        sys.exit(1)


def _work(project: Project, store: Engine, told: Told) -> None:
    with _Indexing(project, store, machine_of(project.data_dir), told.presence) as index:
        _Worker(store, told.annotator, told.presence, index, told.report, told.progress).run()


@dataclass(slots=True)
class _Worker:
    store: Engine
    annotator: Annotator
    presence: Presence
    index: _Indexing
    report: ProcessReport
    progress: Progress | None
    _ids: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Annotate and index in turn until nothing is left that anyone could do."""
        while True:
            self.presence.tell()
            claimed = self._annotate()
            indexed = self.index.step(self.annotator.model, self.report, enough=_BLOCK if claimed else 1)
            if self.progress is not None:
                self.progress(self.report.read, None)
            if not claimed and not indexed:
                if not self._left():
                    return
                time.sleep(_PAUSE_S)

    def _annotate(self) -> bool:
        """Annotate the next chunk that nobody else is at; False where none is left."""
        if not self._ids:
            self._ids = stale(self.store, self.annotator.model, most=_ROUND)[::-1]
        while self._ids:
            some = [self._ids.pop() for _ in range(min(CHUNK, len(self._ids)))]
            if self._chunk(some):
                return True
        return False

    def _chunk(self, ids: Sequence[str]) -> int:
        model, now = self.annotator.model, now_ms()
        with write(self.store) as connection:
            rows = {row["id"]: row for row in _claimed(connection, ids, model)}
            if not rows:
                return 0
            reused = kept(connection, rows, model)
            works = [
                Work(r["id"], r["title"], r["text"], r["official_text"] or "")
                for r in rows.values()
                if r["id"] not in reused
            ]
            made = {done.post_id: done for done in annotate(self.annotator, works)}
            had = _clusters(connection, rows)
            upsert(
                connection,
                annotation,
                [_waiting(rows[one], done, had, model, now) for one, done in sorted((made | reused).items())],
                key="post_id",
            )
            pieces = [piece(rows[one], done.reason, now) for one, done in made.items() if done.annotation is None]
            insert_rows(connection, set_aside, pieces)
        self.report.read += len(rows)
        self.report.set_aside += len(pieces)
        self.report.indexed += len(rows) - len(pieces)
        self.report.reused += len(reused)
        return len(rows)

    def _left(self) -> bool:
        """Whether something is left: another process is at it, or will be killed and leave it."""
        if stale(self.store, self.annotator.model, most=1):
            return True
        with read(self.store) as connection:
            return _some_wait(connection)


def _claimed(connection: Connection, ids: Sequence[str], model: str) -> list[dict[str, Any]]:
    """Those of `ids` that nobody else is at and that still want annotating, locked until the transaction ends."""
    current = exists().where(
        annotation.c.post_id == post.c.id, annotation.c.landed_seq >= post.c.landed_seq, annotation.c.model == model
    )
    asked = select(post).where(post.c.id.in_(ids), ~current).order_by(post.c.landed_seq)
    locked = connection.execute(asked.with_for_update(skip_locked=True))
    return [dict(row) for row in locked.mappings()]


def _clusters(connection: Connection, ids: Sequence[str] | dict[str, Any]) -> dict[str, Copy]:
    columns = (annotation.c.post_id, annotation.c.copy_cluster, annotation.c.duplicate_of)
    rows = connection.execute(select(*columns).where(annotation.c.post_id.in_(list(ids))))
    return {one: Copy(cluster, original) for one, cluster, original in rows}


def _waiting(row: dict[str, Any], done: Done, had: dict[str, Copy], model: str, now_ms: int) -> dict[str, Any]:
    """The row of an annotation that waits for the index; a post keeps the cluster it has."""
    made = annotation_row(row, done, had.get(row["id"], NO_COPY), model=model, now_ms=now_ms)
    found = done.annotation
    keys = found.copy_keys if found is not None else b""
    return made | {"status": "annotated", "copy_keys": keys or None}


def _some_wait(connection: Connection) -> bool:
    asked = select(annotation.c.post_id).where(annotation.c.status == "annotated").limit(1)
    return connection.execute(asked).first() is not None


@contextmanager
def index_to_oneself(store: Engine) -> Iterator[int]:
    """Nobody else writes the index while the block lasts; gives the number of this holder (see `ElasticWriter`).

    Where only this machine uses the store (SQLite) the index's own lock is enough. Raises StageError when another process
    does not let go of it in time.
    """
    if store.dialect.name == "sqlite":
        yield 0
        return
    lease, give_up = acquire(store, _LEASE), time.monotonic() + _PATIENCE_S
    while lease is None:
        if time.monotonic() > give_up:
            message = tr("另一个进程正在写索引；稍后再运行", "another process is writing the index; run again later")
            raise StageError(message)
        time.sleep(_PAUSE_S)
        lease = acquire(store, _LEASE)
    try:
        with write(store) as connection:
            epoch = _next_epoch(connection)
        yield epoch
    finally:
        lease.release()


def _next_epoch(connection: Connection) -> int:
    held = connection.execute(select(meta.c.value).where(meta.c.key == _EPOCH)).scalar()
    epoch = int(held or 0) + 1
    upsert(connection, meta, [{"key": _EPOCH, "value": str(epoch)}], key="key")
    return epoch


class _Indexing:
    """The index in the hands of this process, while it holds the lease."""

    def __init__(self, project: Project, store: Engine, machine: str, presence: Presence) -> None:
        self._project, self._store, self._machine, self._presence = project, store, machine, presence
        self._lease: Lease | None = None
        self._tools = ExitStack()
        self._floor = 0
        self._next_try = 0.0

    def __enter__(self) -> _Indexing:
        return self

    def __exit__(self, *unused: object) -> None:
        self._tools.close()
        if self._lease is not None:
            self._lease.release()

    def step(self, model: str, report: ProcessReport, *, enough: int) -> int:
        """Index what waits, where this process holds the lease or gets it and `enough` wait; returns posts."""
        if self._lease is None and time.monotonic() < self._next_try:
            return 0
        with read(self._store) as connection:
            some = select(annotation.c.post_id).where(annotation.c.status == "annotated").limit(enough)
            if len(connection.execute(some).all()) < enough:
                return 0
        if not self._held():
            self._next_try = time.monotonic() + _RETRY_S
            return 0
        with read(self._store) as connection:
            waiting = self._waiting(connection, model)
        if waiting:
            self._put(waiting, report)
        return len(waiting)

    def _waiting(self, connection: Connection, model: str) -> dict[str, dict[str, Any]]:
        """Rows of posts and annotations to index next: those that have a cluster already, or the new ones of the next block
        of landing numbers, once all of it is annotated. So copies are grouped in one order and in the same portions whoever
        annotates and whoever is killed."""
        waiting = annotated_posts("annotated").where(annotation.c.model == model)
        had = waiting.where(annotation.c.copy_cluster != "").order_by(annotation.c.landed_seq).limit(_BLOCK)
        rows = connection.execute(had).mappings().all()
        if not rows:
            new = annotation.c.status == "annotated", annotation.c.copy_cluster == "", annotation.c.model == model
            first = connection.execute(select(func.min(annotation.c.landed_seq)).where(*new)).scalar()
            if first is None:
                return {}
            end = (first // _BLOCK + 1) * _BLOCK
            if self._wanted_below(connection, end):
                return {}
            block = waiting.where(annotation.c.copy_cluster == "", annotation.c.landed_seq < end)
            rows = connection.execute(block.order_by(annotation.c.landed_seq)).mappings().all()
        return {row["id"]: dict(row) for row in rows}

    def _wanted_below(self, connection: Connection, end: int) -> bool:
        """Whether a new post before landing number `end` still wants annotating."""
        joined = post.outerjoin(annotation, annotation.c.post_id == post.c.id)
        new = annotation.c.post_id.is_(None), post.c.landed_seq >= self._floor
        first = connection.execute(select(func.min(post.c.landed_seq)).select_from(joined).where(*new)).scalar()
        self._floor = first if first is not None else self._floor
        return first is not None and first < end

    def _held(self) -> bool:
        if self._lease is not None:
            return True
        lease = acquire(self._store, _LEASE)
        if lease is None:
            return False
        self._lease = lease
        epoch = self._take_over()
        engine = engine_of(self._project, epoch=epoch, told=self._presence.tell)
        self._writer: Writer = self._tools.enter_context(engine.writer())
        self._copies = self._tools.enter_context(CopyIndex(self._project.copies_dir))
        return True

    def _take_over(self) -> int:
        """Note who holds the index now; returns a number that grows with each holder. The index of copies is this
        machine's own: where another had the lease in between, it is made anew from the store."""
        with write(self._store) as connection:
            before = str(connection.execute(select(meta.c.value).where(meta.c.key == _HOLDER)).scalar() or "")
            if before not in ("", self._machine) and not self._project.settings.index.url:
                raise StageError(_one_machine(before))
            upsert(connection, meta, [{"key": _HOLDER, "value": self._machine}], key="key")
            epoch = _next_epoch(connection)
        if before not in ("", self._machine) or copies_lost(self._project, self._store):
            rebuild_copies(self._project, self._store)
        return epoch

    def _put(self, rows: dict[str, dict[str, Any]], report: ProcessReport) -> None:
        assert self._lease is not None
        # A post that could not be annotated leaves the index, where an earlier text or model may have put it.
        gone = [one for one, row in rows.items() if not row["a_sentiment"]]
        good = {one: row for one, row in rows.items() if row["a_sentiment"]}
        keys = {one: bytes(row["a_copy_keys"]) for one, row in good.items() if row["a_copy_keys"]}
        placed = place_batch(self._store, self._copies, good, keys)
        copies = {one: placed.copies.get(one, NO_COPY) for one in rows}
        self._writer.delete(gone)
        self._copies.forget([bytes.fromhex(one) for one in gone])
        self._writer.put(document(row, stored_annotation(annotation_of(row)), copies[one]) for one, row in good.items())
        put_moved(self._store, self._writer, {one: copy for one, copy in placed.moved.items() if one not in rows})
        self._writer.commit()
        self._copies.commit()
        refused, now = self._writer.refused(), now_ms()
        # Whoever lost the lease meanwhile must not say that it is done; what it put is put again, the same.
        self._lease.check()
        with write(self._store) as connection:
            _lock(connection, {*rows, *placed.moved})
            _mark(connection, rows, copies, {*gone, *refused})
            placed.write(connection)
            mine = [piece(rows[one], reason, now) for one, reason in refused.items() if one in rows]
            insert_rows(connection, set_aside, mine)
        report.indexed -= len(mine)
        report.set_aside += len(mine)


def _lock(connection: Connection, ids: Iterable[str]) -> None:
    """Take the rows of annotations in the order in which `_Worker._chunk` writes them, so that neither waits for the other."""
    every = sorted(ids)
    for start in range(0, len(every), _IDS):
        some = annotation.c.post_id.in_(every[start : start + _IDS])
        connection.execute(select(annotation.c.post_id).where(some).order_by(annotation.c.post_id).with_for_update())


def _mark(connection: Connection, rows: dict[str, dict[str, Any]], copies: dict[str, Copy], out: set[str]) -> None:
    """Say of each post that it stands in the index, unless it was annotated again meanwhile."""
    statement = (
        update(annotation)
        .where(annotation.c.post_id == bindparam("at"), annotation.c.annotated_ms == bindparam("when"))
        .values(
            status=bindparam("now"),
            copy_cluster=bindparam("cluster"),
            duplicate_of=bindparam("original"),
            copy_keys=None,
        )
    )
    values = [
        {
            "at": one,
            "when": row["a_annotated_ms"],
            "now": "set_aside" if one in out else "indexed",
            "cluster": copies[one].cluster,
            "original": copies[one].duplicate_of,
        }
        for one, row in rows.items()
    ]
    connection.execute(statement, values)


def _one_machine(before: str) -> str:
    return tr(
        "内嵌索引在另一台机器上（{b}）；多台机器共用时请在 index.url 填 Elasticsearch 地址",
        "the embedded index lies on another machine ({b}); for several machines set index.url to an Elasticsearch",
        b=before,
    )
