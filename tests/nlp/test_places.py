"""The gazetteer: faults with file and line, the longest name wins, shared names, masked names, hostile text, proposals."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import ConfigError
from config.settings import SHIPPED
from nlp.places import Places, load_places
from nlp.segment import fold
from pipeline.demo import places as town

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
GOOD = """places:
  - {id: xian, zh: 清河县, kind: county}
  - {id: dong, zh: 东山镇, kind: town, parent: xian}
  - {id: xi, zh: 西岭镇, kind: town, parent: xian}
  - {id: qiao_dong, zh: 石桥村, kind: village, parent: dong, aliases: [石桥]}
  - {id: qiao_xi, zh: 石桥村, kind: village, parent: xi}
  - {id: lu, zh: 桃园路, kind: road, parent: xian}
  - {id: xuexiao, zh: 桃园路小学, kind: school, parent: dong}
  - {id: erzhong, zh: 第二中学, kind: school, parent: dong, aliases: [二中]}
  - {id: lou, zh: "12栋", kind: site, parent: dong}
  - {id: qi, zh: 新城（二期）, kind: estate, parent: dong, aliases: [New城]}
not_places: [桃园路灯]
"""
LOAD = Callable[[str], Places]


@pytest.fixture
def load(tmp_path: Path) -> LOAD:
    def build(text: str) -> Places:
        path = tmp_path / "places.yaml"
        path.write_text(text, encoding="utf-8")
        return load_places(path)

    return build


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Places:
    path = tmp_path_factory.mktemp("places") / "places.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return load_places(path)


@pytest.fixture(scope="module")
def shipped() -> Places:
    return load_places(SHIPPED / "places.yaml")


@pytest.mark.parametrize(
    ("wrong", "right", "where"),
    [
        ("kind: road", "kind: rode", r"places\.yaml:7: .*kind"),
        ("kind: road", "kind: road, alias: [x]", r"places\.yaml:7: .*aliases"),
        ("id: lu,", "id: dong,", r"places\.yaml:7: .*dong"),
        ("zh: 桃园路, kind: road, parent: xian", "zh: 桃园路, kind: road, parent: nan", r"places\.yaml:7: .*nan"),
        ("zh: 清河县, kind: county", "zh: 清河县, kind: county, parent: dong", r"places\.yaml:2: .*"),
        ("parent: dong, aliases: [石桥]", "parent: xi, aliases: [石桥]", r"places\.yaml:6: .*石桥村.*5"),
        ("zh: 桃园路,", "zh: 路,", r"places\.yaml:7: "),
        ("[石桥]", "[石桥, ' ']", r"places\.yaml:5: "),
        ("[桃园路灯]", "[桃园路灯, ' ']", r"places\.yaml:12: "),
    ],
)
def test_a_fault_names_file_and_line(load: LOAD, wrong: str, right: str, where: str) -> None:
    assert wrong in GOOD
    with pytest.raises(ConfigError, match=where):
        load(GOOD.replace(wrong, right, 1))


def test_an_empty_gazetteer_knows_masked_names_only(load: LOAD) -> None:
    places = load("places: []\n")
    assert places.match("", "桃园路停水") == ()
    assert places.match("", "A7县桃园路停水") == ("a7县",)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("桃园路堵车", ("lu",)),
        ("桃园路小学门口堵车", ("xuexiao",)),
        ("桃园路灯坏了", ()),
        ("二中放学", ("erzhong",)),
        ("十二中放学", ()),
        ("2二中", ()),
        ("12栋没水", ("lou",)),
        ("112栋没水", ()),
        ("１２栋没水", ("lou",)),
        ("１１２栋没水", ()),
        ("桃\u200b园路堵车", ("lu",)),
        ("新城(二期)漏水", ("qi",)),
        ("新城（二期）漏水", ("qi",)),
        ("NEW城漏水", ("qi",)),
        ("Ｎｅｗ城漏水", ("qi",)),
        ("清河县东山镇桃园路的二中", ("erzhong", "lu", "dong", "xian")),
    ],
)
def test_the_longest_name_wins_and_the_smallest_place_comes_first(
    small: Places, text: str, named: tuple[str, ...]
) -> None:
    assert small.match("", text) == named


@pytest.mark.parametrize(
    ("title", "text", "named"),
    [
        ("", "石桥村停电", ()),
        ("", "东山镇石桥村停电", ("qiao_dong", "dong")),
        ("西岭镇的问题", "石桥村停电", ("qiao_xi", "xi")),
        ("", "东山镇和西岭镇，石桥村停电", ("dong", "xi")),
        ("", "清河县石桥村停电", ("xian",)),
        ("", "石桥停电", ("qiao_dong",)),
    ],
)
def test_a_shared_name_needs_a_parent_that_tells(small: Places, title: str, text: str, named: tuple[str, ...]) -> None:
    assert small.match(title, text) == named


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("A7县停水", ("a7县",)),
        ("Ａ７县停水", ("a7县",)),
        ("A市B2区和K市", ("a市", "b2区", "k市")),
        ("A市A7县", ("a市", "a7县")),
        ("GDP市", ()),
        ("A123区", ()),
        ("A市场", ()),
        ("B区域", ()),
        ("小县", ()),
    ],
)
def test_masked_names_need_no_list(small: Places, text: str, named: tuple[str, ...]) -> None:
    assert small.match("", text) == named
    assert all(place in small for place in named)


def test_lineage_and_membership(small: Places) -> None:
    assert small.lineage("qiao_dong") == ("qiao_dong", "dong", "xian")
    assert small.lineage("a7县") == ("a7县",)
    assert small.lineage("of_old") == ("of_old",)
    assert "dong" in small
    assert "of_old" not in small
    assert 7 not in small


def test_a_masked_county_may_be_a_parent(load: LOAD) -> None:
    places = load("places:\n  - {id: lu, zh: 桃园路, kind: road, parent: a7县}\n")
    assert places.lineage("lu") == ("lu", "a7县")


def test_eight_at_most(shipped: Places) -> None:
    names = [place.zh for place in shipped.places]
    assert len(shipped.match("", "，".join(names))) == 8


@given(
    st.text(st.sampled_from("桃园路小学二中十12栋新城(（)）期A７7a县市区石桥东山镇\u200b\ud800\x00 ，灯"), max_size=40)
)
def test_any_text_is_read_as_when_folded(small: Places, text: str) -> None:
    assert small.match("", text) == small.match("", fold(text))
    assert all(isinstance(name, str) for name in small.unlisted(text))


@pytest.mark.parametrize("piece", ["桃园路", "在", "a7县", "石桥村", "，新园小区", "\ud800"])
def test_long_text_is_read_in_no_time(small: Places, piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    start = time.perf_counter()
    small.match(text, text)
    small.unlisted(text)
    assert time.perf_counter() - start < 1.0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("我们住在金桥花园，晚上很吵", ["金桥花园"]),
        ("A7县新河镇的路", ["新河镇"]),
        ("位于星月路，路灯不亮；星月路口也是", ["星月路"]),
        ("桃园路堵车", []),
        ("我们小区停水", []),
        ("老旧小区改造", []),
        ("修路、走路、农村、学校", []),
        ("随着小区变老", []),
        ("", []),
    ],
)
def test_unlisted_names_are_proposed_with_care(small: Places, text: str, found: list[str]) -> None:
    assert small.unlisted(text) == found


def test_the_demo_town_is_listed_whole(shipped: Places) -> None:
    names = [*town.COMPOUNDS, *town.ROADS, *town.SCHOOLS, *town.HOSPITALS, *town.TOWNS, *town.VILLAGES, *town.PARKS]
    missing = [name for name in [*names, *town.RIVERS] if len(shipped.match("", f"请问{name}怎么了")) != 1]
    assert missing == []


def test_the_demo_town_proposes_nothing_known(shipped: Places) -> None:
    names = "，".join([*town.COMPOUNDS, *town.ROADS, *town.VILLAGES, *town.TOWNS])
    assert shipped.unlisted(names) == []


@pytest.mark.shared
@pytest.mark.skipif(not DATA.is_dir(), reason="no shared data")
def test_masked_names_of_the_board(shipped: Places) -> None:
    with gzip.open(DATA / "board" / "messages.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    masked = [any(p[-1] in "市县区" for p in shipped.match(row["title"], row["text"])) for row in rows]
    assert sum(masked) / len(rows) > 0.75
