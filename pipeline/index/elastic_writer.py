"""Writing to Elasticsearch: monthly indices, bulks in flight beside the caller, patience when the cluster is away."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import IO, Any, NamedTuple

from config.errors import StageError, TransientError
from config.text import tr
from pipeline.index.document import IndexDocument
from pipeline.index.elastic_client import Elastic, Item
from pipeline.index.elastic_document import body_of, mapping, month_of, settings
from pipeline.index.elastic_patience import Patience

# Documents looked up and sent in one request: of 50 characters some 700 KB, with room for long ones below the limit.
_DOCUMENTS = 500
_BYTES = 8_000_000
# Requests under way at once, and waiting to be: one is sent while the next is made.
_IN_FLIGHT = 2
_QUEUED = 4
# How often a document is sent again that makes the cluster stumble in a way nobody knows to pass (status 500).
_TRIES = 6
# A version holds the post's landing_seq above a number that grows with each writer, so that of two annotations of the
# same landed post the one of the later writer stays.
_EPOCH_BITS = 22


@dataclass(frozen=True, slots=True)
class Generation:
    """One making of the index. alias: what readers ask; name: as in "g-1f…"; live: whether new indices join the alias."""

    alias: str
    name: str
    live: bool
    shards: int
    replicas: int

    @property
    def pattern(self) -> str:
        """All its indices."""
        return f"{self.alias}-posts-{self.name}-*"

    def index(self, month: str) -> str:
        """The index of a month."""
        return f"{self.alias}-posts-{self.name}-{month}"


class _Operation(NamedTuple):
    """A line of a bulk. lines: action and document as JSON; bytes: their length; post_id: "" for a removal."""

    post_id: str
    lines: tuple[bytes, ...]
    size: int


class _Held(NamedTuple):
    stands_in: str
    landed_seq: int


class ElasticWriter:
    """See `pipeline.index.engine.Writer`. patience: with a cluster that is away; epoch: a number that is larger for each
    writer than for those before."""

    def __init__(
        self,
        elastic: Elastic,
        generation: Generation,
        *,
        lock: IO[str] | None,
        patience: Patience,
        epoch: int = 0,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        self._elastic, self._generation, self._lock = elastic, generation, lock
        self._patience, self._epoch, self._committed = patience, epoch % (1 << _EPOCH_BITS), committed
        self._senders: ThreadPoolExecutor | None = ThreadPoolExecutor(_IN_FLIGHT)
        self._sent: list[Future[None]] = []
        self._refused: dict[str, str] = {}
        self._seen: dict[str, _Held] = {}
        self._thinned: set[str] = set()
        self.put_count, self.put_sum, self.refused_count = 0, 0, 0
        self._patience.until(lambda: elastic.refresh(generation.pattern))
        self._months = set(self._patience.until(lambda: elastic.indices(generation.pattern)))
        self._empty = not self._months

    def put(self, documents: Iterable[IndexDocument]) -> int:
        """Add or replace by id; returns how many were sent (an older version than is held is passed over)."""
        sent, left = 0, iter(documents)
        while some := list(islice(left, _DOCUMENTS)):
            sent += self._put(_newest(some))
        return sent

    def _put(self, documents: dict[str, IndexDocument]) -> int:
        if not self._seen.keys().isdisjoint(documents):
            self._drain()  # two requests under way have no order
        held = self._find(list(documents))
        operations: list[_Operation] = []
        for post_id, document in documents.items():
            before = held.get(post_id)
            if before is not None and before.landed_seq > document.landed_seq:
                continue
            index = self._index_of(document)
            if before is not None and before.stands_in != index:
                operations.append(_removal(post_id, before.stands_in))
            operations.append(self._addition(document, index))
            self._seen[post_id] = _Held(index, document.landed_seq)
            self.put_count += 1
            self.put_sum += document.landed_seq
        for some in _portions(operations):
            self._send(some)
        return sum(one.post_id != "" for one in operations)

    def delete(self, ids: Iterable[str]) -> None:
        """Take posts out by id; unknown ids are passed over."""
        self._drain()
        left = iter(ids)
        while some := list(islice(left, _DOCUMENTS)):
            found = self._find(some)
            self._send([_removal(one, held.stands_in) for one, held in found.items()])
            self._thinned.update(held.stands_in for held in found.values())
            for one in found:
                self._seen.pop(one, None)
        self._drain()

    def commit(self) -> None:
        """Wait for what is under way, make it visible, and tell readers that there is something new."""
        self._drain()
        self._patience.until(lambda: self._elastic.refresh(self._generation.pattern))
        self._patience.until(self._drop_empty)
        self._patience.until(self._committed)
        self._seen.clear()
        self._empty = self._empty and not self._months

    def _drop_empty(self) -> None:
        """Months that retention has emptied go as a whole; one index stays, so that there is something to read."""
        empty = [one for one in sorted(self._thinned) if not self._elastic.count(one, {"match_all": {}})]
        gone = empty[: len(self._months) - 1]
        self._elastic.drop(gone)
        self._months.difference_update(gone)
        self._thinned.clear()

    def refused(self) -> dict[str, str]:
        """Ids the cluster would not take, with the reason; told once."""
        refused, self._refused = self._refused, {}
        return refused

    def close(self) -> None:
        """Wait for what is under way, release the lock. Further calls do nothing."""
        senders, self._senders = self._senders, None
        if senders is not None:
            senders.shutdown(wait=True, cancel_futures=True)
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> ElasticWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _find(self, ids: Sequence[str]) -> dict[str, _Held]:
        """Where posts are held: a post whose time was mended may stand in the index of another month."""
        found = {one: self._seen[one] for one in ids if one in self._seen}
        asked = [one for one in ids if one not in found]
        if self._empty or not asked:
            return found
        query = {"query": {"ids": {"values": asked}}, "size": len(asked), "_source": False}
        query |= {"docvalue_fields": ["landed_seq"], "track_total_hits": False, "sort": ["_doc"]}
        hits = self._patience.until(lambda: self._elastic.search(self._generation.pattern, query))["hits"]["hits"]
        return found | {one["_id"]: _Held(one["_index"], int(one["fields"]["landed_seq"][0])) for one in hits}

    def _index_of(self, document: IndexDocument) -> str:
        name = self._generation.index(month_of(document))
        if name not in self._months:
            generation = self._generation
            body: dict[str, Any] = {
                "mappings": mapping(),
                "settings": settings(shards=generation.shards, replicas=generation.replicas),
            }
            if generation.live:
                body["aliases"] = {generation.alias: {}}
            self._patience.until(lambda: self._elastic.create(name, body))
            self._months.add(name)
        return name

    def _addition(self, document: IndexDocument, index: str) -> _Operation:
        version = document.landed_seq << _EPOCH_BITS | self._epoch
        action = {"_index": index, "_id": document.id, "version": version, "version_type": "external_gte"}
        lines = (_json({"index": action}), _json(body_of(document)))
        return _Operation(document.id, lines, sum(map(len, lines)))

    def _send(self, operations: Sequence[_Operation]) -> None:
        if self._senders is None:
            raise StageError(tr("索引的写入已关闭", "the index writer is closed"))
        if operations:
            while len(self._sent) >= _QUEUED:
                self._sent.pop(0).result()
            self._sent.append(self._senders.submit(self._deliver, operations))

    def _drain(self) -> None:
        while self._sent:
            self._sent.pop(0).result()

    def _deliver(self, operations: Sequence[_Operation]) -> None:
        """Send until the cluster has taken or refused each."""
        left, wait, tries = operations, self._patience.begin(), 0
        while left:
            try:
                items = self._elastic.bulk([line for one in left for line in one.lines])
            except TransientError as error:
                wait.pause(error)
                continue
            except StageError as error:
                if error.context.get("status") not in (400, 413):  # one document makes the whole request faulty
                    raise
                self._halves(left, error)
                return
            tries += 1
            again = [(one, item) for one, item in zip(left, items, strict=True) if not self._settled(one, item, tries)]
            if again:
                wait.pause(TransientError(_busy(again[0][1].error)))
            left = [one for one, _ in again]
        wait.over()

    def _settled(self, operation: _Operation, item: Item, tries: int) -> bool:
        """Whether the cluster has taken or refused it for good."""
        if not item.error or item.status == 409:  # 409: a newer one is held
            return True
        if item.passing or (item.status >= 500 and tries < _TRIES):
            return False
        if item.status == 404 and not operation.post_id:  # nothing to remove
            return True
        self._refuse(operation, item.error)
        return True

    def _halves(self, operations: Sequence[_Operation], error: StageError) -> None:
        if len(operations) == 1:
            self._refuse(operations[0], error.message)
            return
        middle = len(operations) // 2
        self._deliver(operations[:middle])
        self._deliver(operations[middle:])

    def _refuse(self, operation: _Operation, reason: str) -> None:
        if not operation.post_id:
            raise StageError(tr("删除失败：{r}", "a removal failed: {r}", r=reason[:300]))
        self.refused_count += 1
        self._refused[operation.post_id] = tr("索引不接受：{r}", "refused by the index: {r}", r=reason[:300])


def _busy(reason: str) -> str:
    return tr(
        "Elasticsearch 暂时不接受写入（{r}）；磁盘写满时请先腾出空间，恢复后自动继续",
        "Elasticsearch takes no writes now ({r}); free space first where a disk is full; work goes on by itself then",
        r=reason[:200],
    )


def _newest(documents: Iterable[IndexDocument]) -> dict[str, IndexDocument]:
    found: dict[str, IndexDocument] = {}
    for one in documents:
        before = found.get(one.id)
        if before is None or before.landed_seq <= one.landed_seq:
            found[one.id] = one
    return found


def _removal(post_id: str, index: str) -> _Operation:
    line = _json({"delete": {"_index": index, "_id": post_id}})
    return _Operation("", (line,), len(line))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _portions(operations: Sequence[_Operation]) -> Iterator[list[_Operation]]:
    some: list[_Operation] = []
    size = 0
    for one in operations:
        if some and size + one.size > _BYTES:
            yield some
            some, size = [], 0
        some.append(one)
        size += one.size
    if some:
        yield some
