"""Normalising for matching: what evades is undone, what is ordinary stays, any text, twice the same."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.normalise import match_character, normalise
from nlp.segment import fold

TRICKY = st.text(st.one_of(st.characters(), st.sampled_from("停水拖欠權维 ·.*_-/|shuiqanweОоΑАp1０①⼈\u200b\ud800\0")))


@pytest.mark.parametrize(
    ("written", "matched"),
    [
        ("ＡＢＣ\u200b１", "abc1"),
        ("業主維權", "业主维权"),
        ("⼈民①", "人民1"),
        ("𝐀𝟏Ⓑ🅰", "a1ba"),
        ("pаypаl", "paypal"),
        ("1О0元", "100元"),
        ("停 水", "停水"),
        ("停·水", "停水"),
        ("我家停*水了", "我家停水了"),
        ("强-拆-民-房", "强拆民房"),
        ("小区停shui三天", "小区停水三天"),
        ("拖qian工资", "拖欠工资"),
        ("wei权", "维权"),
    ],
)
def test_evasions_are_undone(written: str, matched: str) -> None:
    assert normalise(written) == matched


@pytest.mark.parametrize(
    "text",
    ["一. 二", "a - b", "发展 中心", "大学|生活", "москва", "乾隆", "每月300元/月", "济南 山东", "5μm", "m²"]
    + ["用app下载", "开fan", "见https://shui.cn/停", "停shui.com", "停shui2", "oppo手机", "于xiang和", "not chinese"],
)
def test_ordinary_text_stays(text: str) -> None:
    assert normalise(text) == fold(text) == text


@given(TRICKY)
def test_twice_is_once(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.characters())
def test_a_character_is_one_character(character: str) -> None:
    assert len(match_character(character)) == 1


def test_a_shown_character_is_found() -> None:
    assert "".join(map(match_character, "維權Ａ⼈①")) == "维权a人1"


@pytest.mark.parametrize("text", ["停*" * 500_000, "停shui" * 200_000, "а" * 1_000_000, "\0\ud800" * 500_000])
def test_a_megabyte_is_quick(text: str) -> None:
    start = time.perf_counter()
    normalise(text)
    assert time.perf_counter() - start < 20
