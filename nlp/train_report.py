"""How good and how fast a sentiment model is on texts it has not seen, SnowNLP in the same run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, f1_score

from nlp.sentiment import CLASSES, LinearSentiment, Verdict, Weights, load_linear, load_sentiment, polarity

# SnowNLP is slow: so many texts of each domain are enough to compare.
_SAMPLE = 300
_DRAWS = 200


class Labelled(Protocol):
    """A labelled text with its tokens and domain."""

    @property
    def text(self) -> str: ...
    @property
    def tokens(self) -> list[str]: ...
    @property
    def label(self) -> str: ...
    @property
    def domain(self) -> str: ...
    @property
    def part(self) -> str: ...


def report(path: Path, held: Sequence[Labelled]) -> dict[str, Any]:
    """Figures of the model at `path` on held-out rows, by domain; three classes where a domain has neutral texts."""
    model, snow = load_linear(path), load_sentiment("snownlp")
    lines = []
    for domain in dict.fromkeys(row.domain for row in held):
        rows = [row for row in held if row.domain == domain]
        two = [row for row in rows if row.label != "neutral"]
        lines.append({"domain": domain, "classes": 2, "rows": len(two), **_two(model, two)})
        if len(two) < len(rows):
            lines.append({"domain": domain, "classes": 3, "rows": len(rows), **_three(model, rows)})
        sample = rows[:: max(1, len(rows) // _SAMPLE)][:_SAMPLE]
        compared = {"rows": len(sample), "ours": _timed(model, sample), "snownlp": _timed(snow, sample)}
        lines.append({"domain": domain, "classes": "as is", **compared})
    return {"version": model.version, "bytes": path.stat().st_size, "domains": lines}


def _two(model: LinearSentiment, rows: Sequence[Labelled]) -> dict[str, float]:
    margins = model.margins([r.text for r in rows], [r.tokens for r in rows])
    chance = polarity(margins, model.weights)
    truth = np.array([row.label == "positive" for row in rows])
    return _quality(truth, chance > 0.5, np.maximum(chance, 1 - chance), float(model.weights.band[1]))


def _three(model: LinearSentiment, rows: Sequence[Labelled]) -> dict[str, float]:
    chances = model.chances([r.text for r in rows], [r.tokens for r in rows])
    truth = np.array([CLASSES.index(row.label) for row in rows])
    return _quality(truth, chances.argmax(axis=1), chances.max(axis=1), model.unsure_below)


def left_out(fit: Callable[[list[Any]], Weights], rows: Sequence[Labelled]) -> dict[str, float]:
    """Two-class accuracy on the held rows of each set by a model that was trained without that set."""
    found = {}
    for domain in ("shopping", "takeaway", "weibo_epidemic", "weibo_general"):
        model = LinearSentiment(fit([row for row in rows if row.domain != domain]))
        held = [row for row in rows if row.domain == domain and row.part == "held" and row.label != "neutral"]
        found[domain] = _two(model, held)["accuracy"]
    return found


def _quality(truth: NDArray[Any], said: NDArray[Any], sure: NDArray[np.float64], least: float) -> dict[str, float]:
    """Accuracy, macro-F1, expected calibration error (and that which a perfectly calibrated model would show on so few rows);
    coverage and accuracy of the verdicts whose confidence is at least `least`."""
    dice = np.random.default_rng(1)
    right = truth == said
    figures = {
        "accuracy": accuracy_score(truth, said),
        "macro_f1": f1_score(truth, said, labels=np.unique(truth), average="macro"),
        "ece": _off(right, sure),
        "ece_by_chance": np.mean([_off(dice.random(len(sure)) < sure, sure) for _ in range(_DRAWS)]),
        "coverage": (sure >= least).mean(),
        "accuracy_sure": right[sure >= least].mean(),
    }
    return {name: round(float(value), 4) for name, value in figures.items()}


def _off(right: NDArray[Any], sure: NDArray[np.float64]) -> float:
    """Mean distance of confidence and accuracy over ten bins of equal width, weighted by rows."""
    bins = np.minimum((sure * 10).astype(int), 9)
    return float(np.abs(np.bincount(bins, right - sure, minlength=10)).sum() / len(sure))


class _Scores(Protocol):
    def score(self, texts: Sequence[str], tokens: Sequence[Sequence[str]]) -> list[Verdict]: ...


def _timed(model: _Scores, rows: Sequence[Labelled]) -> dict[str, float]:
    """Accuracy and macro-F1 of the classes as the annotator would get them, and texts a second."""
    started = time.perf_counter()
    said = [label for label, _, _ in model.score([r.text for r in rows], [r.tokens for r in rows])]
    speed = len(rows) / (time.perf_counter() - started)
    truth = [row.label for row in rows]
    classes = sorted(set(truth))
    figures = {
        "accuracy": accuracy_score(truth, said),
        "macro_f1": f1_score(truth, said, average="macro", labels=classes),
    }
    return {**{name: round(float(value), 4) for name, value in figures.items()}, "texts_per_s": round(speed)}


def print_report(found: dict[str, Any], *, as_json: bool) -> None:
    """Prints `found` as a table or as one JSON object."""
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return
    print(f"{found['version']}  {found['bytes'] / 1e6:.2f} MB")
    for line in found["domains"]:
        head = f"{line['domain']:16} {line['classes']!s:6} n={line['rows']:<6}"
        if "ours" not in line:
            told = (
                line[name] for name in ("accuracy", "macro_f1", "ece", "ece_by_chance", "accuracy_sure", "coverage")
            )
            print(
                f"{head} accuracy {{:.3f}}  macro-F1 {{:.3f}}  ECE {{:.3f}} (chance {{:.3f}})  "
                "if sure {:.3f} of {:.3f}".format(*told)
            )
            continue
        for name in ("ours", "snownlp"):
            side = line[name]
            figures = f"accuracy {side['accuracy']:.3f}  macro-F1 {side['macro_f1']:.3f}"
            print(f"{head} {figures}  {side['texts_per_s']:>8,} texts/s  {name}")
