"""The generator of posts says what it claims, redaction keeps its floors on them, and the report counts rightly."""

from __future__ import annotations

import json
import math
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.redact import find, redact
from nlp.redact_report import main, report, table, wilson
from nlp.redact_samples import (
    LOOKALIKES,
    PERSONAL,
    Sample,
    identity_check,
    lookalikes,
    luhn_check,
    personal,
)

COUNT = 2_000
SEED = 4_711
LEAST_RECALL = 0.99
LEAST_PRECISION = 0.98
WIDE = str.maketrans("０１２３４５６７８９＠", "0123456789@")
DIGITS = {
    "手机号": r"(86|0086)?1[3-9]\d{9}",
    "身份证号": r"\d{17}[\dxX]|\d{15}",
    "银行卡号": r"\d{16}|\d{19}",
    "QQ号": r"[1-9]\d{4,9}",
    "固定电话": r"(0\d{2,3})?[2-8]\d{6,7}",
}
SHAPES = {
    "邮箱": r"[\w.+-]+@[\w-]+(\.[\w-]+)+",
    "微信号": r"[A-Za-z][\w-]{5,19}",
    "车牌号": r"[\u4e00-\u9fff][A-Za-z][·• .-]?[A-Za-z0-9]{5,6}",
    "姓名": r"[\u4e00-\u9fff]{2,4}",
    "住址": r"[^，。；\n]{2,}|.*栋，.*室",
}


@pytest.fixture(scope="module")
def posts() -> list[Sample]:
    return personal(COUNT, SEED)


@pytest.fixture(scope="module")
def others() -> list[Sample]:
    return lookalikes(COUNT, SEED)


def test_the_same_seed_gives_the_same_posts_and_another_gives_others(posts: list[Sample], others: list[Sample]) -> None:
    assert personal(COUNT, SEED) == posts
    assert lookalikes(COUNT, SEED) == others
    assert personal(COUNT, SEED + 1) != posts
    assert lookalikes(COUNT, SEED + 1) != others


def test_every_kind_has_twelve_sentences_and_look_alikes_are_of_twelve_kinds() -> None:
    assert all(len(set(sentences)) >= 12 for sentences in PERSONAL.values())
    assert len(LOOKALIKES) >= 12
    assert all(len(set(sentences)) >= 5 for sentences in LOOKALIKES.values())


def test_the_kinds_come_in_turn(posts: list[Sample], others: list[Sample]) -> None:
    for rows, kinds in ((posts, PERSONAL), (others, LOOKALIKES)):
        counts = Counter(row.kind for row in rows)
        assert set(counts) == set(kinds)
        assert max(counts.values()) - min(counts.values()) <= 1
    assert all(row.kind in {kind for _, _, kind in row.spans} for row in posts)
    assert not any(row.spans for row in others)
    assert sum(len({kind for _, _, kind in row.spans}) > 1 for row in posts) > COUNT / 5


def test_spans_are_in_order_and_say_what_their_kind_says(posts: list[Sample]) -> None:
    for row in posts:
        end = 0
        for start, stop, kind in row.spans:
            assert end <= start < stop <= len(row.text)
            end = stop
            value = row.text[start:stop].translate(WIDE)
            if kind in DIGITS:
                value = re.sub(r"[^0-9xX]", "", value)
            assert re.fullmatch(DIGITS.get(kind) or SHAPES[kind], value), (kind, value)


def test_identity_and_card_numbers_carry_their_check(posts: list[Sample]) -> None:
    seen: Counter[str] = Counter()
    for row in posts:
        for start, stop, kind in row.spans:
            digits = re.sub(r"[^0-9X]", "", row.text[start:stop].translate(WIDE).upper())
            if kind == "身份证号" and len(digits) == 18:
                assert identity_check(digits[:17]) == digits[17]
                seen[kind] += 1
            if kind == "银行卡号":
                assert luhn_check(digits[:-1]) == digits[-1]
                seen[kind] += 1
    assert min(seen["身份证号"], seen["银行卡号"]) > COUNT / 20


def test_checks_of_published_numbers() -> None:
    assert identity_check("11010519491231002") == "X"  # the example of GB 11643-1999
    assert luhn_check("7992739871") == "3"  # the example of ISO/IEC 7812-1 as commonly given


def test_floors_of_each_kind(posts: list[Sample], others: list[Sample]) -> None:
    found = report(posts + others)
    low = [
        (kind, one.recall.value, one.precision.value)
        for kind, one in found.kinds.items()
        if not (one.recall.value >= LEAST_RECALL and one.precision.value >= LEAST_PRECISION)
    ]
    assert not low, (low, found.missed[:10], found.wrong[:10])
    assert sum(found.rows.values()) == COUNT
    assert sum(found.hurt.values()) <= 0.005 * COUNT, found.wrong[:10]
    assert sum(one.spans for one in found.kinds.values()) == sum(len(row.spans) for row in posts)


def test_the_report_counts_misses_wrong_kinds_and_hurt_look_alikes() -> None:
    text = "联系电话：13812345678"
    rows = [
        Sample(text, ((5, 16, "手机号"),), "手机号"),
        Sample(text, ((5, 16, "QQ号"),), "QQ号"),  # masked, but of another kind
        Sample(text + "转一二三", ((5, 20, "手机号"),), "手机号"),  # a part is left readable
        Sample("王海涛打人", ((0, 3, "姓名"),), "姓名"),
        Sample(text, (), "price"),
        Sample("均价9000元", (), "price"),
    ]
    found = report(rows)
    mobile = found.kinds["手机号"]
    assert (mobile.spans, mobile.found, mobile.masks, mobile.right) == (2, 1, 4, 2)
    assert (found.kinds["QQ号"].spans, found.kinds["QQ号"].found) == (1, 0)
    assert (found.kinds["姓名"].spans, found.kinds["姓名"].found) == (1, 0)
    assert found.rows == {"price": 2}
    assert found.hurt == {"price": 1}
    assert [kind for kind, _, _ in found.missed] == ["QQ号", "手机号", "姓名"]
    assert math.isnan(found.kinds["邮箱"].recall.value)


def test_wilson_agrees_with_the_published_values() -> None:
    # Newcombe 1998, Statistics in Medicine 17:857–872, table I: 81/263 and 0/20.
    assert wilson(81, 263).low == pytest.approx(0.2553, abs=5e-5)
    assert wilson(81, 263).high == pytest.approx(0.3662, abs=5e-5)
    assert (wilson(0, 20).low, wilson(0, 20).high) == (0.0, pytest.approx(0.1611, abs=5e-5))
    assert wilson(5, 5).high == 1.0
    assert math.isnan(wilson(0, 0).value)


def test_the_command_prints_a_table_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--count", "60", "--misses", "2"]) == 0
    printed = capsys.readouterr().out
    assert all(kind in printed for kind in (*PERSONAL, *LOOKALIKES))
    assert main(["--count", "60", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["kinds"]) == set(PERSONAL)
    assert told["lookalikes"]["order"]["rows"] > 0
    with pytest.raises(SystemExit) as stopped:
        main(["--count", "0"])
    assert stopped.value.code == 2


def test_a_table_of_nothing_can_be_printed() -> None:
    assert "nan" in table(report([]))


PIECES = st.sampled_from(
    [*"0123456789０９X-—（）()：:，。、·#＃@ \n\u200b\ud800\x00一二三栋号", "138", "12345678", "身份证", "卡号", "订单号", "单元", "楼",
     "室", "住", "号", "QQ", "微信", "vx", "wxid_", "湘A", "本人", "我叫", "我是", "村民", "业主", "敬礼", "联系人", "王", "东方", "小明",
     "在", "主任", "家里电话", "0731", ".com", "[姓名]", "[住址]"]
)  # fmt: skip


@given(st.text(max_size=60) | st.lists(PIECES, max_size=30).map("".join))
def test_nothing_outside_the_masks_changes(text: str) -> None:
    masks = find(text)
    assert all(start < stop for start, stop, _ in masks)
    assert all(one[1] <= other[0] for one, other in zip(masks, masks[1:], strict=False))
    bounds = [0, *(at for start, stop, _ in masks for at in (start, stop)), len(text)]
    kept = [text[start:stop] for start, stop in zip(bounds[::2], bounds[1::2], strict=True)]
    labels = [f"[{kind}]" for _, _, kind in masks] + [""]
    assert redact(text) == "".join(plain + label for plain, label in zip(kept, labels, strict=True))
    assert {kind for _, _, kind in masks} <= set(PERSONAL)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_what_is_masked_stays_masked(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


def test_masking_the_generated_posts_twice_is_masking_them_once(posts: list[Sample], others: list[Sample]) -> None:
    for row in posts + others:
        once = redact(row.text)
        assert redact(once) == once
