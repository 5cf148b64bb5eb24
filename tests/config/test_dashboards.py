"""Dashboards in YAML: what is shipped is sound, faults name file, line and key, authors are nothing to group by."""

from pathlib import Path
from typing import get_args

import pytest

from config.dashboards import PANELS, Figure, Grouping, Interval, Language, load_dashboards, read_dashboard
from config.errors import ConfigError
from config.project import init_project, open_project
from config.settings import SHIPPED
from config.yamlfile import parse_yaml
from pipeline.index.engine import SORTS
from pipeline.query import breaking, model


def read(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read_dashboard(parse_yaml(text, name="d.yaml"))
    return caught.value.message


def test_those_shipped_are_sound() -> None:
    found = load_dashboards([SHIPPED / "dashboards"])
    assert {d.title for d in found.values()} == {"总览", "民生话题", "来源"}
    assert {panel.kind for d in found.values() for panel in d.panels} == set(PANELS) - {"unsupported"}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("title: a\npanels:\n  - kind: metric\n    figuers: count\n", 4, ["panels[0].figuers", "figures"]),
        ("title: a\npanels:\n  - kind: lin\n", 3, ["panels[0].kind", "line"]),
        ("title: a\npanels:\n  - title: x\n", 3, ["panels[0].kind"]),
        ("title: a\npanels:\n  - x\n", 3, ["panels[0].kind"]),
        ("title: a\npanels:\n  - kind: table\n    by: author\n", 4, ["panels[0].by", "author"]),
        ("title: a\npanels:\n  - kind: table\n    by: voice\n", 4, ["panels[0].by"]),
        ("title: a\npanels:\n  - kind: table\n", 3, ["by", "interval"]),
        ("title: a\npanels:\n  - kind: metric\n    by: topic\n", 3, ["by"]),
        ("title: a\npanels:\n  - kind: heatmap\n    by: topic\n", 3, ["by"]),
        ("title: a\npanels:\n  - kind: line\n    by: topic\n    figures: [count, voices]\n", 3, ["figures"]),
        ("title: a\npanels:\n  - kind: line\n    interval: null\n", 3, ["interval"]),
        ("title: a\npanels:\n  - kind: bar\n    by: [topic, topic]\n", 3, ["by"]),
        ("title: a\npanels:\n  - kind: word_list\n    by: keyphrase\n", 3, ["significant"]),
        ("title: a\npanels: []\n", 2, ["panels"]),
        ("title: a\npanels: x\n", 2, ["panels"]),
        ("panels:\n  - kind: metric\n", 1, ["title"]),
        ("title: a\ndays: 0\npanels:\n  - kind: metric\n", 2, ["days", "≥ 1"]),
        ("- a\n", 1, ["title"]),
    ],
)
def test_a_fault_names_line_and_key(text: str, line: int, words: list[str]) -> None:
    message = read(text)
    assert f"d.yaml:{line}:" in message
    for word in words:
        assert word in message


def test_every_fault_is_listed_at_once() -> None:
    assert len(read("title: ''\ndays: 0\npanels:\n  - kind: x\n  - kind: metric\n    width: 13\n").splitlines()) == 4


def test_the_words_are_those_of_the_query_layer() -> None:
    assert get_args(Grouping) == breaking.GROUPINGS
    assert get_args(Figure) == breaking.FIGURES
    assert get_args(Interval) == get_args(breaking.Interval)
    assert get_args(Language) == get_args(model.Language)
    saved = PANELS["saved_search"].model_fields["sort"].annotation
    assert set(get_args(saved)) == set(SORTS)
    assert not {"voice", "author"} & set(breaking.GROUPINGS)


def test_a_project_adds_its_own_and_replaces_the_shipped(tmp_path: Path) -> None:
    init_project(tmp_path)
    folder = tmp_path / "config" / "dashboards"
    folder.mkdir()
    (folder / "overview.yaml").write_text("title: 我的\npanels:\n  - kind: metric\n", encoding="utf-8")
    (folder / "夜班.yaml").write_text("title: 夜\npanels:\n  - kind: metric\n", encoding="utf-8")
    project = open_project(tmp_path, {})
    assert project.dashboards["overview"].title == "我的"
    assert project.dashboard("夜")[0] == "夜班"
    assert len(project.dashboards) == 4
    with pytest.raises(ConfigError, match="overview"):
        project.dashboard("none")
    (folder / "a b.yaml").write_text("title: x\npanels:\n  - kind: metric\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="a b"):
        _ = open_project(tmp_path, {}).dashboards
