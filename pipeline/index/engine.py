"""The interface of index engines: Tantivy and Elasticsearch take the same documents and questions, and answer alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

from config.errors import StageError
from config.text import tr
from pipeline.index.document import IndexDocument

if TYPE_CHECKING:
    from pipeline.query.nodes import Node

# What can be read of many posts at once.
COLUMNS = ("voice", "score", "negative", "likes", "replies", "collected_ms")
# Fields a result can be ordered by; ties are broken by id, so paging is stable.
SORTS = ("published", "-published", "relevance", "-likes", "-views", "-replies", "score", "-score")


@dataclass(frozen=True, slots=True)
class Hits:
    """A page of results. ids: in order; total: of all that match; after: pass it to get the next page, "" at the end."""

    ids: Sequence[str]
    total: int
    after: str


class Writer(Protocol):
    """The one writer of an index. Nothing is seen by readers before `commit`."""

    def put(self, documents: Iterable[IndexDocument]) -> int:
        """Add or replace by id; returns how many. Putting the same twice leaves one."""

    def delete(self, ids: Iterable[str]) -> None:
        """Take posts out by id; unknown ids are passed over."""

    def commit(self) -> None:
        """Make all that was put and deleted since the last commit visible and durable, all or nothing."""

    def refused(self) -> Mapping[str, str]:
        """Ids the engine would not take since the last commit, with the reason."""

    def close(self) -> None:
        """Release the writer's lock; what was not committed is dropped, or (Elasticsearch) seen after the next commit."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Reader(Protocol):
    """Any number of readers, each seeing the last commit at its latest `refresh`; safe to share between threads.

    absent: no index was made yet, and everything is answered as of an empty one. Elasticsearch sees commits at once;
    `version` tells of them at the next `refresh`.
    """

    absent: bool

    def close(self) -> None:
        """Give connections back."""

    def iterate(self, query: Node) -> Iterator[list[str]]:
        """Ids of all that match, each once, oldest first, in lists; all of one state of the index."""

    def total(self) -> int:
        """How many posts there are."""

    def refresh(self) -> None:
        """See the newest commit."""

    def version(self) -> str:
        """Changes with each commit; results for one version may be cached."""

    def count(self, query: Node) -> int:
        """How many posts match."""

    def search(self, query: Node, *, sort: str, size: int, after: str = "") -> Hits:
        """Ids of matching posts in order of `sort` (one of SORTS), `size` at most, from behind `after`."""

    def aggregate(self, query: Node, spec: dict[str, Any]) -> dict[str, Any]:
        """Aggregations in the JSON both engines share (terms, date_histogram with fixed_interval and offset, avg, stats,
        cardinality, filter, range); `spec` and result as Elasticsearch writes them."""

    def columns(self, query: Node, names: Sequence[str]) -> Columns:
        """Times and `names` (of COLUMNS) of all that match, in order of publication; all of one state of the index."""

    def document_frequency(self, words: Sequence[str]) -> dict[str, int]:
        """In how many posts each of `words` (field `words`) stands."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Posts that match, a place in each list. keys: `document.published_key`, ascending: the time of publication, and what
    parts posts of one instant; values: by name, None where a post has none."""

    keys: Sequence[int]
    values: Mapping[str, Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class Condition:
    """How an engine is. state: "ok", "warning" (it answers, but someone should look) or "failed"; message: what is so;
    remedy: what to do, "" for nothing."""

    state: Literal["ok", "warning", "failed"]
    message: str
    remedy: str = ""


class IndexEngine(Protocol):
    """An index, made or not. All but `exists` and `never_made` raise StageError where it cannot be used, and
    TransientError where a server does not answer."""

    def exists(self) -> bool:
        """Whether an index was ever made here."""

    def never_made(self) -> bool:
        """Whether there is no trace of an index here (not even of a damaged one)."""

    def set_up(self) -> list[str]:
        """Make what the engine needs before the first post, again if need be; returns a line for each thing done."""

    def condition(self) -> Condition:
        """How it is now. Never raises."""

    def reader(self) -> Reader:
        """A reader at the newest commit; of nothing where no index was ever made."""

    def writer(self) -> Writer:
        """The one writer, making the index where there is none. Raises StageError while another process writes."""

    def rebuild(self) -> AbstractContextManager[Writer]:
        """A writer into a new generation, which replaces the live one when the block ends well; readers go on."""


def unusable(reason: str) -> StageError:
    """What to raise where the index is damaged or of another version."""
    message = tr(
        "索引用不了（{r}）；运行 qingyu index rebuild 由数据库重建",
        "the index cannot be used ({r}); run qingyu index rebuild to build it anew from the store",
        r=reason,
    )
    return StageError(message, reason=reason)


def lost() -> StageError:
    """What to raise where posts were indexed once and there is no index."""
    return unusable(tr("索引不见了", "it is gone"))
