"""The embedded engine: Tantivy, one folder a generation, `CURRENT` naming the live one."""

from __future__ import annotations

import os
import shutil
import threading
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import tantivy

from config.errors import StageError
from config.locks import take
from config.text import tr
from pipeline.index.document import SORT_FIELDS, IndexDocument
from pipeline.index.engine import Columns, Condition, Hits, unusable
from pipeline.index.marks import behind, known_sort, mark_of, not_too_deep, read_mark
from pipeline.index.tantivy_document import SCHEMA_VERSION, record_of, register, schema
from pipeline.index.tantivy_query import after_query, translate
from pipeline.query.nodes import Node, Term

_EXPORT_PAGE = 2_000
# Every post has one of them.
_SENTIMENTS = ("negative", "neutral", "positive")


class TantivyEngine:
    """The index under `path`. heap_mb: memory of the writer. Raises StageError where the index cannot be used."""

    def __init__(self, path: Path, heap_mb: int = 96) -> None:
        self.path = path
        self._heap = max(15, heap_mb) * 1_000_000

    def exists(self) -> bool:
        """Whether an index was ever made here."""
        return (self.path / "CURRENT").is_file()

    def never_made(self) -> bool:
        """Whether there is no trace of an index here (not even of a damaged one)."""
        return not self.exists() and not any(self.path.glob("g-*"))

    def set_up(self) -> list[str]:
        """Nothing is needed."""
        return [tr("内嵌引擎不需要准备", "the embedded engine needs no preparation")]

    def condition(self) -> Condition:
        """Whether it can be read."""
        if self.never_made():
            message = tr("还没有索引", "there is no index yet")
            return Condition("ok", message, tr("qingyu process 会建立", "qingyu process makes it"))
        try:
            posts = self.reader().total()
        except StageError as error:
            return Condition("failed", error.message, tr("运行 qingyu index rebuild", "run qingyu index rebuild"))
        return Condition("ok", tr("可用，{n} 条", "it answers, {n} posts", n=posts))

    def reader(self) -> TantivyReader:
        """A reader at the newest commit; of nothing where no index was ever made. Raises StageError when it is damaged."""
        return TantivyReader(self)

    def writer(self) -> TantivyWriter:
        """The one writer, making the index where there is none. Raises StageError while another process writes."""
        lock = self._lock()
        try:
            if not self.exists():
                self._switch(self._new_generation())
            return TantivyWriter(self.open(), self._heap, lock)
        except BaseException:
            lock.close()
            raise

    @contextmanager
    def rebuild(self) -> Iterator[TantivyWriter]:
        """A writer into a new generation, which replaces the live one when the block ends well; readers go on."""
        lock = self._lock()
        name = self._new_generation()
        try:
            writer = TantivyWriter(_open(self.path / name), self._heap, None)
            try:
                yield writer
                writer.commit()
            finally:
                writer.close()
            self._switch(name)
        except BaseException:
            shutil.rmtree(self.path / name, ignore_errors=True)
            raise
        finally:
            self._sweep()
            lock.close()

    def generation(self) -> str:
        """The name of the live generation. Raises StageError when there is none."""
        try:
            return (self.path / "CURRENT").read_text(encoding="ascii").strip()
        except (OSError, ValueError) as error:
            raise unusable(tr("还没有索引", "there is no index yet")) from error

    def open(self) -> tantivy.Index:
        """The live generation, checked. Raises StageError when it is missing, damaged or of another version."""
        return _open(self.path / self.generation())

    def _lock(self) -> IO[str]:
        message = tr(
            "另一个进程正在写索引；等它结束后再运行一次",
            "another process is writing the index; run again when it has ended",
        )
        return take(self.path / "writer.lock", message)

    def _new_generation(self) -> str:
        name = f"g-{uuid.uuid4().hex[:12]}"
        folder = self.path / name
        folder.mkdir(parents=True)
        tantivy.Index(schema(), path=str(folder))
        (folder / "VERSION").write_text(SCHEMA_VERSION, encoding="ascii")
        return name

    def _switch(self, name: str) -> None:
        fresh = self.path / "CURRENT.new"
        with fresh.open("w", encoding="ascii") as file:
            file.write(name)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path / "CURRENT")

    def _sweep(self) -> None:
        """Remove generations that are not live: the replaced one, and those of rebuilds that were killed."""
        live = self.generation() if self.exists() else ""
        for folder in self.path.glob("g-*"):
            if folder.name != live:
                shutil.rmtree(folder, ignore_errors=True)


def _open(folder: Path) -> tantivy.Index:
    try:
        found = (folder / "VERSION").read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise unusable(tr("文件缺失", "files are missing")) from error
    if found != SCHEMA_VERSION:
        reason = tr("版本 {f}，需要 {w}", "version {f}, needed {w}", f=found, w=SCHEMA_VERSION)
        raise unusable(reason)
    try:
        index = tantivy.Index.open(str(folder))
        register(index)
        index.config_reader("manual")
        index.reload()
        # Touches every segment's files: a missing or cut one shows here, not in a user's question.
        index.searcher().aggregate(tantivy.Query.all_query(), {"n": {"avg": {"field": "score"}}})
    except (ValueError, OSError) as error:
        raise unusable(str(error).splitlines()[0][:200]) from error
    return index


class TantivyWriter:
    """See `pipeline.index.engine.Writer`."""

    def __init__(self, index: tantivy.Index, heap: int, lock: IO[str] | None) -> None:
        self._lock = lock
        self._empty = index.searcher().num_docs == 0
        self._seen: dict[str, int] = {}
        try:
            # One thread: the order of deletes and adds is kept, and segments stay few.
            self._writer: tantivy.IndexWriter | None = index.writer(heap, 1)
        except ValueError as error:
            raise unusable(str(error).splitlines()[0][:200]) from error

    def put(self, documents: Iterable[IndexDocument]) -> int:
        """Add or replace by id; returns how many were taken (older versions than those put before are passed over)."""
        writer, seen, taken = self._open_writer(), self._seen, 0
        for document in documents:
            before = seen.get(document.id)
            if before is not None and before > document.landed_seq:
                continue
            if before is not None or not self._empty:
                writer.delete_documents_by_term("id", document.id)
            seen[document.id] = document.landed_seq
            writer.add_document(record_of(document))
            taken += 1
        return taken

    def delete(self, ids: Iterable[str]) -> None:
        """Take posts out by id."""
        for one in ids:
            self._open_writer().delete_documents_by_term("id", one)

    def commit(self) -> None:
        """Make it visible and durable."""
        try:
            self._open_writer().commit()
        except (ValueError, OSError) as error:
            message = tr("索引写入失败：{r}", "the index could not be written: {r}", r=str(error)[:200])
            raise StageError(message) from error

    def refused(self) -> dict[str, str]:
        """Nothing: what fits the schema is taken."""
        return {}

    def close(self) -> None:
        """Drop what was not committed, wait for merges, release the lock. Further calls do nothing."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.rollback()
            writer.wait_merging_threads()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> TantivyWriter:
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def _open_writer(self) -> tantivy.IndexWriter:
        if self._writer is None:
            raise StageError(tr("索引的写入已关闭", "the index writer is closed"))
        return self._writer


class TantivyReader:
    """See `pipeline.index.engine.Reader`. Safe to share between threads: each call takes one state of the index.

    absent: no index was made yet; everything is answered as of an empty one, until a `refresh` finds the first.
    """

    def __init__(self, engine: TantivyEngine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._generation = ""
        self.absent = False
        self.refresh()

    def refresh(self) -> None:
        """See the newest commit, of the newest generation."""
        with self._lock:
            if not self._generation and (self._engine.never_made() or (self.absent and not self._engine.exists())):
                self._see_nothing()
                return
            generation = self._engine.generation()
            try:
                self._see(generation)
            except StageError:
                # A rebuild that ended meanwhile takes the files of the generation before away.
                newer = self._engine.generation()
                if newer == generation:
                    raise
                self._see(newer)

    def _see_nothing(self) -> None:
        if not self.absent:
            empty = tantivy.Index(schema())
            register(empty)
            self._searcher, self._version, self.absent = empty.searcher(), "absent", True

    def _see(self, generation: str) -> None:
        if generation != self._generation:
            self._index = _open(self._engine.path / generation)
            self._generation, self._stamp = generation, ""
        # Read before the commit is: at worst the version is too old, and the next look reads it again.
        stamp = self._commit_stamp()
        if stamp == self._stamp:
            return
        try:
            self._index.reload()
        except (ValueError, OSError) as error:
            raise unusable(str(error).splitlines()[0][:200]) from error
        self._searcher = self._index.searcher()
        self._stamp = stamp
        self._version, self.absent = f"{generation}-{stamp}", False

    def _commit_stamp(self) -> str:
        path = self._engine.path / self._generation / "meta.json"
        try:
            found = path.stat()
        except OSError as error:
            raise unusable(tr("文件缺失", "files are missing")) from error
        return f"{found.st_mtime_ns:x}-{found.st_ino:x}"

    def close(self) -> None:
        """Nothing is held open."""

    def version(self) -> str:
        """Changes with each commit."""
        return self._version

    def count(self, query: Node) -> int:
        """How many posts match."""
        return _count(self._searcher, query)

    def search(self, query: Node, *, sort: str, size: int, after: str = "") -> Hits:
        """A page of ids. Raises QueryError for an unknown sort or a broken `after`."""
        searcher = self._searcher
        return _page(searcher, query, sort, size, after, _count(searcher, query) if after else None)

    def iterate(self, query: Node) -> Iterator[list[str]]:
        """Ids of all that match, each once, oldest first, in lists; all of one snapshot."""
        searcher, after = self._searcher, ""
        while True:
            hits = _page(searcher, query, "published", _EXPORT_PAGE, after, 0)
            if hits.ids:
                yield list(hits.ids)
            after = hits.after
            if not after:
                return

    def aggregate(self, query: Node, spec: dict[str, Any]) -> dict[str, Any]:
        """Aggregations in the shared JSON."""
        found: dict[str, Any] = self._searcher.aggregate(translate(query), spec)
        return found

    def columns(self, query: Node, names: Sequence[str]) -> Columns:
        """Times and `names` of all that match."""
        searcher = self._searcher
        total = _count(searcher, query)
        if not total:
            return Columns([], {name: [] for name in names})
        hits = searcher.search(translate(query), total, False, "sort_published", 0, tantivy.Order.Asc).hits
        places = [address for _, address in hits]
        return Columns([key for key, _ in hits], {n: searcher.fast_field_values(n, places) for n in names})

    def document_frequency(self, words: Sequence[str]) -> dict[str, int]:
        """In how many posts each of `words` stands."""
        searcher = self._searcher
        # The engine's own figure counts posts that were replaced until their segment is merged.
        if sum(searcher.doc_freq("sentiment", one) for one in _SENTIMENTS) == searcher.num_docs:
            return {word: searcher.doc_freq("words", word) for word in words}
        return {word: _count(searcher, Term("words", word)) for word in words}

    def total(self) -> int:
        """How many posts there are."""
        return int(self._searcher.num_docs)


def _count(searcher: tantivy.Searcher, query: Node) -> int:
    found = searcher.search(translate(query), 1, True)
    return int(found.count or 0)  # type: ignore[attr-defined]


def _page(searcher: tantivy.Searcher, query: Node, sort: str, size: int, after: str, total: int | None) -> Hits:
    known_sort(sort)
    wanted = translate(query)
    if sort == "relevance":
        return _by_relevance(searcher, wanted, size, after)
    field, descending = SORT_FIELDS[sort.removeprefix("-")], sort.startswith("-")
    order = tantivy.Order.Desc if descending else tantivy.Order.Asc
    key, last_id = read_mark(after, sort)
    narrowed = wanted if key is None else after_query(wanted, field, key, descending=descending)
    # Keys hold 22 bits or more of the id, so posts of one key are very few; 64 more than asked covers them.
    found = searcher.search(narrowed, size + 64, total is None, field, 0, order)
    rows = sorted(
        ((value, str(searcher.doc(address).get_first("id"))) for value, address in found.hits),
        reverse=descending,
    )
    rows = [row for row in rows if key is None or behind(row, (key, last_id), descending)]
    page = rows[:size]
    mark = mark_of(sort, *page[-1]) if len(rows) > size else ""
    return Hits([one for _, one in page], int(found.count or 0) if total is None else total, mark)  # type: ignore[attr-defined]


def _by_relevance(searcher: tantivy.Searcher, query: tantivy.Query, size: int, after: str) -> Hits:
    offset = read_mark(after, "relevance")[0] or 0
    not_too_deep(offset + size)
    found = searcher.search(query, size, True, offset=offset)
    total = int(found.count or 0)  # type: ignore[attr-defined]
    ids = [str(searcher.doc(address).get_first("id")) for _, address in found.hits]
    reached = offset + len(ids)
    return Hits(ids, total, mark_of("relevance", reached, "") if ids and reached < total else "")
