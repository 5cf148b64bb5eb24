"""Category, intent and appeal: what the model says, how it is fed, and that hostile text does no harm."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import ConfigError
from nlp.matters import CATEGORIES, CATEGORY, INTENTS, NOTHING, Matter, Matters, load_matters
from nlp.matters_data import Data, Post, copies, read_data, read_labels
from nlp.matters_report import report
from nlp.segment import Segmenter
from nlp.train_matters import cross_fitted, fit_weights

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
SENTENCES = Path(__file__).resolve().parents[2] / "nlp" / "training" / "intents.jsonl"


@pytest.fixture(scope="module")
def model() -> Matters:
    return load_matters()


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter("rjieba")


def judge(model: Matters, segmenter: Segmenter, *posts: tuple[str, str]) -> list[Matter]:
    titles, texts = [title for title, _ in posts], [text for _, text in posts]
    return model.judge(titles, texts, list(map(segmenter.tokens, titles)), list(map(segmenter.tokens, texts)))


@pytest.mark.parametrize(
    ("title", "text", "category"),
    [
        ("房屋拆迁安置", "旧城改造拆迁，开发商违法建设，规划局不管，业主的安置房没有着落", "construction"),
        ("河水被污染", "工厂排放废水废气，臭气熏天，请环保局查处污染", "environment"),
        ("出租车拒载", "出租车司机拒载，不打表，请交通局、运管所查处的士司机", "transport"),
        ("学校违规补课", "老师在校外办培训班，强制学生补课，请教育局管管", "education"),
        ("拖欠工资", "公司不给员工交社保，还拖欠工资三个月", "labour"),
        ("医院乱收费", "医生态度差，卫生院的新农合报销有问题", "health"),
    ],
)
def test_category_of_plain_cases(model: Matters, segmenter: Segmenter, title: str, text: str, category: str) -> None:
    assert judge(model, segmenter, (title, text))[0].categories[0] == category


@pytest.mark.parametrize(
    ("title", "text", "intent", "appeal"),
    [
        ("咨询公积金提取条件", "请问外地户口能不能提取公积金，需要哪些材料？", "inquiry", False),
        ("建议增设公交站", "建议在新区增加一条公交线路，方便市民出行", "suggestion", True),
        ("投诉物业不作为", "物业收费不服务，电梯坏了没人修，要求整改退钱", "complaint", True),
        ("", "感谢民警同志帮我找回了钱包，为你们点赞！", "praise", False),
        ("", "昨晚的球赛看了吗，哈哈，有没有人周末一起打球", "other", False),
    ],
)
def test_intent_of_plain_cases(
    model: Matters, segmenter: Segmenter, title: str, text: str, intent: str, appeal: bool
) -> None:
    said = judge(model, segmenter, (title, text))[0]
    assert (said.intent, said.appeal) == (intent, appeal)


def test_chatter_is_in_no_category(model: Matters, segmenter: Segmenter) -> None:
    assert judge(model, segmenter, ("", "哈哈哈笑死我了，今晚一起追剧吧"))[0].categories == ()


def test_post_without_a_token_says_nothing(model: Matters, segmenter: Segmenter) -> None:
    assert judge(model, segmenter, ("", ""), ("。。。", "！！"), ("\0", " \n")) == [NOTHING] * 3
    assert model.judge([], [], [], []) == []


@settings(max_examples=60, deadline=None)
@given(posts=st.lists(st.tuples(st.text(st.characters(codec=None), max_size=40), st.text(max_size=80)), max_size=6))
def test_any_text_gets_a_sound_verdict(posts: list[tuple[str, str]]) -> None:
    model = load_matters()
    tokens = [[list(part) for part in post] for post in posts]
    found = model.judge([p[0] for p in posts], [p[1] for p in posts], [t[0] for t in tokens], [t[1] for t in tokens])
    assert len(found) == len(posts)
    for one in found:
        assert one.intent in INTENTS and set(one.categories) <= set(CATEGORIES) and len(one.categories) <= 2
        sure = (one.category_confidence, one.intent_confidence, one.appeal_confidence)
        assert all(0 <= value <= 1 for value in sure)


def test_surrogates_and_a_megabyte_do_no_harm(model: Matters, segmenter: Segmenter) -> None:
    hostile = ["\ud800\udfff路灯", "\0" * 9 + "停水", "路" * 1_000_000]
    found = model.judge(hostile, hostile, [["路灯"], ["停水"], ["路"] * 100_000], [[], ["停水"], ["路"]])
    assert [one.intent in INTENTS for one in found] == [True] * 3


def test_verdict_does_not_depend_on_the_batch(model: Matters, segmenter: Segmenter) -> None:
    posts = [("路灯坏了", "请尽快修"), ("", "天气好"), ("投诉", "噪音扰民" * 900), ("咨询入学", "什么时候报名")] * 50
    together = judge(model, segmenter, *posts)
    assert together[:4] == [judge(model, segmenter, post)[0] for post in posts[:4]]
    assert together[-4:] == together[:4]


def test_title_counts_twice(model: Matters) -> None:
    def margins(title: list[str], text: list[str]) -> np.ndarray:
        return model.margins(["".join(title)], ["".join(text)], [title], [text]) - model.weights.bias

    once, twice = margins([], ["路灯", "坏"]), margins(["路灯", "坏"], [])
    assert np.allclose(twice, once * np.sqrt(2))


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "matters.npz"
    with pytest.raises(ConfigError, match=r"matters\.npz"):
        load_matters(path)
    path.write_bytes(b"not a model")
    with pytest.raises(ConfigError, match=r"matters\.npz"):
        load_matters(path)


def test_own_sentences_are_enough_and_distinct() -> None:
    rows = [json.loads(line) for line in SENTENCES.read_text(encoding="utf-8").splitlines()]
    count = {name: sum(row["intent"] == name for row in rows) for name in INTENTS}
    assert len({row["text"] for row in rows}) == len(rows) >= 250
    assert min(count["praise"], count["other"]) >= 90 and min(count.values()) >= 15


def test_title_and_text_have_one_voice_each(model: Matters) -> None:
    def margins(title: list[str], text: list[str]) -> np.ndarray:
        found = model.margins(["".join(title)], ["".join(text)], [title], [text]) - model.weights.bias
        return found[:, CATEGORY]

    title, text = ["路灯", "坏"], ["老师", "补课", "收费"] * 60
    assert np.allclose(margins(title, text), (margins(title, []) + margins([], text)) / np.sqrt(2))
    assert not margins([], []).any()


def test_a_post_about_two_matters_is_in_both(model: Matters, segmenter: Segmenter) -> None:
    said = judge(model, segmenter, ("学校门口交通拥堵", "学生上学时老师和家长过马路危险，公交车乱停，请交警疏导"))[0]
    assert set(said.categories) == {"transport", "education"}


def test_copies_share_most_pairs_of_characters() -> None:
    def post(key: str, text: str) -> Post:
        return Post("", text, [], [], key=key)

    message = "我们小区的电梯坏了半个月，物业一直没有派人来修，老人上下楼很不方便"
    reworded = message.replace("半个月", "快一个月了") + "，请尽快处理"
    other = "公交车早高峰间隔太长，等了四十分钟还没有来，建议增加班次"
    among = [post("same", message), post("reworded", reworded), post("other", other), post("empty", "")]
    assert copies([post("", message), post("", "")], among) == {"same", "reworded"}
    assert copies([], among) == frozenset() == copies(among, [])


@pytest.fixture(scope="module")
def data(segmenter: Segmenter) -> Data:
    return read_data(SHARED, segmenter.tokens)


@pytest.mark.shared
def test_categories_and_intents_of_rows_held_out(model: Matters, data: Data) -> None:
    found = report(model, data)
    assert (found["rows_raw"], found["rows_told"]) == (234, 600)
    # Reached .896 .859 .724 .954; .90 and .80 are aimed at for the first and the third.
    assert found["whole_macro_f1"] >= 0.88
    assert found["title_macro_f1"] >= 0.84
    assert found["intent_macro_f1"] >= 0.71
    assert found["appeal_yes_f1"] >= 0.94
    assert abs(found["whole_confidence"] - found["whole_accuracy"]) <= 0.05
    assert found["whole_one_right"] > found["whole_first_right"]


@pytest.mark.shared
def test_nothing_is_learnt_from_what_is_tested_on(data: Data) -> None:
    learnt = [*data.labelled, *data.messages]
    assert not {post.key for post in data.told} & {post.key for post in learnt}
    assert not copies(data.told, learnt)
    rows = {frozenset(post.text_tokens) for post in data.tokenised}
    known = frozenset(word for row in rows for word in row)
    for post in data.raw:
        words = frozenset(post.title_tokens + post.text_tokens) & known
        as_long = [row for row in rows if 0.8 * len(words) <= len(row) <= len(words) / 0.8]
        assert all(len(words & row) < 0.8 * len(words | row) for row in as_long)


@pytest.mark.shared
def test_training_again_gives_the_saved_model(model: Matters, data: Data) -> None:
    again, saved = fit_weights(data, cross_fitted(data)), model.weights
    # Libraries of linear algebra round differently on other machines: then a few steps of the table differ by one.
    assert np.mean(again.table != saved.table) < 1e-3
    for name in ("scale", "bias", "category", "public", "intent", "appeal", "band"):
        assert np.allclose(getattr(again, name), getattr(saved, name), rtol=1e-2, atol=1e-3), name


def test_corrected_posts_are_read(tmp_path: Path, segmenter: Segmenter) -> None:
    path = tmp_path / "labels.jsonl"
    rows = [
        {"title": "路灯", "text": "坏了", "intent": "help", "appeal": "yes"},
        {"title": "", "text": "看病难", "sector": "health"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = [(p.title, p.text_tokens, p.intent, p.appeal, p.category) for p in read_labels(path, segmenter.tokens)]
    assert found == [("路灯", ["坏", "了"], "help", True, ""), ("", ["看病难"], "", None, "health")]
