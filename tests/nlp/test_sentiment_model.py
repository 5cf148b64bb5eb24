"""The sentiment models: what they return, for any text, and that a batch gives what its texts give alone."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import ConfigError
from nlp.segment import Segmenter
from nlp.sentiment import ARTEFACT, CLASSES, LinearSentiment, load_linear, load_sentiment
from nlp.snownlp_score import SnowSentiment

MODEL = load_linear()
SEGMENTER = Segmenter("rjieba")
HOSTILE = [
    "",
    " \n",
    "\x00",
    "\ud800坏",
    "🤬🤬🤬",
    "。。。！！！",
    "a" * 100_000,
    "停" * 50_000,
    "\u202e反",
    "𠮷" * 10,
    "\x1f\x1e水",
]


def _score(texts: list[str]) -> list[tuple[str, float, float]]:
    return [*MODEL.score(texts, [SEGMENTER.tokens(text) for text in texts])]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text(st.characters(), max_size=60), max_size=5))
def test_any_text_gets_a_verdict_within_bounds(texts: list[str]) -> None:
    for text, (label, score, confidence) in zip(texts, _score(texts), strict=True):
        assert label in CLASSES
        assert -1 <= score <= 1
        assert 0 <= confidence <= 1
        assert SEGMENTER.tokens(text) or (label, score, confidence) == ("neutral", 0.0, 0.0)


def test_hostile_texts_get_the_same_verdict_alone_and_together() -> None:
    texts = [*HOSTILE, "停水三天没人管", "感谢"]
    assert _score(texts) == [_score([text])[0] for text in texts]


def test_batches_longer_than_one_chunk_keep_their_order() -> None:
    texts = ["态度恶劣", "谢谢你们", ""] * 700
    assert _score(texts) == _score(texts[:3]) * 700


def test_nothing_in_nothing_out() -> None:
    assert MODEL.score([], []) == []


def test_the_label_is_the_likeliest_class() -> None:
    texts = ["路灯坏了没人修，太气人了", "请问几点上班", "谢谢"]
    tokens = [SEGMENTER.tokens(text) for text in texts]
    chances = MODEL.chances(texts, tokens)
    assert np.allclose(chances.sum(axis=1), 1)
    for row, (label, score, confidence) in zip(chances, MODEL.score(texts, tokens), strict=True):
        assert label == CLASSES[int(row.argmax())]
        assert confidence == pytest.approx(row.max(), abs=1e-4)
        assert score == pytest.approx(row[2] - row[0], abs=1e-4)


def test_the_version_is_that_of_the_file(tmp_path: Path) -> None:
    assert 1 <= len(MODEL.version) <= 16
    assert load_sentiment("linear").version == MODEL.version
    copy = tmp_path / "other.npz"
    with np.load(ARTEFACT) as saved:
        np.savez_compressed(copy, **{**saved, "bias": saved["bias"] + 1})
    assert load_linear(copy).version != MODEL.version


def test_the_artefact_is_small_and_loads_at_once() -> None:
    started = time.perf_counter()
    assert isinstance(load_linear(), LinearSentiment)
    # A fifth of a second is what starting a worker may spend; a loaded machine gets some more here.
    assert time.perf_counter() - started < 1
    assert sum(path.stat().st_size for path in ARTEFACT.parent.iterdir()) < 12_000_000


def test_a_faulty_file_says_what_to_do(tmp_path: Path) -> None:
    faulty, short = tmp_path / "faulty.npz", tmp_path / "short.npz"
    faulty.write_bytes(b"not a model")
    with np.load(ARTEFACT) as saved:
        np.savez_compressed(short, **{**saved, "table": saved["table"][:, :100]})
    for path in (faulty, short, tmp_path / "absent.npz"):
        with pytest.raises(ConfigError, match="make model"):
            load_linear(path)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match="bert"):
        load_sentiment("bert")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def snow() -> SnowSentiment:
    return SnowSentiment()


def test_snownlp_survives_hostile_text(snow: SnowSentiment) -> None:
    tokens = [SEGMENTER.tokens(text) for text in HOSTILE]
    for words, (label, score, confidence) in zip(tokens, snow.score(HOSTILE, tokens), strict=True):
        assert -1 <= score <= 1
        assert confidence == abs(score)
        assert words or (label, score) == ("neutral", 0.0)


def test_snownlp_maps_its_probability(snow: SnowSentiment) -> None:
    texts = ["质量很好，非常喜欢", "质量太差，退货"]
    found = snow.score(texts, [SEGMENTER.tokens(text) for text in texts])
    assert [label for label, _, _ in found] == ["positive", "negative"]
    assert [score for _, score, _ in found] == [round(2 * snow.chance(text) - 1, 4) for text in texts]
    assert len(snow.version) <= 16
