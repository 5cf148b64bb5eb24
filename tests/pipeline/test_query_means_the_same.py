"""Any query means on Tantivy what a plain reading of it means."""

from __future__ import annotations

import fnmatch
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.index.document import IndexDocument
from pipeline.index.tantivy_engine import TantivyEngine, TantivyReader
from pipeline.query.grams import is_chinese
from pipeline.query.nodes import All, And, Exists, Node, Not, Or, Range, Term, Wild, Words

VOCABULARY = ["停水", "停", "水", "通知", "供水", "app", "ab", "路灯", "5g", "暖气片"]
FIELDS = {"": ("title_tokens", "text_tokens", "official_tokens"), "title": ("title_tokens",)}
FIELDS["text"] = ("text_tokens", "official_tokens")


def _documents() -> list[IndexDocument]:
    dice = random.Random(7)
    return [
        IndexDocument(
            id=f"{n:032x}",
            landed_seq=n,
            source=dice.choice(["a", "b"]),
            kind="message",
            region=dice.choice(["", "东城"]),
            category="",
            topics=dice.sample(["water", "roads"], dice.randrange(3)),
            sentiment=dice.choice(["negative", "neutral"]),
            score=dice.choice([-0.5, 0.0, 0.5]),
            confidence=0.5,
            published_ms=1_564_588_800_000 + dice.randrange(-3, 3),
            collected_ms=1_564_588_800_000,
            title_tokens=" ".join(dice.choices(VOCABULARY, k=dice.randrange(3))),
            text_tokens=" ".join(dice.choices(VOCABULARY, k=dice.randrange(6))),
            words=(),
            keyphrases=(),
            thread="",
            voice="v",
            answered=dice.random() < 0.5,
            official_unit="",
            official_tokens=" ".join(dice.choices(VOCABULARY, k=dice.randrange(2))),
            views=0,
            likes=dice.randrange(4),
            replies=0,
        )
        for n in range(120)
    ]


DOCUMENTS = _documents()
COLUMNS = {"likes": "likes", "score": "score", "published": "published_ms", "answered": "answered"}


def _means(node: Node, d: IndexDocument) -> bool:
    match node:
        case All():
            return True
        case Words():
            return any(_stands(node.value, getattr(d, f)) for f in FIELDS[node.field])
        case Wild():
            return any(fnmatch.fnmatchcase(t, node.pattern) for f in FIELDS[node.field] for t in getattr(d, f).split())
        case Term():
            held = d.topics if node.field == "topic" else [getattr(d, node.field)]
            return node.value in held
        case Range():
            value = getattr(d, COLUMNS[node.field])
            low = node.low is None or value > node.low or (node.include_low and value == node.low)
            return low and (node.high is None or value < node.high or (node.include_high and value == node.high))
        case Exists():
            if node.field in FIELDS:
                return any(getattr(d, f) for f in FIELDS[node.field])
            return bool(d.topics if node.field == "topic" else getattr(d, node.field))
        case Not():
            return not _means(node.item, d)
        case And():
            return all(_means(item, d) for item in node.items)
        case Or():
            return any(_means(item, d) for item in node.items)


def _stands(value: str, tokens: str) -> bool:
    if is_chinese(value):
        return value in tokens.replace(" ", "")
    return bool(re.search(rf"(?:^| ){re.escape(value)}(?: |$)", tokens))


_VALUES = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=3).map("".join).filter(lambda s: not s.isascii())
_NUMBERS = st.sampled_from(
    [("likes", 1), ("likes", 3), ("score", 0.0), ("published", 1_564_588_800_000), ("answered", 1)]
)
_LEAVES = st.one_of(
    st.just(All()),
    st.builds(Words, st.sampled_from(["", "title", "text"]), _VALUES),
    st.builds(Words, st.sampled_from(["", "title", "text"]), st.sampled_from(["app", "ab", "5g", "ab app", "p"])),
    st.builds(Wild, st.sampled_from(["", "title"]), st.sampled_from(["a*", "*p", "5*"])),
    st.builds(Term, st.just("source"), st.sampled_from(["a", "b", "c"])),
    st.builds(Term, st.just("topic"), st.sampled_from(["water", "roads"])),
    st.builds(Exists, st.sampled_from(["topic", "region", "title", "text", "id"])),
    st.builds(lambda f, i: Range(f[0], f[1], None, i, True), _NUMBERS, st.booleans()),
    st.builds(lambda f, i: Range(f[0], None, f[1], True, i), _NUMBERS, st.booleans()),
)
_NODES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda x: And(tuple(x))),
        st.lists(inner, min_size=2, max_size=3).map(lambda x: Or(tuple(x))),
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TantivyReader]:
    engine = TantivyEngine(Path(tmp_path_factory.mktemp("index")), 15)
    with engine.rebuild() as writer:
        writer.put(DOCUMENTS)
    yield engine.reader()


@given(node=_NODES)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_tantivy_answers_as_a_plain_reading(reader: TantivyReader, node: Node) -> None:
    expected = {d.id for d in DOCUMENTS if _means(node, d)}
    hits = reader.search(node, sort="published", size=1000)
    assert set(hits.ids) == expected
    assert hits.total == reader.count(node) == len(expected)
