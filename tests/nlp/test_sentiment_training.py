"""Training: the parts do not overlap, the board's weak labels, and that a small model learns, saves and loads."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import numpy as np

from nlp.labels import board_labels
from nlp.linear import save_weights
from nlp.segment import Segmenter
from nlp.sentiment import LinearSentiment, load_linear
from nlp.train import DOMAINS, SERVICE, fit_weights, matrix, part_of, read_board, read_rows
from nlp.train_report import report

CUT = Segmenter("rjieba").tokens


def test_parts_have_their_shares() -> None:
    found = Counter(part_of(f"第{n}条") for n in range(5000))
    assert abs(found["held"] / 5000 - 0.2) < 0.03
    assert abs(found["calibrate"] / 5000 - 0.1) < 0.03


def test_doubles_are_read_once(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    lines = [
        {"text": "好", "label": "positive"},
        {"text": " 好 ", "label": "positive"},
        {"text": "a\u2028b", "label": "neutral"},
    ]
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n", encoding="utf-8")
    assert [row.text for row in read_rows(path, "service", CUT)] == ["好", "a\u2028b"]


def test_own_sentences_are_many_and_distinct() -> None:
    rows = read_rows(SERVICE, "service", CUT)
    assert len(rows) == len(SERVICE.read_text(encoding="utf-8").splitlines()) >= 150
    assert set(Counter(row.label for row in rows)) == {"negative", "neutral", "positive"}


def test_board_labels_are_joined_with_their_messages(tmp_path: Path) -> None:
    first, second = board_labels("train")[:2]
    messages = [{"id": row["id"], "title": f"第{row['id']}号", "text": "三天没有水"} for row in (first, second)]
    for name, some in (("replied.jsonl.gz", messages[:1]), ("messages.jsonl.gz", messages[1:])):
        with gzip.open(tmp_path / name, "wt", encoding="utf-8") as lines:
            lines.writelines(json.dumps(message) + "\n" for message in some)
    found = [(row.text, row.label, row.domain) for row in read_board(tmp_path, CUT)]
    assert found == [(f"第{row['id']}号\n三天没有水", row["sentiment"], "board") for row in (first, second)]
    assert read_board(tmp_path, CUT, "test") == []


def test_no_message_is_both_trained_with_and_tested_on() -> None:
    train, test = ({row["id"] for row in board_labels(part)} for part in ("train", "test"))
    assert (len(train), len(test)) == (1000, 600)
    assert not train & test


def test_the_matrix_is_what_the_model_adds_up() -> None:
    rows = read_rows(SERVICE, "service", CUT)
    model = load_linear()
    texts, tokens = [row.text for row in rows], [row.tokens for row in rows]
    weights = model.weights.table.astype(np.float64) * model.weights.scale
    wanted = matrix(rows) @ weights + model.weights.bias
    assert np.allclose(model.margins(texts, tokens), wanted, atol=1e-4)


def _small(tmp_path: Path) -> Path:
    """The own sentences as if they were the five sets: enough to train every head."""
    rows = SERVICE.read_text(encoding="utf-8").splitlines()
    for domain in DOMAINS:
        path = tmp_path / f"{domain}.jsonl"
        path.write_text(
            "\n".join(line for line in rows if "weibo_" in domain or "neutral" not in line), encoding="utf-8"
        )
    return tmp_path


def test_a_small_model_learns_saves_and_loads(tmp_path: Path) -> None:
    folder = _small(tmp_path)
    rows = [row for d in DOMAINS for row in read_rows(folder / f"{d}.jsonl", d, CUT)]
    weights, path = fit_weights(rows), tmp_path / "sentiment.npz"
    save_weights(weights, path)
    loaded = load_linear(path)
    assert np.array_equal(loaded.weights.table, weights.table)
    fitted = [row for row in rows if row.part != "held" and row.domain == "weibo_general"]
    said = LinearSentiment(weights).score([r.text for r in fitted], [r.tokens for r in fitted])
    assert np.mean([label == row.label for (label, _, _), row in zip(said, fitted, strict=True)]) > 0.95
    figures = report(path, [row for row in rows if row.part == "held" and row.domain == "weibo_general"])
    assert [line["classes"] for line in figures["domains"]] == [2, 3, "as is"]
    assert figures["domains"][1]["accuracy"] > 0.5
