"""The segmenter: one cut for index and query, user words, faults with their line, hostile text."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import ConfigError
from config.settings import SHIPPED
from nlp.segment import Segmenter, fold, read_user_words

WORDS = SHIPPED / "dictionaries" / "user_words.txt"
PLAIN = ["小区停水三天了", "地铁二号线什么时候开通", "物业公司乱收费", "学校食堂的饭菜很贵"]


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter("rjieba", WORDS)


def test_query_and_index_agree_whatever_the_width(segmenter: Segmenter) -> None:
    assert segmenter.tokens("Ａ３区ＫＴＶ噪\u200b音") == segmenter.tokens("a3区ktv噪音")


def test_user_words_stay_whole(tmp_path: Path) -> None:
    own = tmp_path / "words.txt"
    own.write_text("# 注\n月塘路二期\n", encoding="utf-8")
    assert "月塘路二期" in Segmenter("rjieba", own).tokens("月塘路二期没有修好")
    assert "月塘路二期" not in Segmenter("rjieba").tokens("月塘路二期没有修好")


def test_both_kinds_cut_plain_text_alike(segmenter: Segmenter) -> None:
    other = Segmenter("jieba", WORDS)
    for text in PLAIN:
        assert segmenter.tokens(text) == other.tokens(text)


def test_importing_jieba_is_silent() -> None:
    code = "from nlp.segment import Segmenter; Segmenter('jieba').tokens('小区停水')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


@pytest.mark.parametrize("line", ["词 1 n 多余", "长" * 33, "词 999999999"])
def test_a_faulty_entry_names_file_and_line(tmp_path: Path, line: str) -> None:
    own = tmp_path / "words.txt"
    own.write_text(f"好词\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"words\.txt:2"):
        list(read_user_words(own))


def test_a_missing_dictionary_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        Segmenter("rjieba", tmp_path / "none.txt")


@pytest.mark.parametrize(
    "text", ["", "，。！", "😀😀", "\ud800停水", "停水" * 500_000], ids=["empty", "marks", "emoji", "lone", "long"]
)
def test_odd_text_never_raises(segmenter: Segmenter, text: str) -> None:
    assert all(segmenter.tokens(text))


def test_decimals_and_ascii_words_are_kept(segmenter: Segmenter) -> None:
    assert {"3.5", "wifi"} <= set(segmenter.tokens("WiFi 每月3.5元"))


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
