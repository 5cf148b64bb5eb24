"""New words: names that stand freely are found, fragments and known words are not."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import SHIPPED
from nlp.new_words import discover
from nlp.segment import Segmenter

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
FILLER = "天地玄黄宇宙洪荒盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨露结为霜金生丽水玉出昆冈剑号巨阙珠称夜光"


def _corpus(name: str) -> list[str]:
    size = len(FILLER)
    # Mutual information compares with the whole corpus, so the name must not be most of it.
    return [FILLER[n:] + FILLER[:n] for n in range(size)] + [
        FILLER[n % size] + FILLER[n * 7 % size] + name + FILLER[n * 5 % size] + FILLER[n * 3 % size] for n in range(40)
    ]


def test_a_name_is_found_with_its_counts_and_not_its_fragments() -> None:
    found = {candidate.word: candidate for candidate in discover(_corpus("碧桐苑"), set())}
    assert (found["碧桐苑"].count, found["碧桐苑"].documents) == (40, 40)
    assert found["碧桐苑"].score > 0
    assert not {"碧桐", "桐苑"} & set(found)


def test_known_words_and_numbers_are_left_out() -> None:
    assert "碧桐苑" not in [c.word for c in discover(_corpus("碧桐苑"), {"碧桐苑"})]
    assert "三百" not in [c.word for c in discover(_corpus("三百"), set())]


def test_rare_strings_are_left_out() -> None:
    assert "碧桐苑" not in [c.word for c in discover(_corpus("碧桐苑"), set(), least=41)]


@given(st.lists(st.text(st.one_of(st.characters(), st.sampled_from("停水拖欠\0\ud800")))))
def test_any_text(texts: list[str]) -> None:
    found = discover(texts, set(), least=2)
    assert all(2 <= len(c.word) <= 8 and c.count >= c.documents >= 1 for c in found)


@pytest.mark.shared
@pytest.mark.skipif(not DATA.is_dir(), reason="no shared data")
def test_names_of_estates_are_found() -> None:
    texts = []
    for name in ("messages", "replied"):
        with gzip.open(DATA / "board" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
            texts += [f"{m['title']}\n{m['text']}" for m in map(json.loads, file)]
    tokens = Segmenter("rjieba", SHIPPED / "dictionaries" / "user_words.txt").tokens
    words = [candidate.word for candidate in discover(texts, set()) if tokens(candidate.word) != [candidate.word]]
    assert {"伊景园滨河苑", "丽发新城"} <= set(words[:2_000])
