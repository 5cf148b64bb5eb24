"""The query language: each documented construct is read, and each fault is pointed at."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import QueryError
from pipeline.query.fields import FIELDS
from pipeline.query.grams import normalise
from pipeline.query.language import parse
from pipeline.query.nodes import All, And, Exists, Node, Not, Or, Range, Term, Wild, Words
from pipeline.query.writing import write

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "query-language.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"`([^`]+)` \|$", PAGE, re.MULTILINE)
NAMES = {"topic": {"供水": ("water",)}, "place": {"城关镇": ("town", "estate")}}
NOW = datetime(2020, 1, 1, tzinfo=UTC)
STOP, AREA = Words("", "停水"), Words("", "小区")
DAY = 86_400_000
AUGUST = 1_564_588_800_000


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_of_the_page_is_read(example: str) -> None:
    assert parse(example, now=NOW) != All()


def test_the_page_names_every_field() -> None:
    assert len(EXAMPLES) == 26
    assert not [f.name for f in FIELDS if f.name not in PAGE]


@pytest.mark.parametrize(
    ("query", "node"),
    [
        ("", All()),
        ("停水 小区", And((STOP, AREA))),
        ("停水 与 小区 或 app", Or((And((STOP, AREA)), Words("", "app")))),
        ("停水 -小区", And((STOP, Not(AREA)))),
        ("标题：（停水 OR “小区”）", Or((Words("title", "停水"), Words("title", "小区")))),
        ("likes:[10 TO 50}", Range("likes", 10, 50, True, False)),
        ("score:<-0.5", Range("score", None, -0.5, True, False)),
        ("published:2019-08-01", Range("published", AUGUST, AUGUST + DAY, True, False)),
        ("published:2019-08", Range("published", AUGUST, AUGUST + 31 * DAY, True, False)),
        ("published:>2019-08-01", Range("published", AUGUST + DAY, None)),
        ("情感:负面", Term("sentiment", "negative")),
        ("话题:供水", Term("topic", "water")),
        ("地点:城关镇", Or((Term("place", "town"), Term("place", "estate")))),
        ("place:A7县", Term("place", "a7县")),
        ("诉求:是 意图:投诉", And((Range("appeal", 1, 1), Term("intent", "complaint")))),
        ("转载:否", Range("copy", 0, 0)),
        ("region:*", Exists("region")),
        ("app*", Wild("", "app*")),
        ("已答复:是", Range("answered", 1, 1)),
        (r"\AND", Words("", "and")),
    ],
)
def test_what_a_query_means(query: str, node: Node) -> None:
    assert parse(query, now=NOW, names=NAMES) == node


@pytest.mark.parametrize(
    ("query", "position"),
    [("作者:张三", 0), ("停水 foo:1", 3), ("(停水", 0), ('停 "abc', 2), ("likes:x", 6), ("停水 )", 3), ("停 OR", 4)],
)
def test_faults_are_pointed_at(query: str, position: int) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query, now=NOW)
    assert caught.value.position == position


@pytest.mark.parametrize("query", ["停" * 10_001, "(" * 21 + "停" + ")" * 21, "a " * 900, "*", "likes:1e400"])
def test_what_is_too_much_is_refused_in_good_order(query: str) -> None:
    with pytest.raises(QueryError):
        parse(query, now=NOW)


@given(st.text(alphabet='停水a1 ()[]{}:"\\*+-!<>与或非AND“”（）：.', max_size=40))
def test_any_text_is_read_or_refused(query: str) -> None:
    try:
        parse(query, now=NOW)
    except QueryError as error:
        assert 0 <= error.position <= len(query)


_TEXT = st.text(alphabet='停水a1 ()[]{}:"\\*+-!<>与或非“”（）：.', max_size=8)
_WORD = _TEXT.map(normalise).map(lambda t: t if t.isascii() else t.replace(" ", "")).filter(bool)
_MS = st.integers(0, 4_000_000_000_000)
_WHOLE = st.integers(-(10**9), 10**9)
_REAL = st.floats(-1, 1)


def _ranges(field: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Node]:
    def made(low: Any, high: Any, ends: tuple[bool, bool]) -> Node:
        if low is not None and high is not None and low > high:
            low, high = high, low
        return Range(field, low, high, ends[0] or low is None, ends[1] or high is None)

    bound = st.one_of(st.none(), values)
    ends = st.just((True, False)) if field == "published" else st.tuples(st.booleans(), st.booleans())
    return st.builds(made, bound, bound, ends)


_ANY = st.recursive(
    st.one_of(
        st.builds(Words, st.sampled_from(["", "title", "text"]), _WORD),
        st.builds(Term, st.sampled_from(["source", "topic", "official_unit", "thread"]), _TEXT.filter(bool)),
        st.builds(Exists, st.sampled_from(["title", "id", "topic", "score", "published"])),
        st.builds(Wild, st.just(""), st.sampled_from(["a*", "*b1", "a*b*"])),
        st.builds(Wild, st.just("keyphrase"), st.sampled_from(["停*", "* (水", "a:*或"])),
        st.builds(lambda v: Range("answered", v, v), st.sampled_from([0, 1])),
        _ranges("likes", _WHOLE),
        _ranges("score", _REAL),
        _ranges("published", _MS),
    ),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda x: And(tuple(x))),
        st.lists(inner, min_size=2, max_size=3).map(lambda x: Or(tuple(x))),
    ),
    max_leaves=8,
)


@given(_ANY)
def test_what_is_written_is_read_as_the_same(node: Node) -> None:
    assert parse(write(node), now=NOW) == node


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_of_the_page_is_written_and_read_again(example: str) -> None:
    node = parse(example, now=NOW)
    assert parse(write(node), now=NOW) == node


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("score:[-0.5 TO -0.1]", "分数:[-0.5 至 -0.1]"),
        ("停水 -小区", "停水 －小区"),
        ("likes:>=10", "点赞:＞＝10"),
        ("kind:message", "种类:留言"),
        ("thread:*", "主题帖：*"),
        ("published:[2019-08-01 TO *]", "时间:>=2019-08-01"),
        ("published:2019-08-01T08:30:00.250", "published:2019-08-01T00:30:00.250Z"),
    ],
)
def test_spellings_of_the_same(one: str, other: str) -> None:
    assert parse(one, now=NOW) == parse(other, now=NOW)


def test_what_is_no_text_is_pointed_at() -> None:
    with pytest.raises(QueryError) as caught:
        parse("停水 a\ud800b", now=NOW)
    assert caught.value.position == 4


@pytest.mark.parametrize("query", ["停" * 10_000, "(" * 20 + "停" + ")" * 20])
def test_what_is_just_not_too_much_is_read(query: str) -> None:
    assert isinstance(parse(query), Words)
