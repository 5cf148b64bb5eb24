"""Reposts: normal form, keys, relation, clusters; notices of another place are no copies."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.copies import BANDS, LONGEST, band_keys, normal_form
from nlp.copies_report import KINDS, read_texts, report
from nlp.copy_clusters import Cluster, Held, Post, place
from nlp.copy_relation import relation
from nlp.notice_frames import notices

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
POST = "昨天傍晚河西老菜场门口的排水沟又堵了，污水漫到人行道上，摊主和路人只能踩着砖头走，希望有人来疏通。"
GOLDEN_LONG = [2217459112, 2876369291, 791014552]
GOLDEN_SHORT = [1748068322, 387087526, 663903218]
ANY = st.text(st.characters(), max_size=300)


@pytest.mark.parametrize(
    "written",
    [
        "转发微博：" + POST,
        "转：" + POST,
        "【转】" + POST,
        "//@某人:" + POST,
        "转发微博 //@某人：//@另一人：" + POST,
        "转自@本地事: " + POST,
        "[转发]" + POST.replace("，", " ， "),
        POST.replace("，", "，\u200b").replace("。", "．"),
    ],
)
def test_a_repost_has_the_normal_form_of_its_original(written: str) -> None:
    assert normal_form(written) == normal_form(POST)
    assert relation(written, POST) == "copy"
    assert (band_keys([written]) == band_keys([POST])).all()


def test_words_that_only_look_like_marks_stay() -> None:
    assert normal_form("转弯处路灯不亮") == "转弯处路灯不亮"
    assert normal_form("转发微博") == normal_form("！？…") == ""


def test_keys_are_the_same_in_every_run_and_on_every_machine() -> None:
    keys = band_keys([POST, "停水", ""])
    assert keys.shape == (3, BANDS) and keys.dtype == np.uint32
    # Stored keys are compared with these for ever: another number here needs another KEY_SCHEME and a rebuild.
    assert keys[0, [0, 30, 31]].tolist() == GOLDEN_LONG
    assert keys[1, [0, 30, 31]].tolist() == GOLDEN_SHORT
    assert not keys[2].any()


def test_keys_do_not_depend_on_the_process_or_the_batch() -> None:
    program = "import sys, json; from nlp.copies import band_keys; print(json.dumps(band_keys(json.load(sys.stdin)).tolist()))"
    texts = [POST, "停水了", POST[:30], "a"]
    ran = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout) == [band_keys([text])[0].tolist() for text in texts]


def test_texts_without_words_have_no_key_and_short_ones_meet_only_themselves() -> None:
    assert not band_keys(["", "？！", "\0\ud800", "😡😡"]).any()
    assert relation("", "") is None
    assert relation("今天停水了吗", "今天停水了吗？！") == "copy"
    assert relation("今天停水了吗", "今天停电了吗") is None


@settings(max_examples=200, deadline=None)
@given(st.lists(ANY, max_size=6))
def test_no_text_raises_and_the_relation_is_there_both_ways(texts: list[str]) -> None:
    assert band_keys(texts).shape == (len(texts), BANDS)
    for one in texts:
        assert all(character.isalnum() for character in normal_form(one))
        for two in texts:
            assert (relation(one, two) is None) == (relation(two, one) is None)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("unit", ["停水通知", "//@a:", "转:", " ", "转自", "\0\ud800", "一2三4"])
def test_a_megabyte_takes_no_time(unit: str) -> None:
    long = unit * (1_000_000 // len(unit))
    assert len(normal_form(long)) <= LONGEST
    relation(long, long[:700_000] + "别的")
    band_keys([long])


def test_cut_extended_and_edited() -> None:
    rng = random.Random(3)
    assert relation(POST[:34], POST) == "cut"
    assert relation(POST, POST[:34]) == "extended"
    assert relation(POST[15:], POST) == "cut"
    assert relation(POST + "已经反映三次，没有人管，今天又去问了一遍。", POST) == "extended"
    assert relation("看看这个//@某人:" + POST, POST) in ("copy", "extended")
    for kind in ("edits_5", "edits_10"):
        assert sum(relation(KINDS[kind](POST, rng), POST) is not None for _ in range(200)) >= 195


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("【停水通知】{}将于3月8日停水，请居民提前储水，敬请谅解。", ("丽景小区", "滨江花园")),
        ("【停水通知】{}将于3月8日停水，请居民提前储水，敬请谅解。", ("藏珑", "碧桂园")),
        ("接通知，本小区将于{}停水检修，请各位居民提前做好储水准备。", ("3月8日", "11月20日")),
        ("接通知，本小区将于{}停水检修，请各位居民提前做好储水准备。", ("周三", "周五")),
        ("社区服务大厅已搬到新址办公，咨询电话{}，请大家相互转告。", ("84327711", "84329902")),
        ("因道路施工，{}路公交车临时改道，不经过老市场站，请乘客注意。", ("18", "502")),
        ("{}县人民医院今天起恢复正常门诊，请需要就诊的群众有序前往。", ("A7", "K3")),
        ("{}路灯坏了半个月没有人修，晚上孩子放学走路很不安全，请处理。", ("人民", "中山")),
    ],
)
def test_notices_of_another_place_day_or_number_are_no_copies(one: str, two: tuple[str, str]) -> None:
    left, right = (one.format(slot) for slot in two)
    assert relation(left, right) is None
    assert relation(left, "转：" + left[: round(0.8 * len(left))]) is not None


def test_generated_notices_are_not_merged() -> None:
    pairs = [
        (one, two) for group in notices(random.Random(7), each=6) for at, one in enumerate(group) for two in group[:at]
    ]
    assert len(pairs) > 500
    assert sum(relation(*pair) is not None for pair in pairs) <= 0.01 * len(pairs)


def _posts(rng: random.Random) -> list[Post]:
    """Three stories, each with its copies, and posts on their own."""
    stories = [
        POST,
        "公交站台的雨棚上个月被大风吹坏，到现在还没有修，下雨天等车的老人孩子全身淋湿，请问由哪个部门负责。",
        "小学门口每天放学时电动车乱停，家长挤在马路中间接孩子，十分危险，建议划出等候区并安排人手疏导。",
    ]
    texts = [edit(story, rng) for story in stories for edit in (*KINDS.values(), lambda text, _: text)]
    texts += ["今天天气不错", "图书馆周末开放时间能不能延长一些，我们上班的人平时没有空去借书还书。"]
    return [Post(f"{number:02}", text, rng.randrange(20), rng.choice("甲乙")) for number, text in enumerate(texts)]


def _arrive(posts: list[Post], sizes: list[int]) -> dict[str, tuple[str, str | None]]:
    """Place posts batch by batch with all earlier ones as candidates, as the pipeline does; cluster and original of each."""
    held: dict[str, Held] = {}
    clusters: dict[str, Cluster] = {}
    start = 0
    while start < len(posts):
        batch = posts[start : start + sizes[start % len(sizes)]]
        known = [*held, *(post.id for post in batch)]
        asked = {post.id: [other for other in known if other != post.id] for post in batch}
        found = place(batch, asked, held, clusters, seen=start)
        held = {one: Held(old.text, found.merged.get(old.cluster, old.cluster)) for one, old in held.items()}
        held |= {post.id: Held(post.text, found.posts[post.id].cluster) for post in batch}
        clusters = {one: cluster for one, cluster in clusters.items() if one not in found.merged} | found.clusters
        start += len(batch)
    originals = {one: clusters[post.cluster].original for one, post in held.items()}
    return {one: (post.cluster, originals[one] if originals[one] != one else None) for one, post in held.items()}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 5), st.randoms(use_true_random=False), st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_order_of_arrival_changes_neither_clusters_nor_originals(
    seed: int, rng: random.Random, sizes: list[int]
) -> None:
    posts = _posts(random.Random(seed))
    together = _arrive(posts, [len(posts)])
    shuffled = list(posts)
    rng.shuffle(shuffled)
    apart = _arrive(shuffled, sizes)
    assert _parts(apart) == _parts(together)
    assert {one: found[1] for one, found in apart.items()} == {one: found[1] for one, found in together.items()}
    place_of = {post.id: number for number, post in enumerate(shuffled)}
    for members in _parts(apart):
        assert {apart[one][0] for one in members} == {min(members, key=place_of.__getitem__)}


def _parts(found: dict[str, tuple[str, str | None]]) -> set[frozenset[str]]:
    return {frozenset(one for one, (other, _) in found.items() if other == cluster) for cluster, _ in found.values()}


def test_the_original_is_the_earliest_and_a_source_may_repeat_itself() -> None:
    first = place([Post("b", POST, 50, "甲"), Post("c", POST, 60, "乙")], {"c": ["b"]}, {}, {})
    assert (first.posts["c"].cluster, first.posts["c"].duplicate_of, first.posts["c"].same_source) == ("b", "b", False)
    held = {"b": Held(POST, "b"), "c": Held(POST, "b")}
    later = place([Post("a", "转：" + POST, 40, "乙")], {"a": ["b", "c", "gone"]}, held, first.clusters, seen=2)
    assert later.posts["a"].cluster == "b" and later.posts["a"].duplicate_of is None
    assert later.clusters["b"].original == "a"
    tied = place([Post("9", POST, 40, "乙")], {"9": ["b"]}, held, later.clusters, seen=3)
    assert tied.clusters["b"].original == "9"
    assert place([Post("d", POST, 99, "乙")], {"d": ["b"]}, held, later.clusters, seen=3).posts["d"].same_source


def test_a_post_that_joins_two_clusters_keeps_the_one_seen_first() -> None:
    held = {"x": Held(POST, "x"), "y": Held(POST, "y")}
    clusters = {"x": Cluster("x", 7, "x", 10, "甲"), "y": Cluster("y", 3, "y", 20, "甲")}
    found = place([Post("z", POST, 30)], {"z": ["x", "y"]}, held, clusters, seen=8)
    assert found.merged == {"x": "y"}
    assert (found.posts["z"].cluster, found.posts["z"].duplicate_of) == ("y", "x")


@pytest.mark.shared
@pytest.mark.skipif(not DATA.is_dir(), reason="no shared data")
def test_recall_and_precision_on_public_posts() -> None:
    found = report(read_texts(DATA, 3_000, seed=5), seed=5)
    recall, precision, merged = found["recall"], found["precision"], found["notices"]
    assert isinstance(recall, dict) and isinstance(precision, dict) and isinstance(merged, dict)
    floors = {"edits_5": 0.98, "edits_10": 0.98, "edits_20": 0.85, "cut_70": 0.985, "prefix": 0.995, "extended": 0.985}
    assert {kind: share for kind, share in recall.items() if share < floors[kind]} == {}
    assert precision["precision"] >= 0.99
    assert merged["merged"] <= 0.01
