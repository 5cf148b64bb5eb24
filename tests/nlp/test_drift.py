"""Drift: posts of the same talk are fine, of other talk are seen, the reference belongs to its model."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.settings import SHIPPED, Nlp
from nlp.annotator import Annotator, load_annotator
from nlp.drift import Distribution, distribution_of, drift, read_reference, telling_words, write_reference
from nlp.labels import board_messages

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture(scope="module")
def annotator() -> Annotator:
    return load_annotator(Nlp(), lambda name: SHIPPED / name)


def test_the_reference_is_of_the_model_that_is_shipped() -> None:
    found = read_reference()
    assert found is not None
    assert sum(found.scores) == found.posts == 6028
    assert 900 <= len(found.words) <= 1000


def test_a_reference_of_another_model_is_none_and_a_faulty_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "reference.json"
    assert read_reference(path) is None
    write_reference(Distribution(30, (30,) + (0,) * 9, {"negative": 30}, {"停水": 25, "a1": 30, "少": 3}), path)
    told = json.loads(path.read_text(encoding="utf-8"))
    assert told["words"] == {"停水": 25}
    assert read_reference(path) is not None
    path.write_text(json.dumps(told | {"model": "another"}), encoding="utf-8")
    assert read_reference(path) is None
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match="reference"):
        read_reference(path)


def test_the_words_that_changed_come_first() -> None:
    found = telling_words({"停水": 90, "学校": 50}, {"停水": 5, "学校": 50, "路": 40})
    assert (found[0].word, found[0].now, found[0].before) == ("停水", 90, 5)
    assert {word.word for word in found[:2]} == {"停水", "路"}
    assert telling_words({}, {"路": 1}) == []


@pytest.mark.shared
def test_messages_are_fine_and_reviews_have_drifted(annotator: Annotator) -> None:
    reference = read_reference()
    assert reference is not None
    messages = list(board_messages(SHARED / "board").values())[::4]
    same = distribution_of(((row["title"], row["text"]) for row in messages), annotator)
    assert drift(same, reference, "training").state == "fine"
    with gzip.open(SHARED / "sentiment" / "shopping.jsonl.gz", "rt", encoding="utf-8") as lines:
        reviews = [("", json.loads(line)["text"]) for line, _ in zip(lines, range(1000), strict=False)]
    assert drift(distribution_of(reviews, annotator), reference, "training").state == "drifted"
