"""The interface of index engines. Tantivy is behind it now; Elasticsearch takes the same documents and questions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pipeline.index.document import IndexDocument

if TYPE_CHECKING:
    from pipeline.query.nodes import Node

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

    def close(self) -> None:
        """Drop what was not committed and release the writer's lock."""


class Reader(Protocol):
    """Any number of readers, each seeing the last commit at its latest `refresh`."""

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

    def document_frequency(self, words: Sequence[str]) -> dict[str, int]:
        """In how many posts each of `words` (field `words`) stands."""
