"""What is understood of posts, asked for: places with all that lies in them, intent, 诉求, who usually answers."""

from pathlib import Path

import pytest

from bench.process import land
from config.project import Project
from pipeline.process import process
from pipeline.query.layer import QueryLayer, Question
from tests.pipeline.commanding import asked, qingyu
from tests.stores import Stores

ESTATE = "滨河苑3栋停水两天了，请供水公司尽快派人维修"
VILLAGE = "柳林村的路灯坏了，请尽快维修"
MASKED = "请问A7县的社保卡在哪里补办，需要什么材料"


@pytest.fixture
def project(tmp_path: Path, stores: Stores) -> Project:
    made = stores.project(tmp_path)
    land(made, [ESTATE, VILLAGE, MASKED], "r1")
    process(made)
    return made


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("地点:城关镇", {ESTATE}),
        ("地点:云水县", {ESTATE, VILLAGE}),
        ("place:binheyuan", {ESTATE}),
        ("地点:A7县", {MASKED}),
        ("诉求:是", {ESTATE, VILLAGE}),
        ("意图:咨询", {MASKED}),
        ("地点:云水县 -地点:城关镇", {VILLAGE}),
    ],
)
def test_places_hold_what_lies_in_them(project: Project, query: str, found: set[str]) -> None:
    with QueryLayer.open(project) as layer:
        assert {post["text"] for post in layer.export(Question(query))} == found


def test_a_post_shows_what_is_understood_of_it(project: Project) -> None:
    post = asked("search", "滨河苑", project=project.root)["posts"][0]
    shown = qingyu("show", post["id"], project=project.root).stdout
    assert "有诉求" in shown
    assert "地点：滨河苑" in shown
    assert f"通常由 {post['duty']} 答复" in shown


def test_copies_are_left_out_where_only_originals_are_asked_for(tmp_path: Path, stores: Stores) -> None:
    project = stores.project(tmp_path)
    land(project, [ESTATE, VILLAGE, ESTATE], "r1")
    process(project)
    with QueryLayer.open(project) as layer:
        assert layer.count(Question()) == 3
        assert layer.count(Question(originals=True)) == layer.count(Question("转载:否")) == 2
        assert layer.count(Question("停水", originals=True)) == 1
