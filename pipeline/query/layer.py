"""The query layer: the one way by which views, commands and rules ask. It only reads, and leaves an audit row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from config.errors import QingyuError, QueryError
from config.project import Project
from config.text import tr
from crawlers.store import open_url, read
from pipeline.audit import append_audit
from pipeline.index.engine import Reader, lost
from pipeline.index.engines import engine_of
from pipeline.query.asked import Asked, describe
from pipeline.query.breaking import (
    BREAKDOWNS,
    PER_SEGMENT,
    Figure,
    Row,
    Split,
    metrics,
    nested,
    read_figures,
    rows,
    terms,
    value_of,
)
from pipeline.query.highlight import excerpt, highlight
from pipeline.query.language import marks
from pipeline.query.model import (
    Bucket,
    DayCount,
    Hit,
    PostView,
    Question,
    SearchResult,
    Segment,
    ThreadCount,
    TopicDay,
    Word,
)
from pipeline.query.moments import Moments, moments_of
from pipeline.query.nodes import And, Node, Range, Term
from pipeline.query.reading import any_indexed, posts_by_id, revisions_of, thread_of, thread_titles, wordings_of
from pipeline.query.standing_out import standing_out
from pipeline.query.times import SHANGHAI

_FIGURES = {"score": {"avg": {"field": "score"}}, "negative": {"avg": {"field": "negative"}}}
_COPIES = {"copies": {"sum": {"field": "copy"}}}
_VOICES = {"voices": {"cardinality": {"field": "voice"}}}
_DAYS = {"field": "published", "fixed_interval": "1d", "offset": "-8h", "min_doc_count": 1}
_WORDS = 3_000
# How long a read waits for the store to take its audit row, seconds: a person is waiting.
_PATIENCE_S = 3.0


class QueryLayer:
    """Asks the index for figures and ids, and the store for the posts. Use as a context manager."""

    def __init__(self, store: Engine, reader: Reader, asked: Asked, who: str) -> None:
        self._store, self._reader, self._asked, self._who = store, reader, asked, who

    @classmethod
    def open(
        cls, project: Project, *, who: str = "cli", now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> QueryLayer:
        """The layer of `project`. who: written to the audit. Raises StageError where the index or store is unusable."""
        reader = engine_of(project).reader()
        patience = min(_PATIENCE_S, project.settings.store.busy_timeout_s)
        store = open_url(project.store_url, busy_timeout_s=patience, flush=False)
        layer = cls(store, reader, Asked(project, now, store), who)
        try:
            layer._mind_loss()
        except QingyuError:
            layer.close()
            raise
        return layer

    def __enter__(self) -> QueryLayer:
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._store.dispose()
        self._reader.close()

    def speaking_for(self, who: str) -> QueryLayer:
        """The same layer, its connections shared, whose reads are audited as those of `who`."""
        return QueryLayer(self._store, self._reader, self._asked, who)

    def refresh(self) -> None:
        """See the newest commit of the index. Raises StageError where it is damaged or gone."""
        self._reader.refresh()
        self._mind_loss()

    def _mind_loss(self) -> None:
        """No index is fine before anything was processed; later it is a loss, and zeros would be wrong answers."""
        if not self._reader.absent:
            return
        with read(self._store) as connection:
            once = any_indexed(connection)
        if once:
            self._reader.refresh()  # the first index may have been made meanwhile
            if self._reader.absent:
                raise lost()

    def version(self) -> str:
        """Changes with each commit of the index: figures of one version may be kept."""
        return self._reader.version()

    def count(self, q: Question) -> int:
        """How many posts match."""
        return self._reader.count(self._asked.node(q))

    def voices(self, q: Question) -> int:
        """How many distinct authors stand behind the posts that match (HyperLogLog: about 2 % off where many)."""
        return int(self._reader.aggregate(self._asked.node(q), _VOICES)["voices"]["value"])

    def search(self, q: Question, *, sort: str = "-published", size: int = 20, after: str = "") -> SearchResult:
        """A page of posts. Raises QueryError for a faulty query, sort or mark."""
        found = self._reader.search(self._asked.node(q), sort=sort, size=size, after=after)
        with read(self._store) as connection:
            posts = posts_by_id(connection, found.ids)
        append_audit(self._store, self._who, "search", describe(q), len(posts))
        asked_for = marks(self._asked.words(q))
        hits = [Hit(p, highlight(p["title"], asked_for), excerpt(p["text"], asked_for)) for p in posts]
        return SearchResult(hits, found.total, found.after)

    def moments(
        self,
        q: Question,
        names: Sequence[str] = (),
        *,
        landed_from: int | None = None,
        having: tuple[str, str] | None = None,
    ) -> Moments:
        """When each post that matches was published, with `names` (of `pipeline.index.engine.COLUMNS`): one question however
        many match. landed_from: only posts that landed, or changed, from that place in the order of landing on; having: a
        field of GROUPINGS and exactly the value it must have."""
        node = self._landed(q, landed_from)
        if having is not None:
            nested(Split((having[0],), (1,)), (), None, None)  # refuses a field that is none to group by
            node = And((node, Term(*having)))
        return moments_of(self._reader.columns(node, names))

    def wordings(self, q: Question, *, landed_from: int | None = None) -> Iterator[tuple[str, int, str, str]]:
        """Id, time (ms), title and text of each post that matches, for programs that look for patterns: nobody reads them, so
        that no audit row is written."""
        for ids in self._reader.iterate(self._landed(q, landed_from)):
            with read(self._store) as connection:
                found = wordings_of(connection, ids)
            yield from found

    def earliest(self, q: Question, size: int) -> list[str]:
        """Ids of the first posts that match, by publication."""
        return list(self._reader.search(self._asked.node(q), sort="published", size=size).ids)

    def began(self) -> int | None:
        """When the oldest post of the index was published, ms since 1970; None where it is empty."""
        ids = self.earliest(Question(), 1)
        with read(self._store) as connection:
            found = wordings_of(connection, ids)
        return found[0][1] if found else None

    def _landed(self, q: Question, landed_from: int | None) -> Node:
        node = self._asked.node(q)
        return node if landed_from is None else And((node, Range("landed_seq", landed_from)))

    def by_day(self, q: Question, *, since_day: date, until_day: date) -> list[DayCount]:
        """Every day from since_day to until_day, both included, those without posts as zeros."""
        node = self._asked.node(q, since_day, until_day)
        spec = {"days": {"date_histogram": _DAYS, "aggs": {**_FIGURES, **_VOICES, **_COPIES}}}
        buckets = {_day(b): b for b in self._reader.aggregate(node, spec)["days"]["buckets"]}
        days = (since_day + timedelta(days=n) for n in range((until_day - since_day).days + 1))
        return [_day_count(day, buckets.get(day)) for day in days]

    def by(self, q: Question, field: str, *, size: int = 50) -> list[Bucket]:
        """Figures by value of `field` (one of BREAKDOWNS), most posts first. Raises QueryError for another field."""
        if field not in BREAKDOWNS:
            message = tr(
                "不能按 {f} 分组；可用：{k}", "cannot break down by {f}; known: {k}", f=field, k=" ".join(BREAKDOWNS)
            )
            raise QueryError(message, query=field, position=0)
        spec = {"of": {"terms": terms(field, size), "aggs": _FIGURES}}
        buckets = self._reader.aggregate(self._asked.node(q), spec)["of"]["buckets"]
        return [Bucket(b["key"], b["doc_count"], b["score"]["value"], b["negative"]["value"]) for b in buckets]

    def facets(self, q: Question, fields: Sequence[str], *, size: int = 8) -> dict[str, list[tuple[str, int]]]:
        """The values of each of `fields` (of GROUPINGS) with most posts, with their counts: one question for all of them.

        Raises QueryError for another field.
        """
        for field in fields:
            nested(Split((field,), (1,)), (), None, None)  # refuses a field that is none to group by
        spec = {field: {"terms": terms(field, size)} for field in fields}
        found = self._reader.aggregate(self._asked.node(q), spec)
        return {
            field: [(value_of(b["key"]), b["doc_count"]) for b in found[field]["buckets"] if b["doc_count"]]
            for field in fields
        }

    def breakdown(self, q: Question, split: Split, figures: Sequence[Figure] = ("count",)) -> list[Row]:
        """Figures of each group of `split`, groups without posts left out; without any, one row for all that match.

        Raises QueryError for a field that is none to group by, and for months where the question has an open end.
        """
        node = self._asked.node(q)
        if not (split.fields or split.interval):
            wanted = metrics(figures)
            found = self._reader.aggregate(node, wanted) if wanted else {}
            return [Row((), read_figures(found, self._reader.count(node), figures))]
        return list(rows(self._reader.aggregate(node, nested(split, figures, q.since, q.until)), split, figures))

    def topic_by_day(self, q: Question, *, since_day: date, until_day: date) -> list[TopicDay]:
        """Posts of each topic on each day that has some."""
        node = self._asked.node(q, since_day, until_day)
        days = {"days": {"date_histogram": _DAYS, "aggs": {"score": _FIGURES["score"]}}}
        topics = self._reader.aggregate(node, {"of": {"terms": terms("topic", 500), "aggs": days}})["of"]["buckets"]
        return [
            TopicDay(t["key"], _day(b), b["doc_count"], b["score"]["value"])
            for t in topics
            for b in t["days"]["buckets"]
            if b["doc_count"]
        ]

    def threads(self, q: Question, *, size: int = 10) -> list[ThreadCount]:
        """The threads with most posts among those that match."""
        spec = {"of": {"terms": terms("thread", size), "aggs": {"score": _FIGURES["score"], **_VOICES}}}
        buckets = self._reader.aggregate(self._asked.node(q), spec)["of"]["buckets"]
        with read(self._store) as connection:
            titles = thread_titles(connection, [b["key"] for b in buckets])
        return [
            ThreadCount(
                b["key"], b["doc_count"], int(b["voices"]["value"]), b["score"]["value"], titles.get(b["key"], "")
            )
            for b in buckets
        ]

    def significant_words(self, q: Question, *, background: Question | None = None, size: int = 30) -> list[Word]:
        """Words more frequent among the posts that match than among the others (`background`: than among those).

        Log-likelihood ratio over counts of posts (Dunning 1993), see `pipeline.query.standing_out`.
        """
        node = self._asked.node(q)
        inside, n_in = self._word_counts(node, _WORDS), self._reader.count(node)
        if background is not None:
            behind = self._asked.node(background)
            outside, n_out = self._word_counts(behind, PER_SEGMENT), self._reader.count(behind)
        else:
            whole = self._reader.document_frequency(list(inside))
            outside = {word: max(0, whole[word] - count) for word, count in inside.items()}
            n_out = self._reader.total() - n_in
        return standing_out(inside, outside, n_in, n_out, size)

    def _word_counts(self, node: Any, size: int) -> dict[str, int]:
        found = self._reader.aggregate(node, {"w": {"terms": terms("words", size)}})
        return {b["key"]: b["doc_count"] for b in found["w"]["buckets"]}

    def post(self, post_id: str) -> PostView | None:
        """One post with its revisions and thread; None when the store has none of this id."""
        # An id is a digest; what is typed may be no text at all, or hold what no database takes.
        if not (post_id.isascii() and post_id.isprintable()):
            return None
        with read(self._store) as connection:
            posts = posts_by_id(connection, [post_id])
            if not posts:
                return None
            view = PostView(posts[0], revisions_of(connection, post_id), thread_of(connection, posts[0]))
        append_audit(self._store, self._who, "post", post_id, 1)
        return view

    def export(self, q: Question) -> Iterator[dict[str, Any]]:
        """Every post that matches, each once, oldest first, from one state of the index.

        The audit row is written before the first post is given, with the number that match.
        """
        node = self._asked.node(q)
        lists = self._reader.iterate(node)
        append_audit(self._store, self._who, "export", describe(q), self._reader.count(node))
        for ids in lists:
            with read(self._store) as connection:
                posts = posts_by_id(connection, ids)
            yield from posts


def _day(bucket: dict[str, Any]) -> date:
    return datetime.fromtimestamp(bucket["key"] / 1000, SHANGHAI).date()


def _day_count(day: date, bucket: dict[str, Any] | None) -> DayCount:
    if bucket is None:
        return DayCount(day, 0, None, None, 0, 0)
    figures = bucket["score"]["value"], bucket["negative"]["value"]
    originals = bucket["doc_count"] - round(bucket["copies"]["value"])
    return DayCount(day, bucket["doc_count"], *figures, int(bucket["voices"]["value"]), originals)


__all__ = [
    "BREAKDOWNS",
    "Bucket",
    "DayCount",
    "Hit",
    "PostView",
    "QueryLayer",
    "Question",
    "Row",
    "SearchResult",
    "Segment",
    "Split",
    "ThreadCount",
    "TopicDay",
    "Word",
]
