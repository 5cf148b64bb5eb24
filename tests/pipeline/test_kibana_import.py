"""Dashboards made in Kibana: each kind is drawn with the right figures, the rest is named in its place, bad files by line.

The fixtures are written by hand in the shapes that Kibana 7.17 and 9 export.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.dashboards import AnyPanel, Chart, Dashboard, UnsupportedPanel, read_dashboard
from config.errors import ConfigError
from config.project import Project
from config.yamlfile import parse_yaml
from pipeline.index.document import IndexDocument
from pipeline.kibana.filters import Reader
from pipeline.kibana.importing import imported
from pipeline.kibana.objects import CannotDrawError, Part
from pipeline.kibana.yaml_out import yaml_of
from pipeline.panels.filling import asking, fill, question_of
from pipeline.query.layer import QueryLayer
from pipeline.query.nodes import All, And, Exists, Node, Not, Or, Range, Term
from tests.pipeline.commanding import qingyu
from tests.pipeline.figured import COUNT, PERIOD, document, figured

FIXTURES = Path(__file__).parents[1] / "fixtures" / "kibana"
NOW = datetime(2026, 10, 28, 4, tzinfo=UTC)
DICE = random.Random(11)
POSTS = [document(n, DICE) for n in range(COUNT)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return figured(tmp_path_factory.mktemp("figured"))


@pytest.fixture(scope="module")
def layer(project: Project) -> Iterator[QueryLayer]:
    with QueryLayer.open(project, who="test", now=lambda: NOW) as opened:
        yield opened


def board_of(name: str) -> Dashboard:
    (one,) = imported(FIXTURES / name, index="qingyu", now=NOW)
    return one.dashboard


def by_title(board: Dashboard) -> dict[str, AnyPanel]:
    return {panel.title: panel for panel in board.panels}


def total(panel: AnyPanel, board: Dashboard, layer: QueryLayer) -> float | None:
    (row,) = fill(panel, question_of(panel, board, PERIOD), asking(layer)).rows
    return row.figures[0]


def test_a_dashboard_of_kibana_9(layer: QueryLayer) -> None:
    board = board_of("dashboard-9.ndjson")
    assert (board.title, board.description, board.days) == ("热线周报", "在 Kibana 里做的", 28)
    kinds = [(p.title, p.kind) for p in board.panels]
    assert kinds[:10] == [
        ("负面", "metric"), ("负面占比（公式）", "metric"), ("不计转载", "metric"), ("各话题", "line"), ("来源", "bar"),
        ("责任单位", "table"), ("情感", "bar"), ("关键词", "word_list"), ("话题与周", "heatmap"), ("停水的帖子", "saved_search"),
    ]  # fmt: skip
    assert {kind for _, kind in kinds[10:]} == {"unsupported"}
    widths = [p.width for p in board.panels[:3]]
    assert widths == [3, 3, 6]


def within(*conditions: Callable[[IndexDocument], bool]) -> int:
    """Posts of the dashboard of Kibana 9 (its own query: source board or forum, in a thread) that fit."""
    return sum(p.source in ("board", "forum") and all(c(p) for c in conditions) for p in POSTS)


def test_its_figures_are_those_of_a_plain_count(layer: QueryLayer) -> None:
    board = board_of("dashboard-9.ndjson")
    panels = by_title(board)
    assert total(panels["负面"], board, layer) == within(lambda p: p.sentiment == "negative")
    urgent = within(lambda p: p.intent == "complaint" or p.likes >= 10, lambda p: p.duplicate_of == "")
    assert total(panels["不计转载"], board, layer) == urgent
    assert total(panels["停水的帖子"], board, layer) == within(lambda p: "停水" in p.words)
    sources = fill(panels["来源"], question_of(panels["来源"], board, PERIOD), asking(layer)).rows
    assert sum(r.figures[0] or 0 for r in sources) == within(lambda p: p.kind not in ("thread", "reply"))
    units = fill(panels["责任单位"], question_of(panels["责任单位"], board, PERIOD), asking(layer)).rows
    assert {r.keys[0] for r in units} == {"水务局", "交通局"}
    for row in units:
        unit, intent = row.keys
        alike = (lambda p, u=unit: p.duty == u, lambda p, i=intent: p.intent == i, lambda p: not p.answered)
        assert row.figures[0] == within(*alike)
    regions = fill(panels["情感"], question_of(panels["情感"], board, PERIOD), asking(layer)).rows
    assert sum(r.figures[0] or 0 for r in regions) == within(lambda p: p.region != "")


def test_what_cannot_be_drawn_says_why_in_its_place() -> None:
    board = board_of("dashboard-9.ndjson")
    reasons = {p.title: p.reason for p in board.panels if isinstance(p, UnsupportedPanel)}
    assert "sum(likes)" in reasons["点赞总数"]
    assert "不能按作者查询" in reasons["谁发得多"]
    assert "logs-*" in reasons["别的索引"]
    assert "每周一看" in reasons[""]
    assert "map" in reasons["地图"]
    assert "不在文件里" in reasons["不在文件里"]
    assert "来源" in reasons["筛选控件"]
    panels = by_title(board)
    assert "referenceLine" in panels["来源"].note
    assert "其他" in panels["各话题"].note
    assert panels["负面"].note == ""


def test_a_dashboard_of_kibana_7(layer: QueryLayer) -> None:
    board = board_of("dashboard-7.ndjson")
    panels = by_title(board)
    drawn = {t: (p.kind, p.by, p.interval) for t, p in panels.items() if isinstance(p, Chart)}
    assert drawn == {
        "总数": ("metric", (), None),
        "每日": ("bar", ("sentiment",), "day"),
        "每日折线": ("line", (), "day"),
        "面积": ("line", ("topic",), "week"),
        "横柱": ("bar", ("region",), None),
        "饼": ("bar", ("kind",), None),
        "表": ("table", ("source", "intent"), None),
        "热力": ("heatmap", ("topic", "duty"), None),
        "词云": ("word_list", ("words",), None),
        "旧过滤": ("metric", (), None),
        "依搜索": ("bar", ("source",), None),
        "就地画的": ("bar", ("topic",), None),
    }
    assert {t for t, p in panels.items() if p.kind == "unsupported"} == {"仪表", "文字", "控件", "范围", "倒数"}
    assert total(panels["总数"], board, layer) == COUNT
    few = sum(p.likes >= 5 and not p.topics and p.source == "board" for p in POSTS)
    assert total(panels["旧过滤"], board, layer) == few
    linked = fill(panels["依搜索"], question_of(panels["依搜索"], board, PERIOD), asking(layer)).rows
    assert sum(r.figures[0] or 0 for r in linked) == sum(p.sentiment == "negative" for p in POSTS)
    assert total(panels["负面的帖子"], board, layer) == sum(p.sentiment == "negative" for p in POSTS)


def test_visualisations_without_a_dashboard_become_one(layer: QueryLayer) -> None:
    board = board_of("lens-7.ndjson")
    assert "lens-7.ndjson" in board.title
    assert [p.kind for p in board.panels] == ["metric", "bar"]
    assert total(board.panels[0], board, layer) == sum("water" in p.topics for p in POSTS)
    assert "treemap" in board.panels[1].note


META = {"disabled": False, "negate": False}


@pytest.mark.parametrize(
    ("one", "node"),
    [
        ({"meta": META, "query": {"match_phrase": {"source": "a"}}}, Term("source", "a")),
        ({"meta": META, "query": {"match_phrase": {"source": {"query": "a"}}}}, Term("source", "a")),
        ({"meta": META, "query": {"match_phrase": {"source.keyword": "a"}}}, Term("source", "a")),
        ({"meta": META, "query": {"term": {"source": {"value": "a"}}}}, Term("source", "a")),
        ({"meta": META, "query": {"terms": {"kind": ["a", "b"]}}}, Or((Term("kind", "a"), Term("kind", "b")))),
        ({"meta": META, "query": {"match_phrase": {"copy": True}}}, Range("copy", 1, 1)),
        ({"meta": {**META, "negate": True}, "query": {"exists": {"field": "duty"}}}, Not(Exists("duty"))),
        ({"meta": {**META, "type": "exists", "key": "duty"}}, Exists("duty")),
        ({"meta": {**META, "type": "phrase", "key": "source", "params": {"query": "a"}}}, Term("source", "a")),
        ({"meta": {**META, "type": "range", "key": "likes", "params": {"gte": 3}}}, Range("likes", 3, None)),
        ({"meta": META, "range": {"likes": {"gte": 1, "lt": 5}}}, Range("likes", 1, 5, True, False)),
        ({"meta": META, "query": {"range": {"score": {"gt": None, "lte": -0.5}}}}, Range("score", None, -0.5)),
        ({"meta": META, "query": {"match_all": {}}}, All()),
        ({"meta": META, "query": {"bool": {"must": [], "filter": [], "should": [], "must_not": []}}}, All()),
        ({"meta": META, "query": {"bool": {"must_not": {"exists": {"field": "duty"}}}}}, Not(Exists("duty"))),
        ({"meta": META, "query": {"query_string": {"query": "source:a"}}}, Term("source", "a")),
        (
            {"meta": {**META, "type": "combined", "relation": "AND", "params": [
                {"meta": META, "query": {"match_phrase": {"source": "a"}}},
                {"meta": {**META, "disabled": True}, "query": {"match_phrase": {"source": "x"}}},
                {"meta": {**META, "negate": True}, "query": {"match_phrase": {"kind": "b"}}},
            ]}},
            And((Term("source", "a"), Not(Term("kind", "b")))),
        ),
    ],
)  # fmt: skip
def test_filters(one: dict[str, Any], node: Node) -> None:
    reader = Reader(NOW)
    assert reader.node(reader.one(Part(one))) == node


def test_relative_times_stay_relative(tmp_path: Path) -> None:
    text = (FIXTURES / "dashboard-9.ndjson").read_text(encoding="utf-8")
    file = tmp_path / "k.ndjson"
    file.write_text(text.replace("sentiment: negative", "published >= now-2d/d"), encoding="utf-8")
    (one,) = imported(file, index="qingyu", now=NOW)
    assert one.dashboard.panels[0].query == "published >= now-2d/d"


@pytest.mark.parametrize(
    "one",
    [
        {"meta": META, "query": {"match_phrase": {"author": "a"}}},
        {"meta": META, "query": {"match_phrase": {"voice": "1"}}},
        {"meta": META, "query": {"match_phrase": {"host.name": "a"}}},
        {"meta": META, "query": {"script": {"source": "1"}}},
        {"meta": META, "query": {"bool": {"should": [], "must": [{"geo_shape": {}}]}}},
        {"meta": META, "query": {"query_string": {"query": "a b"}}},
        {"meta": META, "query": {"range": {"likes": {"gte": "x"}}}},
        {"meta": META, "query": {"match_phrase": {"source": [1]}}},
        {"meta": META},
        {},
    ],
)
def test_filters_that_cannot_be_told_are_no_silence(one: dict[str, Any]) -> None:
    with pytest.raises(CannotDrawError):
        Reader(NOW).one(Part(one))


def test_a_filter_of_the_whole_dashboard_that_is_not_read_is_told_in_every_panel(tmp_path: Path) -> None:
    lines = (FIXTURES / "dashboard-9.ndjson").read_text(encoding="utf-8").splitlines()
    file = tmp_path / "k.ndjson"
    file.write_text("\n".join(lines).replace("source: (board or forum)", "host.name: a"), encoding="utf-8")
    (one,) = imported(file, index="qingyu", now=NOW)
    assert {p.kind for p in one.dashboard.panels} == {"unsupported"}
    assert all("host.name" in p.reason for p in one.dashboard.panels[:3] if isinstance(p, UnsupportedPanel))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (b"", 1, "Kibana"),
        (b'{"exportedCount": 0}\n', 1, "Kibana"),
        (b'{"type": "lens", "id": "a", "attributes": {}}\n{"type": \n', 2, "JSON"),
        (b"\n\n[1]\n", 3, "{"),
        (b'{"id": "a"}\n', 1, "type"),
        (b'{"id": "a", "type": "lens", "attributes": []}', 1, "attributes"),
        (b'{"id": "a", "type": "dashboard", "attributes": {"title": "t", "panelsJSON": "[{"}}', 1, "panelsJSON"),
        (b'{"id": "a", "type": "lens", "attributes": {}}\n' * 2, 2, "两次"),
        (b'{"id": "a", "type": "config", "attributes": {}}\n', 1, "面板集"),
        (b'\xff\xfe{"id": 1}\n', 1, "UTF-8"),
        (b"[" * 100_000, 1, "JSON"),
    ],
)
def test_a_broken_file_is_told_by_its_line(tmp_path: Path, text: bytes, line: int, said: str) -> None:
    file = tmp_path / "k.ndjson"
    file.write_bytes(text)
    with pytest.raises(ConfigError) as caught:
        imported(file, index="qingyu", now=NOW)
    assert f"k.ndjson:{line}:" in caught.value.message
    assert said in caught.value.message


def _damaged(value: Any, dice: random.Random) -> Any:
    """`value` with one thing in it replaced by something of another kind; JSON in strings is opened."""
    if isinstance(value, str) and value[-1:] in ("]", "}") and value[0] in "[{":
        return json.dumps(_damaged(json.loads(value), dice))
    if isinstance(value, dict) and value and dice.random() < 0.9:
        key = dice.choice(list(value))
        return {**value, key: _damaged(value[key], dice)}
    if isinstance(value, list) and value and dice.random() < 0.9:
        at = dice.randrange(len(value))
        return [*value[:at], _damaged(value[at], dice), *value[at + 1 :]]
    return dice.choice([None, 0, -1, 1e308, "x", "停" * 300, True, [], {}, [[]], {"a": {}}, "{", "author", "\ud800"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**9), name=st.sampled_from(["dashboard-9", "dashboard-7", "lens-7"]))
def test_any_damage_gives_a_dashboard_or_an_error_of_ours(tmp_path: Path, seed: int, name: str) -> None:
    dice = random.Random(seed)
    lines = [json.loads(line) for line in (FIXTURES / f"{name}.ndjson").read_text(encoding="utf-8").splitlines()]
    for _ in range(dice.randrange(1, 4)):
        lines = _damaged(lines, dice)
        lines = lines if isinstance(lines, list) else [lines]
    file = tmp_path / "k.ndjson"
    file.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    try:
        for one in imported(file, index="qingyu", now=NOW):
            assert read_dashboard(parse_yaml(yaml_of(one.dashboard), name="d.yaml")) == one.dashboard
    except ConfigError as error:
        assert "k.ndjson" in error.message


COUNT_COLUMN = {"operationType": "count", "sourceField": "___records___", "isBucketed": False}
TOPICS = {
    "operationType": "terms", "sourceField": "topic", "isBucketed": True,
    "params": {"size": 3, "orderBy": {"type": "column", "columnId": "m"}, "orderDirection": "desc"},
}  # fmt: skip
DATES = {
    "operationType": "date_histogram",
    "sourceField": "published",
    "isBucketed": True,
    "params": {"interval": "auto"},
}


def lens(
    tmp_path: Path, kind: str, columns: dict[str, Any], drawn: dict[str, Any], *, more: int = 0, **state: Any
) -> Dashboard:
    """The dashboard made of a file with one Lens object (and `more` of the like)."""
    layers = {"formBased": {"layers": {"l": {"columns": columns, "columnOrder": list(columns), **state}}}}
    values = {
        "datasourceStates": layers,
        "visualization": {"layerId": "l", **drawn},
        "query": {"query": "", "language": "kuery"},
    }
    attributes = {"title": "t", "visualizationType": kind, "state": values}
    lines = [
        json.dumps({"type": "lens", "id": str(n), "attributes": attributes, "references": []}) for n in range(1 + more)
    ]
    file = tmp_path / "k.ndjson"
    file.write_text("\n".join(lines), encoding="utf-8")
    (one,) = imported(file, index="qingyu", now=NOW)
    return one.dashboard


def terms(**params: Any) -> dict[str, Any]:
    return {**TOPICS, "params": {**TOPICS["params"], **params}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("columns", "note"),
    [
        ({"g": terms(otherBucket=True), "m": COUNT_COLUMN}, "其他"),
        ({"g": terms(missingBucket=True), "m": COUNT_COLUMN}, "无值"),
        ({"g": {**DATES, "params": {"interval": "12h"}}, "m": COUNT_COLUMN}, "12h"),
        ({"t": DATES, "g": TOPICS, "m": COUNT_COLUMN}, "先按时间"),
    ],
)
def test_what_differs_is_noted(tmp_path: Path, columns: dict[str, Any], note: str) -> None:
    shown = {"columns": [{"columnId": id_} for id_ in columns]}
    (panel,) = lens(tmp_path, "lnsDatatable", columns, shown).panels
    assert panel.kind == "table"
    assert note in panel.note


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"m": {**COUNT_COLUMN, "timeShift": "1w"}}, "time shift"),
        ({"m": {**COUNT_COLUMN, "timeScale": "d"}}, "normalise"),
        ({"m": {**COUNT_COLUMN, "filter": {"query": "likes > 3", "language": "kuery"}}}, "likes > 3"),
        ({"m": {**COUNT_COLUMN, "sourceField": "likes"}}, "likes"),
        ({"m": {"operationType": "unique_count", "sourceField": "author"}}, "不能按作者"),
        ({"m": {"operationType": "formula", "params": {"formula": "count() / 2"}}}, "count() / 2"),
        ({"g": {**TOPICS, "operationType": "filters"}, "m": COUNT_COLUMN}, "filters"),
        ({"g": {**TOPICS, "sourceField": "host.name"}, "m": COUNT_COLUMN}, "host.name"),
        ({"g": terms(orderDirection="asc"), "m": COUNT_COLUMN}, "asc"),
        ({"g": terms(include=["water"]), "m": COUNT_COLUMN}, "只含"),
        ({"g": terms(secondaryFields=["kind"]), "m": COUNT_COLUMN}, "多个字段"),
        ({"t": {**DATES, "sourceField": "collected"}, "m": COUNT_COLUMN}, "published"),
        ({"g": TOPICS}, "没有数字"),
        ({"g": TOPICS, "h": terms(), "i": {**TOPICS, "sourceField": "kind"}, "j": {**TOPICS, "sourceField": "source"}, "m": COUNT_COLUMN}, ""),
    ],
)  # fmt: skip
def test_what_cannot_be_reckoned_is_refused_with_its_reason(tmp_path: Path, columns: dict[str, Any], said: str) -> None:
    shown = {"columns": [{"columnId": id_} for id_ in columns]}
    (panel,) = lens(tmp_path, "lnsDatatable", columns, shown).panels
    assert isinstance(panel, UnsupportedPanel)
    assert said in panel.reason


def test_more_visualisations_than_a_page_holds_are_counted(tmp_path: Path) -> None:
    board = lens(tmp_path, "lnsMetric", {"m": COUNT_COLUMN}, {"metricAccessor": "m"}, more=120)
    last = board.panels[-1]
    assert (len(board.panels), last.kind) == (100, "unsupported")
    assert isinstance(last, UnsupportedPanel) and "22" in last.reason


def test_a_range_of_its_own_and_a_faulty_query_are_told(tmp_path: Path) -> None:
    text = (FIXTURES / "dashboard-9.ndjson").read_text(encoding="utf-8")
    file = tmp_path / "k.ndjson"
    changed = text.replace(
        '\\"syncColors\\":false', '\\"timeRange\\":{\\"from\\":\\"now-1d\\"},\\"syncColors\\":false', 3
    )
    assert changed != text
    file.write_text(changed.replace("sentiment: negative", "host.name: a"), encoding="utf-8")
    (one,) = imported(file, index="qingyu", now=NOW)
    assert "时间范围" in one.dashboard.panels[1].note
    first = one.dashboard.panels[0]
    assert isinstance(first, UnsupportedPanel) and "host.name" in first.reason


def test_the_command_names_what_is_missing(project: Project, tmp_path: Path) -> None:
    done = qingyu(
        "kibana", "import", str(FIXTURES / "dashboard-9.ndjson"), "--out", str(tmp_path), project=project.root, code=3
    )
    assert "热线周报：17 个面板" in done.stdout
    assert "画不出：地图" in done.stderr
    assert "有出入：来源" in done.stderr
    broken = tmp_path / "b.ndjson"
    broken.write_text("{", encoding="utf-8")
    assert "b.ndjson:1:" in qingyu("kibana", "import", str(broken), project=project.root, code=2).stderr
