"""Kibana's query language: what it means in our nodes, what is refused and where, and the way back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import QueryError
from pipeline.query.grams import normalise
from pipeline.query.kql import parse_kql
from pipeline.query.kql_writing import write_kql
from pipeline.query.nodes import All, And, Exists, Node, Not, Or, Range, Term, Wild, Words

NOW = datetime(2020, 1, 1, 4, tzinfo=UTC)  # noon in Shanghai
NAMES = {"topic": {"供水": ("water",)}, "place": {"城关镇": ("town", "estate"), "town": ("town", "estate")}}
STOP, AREA = Words("", "停水"), Words("", "小区")
DAY = 86_400_000
AUGUST = 1_564_588_800_000
NEW_YEAR = 1_577_808_000_000


@pytest.mark.parametrize(
    ("query", "node"),
    [
        ("", All()),
        (" * ", All()),
        ("停水", STOP),
        ("停水 and 小区", And((STOP, AREA))),
        ("停水 AND NOT 小区", And((STOP, Not(AREA)))),
        ("not not not 停水", Not(STOP)),
        ("停水 and 小区 Or app", Or((And((STOP, AREA)), Words("", "app")))),
        ("停水 and (小区 or app)", And((STOP, Or((AREA, Words("", "app")))))),
        ("(停水)and(小区)", And((STOP, AREA))),
        ("停水 小区", Or((STOP, AREA))),
        ('"停水 小区"', Words("", "停水小区")),
        ('title: "停水 水通 通知"', Words("title", "停水通知")),
        ("title: (停水 or 小区)", Or((Words("title", "停水"), Words("title", "小区")))),
        ("title: 停水 or text: 停水 or official: 停水", STOP),
        ("text: 停水 or official: 停水", Words("text", "停水")),
        ("source: board", Term("source", "board")),
        ('source: "my board"', Term("source", "my board")),
        ("source: (a or b) and not kind: thread", And((Or((Term("source", "a"), Term("source", "b"))), Not(Term("kind", "thread"))))),
        ("source: (not a)", Not(Term("source", "a"))),
        ("SOURCE: bo*", Wild("source", "bo*")),
        (r"source: bo\*", Term("source", "bo*")),
        (r'source: "a \"b\" \\ c"', Term("source", 'a "b" \\ c')),
        (r"source: a\:b\(c\)", Term("source", "a:b(c)")),
        (r"source: \u0061b", Term("source", "ab")),
        (r"source: this \and that", Term("source", "this and that")),
        ("source: notice or source: oracle", Or((Term("source", "notice"), Term("source", "oracle")))),
        ("region: *", Exists("region")),
        ("*: 停水", STOP),
        ("likes >= 10", Range("likes", 10, None)),
        ("likes > 1 and likes <= 5", Range("likes", 1, 5, False, True)),
        ("(likes > 1) and (likes <= 5)", And((Range("likes", 1, None, False), Range("likes", None, 5)))),
        ("score < -0.5", Range("score", None, -0.5, True, False)),
        ("likes: 3", Range("likes", 3, 3)),
        ("published >= 2019-08-01", Range("published", AUGUST, None)),
        ('published < "2019-08-01T08:00:00Z"', Range("published", None, AUGUST + DAY * 2 // 3, True, False)),
        ("published: 2019-08", Range("published", AUGUST, AUGUST + 31 * DAY, True, False)),
        (f"published >= {AUGUST} and published < {AUGUST + DAY}", Range("published", AUGUST, AUGUST + DAY, True, False)),
        ("published >= now-7d/d", Range("published", NEW_YEAR - 7 * DAY, None)),
        ("published <= now/d", Range("published", None, NEW_YEAR + DAY, True, False)),
        ("published >= now-1M/M", Range("published", NEW_YEAR - 31 * DAY, None)),
        ("copy: false", Range("copy", 0, 0)),
        ("answered: 1", Range("answered", 1, 1)),
        ("official_unit: 水务局", Term("official_unit", "水务局")),
        ("来源: board", Term("source", "board")),
        ("sentiment: 负面", Term("sentiment", "negative")),
        ("topic: 供水", Term("topic", "water")),
        ("place: 城关镇", Or((Term("place", "town"), Term("place", "estate")))),
        ("place: town", Term("place", "town")),
        ("copy_cluster: abc", Term("copy_cluster", "abc")),
        ("words: 停水", Term("words", "停水")),
    ],
)  # fmt: skip
def test_what_a_query_means(query: str, node: Node) -> None:
    assert parse_kql(query, now=NOW, names=NAMES) == node


@pytest.mark.parametrize(
    ("query", "position", "said"),
    [
        ("作者: 张三", 0, "不能按作者查询"),
        ("停水 and voice: 1", 7, "不能按作者查询"),
        ("not (author: a or USER: b)", 5, "不能按作者查询"),
        ("foo: 1", 0, "没有字段"),
        ("sou*: a", 0, "通配符"),
        ("topic: { a: b }", 7, "嵌套"),
        ("(停水", 0, "括号"),
        ("停水)", 2, "多余"),
        ('source: "a', 8, "引号"),
        ("停水 and", 6, "没有写完"),
        ("likes > x", 8, "不是数"),
        ("source > a", 0, "比较"),
        ("published: yesterday", 11, "不是时间"),
        ("source: a:b", 9, "多余"),
        ("official: 停水", 0, "答复"),
        ("or 停水", 0, "“o”"),
        ("a\ud800b", 1, "半个字"),
    ],
)
def test_faults_are_pointed_at(query: str, position: int, said: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_kql(query, now=NOW)
    assert said in caught.value.message
    assert caught.value.position == position


@pytest.mark.parametrize("query", ["停" * 40_001, "(" * 51 + "停" + ")" * 51, "a or " * 1_001 + "a", "likes > 1e400"])
def test_what_is_too_much_is_refused_in_good_order(query: str) -> None:
    with pytest.raises(QueryError):
        parse_kql(query, now=NOW)


@settings(deadline=None)  # the first call loads the dictionaries of the normaliser
@given(st.text(alphabet='停水a1 ()[]{}:"\\*<>=andortu', max_size=40))
def test_any_text_is_read_or_refused(query: str) -> None:
    try:
        parse_kql(query, now=NOW)
    except QueryError as error:
        assert 0 <= error.position <= len(query)


@settings(deadline=None)
@given(st.text(max_size=30))
def test_a_quoted_value_stands_for_itself(value: str) -> None:
    written = write_kql(Term("source", value))
    if value:
        assert parse_kql(written, now=NOW) == Term("source", value)


_TEXT = st.text(alphabet='停水电a1 ()[]{}:"\\*+-!<>与或非“”（）：.andort\t\n', max_size=8)
_WORD = _TEXT.map(normalise).map(lambda t: t if t.isascii() else t.replace(" ", "")).filter(bool)
_TIMES = st.integers(0, 4_000_000_000_000)


def _ranges(field: str, values: st.SearchStrategy[float]) -> st.SearchStrategy[Node]:
    def made(low: float | None, high: float | None, ends: tuple[bool, bool]) -> Node:
        if low is not None and high is not None and low > high:
            low, high = high, low
        return Range(field, low, high, ends[0] or low is None, ends[1] or high is None)

    bounds = st.one_of(st.tuples(values, st.none()), st.tuples(st.none(), values), st.tuples(values, values))
    ends = st.just((True, False)) if field == "published" else st.tuples(st.booleans(), st.booleans())
    return st.builds(lambda b, e: made(*b, e), bounds, ends)


# A pattern as the unquoted literal can hold it: no blanks at its ends.
_PATTERN = st.tuples(_TEXT, _TEXT).map(lambda p: f"{p[0].replace('*', '').lstrip()}*{p[1].replace('*', '').rstrip()}")
NODES = st.recursive(
    st.one_of(
        st.builds(Words, st.sampled_from(["", "title", "text"]), _WORD),
        st.builds(Term, st.sampled_from(["source", "topic", "official_unit", "thread"]), _TEXT.filter(bool)),
        st.builds(Exists, st.sampled_from(["title", "text", "id", "topic", "score", "published"])),
        st.builds(Wild, st.sampled_from(["", "text"]), st.sampled_from(["a*", "*b1", "a*b*", "or*"])),
        st.builds(Wild, st.just("keyphrase"), _PATTERN.filter(lambda p: p != "*")),
        st.builds(lambda v: Range("answered", v, v), st.sampled_from([0, 1])),
        _ranges("likes", st.integers(-(10**9), 10**9)),
        _ranges("score", st.floats(-1, 1)),
        _ranges("published", _TIMES),
    ),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda x: And(tuple(x))),
        st.lists(inner, min_size=2, max_size=3).map(lambda x: Or(tuple(x))),
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(NODES)
def test_what_is_written_is_read_as_the_same(node: Node) -> None:
    assert parse_kql(write_kql(node), now=NOW) == node


def test_kibana_finds_chinese_text_by_the_pairs_of_the_index() -> None:
    assert write_kql(Words("title", "停水通知")) == 'title: "停水 水通 通知"'
    assert write_kql(Words("title", "水")) == "title: 水*"
    assert write_kql(Words("title", "a7县")) == 'title: "\ue001a7 7县"'
    assert write_kql(STOP) == 'title: "停水" or text: "停水" or official: "停水"'
    assert write_kql(Exists("title")) == 'not title: "\ue002"'


def test_values_of_one_field_are_a_list() -> None:
    assert write_kql(Or((Term("place", "a"), Term("place", "b")))) == 'place: ("a" or "b")'
