"""Responsible units: faults with file and line, the most specific rule wins, every shipped topic and category has one."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import ConfigError
from config.settings import SHIPPED
from nlp.matters import CATEGORIES
from nlp.places import load_places
from nlp.taxonomy import load_taxonomy
from nlp.units import Units, load_units

TOPICS = {"water", "roads", "noise"}
PLACES = {"xian", "zhen", "cun"}
RULES = """units:
  - {unit: 水公司, topics: [water]}
  - {unit: 住建局, topics: [roads, noise]}
  - {unit: 交通局, topics: [roads], categories: [transport]}
  - {unit: 县水利局, topics: [water], places: [xian]}
  - {unit: 镇政府, topics: [water], places: [zhen]}
  - {unit: 卫健局, categories: [health]}
  - {unit: 村委会, places: [cun]}
  - {unit: 后写的, topics: [noise]}
"""
ABOVE = {"cun": ("cun", "zhen", "xian"), "zhen": ("zhen", "xian"), "xian": ("xian",)}


def _load(folder: Path, text: str) -> Units:
    path = folder / "units.yaml"
    path.write_text(text, encoding="utf-8")
    return load_units(path, topics=TOPICS, places=PLACES)


def _above(place: str) -> tuple[str, ...]:
    return ABOVE.get(place, (place,))


@pytest.mark.parametrize(
    ("wrong", "right", "where"),
    [
        ("[roads, noise]", "[roads, nose]", r"units\.yaml:3: .*nose"),
        ("[transport]", "[traffic]", r"units\.yaml:4: .*categories"),
        ("places: [cun]", "places: [chun]", r"units\.yaml:8: .*chun"),
        ("categories: [health]", "category: [health]", r"units\.yaml:7: .*categories"),
        ("水公司, topics: [water]", "水公司", r"units\.yaml:2: "),
        ("unit: 卫健局", "unit: ' '", r"units\.yaml:7: "),
    ],
)
def test_a_fault_names_file_and_line(tmp_path: Path, wrong: str, right: str, where: str) -> None:
    assert wrong in RULES
    with pytest.raises(ConfigError, match=where):
        _load(tmp_path, RULES.replace(wrong, right, 1))


def test_places_are_not_checked_without_a_gazetteer(tmp_path: Path) -> None:
    path = tmp_path / "units.yaml"
    path.write_text(RULES.replace("[cun]", "[anywhere]"), encoding="utf-8")
    assert load_units(path, topics=TOPICS, places=None).suggest((), (), ("anywhere",), _above) == "村委会"


@pytest.mark.parametrize(
    ("categories", "topics", "places", "unit"),
    [
        ((), (), (), ""),
        (("labour",), ("unknown",), ("nowhere",), ""),
        ((), ("water",), (), "水公司"),
        ((), ("water",), ("nowhere",), "水公司"),
        ((), ("water",), ("xian",), "县水利局"),
        ((), ("water",), ("cun",), "镇政府"),
        ((), ("roads",), ("cun",), "住建局"),
        ((), ("noise", "water"), ("xian",), "县水利局"),
        ((), ("water", "roads"), (), "水公司"),
        ((), ("roads", "water"), (), "住建局"),
        (("transport",), ("roads",), (), "交通局"),
        (("transport",), ("water", "roads"), (), "水公司"),
        (("health",), ("noise",), (), "住建局"),
        (("health",), (), (), "卫健局"),
        (("labour", "health"), (), (), "卫健局"),
        (("health",), (), ("cun",), "村委会"),
    ],
)
def test_the_most_specific_rule_wins(
    tmp_path: Path, categories: tuple[str, ...], topics: tuple[str, ...], places: tuple[str, ...], unit: str
) -> None:
    assert _load(tmp_path, RULES).suggest(categories, topics, places, _above) == unit


def test_no_rules_suggest_nothing(tmp_path: Path) -> None:
    assert _load(tmp_path, "units: []\n").suggest(("health",), ("water",), ("cun",), _above) == ""


@pytest.fixture(scope="module")
def shipped() -> Units:
    topics = {topic.id for topic in load_taxonomy(SHIPPED / "topics.yaml").topics}
    return load_units(SHIPPED / "units.yaml", topics=topics, places=load_places(SHIPPED / "places.yaml"))


def test_every_shipped_topic_and_category_has_a_unit(shipped: Units) -> None:
    topics = [topic.id for topic in load_taxonomy(SHIPPED / "topics.yaml").topics]
    assert [topic for topic in topics if not shipped.suggest((), (topic,), (), _above)] == []
    assert [category for category in CATEGORIES if not shipped.suggest((category,), (), (), _above)] == []


@pytest.mark.parametrize(
    ("categories", "topics", "unit"),
    [
        (("construction",), ("water",), "自来水公司"),
        (("education",), ("school",), "教育局"),
        (("transport",), ("roads", "traffic"), "交通运输局"),
        (("labour",), ("labour",), "人社局"),
        (("health",), ("social",), "医保局"),
        (("construction",), ("sanitation",), "城管局"),
    ],
)
def test_usual_offices(shipped: Units, categories: tuple[str, ...], topics: tuple[str, ...], unit: str) -> None:
    assert shipped.suggest(categories, topics, (), _above) == unit
