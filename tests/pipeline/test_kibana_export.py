"""What goes to Kibana has Kibana's shapes, and what comes back gives the same figures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config.dashboards import Dashboard, load_dashboards, read_dashboard
from config.project import Project
from config.settings import SHIPPED
from config.yamlfile import parse_yaml
from pipeline.index.elastic_document import mapping
from pipeline.kibana.exporting import exported, ndjson
from pipeline.kibana.importing import imported
from pipeline.kibana.yaml_out import yaml_of
from pipeline.panels.filling import asking, fill, question_of
from pipeline.query.asked import Asked
from pipeline.query.kql_writing import write_kql
from pipeline.query.layer import QueryLayer, Question
from tests.pipeline.commanding import qingyu
from tests.pipeline.figured import PERIOD, figured

NOW = datetime(2026, 10, 28, 4, tzinfo=UTC)
EVERY = """
title: 各种
query: 来源:(board OR forum) -转载:是
days: 7
panels:
  - {kind: metric, title: 一, figures: mean_score, query: 停水}
  - {kind: metric, title: 二, figures: [count, voices]}
  - {kind: metric, title: 五, figures: [count, originals, voices, mean_score, negative_share], width: 12}
  - {kind: line, title: 线, figures: [count, originals], interval: hour}
  - {kind: line, title: 面, by: topic, size: 2, filled: true, interval: week, figures: voices}
  - {kind: line, title: 月, interval: month}
  - {kind: bar, title: 立, interval: day, by: sentiment}
  - {kind: bar, title: 卧, by: [duty, kind], size: [3, 2], query: '"停水" 或 (路灯 -学校)'}
  - {kind: bar, title: 多, by: region, figures: [count, voices], order: key}
  - {kind: bar, title: 饼, by: intent, shape: pie, figures: originals, order: figure}
  - {kind: table, title: 表, by: [source, topic], size: [2, 3], interval: week, figures: [negative_share, count]}
  - {kind: table, title: 序, by: source, order: figure, figures: [mean_score, voices]}
  - {kind: heatmap, title: 热, by: [topic, place], size: [4, 2]}
  - {kind: heatmap, title: 时, by: topic, interval: day, figures: mean_score}
  - {kind: word_list, title: 词, query: '分数:<0 标题:*'}
  - {kind: word_list, title: 关键词, by: keyphrase, rank: count, size: 4}
  - {kind: saved_search, title: 搜, query: 'likes:[3 TO 9}', sort: -likes, size: 7}
  - {kind: saved_search, title: 关, query: app*, sort: relevance}
  - {kind: bar, title: 是否, by: answered, query: 'kind: (message or reply) and likes >= 2', language: kql}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return figured(tmp_path_factory.mktemp("figured"))


@pytest.fixture(scope="module")
def layer(project: Project) -> Iterator[QueryLayer]:
    with QueryLayer.open(project, who="test", now=lambda: NOW) as opened:
        yield opened


def boards() -> dict[str, Dashboard]:
    shipped = load_dashboards([SHIPPED / "dashboards"])
    return {**shipped, "every": read_dashboard(parse_yaml(EVERY, name="every.yaml"))}


def objects(project: Project, found: dict[str, Dashboard]) -> list[dict[str, Any]]:
    asked = Asked(project, lambda: NOW)
    return exported(
        found, index="qingyu", to_kql=lambda q, language: write_kql(asked.words(Question(q, language=language)))
    )


def shown(board: Dashboard, layer: QueryLayer) -> list[tuple[str, Any]]:
    return [(p.kind, fill(p, question_of(p, board, PERIOD), asking(layer)).rows) for p in board.panels]


@pytest.mark.parametrize("name", ["overview", "livelihood", "sources", "every"])
def test_there_and_back_gives_the_same_panels_and_figures(
    project: Project, layer: QueryLayer, tmp_path: Path, name: str
) -> None:
    board = boards()[name]
    file = tmp_path / "k.ndjson"
    file.write_text(ndjson(objects(project, {name: board})), encoding="utf-8")
    (back,) = imported(file, index="qingyu", now=NOW)
    assert back.name == board.title
    again = read_dashboard(parse_yaml(yaml_of(back.dashboard, comment="x"), name="again.yaml"))
    assert again == back.dashboard
    assert shown(again, layer) == shown(board, layer)
    assert any(rows for _, rows in shown(again, layer))
    same = {"query": "", "language": "qingyu"}
    plain = [p.model_copy(update=same) for p in board.panels]
    assert [p.model_copy(update=same) for p in again.panels] == plain
    assert (again.title, again.description, again.days) == (board.title, board.description, board.days)


def test_the_file_has_the_shape_of_kibanas(project: Project) -> None:
    lines = ndjson(objects(project, boards())).splitlines()
    *found, summary = map(json.loads, lines)
    assert summary["exportedCount"] == len(found)
    assert {o["type"] for o in found} == {"index-pattern", "lens", "search", "dashboard"}
    ids = {(o["type"], o["id"]) for o in found}
    assert len(ids) == len(found)
    for one in found:
        assert {(r["type"], r["id"]) for r in one["references"]} <= ids
        assert one["coreMigrationVersion"]
        assert one["typeMigrationVersion"]
    kinds = {o["attributes"]["visualizationType"] for o in found if o["type"] == "lens"}
    assert kinds == {"lnsXY", "lnsMetric", "lnsDatatable", "lnsHeatmap", "lnsTagcloud", "lnsPie"}


def test_lens_states_hold_together(project: Project) -> None:
    known = set(mapping()["properties"]) | {"___records___"}
    for one in objects(project, boards()):
        if one.get("type") != "lens":
            continue
        state = one["attributes"]["state"]
        (layer_id,) = state["datasourceStates"]["formBased"]["layers"]
        columns = state["datasourceStates"]["formBased"]["layers"][layer_id]["columns"]
        assert {c["sourceField"] for c in columns.values()} <= known
        assert [r["name"] for r in one["references"]] == [f"indexpattern-datasource-layer-{layer_id}"]
        assert state["query"]["language"] == "kuery"
        used = json.dumps(state["visualization"])
        for column in columns:
            assert f'"{column}"' in used


def test_a_dashboard_refers_to_its_panels_and_keeps_its_days(project: Project) -> None:
    found = objects(project, {"every": boards()["every"]})
    (board,) = [o for o in found if o.get("type") == "dashboard"]
    panels = json.loads(board["attributes"]["panelsJSON"])
    names = {r["name"] for r in board["references"]}
    assert {f"{p['panelIndex']}:{p['panelRefName']}" for p in panels} == names
    assert (board["attributes"]["timeFrom"], board["attributes"]["timeTo"]) == ("now-6d/d", "now/d")
    for panel in panels:
        grid = panel["gridData"]
        assert grid["x"] + grid["w"] <= 48
    boxes = [p["gridData"] for p in panels]
    apart = [(a, b) for n, a in enumerate(boxes) for b in boxes[:n]]
    assert all(
        a["x"] >= b["x"] + b["w"] or b["x"] >= a["x"] + a["w"] or a["y"] >= b["y"] + b["h"] or b["y"] >= a["y"] + a["h"]
        for a, b in apart
    )
    query = json.loads(board["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])["query"]
    assert query == {"query": 'source: ("board" or "forum") and not copy: 1', "language": "kuery"}


def test_ids_are_the_same_each_time(project: Project) -> None:
    first, second = (objects(project, boards()) for _ in range(2))
    assert first == second


def test_the_data_view_hides_pseudonyms(project: Project) -> None:
    view = objects(project, {})[0]["attributes"]
    assert (view["title"], view["timeFieldName"]) == ("qingyu", "published")
    assert json.loads(view["sourceFilters"]) == [{"value": "voice"}]
    formats = json.loads(view["fieldFormatMap"])
    assert (formats["score"]["id"], formats["negative"]["id"]) == ("number", "percent")
    fields = set(mapping()["properties"])
    assert set(formats) <= fields
    assert set(json.loads(view["fieldAttrs"])) <= fields


def test_commands(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "k.ndjson"
    told = qingyu("kibana", "export", "总览", "sources", str(file), project=project.root).stdout
    assert "2 个面板" in told
    out = tmp_path / "out"
    qingyu("kibana", "import", str(file), "--out", str(out), project=project.root)
    assert {p.name for p in out.iterdir()} == {"总览.yaml", "来源.yaml"}
    refused = qingyu("kibana", "import", str(file), "--out", str(out), project=project.root, code=2)
    assert "--replace" in refused.stderr
    qingyu("kibana", "import", str(file), "--out", str(out), "--replace", project=project.root)
    assert "overview" in qingyu("kibana", "export", "none", str(file), project=project.root, code=2).stderr
    assert ".ndjson" in qingyu("kibana", "export", "总览", project=project.root, code=2).stderr
