"""The query language: each documented construct is read, and each fault is pointed at."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import QueryError
from pipeline.query.fields import FIELDS
from pipeline.query.language import parse
from pipeline.query.nodes import All, And, Exists, Node, Not, Or, Range, Term, Wild, Words

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "query-language.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"`([^`]+)` \|$", PAGE, re.MULTILINE)
NOW = datetime(2020, 1, 1, tzinfo=UTC)
STOP, AREA = Words("", "停水"), Words("", "小区")
DAY = 86_400_000
AUGUST = 1_564_588_800_000


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_of_the_page_is_read(example: str) -> None:
    assert parse(example, now=NOW) != All()


def test_the_page_names_every_field() -> None:
    assert len(EXAMPLES) == 19
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
        ("region:*", Exists("region")),
        ("app*", Wild("", "app*")),
        ("已答复:是", Range("answered", 1, 1)),
        (r"\AND", Words("", "and")),
    ],
)
def test_what_a_query_means(query: str, node: Node) -> None:
    assert parse(query, now=NOW, topics={"供水": "water"}) == node


@pytest.mark.parametrize(
    ("query", "position"),
    [("作者:张三", 0), ("停水 foo:1", 3), ("(停水", 0), ('停 "abc', 2), ("likes:x", 6), ("停水 )", 3), ("停 OR", 4)],
)
def test_faults_are_pointed_at(query: str, position: int) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query, now=NOW)
    assert caught.value.position == position


@pytest.mark.parametrize("query", ["停" * 10_000, "(" * 60 + "停" + ")" * 60, "a " * 900, "*", "likes:1e400"])
def test_what_is_too_much_is_refused_in_good_order(query: str) -> None:
    with pytest.raises(QueryError):
        parse(query, now=NOW)


@given(st.text(alphabet='停水a1 ()[]{}:"\\*+-!<>与或非AND“”（）：.', max_size=40))
def test_any_text_is_read_or_refused(query: str) -> None:
    try:
        parse(query, now=NOW)
    except QueryError as error:
        assert 0 <= error.position <= len(query)
