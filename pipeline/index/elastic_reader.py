"""Asking Elasticsearch: the same questions as the embedded engine takes, the same answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pipeline.index.document import SORT_FIELDS
from pipeline.index.elastic_client import Elastic, MissingError
from pipeline.index.elastic_document import SCHEMA_VERSION
from pipeline.index.elastic_query import aggregation, translate
from pipeline.index.engine import Columns, Hits, lost, unusable
from pipeline.index.marks import known_sort, mark_of, not_too_deep, read_mark
from pipeline.query.nodes import All, Node

_EXPORT_PAGE = 2_000
# Columns are small: as many at once as Elasticsearch gives.
_COLUMN_PAGE = 10_000
# How long a state of the index is kept between two pages of an export: whoever reads may pause to write.
_KEPT = "10m"


class ElasticReader:
    """See `pipeline.index.engine.Reader`. state: reads what the writer last said of the live generation, None for
    nothing."""

    def __init__(self, elastic: Elastic, alias: str, state: Callable[[], Mapping[str, Any] | None]) -> None:
        self._elastic, self._alias, self._state = elastic, alias, state
        self.absent = True
        self.refresh()

    def refresh(self) -> None:
        """Read the version anew. Raises StageError for an index of another version."""
        state = self._state()
        self.absent = state is None
        if state is None:
            self._version = "absent"
            return
        if state["schema"] != SCHEMA_VERSION:
            raise unusable(f"{state['schema']} ≠ {SCHEMA_VERSION}")
        self._version = f"{state['generation']}-{state['commit']}"

    def close(self) -> None:
        """Give the connections back."""
        self._elastic.close()

    def version(self) -> str:
        """Changes with each commit."""
        return self._version

    def count(self, query: Node) -> int:
        """How many posts match."""
        if self.absent:
            return 0
        try:
            return self._elastic.count(self._alias, translate(query))
        except MissingError as error:
            raise lost() from error

    def search(self, query: Node, *, sort: str, size: int, after: str = "") -> Hits:
        """A page of ids. Raises QueryError for an unknown sort or a broken `after`."""
        known_sort(sort)
        key, last_id = read_mark(after, sort)
        if sort == "relevance":
            return self._by_relevance(query, size, key or 0)
        body = self._ordered(query, sort, size + 1) | {"track_total_hits": True}
        if key is not None:
            body["search_after"] = [key, last_id]
        found = self._ask(body)
        rows = [(int(hit["sort"][0]), str(hit["_id"])) for hit in found["hits"]["hits"]]
        page = rows[:size]
        mark = mark_of(sort, *page[-1]) if len(rows) > size and page else ""
        return Hits([one for _, one in page], found["hits"]["total"]["value"], mark)

    def _ordered(self, query: Node, sort: str, size: int) -> dict[str, Any]:
        field, order = SORT_FIELDS[sort.removeprefix("-")], "desc" if sort.startswith("-") else "asc"
        return {"query": translate(query), "sort": [{field: order}, {"id": order}], "size": size, "_source": False}

    def _by_relevance(self, query: Node, size: int, offset: int) -> Hits:
        not_too_deep(offset + size)
        body = {"query": translate(query), "from": offset, "size": size, "_source": False, "track_total_hits": True}
        found = self._ask(body | {"sort": [{"_score": "desc"}, {"id": "asc"}]}, global_scores=True)
        ids = [str(hit["_id"]) for hit in found["hits"]["hits"]]
        total, reached = int(found["hits"]["total"]["value"]), offset + len(ids)
        return Hits(ids, total, mark_of("relevance", reached, "") if ids and reached < total else "")

    def iterate(self, query: Node) -> Iterator[list[str]]:
        """Ids of all that match, each once, oldest first, in lists; all of one state of the index."""
        body = self._ordered(query, "published", _EXPORT_PAGE)
        yield from ([str(hit["_id"]) for hit in hits] for hits in self._pages(body))

    def columns(self, query: Node, names: Sequence[str]) -> Columns:
        """Times and `names` of all that match."""
        keys: list[int] = []
        values: dict[str, list[float | None]] = {name: [] for name in names}
        body = self._ordered(query, "published", _COLUMN_PAGE) | ({"docvalue_fields": list(names)} if names else {})
        for hits in self._pages(body):
            keys += (int(hit["sort"][0]) for hit in hits)
            for name, column in values.items():
                column += (hit.get("fields", {}).get(name, (None,))[0] for hit in hits)
        return Columns(keys, values)

    def _pages(self, body: dict[str, Any]) -> Iterator[list[Any]]:
        """The hits of `body`, which is ordered, page by page; all of one state of the index."""
        if self.absent:
            return
        try:
            pit = self._elastic.point_in_time(self._alias, _KEPT)
        except MissingError as error:
            raise lost() from error
        try:
            yield from self._within(body, pit)
        finally:
            self._elastic.drop_point_in_time(pit)

    def _within(self, body: dict[str, Any], pit: str) -> Iterator[list[Any]]:
        body = body | {"pit": {"id": pit, "keep_alive": _KEPT}, "track_total_hits": False}
        while True:
            found = self._elastic.search(None, body)
            hits = found["hits"]["hits"]
            if hits:
                yield hits
            if len(hits) < body["size"]:
                return
            body = body | {"search_after": hits[-1]["sort"], "pit": {"id": found["pit_id"], "keep_alive": _KEPT}}

    def aggregate(self, query: Node, spec: dict[str, Any]) -> dict[str, Any]:
        """Aggregations in the shared JSON."""
        if self.absent:
            return _nothing(spec)
        body = {"query": translate(query), "size": 0, "track_total_hits": False, "aggs": aggregation(spec)}
        return self._ask(body).get("aggregations") or _nothing(spec)

    def document_frequency(self, words: Sequence[str]) -> dict[str, int]:
        """In how many posts each of `words` stands."""
        found: dict[str, int] = dict.fromkeys(words, 0)
        if words:
            terms = {"field": "words", "include": list(words), "size": len(words), "segment_size": len(words)}
            answer = self.aggregate(All(), {"words": {"terms": terms}})
            found |= {one["key"]: one["doc_count"] for one in answer["words"]["buckets"]}
        return found

    def total(self) -> int:
        """How many posts there are."""
        return self.count(All())

    def _ask(self, body: dict[str, Any], *, global_scores: bool = False) -> dict[str, Any]:
        if self.absent:
            return {"hits": {"hits": [], "total": {"value": 0}}}
        try:
            return self._elastic.search(self._alias, body, global_scores=global_scores)
        except MissingError as error:
            raise lost() from error


def _nothing(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What the engine answers where there is no post."""
    answers: dict[str, Any] = {}
    for name, one in spec.items():
        kind = next(key for key in one if key != "aggs")
        if kind in ("terms", "date_histogram", "histogram", "range"):
            answers[name] = {"buckets": []}
        elif kind == "filter":
            answers[name] = {"doc_count": 0, **_nothing(one.get("aggs", {}))}
        else:
            answers[name] = {"value": 0 if kind in ("sum", "cardinality", "value_count") else None}
    return answers
