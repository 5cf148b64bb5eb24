"""Trains the linear sentiment model: `python -m nlp.train [--data DIR] [--out DIR] [--json]`. Only here scikit-learn."""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from nlp import features
from nlp.segment import Segmenter
from nlp.sentiment import ARTEFACT, CLASSES, LinearSentiment, Weights, save

DOMAINS = ("shopping", "takeaway", "weibo2018", "weibo_general", "weibo_epidemic")
THREE = ("weibo_general", "weibo_epidemic")
OWN_AND_THREE = (*THREE, "service", "board")
SERVICE = Path(__file__).resolve().parent / "training" / "service.jsonl"
# Own sentences of public service are few, weak labels often wrong: so many rows each of them counts.
WEIGHTS = {"service": 8.0, "board": 0.5}
# How little the support vector machine is regularised: best of .02 … .15.
_HARDNESS = 0.03

# Weights are saved as whole numbers up to this: finer steps change no figure of the report, only the size of the file.
_STEPS = 2047

# What the title of a message to government begins with tells how its text is meant: weak labels, see models/sentiment.md.
BOARD_TONES = {
    "投诉": "negative",
    "举报": "negative",
    "质疑": "negative",
    "咨询": "neutral",
    "请问": "neutral",
    "建议": "neutral",
}
_BOARD_FILES = ("replied.jsonl.gz", "messages.jsonl.gz")

Part = Literal["fit", "calibrate", "held"]


@dataclass(frozen=True)
class Row:
    """A labelled text. part: fit (7 of 10), calibrate (1 of 10), held (2 of 10), by the hash of the text."""

    text: str
    tokens: list[str]
    label: str
    domain: str
    part: Part


def read_rows(path: Path, domain: str, cut: Callable[[str], list[str]]) -> list[Row]:
    """The distinct labelled texts of a file of JSON lines ({"text", "label"}), plain or gzip."""
    data = path.read_bytes()
    lines = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8").strip().split("\n")
    found = {row["text"].strip(): row["label"] for row in map(json.loads, lines)}
    return [Row(text, cut(text), label, domain, part_of(text)) for text, label in found.items()]


def read_board(folder: Path, cut: Callable[[str], list[str]]) -> list[Row]:
    """Messages to government with a weak label: the text by what its title begins with, and a complaint's title itself."""
    found: dict[str, str] = {}
    for name in _BOARD_FILES:
        for line in gzip.decompress((folder / name).read_bytes()).decode("utf-8").strip().split("\n"):
            row = json.loads(line)
            label = BOARD_TONES.get(row["title"].strip()[:2])
            if label is not None:
                found[row["text"].strip()] = label
                found[row["title"].strip()] = label
    return [Row(text, cut(text), label, "board", part_of(text)) for text, label in found.items()]


def part_of(text: str) -> Part:
    """Which part a text belongs to: the same in every run and on every machine."""
    share = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big") % 10
    return "held" if share < 2 else "calibrate" if share == 2 else "fit"


def matrix(rows: Sequence[Row]) -> Any:
    """Counts of n-grams over the square root of their number, shape (rows, buckets), as the model adds them up."""
    pieces, counts = [], np.zeros(len(rows))
    for grams in (features.characters([r.text for r in rows]), features.words([r.tokens for r in rows])):
        sizes = grams.ends - grams.starts
        owner = np.repeat(np.arange(len(rows)), sizes)
        where = np.repeat(grams.starts - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        counted = grams.counted[where]
        pieces += [(owner[counted], bucket[where][counted]) for bucket in grams.buckets]
        counts += grams.counts()
    owners, buckets = (np.concatenate(side) for side in zip(*pieces, strict=True))
    share = (1 / np.sqrt(np.maximum(counts, 1)))[owners].astype(np.float32)
    return csr_matrix((share, (owners, buckets)), shape=(len(rows), features.BUCKETS))


def fit_head(x: Any, wanted: NDArray[np.bool_], weight: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Weights (buckets,) and bias of one head: a linear SVM on n-grams stressed by rarity and by log-count ratio.

    Source: Wang & Manning 2012; the root and the added .3 keep rare n-grams in play, measured better than the ratio itself.
    """
    positive = np.asarray(x[wanted].sum(axis=0)).ravel() + 1
    negative = np.asarray(x[~wanted].sum(axis=0)).ravel() + 1
    ratio = np.log(positive / positive.sum()) - np.log(negative / negative.sum())
    rows = np.bincount(x.indices, minlength=x.shape[1])
    stress = np.log((1 + x.shape[0]) / (1 + np.minimum(rows, x.shape[0]))) * np.sqrt(np.abs(ratio) + 0.3)
    stressed = x.copy()
    stressed.data = stressed.data * stress[stressed.indices].astype(np.float32)
    model = LinearSVC(C=_HARDNESS, random_state=7, max_iter=2000, tol=1e-2).fit(stressed, wanted, sample_weight=weight)
    return model.coef_[0] * stress, float(model.intercept_[0])


def fit_weights(rows: Sequence[Row]) -> Weights:
    """The three heads. Calibrated on part "calibrate" while trained on "fit", then trained on both with that calibration."""
    raw = _heads([row for row in rows if row.part == "fit"])
    fitted = _calibrated(raw, [row for row in rows if row.part == "calibrate"])
    whole = _heads([row for row in rows if row.part != "held"])
    return replace(whole, neutral=fitted.neutral, direction=fitted.direction)


def _heads(fit: Sequence[Row]) -> Weights:
    """The heads trained on `fit`, not calibrated."""
    x, labels = matrix(fit), np.array([row.label for row in fit])
    weight = np.array([WEIGHTS.get(row.domain, 1.0) for row in fit])
    three = np.array([row.domain in OWN_AND_THREE for row in fit])
    by_class = [_against_rest(x[three], labels[three] == name, weight[three]) for name in CLASSES]
    two = labels != "neutral"
    direction = fit_head(x[two], labels[two] == "positive", weight[two])
    between = [(by_class[i][0] - by_class[1][0], by_class[i][1] - by_class[1][1]) for i in (0, 2)]
    table = np.stack([head for head, _ in (*between, direction)])
    scale = np.abs(table).max(axis=1) / _STEPS
    steps = np.rint(table / scale[:, None]).astype(np.int16)
    bias = np.array([bias for _, bias in (*between, direction)])
    return Weights(steps, scale, bias, np.array([1.0, 0, 0]), np.array([1.0, 0, 0]))


def _against_rest(x: Any, wanted: NDArray[np.bool_], weight: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """A head in whose training both sides weigh the same."""
    share = weight[wanted].sum() / weight.sum()
    return fit_head(x, wanted, np.where(wanted, weight / share, weight / (1 - share)) / 2)


def _calibrated(raw: Weights, rows: Sequence[Row]) -> Weights:
    """`raw` with the sharpness of the classes and the logistic curve of polarity fitted on rows kept apart."""
    three = [row for row in rows if row.domain in THREE]
    margins = LinearSentiment(raw).margins([r.text for r in three], [r.tokens for r in three])
    neutral = _sharpness(margins[:, :2], np.array([CLASSES.index(row.label) for row in three]))
    two = [row for row in rows if row.label != "neutral" and row.domain in DOMAINS]
    margins = LinearSentiment(raw).margins([r.text for r in two], [r.tokens for r in two])
    told = np.stack([margins[:, 2], margins[:, 1] - margins[:, 0]], axis=1)
    # Each domain has the same say, or shop reviews would decide alone.
    sizes = {d: sum(row.domain == d for row in two) for d in {row.domain for row in two}}
    weight = np.array([1 / sizes[row.domain] for row in two]) * len(two) / len(sizes)
    curve = LogisticRegression(C=100.0).fit(told, [row.label == "positive" for row in two], sample_weight=weight)
    direction = np.array([*curve.coef_[0], curve.intercept_[0]])
    return replace(raw, neutral=neutral, direction=direction)


def _sharpness(margins: NDArray[np.float64], label: NDArray[np.int64]) -> NDArray[np.float64]:
    """(sharpness, added to negative, added to positive) under which the classes are likeliest; L-BFGS."""
    from scipy.optimize import minimize

    def surprise(p: NDArray[np.float64]) -> float:
        logits = np.stack([margins[:, 0] * p[0] + p[1], np.zeros(len(margins)), margins[:, 1] * p[0] + p[2]], axis=1)
        total = np.log(np.exp(logits).sum(axis=1))
        return float((total - logits[np.arange(len(label)), label]).mean())

    return np.asarray(minimize(surprise, np.array([1.0, 0.0, 0.0]), method="L-BFGS-B").x, np.float64)


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads, trains, saves and prints how good the model is on the texts held out."""
    parser = argparse.ArgumentParser(prog="python -m nlp.train", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--out", type=Path, default=ARTEFACT.parent)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    cut = Segmenter("rjieba").tokens
    rows = [row for d in DOMAINS for row in read_rows(options.data / "sentiment" / f"{d}.jsonl.gz", d, cut)]
    rows += read_rows(SERVICE, "service", cut) + read_board(options.data / "board", cut)
    path = options.out / ARTEFACT.name
    save(fit_weights(rows), path)
    from nlp.train_report import print_report, report

    print_report(report(path, [row for row in rows if row.part == "held"]), as_json=options.json)


if __name__ == "__main__":
    main()
