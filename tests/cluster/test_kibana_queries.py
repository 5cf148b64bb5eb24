"""What goes to Kibana finds the same posts and gives the same figures when a real Elasticsearch is asked as Kibana asks it.

Kibana itself needs its distribution; here its translation of KQL and of Lens columns into searches is written out small.
"""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.dashboards import Chart, HeatmapPanel, WordListPanel, load_dashboards, read_dashboard
from config.project import init_project, open_project
from config.settings import SHIPPED, Index
from config.yamlfile import parse_yaml
from crawlers.store import open_store
from pipeline.index.elastic_engine import ElasticEngine
from pipeline.kibana.figures_out import layer_of
from pipeline.panels.filling import asking, fill, question_of
from pipeline.query.asked import Asked
from pipeline.query.kql_writing import write_kql
from pipeline.query.layer import QueryLayer, Question
from pipeline.query.nodes import And, Exists, Node, Not, Or, Range, Term, Wild, Words
from pipeline.query.times import SHANGHAI
from tests.pipeline.figured import COUNT, PERIOD, document

NOW = datetime(2026, 10, 28, 4, tzinfo=UTC)
_TOKEN = re.compile(r'\s*(?:(\()|(\))|("(?:[^"\\]|\\.)*")|(<=|>=|<|>|:)|((?:[^\s()":<>\\]|\\.)+))')
_SIGNS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


class _Kibana:
    """The KQL that we write as Kibana's query: quoted is a phrase, a star a query string, the rest a match."""

    def __init__(self, kql: str) -> None:
        self.tokens = [m[0].strip() for m in _TOKEN.finditer(kql)]
        self.at = 0

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def either(self, field: str = "") -> dict[str, Any]:
        found = [self.both(field)]
        while self.peek() == "or":
            self.take()
            found.append(self.both(field))
        return found[0] if len(found) == 1 else {"bool": {"should": found, "minimum_should_match": 1}}

    def both(self, field: str) -> dict[str, Any]:
        found = [self.clause(field)]
        while self.peek() == "and":
            self.take()
            found.append(self.clause(field))
        return found[0] if len(found) == 1 else {"bool": {"filter": found}}

    def clause(self, field: str) -> dict[str, Any]:
        word = self.take()
        if word == "not":
            return {"bool": {"must_not": [self.clause(field)]}}
        if word == "(":
            inner = self.either(field)
            assert self.take() == ")"
            return inner
        if field:
            return self.value(field, word)
        if word == "*":
            return {"match_all": {}}
        sign = self.take()
        if sign == ":":
            return self.clause(word) if self.peek() == "(" else self.value(word, self.take())
        return {"range": {word: {_SIGNS[sign]: self.take()}}}

    @staticmethod
    def value(field: str, word: str) -> dict[str, Any]:
        if word.startswith('"'):
            return {"match_phrase": {field: re.sub(r"\\(.)", r"\1", word[1:-1])}}
        if word == "*":
            return {"exists": {"field": field}}
        if "*" in word:
            return {"query_string": {"fields": [field], "query": word, "analyze_wildcard": True}}
        return {"match": {field: word}}


class Town(NamedTuple):
    engine: ElasticEngine
    alias: str
    layer: QueryLayer


@pytest.fixture(scope="module")
def town(elasticsearch_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    root: Path = tmp_path_factory.mktemp("town")
    init_project(root, region="东城")
    project = open_project(root, {})
    alias = f"k{uuid.uuid4().hex[:8]}"
    engine = ElasticEngine(Index(url=elasticsearch_url, alias=alias, wait_s=5, timeout_s=20), root)
    engine.set_up()
    dice = random.Random(11)
    with engine.writer() as writer:
        writer.put(document(n, dice) for n in range(COUNT))
        writer.commit()
    layer = QueryLayer(open_store(project), engine.reader(), Asked(project, lambda: NOW), "test")
    yield Town(engine, alias, layer)
    engine.elastic.drop(list(engine.elastic.indices(f"{alias}-*")))


_RUNS = ["停水", "水", "小区", "修复", "路灯小", "停水小区", "学校通知", "app", "app停", "不在"]
_LEAVES = st.one_of(
    st.builds(Words, st.sampled_from(["", "title", "text"]), st.sampled_from(_RUNS)),
    st.builds(Wild, st.sampled_from(["", "text"]), st.sampled_from(["a*", "*pp", "a*p"])),
    st.builds(Wild, st.just("source"), st.sampled_from(["b*", "*um", "n*w*"])),
    st.builds(Term, st.just("source"), st.sampled_from(["board", "forum", "none"])),
    st.builds(Term, st.just("topic"), st.sampled_from(["water", "roads"])),
    st.builds(Term, st.just("words"), st.sampled_from(["停水", "app"])),
    st.builds(Exists, st.sampled_from(["title", "text", "topic", "region", "duty", "id", "score"])),
    st.builds(lambda v: Range("answered", v, v), st.sampled_from([0, 1])),
    st.builds(lambda a, i: Range("likes", a, a + 5, i, not i), st.integers(0, 15), st.booleans()),
    st.builds(lambda a: Range("score", None, a, True, False), st.sampled_from([-0.5, 0.0, 0.25])),
    st.builds(lambda d: Range("published", 1_790_784_000_000 + d * 86_400_000), st.integers(0, 27)),
)
_NODES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda x: And(tuple(x))),
        st.lists(inner, min_size=2, max_size=3).map(lambda x: Or(tuple(x))),
    ),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(node=_NODES)
def test_kibana_finds_as_many_posts_by_our_kql(town: Town, node: Node) -> None:
    kql = write_kql(node)
    assert town.engine.elastic.count(town.alias, _Kibana(kql).either()) == town.engine.reader().count(node), kql


EVERY = """
title: 各种
panels:
  - {kind: metric, figures: [count, originals, voices, mean_score, negative_share], query: 停水小区 或 学校}
  - {kind: line, figures: [count, originals], interval: hour}
  - {kind: line, by: topic, size: 2, interval: week, figures: voices}
  - {kind: bar, interval: month, figures: [count, mean_score]}
  - {kind: bar, by: [duty, kind], size: [3, 2]}
  - {kind: bar, by: region, figures: [count, voices], order: key}
  - {kind: table, by: [source, topic], size: [2, 3], interval: day, figures: [negative_share, count]}
  - {kind: table, by: answered, figures: [count, mean_score]}
  - {kind: word_list, by: keyphrase, rank: count, size: 20}
"""


def _panels() -> list[Any]:
    boards = [*load_dashboards([SHIPPED / "dashboards"]).values(), read_dashboard(parse_yaml(EVERY, name="e.yaml"))]
    found = [(b, p) for b in boards for p in b.panels if isinstance(p, Chart)]
    # Words that stand out are weighed otherwise, and our heat maps have the same columns in every row.
    found = [(b, p) for b, p in found if not (isinstance(p, WordListPanel) and p.rank == "significant")]
    return [(b, p) for b, p in found if not (isinstance(p, HeatmapPanel) and len(p.by) > 1)]


@pytest.mark.parametrize(("board", "panel"), _panels(), ids=lambda x: getattr(x, "kind", "") or "")
def test_lens_columns_give_the_same_figures(town: Town, board: Any, panel: Chart) -> None:
    asked = question_of(panel, board, PERIOD)
    rows = {row.keys: row.figures for row in fill(panel, asked, asking(town.layer)).rows}
    assert _lens(town, layer_of(panel), asked, panel) == {
        k: pytest.approx(v, rel=1e-6) for k, v in rows.items() if any(v) or not k
    }


def _lens(town: Town, layer: dict[str, Any], asked: Question, panel: Chart) -> dict[tuple[str, ...], Any]:
    """Figures by keys, from one search made of the layer's columns in their order."""
    columns = layer["columns"]
    figures = {i: c for i, c in columns.items() if not c["isBucketed"]}
    aggs: dict[str, Any] = {i: _metric(c) for i, c in figures.items()}
    for id_, column in reversed([(i, columns[i]) for i in layer["columnOrder"] if columns[i]["isBucketed"]]):
        aggs = {"of": {**_bucket(column, columns), "aggs": aggs}, "_": _metric({"operationType": "count"})}
        assert id_
    kql = write_kql(town.layer._asked.words(asked))
    bounds = {"gte": asked.since.timestamp() * 1000, "lt": asked.until.timestamp() * 1000}  # type: ignore[union-attr]
    filters = [{"range": {"published": {k: int(v) for k, v in bounds.items()}}}]
    filters += [_Kibana(kql).either()] if kql else []
    body = {"size": 0, "track_total_hits": True, "query": {"bool": {"filter": filters}}, "aggs": aggs}
    answer = town.engine.elastic.search(town.alias, body)
    whole = {**answer["aggregations"], "doc_count": answer["hits"]["total"]["value"]}
    return dict(_rows(whole, list(figures.items()), panel))


def _metric(column: dict[str, Any]) -> dict[str, Any]:
    kind = column["operationType"]
    if kind == "count":
        return {"filter": _Kibana(column["filter"]["query"]).either() if "filter" in column else {"match_all": {}}}
    name = {"unique_count": "cardinality", "average": "avg"}[kind]
    return {name: {"field": column["sourceField"]}}


def _bucket(column: dict[str, Any], columns: dict[str, Any]) -> dict[str, Any]:
    params = column["params"]
    if column["operationType"] == "date_histogram":
        options = {"field": "published", "calendar_interval": params["interval"], "time_zone": "Asia/Shanghai"}
        return {"date_histogram": {**options, "min_doc_count": 1}}
    by = params["orderBy"]
    order: dict[str, str] = {"_count": "desc"}
    if by["type"] == "alphabetical":
        order = {"_key": "asc"}
    elif by["type"] == "column" and columns[by["columnId"]]["operationType"] != "count":
        order = {by["columnId"]: "desc"}
    return {"terms": {"field": column["sourceField"], "size": params["size"], "order": order, "shard_size": 1000}}


def _rows(found: dict[str, Any], figures: list[Any], panel: Chart, keys: tuple[str, ...] = ()) -> Iterator[Any]:
    if "of" not in found:
        yield keys, tuple(_value(found[i], c) for i, c in figures)
        return
    for bucket in found["of"]["buckets"]:
        key = bucket["key"]
        if len(keys) == len(panel.by):
            at = datetime.fromtimestamp(key / 1000, SHANGHAI)
            key = at.strftime("%Y-%m-%dT%H:%M") if panel.interval == "hour" else at.date().isoformat()
        yield from _rows(bucket, figures, panel, (*keys, str(key)))


def _value(found: dict[str, Any], column: dict[str, Any]) -> Any:
    return found["doc_count"] if column["operationType"] == "count" else found["value"]
