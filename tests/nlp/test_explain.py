"""An explanation adds up to the score, whatever the text, and what it blames is what moved the score."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.explain import Explanation, explain
from nlp.segment import Segmenter
from nlp.sentiment import STYLES, LinearSentiment, load_linear

TRAINING = Path(__file__).resolve().parents[2] / "nlp" / "training" / "service.jsonl"


@pytest.fixture(scope="module")
def model() -> LinearSentiment:
    return load_linear()


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter()


def whole(found: Explanation) -> float:
    return found.base + sum(value for _, value in found.parts) + found.rest


@settings(max_examples=150, deadline=None)
@given(text=st.text(st.characters(exclude_categories=()), max_size=80), more=st.lists(st.text(max_size=5), max_size=5))
def test_it_adds_up_and_never_raises(model: LinearSentiment, segmenter: Segmenter, text: str, more: list[str]) -> None:
    for tokens in (segmenter.tokens(text), more):
        found = explain(model, text, tokens)
        assert whole(found) == pytest.approx(found.score, abs=1e-6)
        label, score, confidence = model.score([text], [tokens])[0]
        assert found.score == pytest.approx(score, abs=1e-4)
        assert found.label == label
        assert found.confidence == pytest.approx(confidence, abs=1e-4)


def test_the_rest_hides_nothing(model: LinearSentiment, segmenter: Segmenter) -> None:
    """Were the gradients wrong, `rest` would still make the sum right: over short texts it must be small."""
    rows = [json.loads(line)["text"] for line in TRAINING.read_text(encoding="utf-8").splitlines()]
    rests = [abs(explain(model, text, segmenter.tokens(text)).rest) for text in rows]
    assert sum(rests) / len(rests) < 0.03
    assert max(rests) < 0.15


def test_pieces_stand_in_the_text_in_order(model: LinearSentiment, segmenter: Segmenter) -> None:
    text = "服务态度ＨＥＮ差，打了三次电话都没人接，太让人失望了！"
    found, at = explain(model, text, segmenter.tokens(text)), 0
    for piece, _ in found.parts:
        at = text.index(piece, at) + len(piece)
    assert found.parts
    assert found.style in STYLES
    assert found.label == "negative"
    assert any("失望" in piece for piece, _ in found.top_against)
    assert all(value > 0 for _, value in found.top_for)


def test_without_the_worst_word_the_score_rises(model: LinearSentiment, segmenter: Segmenter) -> None:
    rows = [json.loads(line)["text"] for line in TRAINING.read_text(encoding="utf-8").splitlines()]
    rose = told = 0
    for text in rows:
        found = explain(model, text, segmenter.tokens(text))
        if not found.top_against:
            continue
        without = text.replace(found.top_against[0][0], "", 1)
        told += 1
        rose += explain(model, without, segmenter.tokens(without)).score > found.score
    print(f"rose in {rose} of {told}")
    assert told >= 150
    assert rose >= 0.9 * told


@pytest.mark.parametrize("text", ["", "\0", "\ud800", "，。！", "差" * 1_000_000, "差劲 " * 100_000])
def test_any_text(model: LinearSentiment, segmenter: Segmenter, text: str) -> None:
    found = explain(model, text, segmenter.tokens(text[:100_000]))
    assert whole(found) == pytest.approx(found.score, abs=1e-6)
