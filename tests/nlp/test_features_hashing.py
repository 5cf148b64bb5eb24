"""Hashed n-grams: a text's features depend on that text alone, whatever stands beside it in the batch."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp import features
from nlp.features import Grams, characters, words

TEXTS = st.lists(st.text(st.characters(), max_size=30), min_size=1, max_size=6)
TOKENS = st.lists(st.lists(st.text(st.characters(), min_size=1, max_size=4), max_size=8), min_size=1, max_size=6)


def _of(grams: Grams, text: int) -> list[list[int]]:
    part = slice(int(grams.starts[text]), int(grams.ends[text]))
    return [bucket[part][grams.counted[part]].tolist() for bucket in grams.buckets]


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_characters_do_not_depend_on_neighbours(texts: list[str]) -> None:
    together = characters(texts)
    assert [_of(together, i) for i in range(len(texts))] == [_of(characters([text]), 0) for text in texts]


@settings(max_examples=60, deadline=None)
@given(TOKENS)
def test_words_do_not_depend_on_neighbours(batch: list[list[str]]) -> None:
    together = words(batch)
    assert [_of(together, i) for i in range(len(batch))] == [_of(words([tokens]), 0) for tokens in batch]


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_sums_add_up_what_each_text_has(texts: list[str]) -> None:
    grams, value = characters(texts), np.arange(features.BUCKETS, dtype=np.int64) % 97
    wanted = [sum(int(value[b]) for b in _of(grams, i)[0]) for i in range(len(texts))]
    assert grams.sums(value[grams.buckets[0]]).tolist() == wanted


def test_width_case_and_digits_are_folded() -> None:
    assert _of(characters(["ＡＢ１２３，OK"]), 0) == _of(characters(["ab456,ok"]), 0)
    assert _of(words([["WiFi", "2024"]]), 0) == _of(words([["wifi", "1999"]]), 0)


def test_a_word_has_the_same_bucket_wherever_it_stands() -> None:
    one = words([["停水"], ["小区", "又", "停水"]]).buckets[0].tolist()
    assert one[1] == one[5]
    assert len(set(one[3:6])) == 3


def test_word_pairs_are_ordered() -> None:
    first, second = words([["不", "满意"]]), words([["满意", "不"]])
    assert _of(first, 0)[1][1] != _of(second, 0)[1][1]


def test_drawn_out_characters_count_three_times() -> None:
    assert characters(["好好好"]).counts().tolist() == characters(["好" * 50]).counts().tolist() == [9]


def test_long_texts_are_cut() -> None:
    text = "停电了很久" * 2000
    assert characters([text]).counts().tolist() == [3 * features.MAX_CHARACTERS]
    assert words([["电"] * 5000]).counts().tolist() == [2 * features.MAX_WORDS]


def test_empty_batches_and_texts_have_nothing() -> None:
    assert characters([]).counts().tolist() == words([]).counts().tolist() == []
    assert characters(["", "水", ""]).counts().tolist() == [0, 3, 0]
    assert words([[], ["水"]]).counts().tolist() == [0, 2]
    assert words([[]]).counts().tolist() == [0]


def test_buckets_spread_over_the_table() -> None:
    texts = [chr(0x4E00 + i) + chr(0x4E00 + (i * 7919) % 20000) for i in range(20000)]
    pairs = set(characters(texts).buckets[1][3::4].tolist())
    # 20,000 balls into 524,288 boxes fill 19,623 of them on average.
    assert len(pairs) > 19_400
