"""The challenge set of our own: minimal pairs in which a small change turns the feeling, phenomenon by phenomenon."""

import json
from collections import defaultdict
from pathlib import Path

import pytest

from nlp.segment import Segmenter
from nlp.sentiment import CLASSES, load_linear

ROWS = [
    json.loads(line) for line in Path(__file__).with_name("challenge.jsonl").read_text(encoding="utf-8").splitlines()
]
TRAINING = Path(__file__).resolve().parents[2] / "nlp" / "training"
# Goal .80 of all; a floor falls only with a reason in the model's card.
FLOOR, EACH = 0.79, 0.68


@pytest.fixture(scope="module")
def right() -> dict[str, list[bool]]:
    cut, texts = Segmenter("rjieba").tokens, [row["text"] for row in ROWS]
    said = load_linear().score(texts, [cut(text) for text in texts])
    found: dict[str, list[bool]] = defaultdict(list)
    for row, (label, _, _) in zip(ROWS, said, strict=True):
        found[row["domain"]].append(label == row["label"])
    return found


def test_pairs_are_many_differ_in_label_and_stand_in_no_training_set() -> None:
    pairs = defaultdict(list)
    for row in ROWS:
        pairs[row["pair"]].append(row)
    assert len(pairs) >= 300
    assert {row["label"] for row in ROWS} == set(CLASSES)
    assert all(len({row["text"] for row in pair}) == len({row["label"] for row in pair}) > 1 for pair in pairs.values())
    trained = {
        json.loads(line)["text"]
        for name in ("service.jsonl", "intents.jsonl")
        for line in (TRAINING / name).read_text(encoding="utf-8").splitlines()
    }
    assert not trained & {row["text"] for row in ROWS}


def test_the_model_keeps_what_it_reached(right: dict[str, list[bool]]) -> None:
    shares = {name: sum(some) / len(some) for name, some in right.items()}
    assert len(shares) == 9
    assert sum(map(sum, right.values())) / len(ROWS) >= FLOOR
    assert min(shares.values()) >= EACH, shares
