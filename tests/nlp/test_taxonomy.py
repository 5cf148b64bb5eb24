"""The taxonomy: faults with file and line, exclusion, weights, and a natural sentence for each shipped topic."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import ConfigError
from config.settings import SHIPPED
from nlp.segment import Segmenter
from nlp.taxonomy import Taxonomy, load_taxonomy

GOOD = "topics:\n  - id: water\n    zh: 供水\n    en: Water\n    strong: [停水]\n    weak: [水管]\n"
SENTENCES = {
    "water": "自来水停了三天，没有水洗澡", "drainage": "一下雨街上就积水，井盖也翻了", "power": "昨晚又停电，电压很低",
    "heating": "家里暖气不热，供热公司不管", "gas": "天然气什么时候能通到我们院", "roads": "门前的路面坑坑洼洼，请修路",
    "traffic": "早高峰堵车严重，红绿灯太短", "transit": "公交车半小时才来一趟", "parking": "停车位太少，到处违停",
    "school": "小学入学报名需要什么", "health": "医院挂号排了一上午", "housing": "开发商延期交房，房产证办不下来",
    "property": "物业费涨了，电梯坏了没人修", "land": "拆迁补偿款至今没有发", "environment": "化工厂夜里排放废气，臭味难闻",
    "noise": "广场舞噪音扰民，睡不着", "sanitation": "垃圾桶满了几天没人清运", "food": "超市卖过期食品，商家不退款",
    "labour": "老板拖欠农民工工资", "social": "退休后养老金怎么算", "care": "希望建长者食堂，照顾独居老人",
    "safety": "消防通道被堵，有火灾隐患", "pets": "有人遛狗不牵绳", "telecom": "宽带断网两天，手机信号差",
    "service": "落户材料跑了几趟，窗口互相推诿", "rural": "农田没有水渠，灌溉困难", "culture": "图书馆周末能否延长开放",
}  # fmt: skip


def _load(folder: Path, text: str) -> Taxonomy:
    path = folder / "topics.yaml"
    path.write_text(text, encoding="utf-8")
    return load_taxonomy(path)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (GOOD + "    threshold: 0\n", r"topics\.yaml:7"),
        (GOOD + GOOD.removeprefix("topics:\n"), r"topics\.yaml:7"),
        (GOOD + "    exclud: [送水]\n", r"topics\.yaml:7.*exclude"),
        (GOOD.replace("[水管]", "[水管, ' ']"), r"topics\.yaml:6"),
    ],
)
def test_a_fault_names_file_and_line(tmp_path: Path, text: str, where: str) -> None:
    with pytest.raises(ConfigError, match=where):
        _load(tmp_path, text)


def test_exclusion_title_and_threshold(tmp_path: Path) -> None:
    taxonomy = _load(tmp_path, GOOD + "    exclude: [送水]\n")
    assert taxonomy.match([], ["停水"]) == ("water",)
    assert taxonomy.match([], ["停水", "送水"]) == ()
    assert taxonomy.match([], ["水管", "水管"]) == ()
    assert taxonomy.match(["水管"], []) == ("water",)
    assert taxonomy.match([], ["停", "水"]) == ("water",)


@pytest.fixture(scope="module")
def shipped() -> Taxonomy:
    return load_taxonomy(SHIPPED / "topics.yaml")


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter("rjieba", SHIPPED / "dictionaries" / "user_words.txt")


def test_every_topic_has_a_sentence(shipped: Taxonomy) -> None:
    assert {topic.id for topic in shipped.topics} == set(SENTENCES)


@pytest.mark.parametrize("topic", list(SENTENCES))
def test_a_natural_sentence_finds_its_topic(topic: str, shipped: Taxonomy, segmenter: Segmenter) -> None:
    assert topic in shipped.match([], segmenter.tokens(SENTENCES[topic]))


def test_three_topics_at_most(shipped: Taxonomy, segmenter: Segmenter) -> None:
    assert len(shipped.match([], segmenter.tokens("。".join(SENTENCES.values())))) == 3
