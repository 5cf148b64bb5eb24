"""Trains the linear sentiment model: `python -m nlp.train [--data DIR] [--out DIR] [--json]`. Only here scikit-learn."""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from nlp import features
from nlp.labels import TRAINING, board_labels, board_messages
from nlp.linear import save_weights
from nlp.matters_data import Post, copies
from nlp.segment import Segmenter
from nlp.sentiment import (
    ARTEFACT,
    CLASSES,
    FELT,
    POLAR,
    STYLE,
    STYLES,
    LinearSentiment,
    Weights,
    combine,
    felt_by,
    polar,
    polarity,
    styles,
)

DOMAINS = STYLES[:-2]
PUBLIC = STYLES[-2:]
THREE = ("weibo_general", "weibo_epidemic", *PUBLIC)
SERVICE = TRAINING / "service.jsonl"
MESSAGES = TRAINING / "messages.jsonl"
# Own sentences of public service are few: so many rows each of them counts.
WEIGHTS = {"service": 4.0, "board": 2.0}
# How little the support vector machine is regularised: best of .02 … .15.
_HARDNESS = 0.03

# Weights are saved as whole numbers up to this, and those below the least are dropped: finer steps change no figure of the
# report, only the size of the file.
_STEPS, _LEAST = 511, 3
# The share of verdicts that are called unsure.
_UNSURE = 0.18

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


def read_board(folder: Path, cut: Callable[[str], list[str]], part: Literal["train", "test"] = "train") -> list[Row]:
    """The labelled messages, title and text as the annotator joins them. part: those of "test" are all held; those of
    "train" that repeat one of them are left out."""
    messages, found = board_messages(folder), []
    posts = {name: _posts(messages, name) for name in ("test", part)}
    copied = copies(posts["test"], posts[part]) if part == "train" else frozenset()
    for labels in board_labels(part):
        message = messages.get(labels["id"])
        if message is None or str(labels["id"]) in copied:
            continue
        text = f"{message['title'].strip()}\n{message['text'].strip()}"
        # All that may be trained with is: the test has messages of its own.
        share: Part = "held" if part == "test" else "calibrate" if labels["id"] % 5 == 0 else "fit"
        found.append(Row(text, cut(text), labels["sentiment"], "board", share))
    return found


def _posts(messages: Mapping[int, dict[str, Any]], part: Literal["train", "test"]) -> list[Post]:
    rows = [messages[labels["id"]] for labels in board_labels(part) if labels["id"] in messages]
    return [Post(row["title"], row["text"], [], [], key=str(row["id"])) for row in rows]


def read_labels(path: Path, domain: str, cut: Callable[[str], list[str]]) -> list[Row]:
    """Labelled posts {title, text, sentiment} of public talk: own messages, or what `qingyu labels export` writes; those
    without a sentiment are passed over. All are trained with, a fifth to calibrate."""
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    found = {f"{row['title'].strip()}\n{row['text'].strip()}".strip(): row.get("sentiment") for row in lines}
    return [
        Row(text, cut(text), label, domain, "calibrate" if part_of(text) == "held" else "fit")
        for text, label in found.items()
        if label
    ]


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
    """All heads. Calibrated on part "calibrate" while trained on "fit", then trained on both with that calibration."""
    raw = _heads([row for row in rows if row.part == "fit"])
    fitted = calibrated(raw, [row for row in rows if row.part == "calibrate"])
    whole = _heads([row for row in rows if row.part != "held"])
    return replace(whole, style=fitted.style, polarity=fitted.polarity, feeling=fitted.feeling, band=fitted.band)


Head = tuple[NDArray[np.float64], float]


def _heads(fit: Sequence[Row]) -> Weights:
    """The heads trained on `fit`, not calibrated."""
    x, labels = matrix(fit), np.array([row.label for row in fit])
    domain = np.array([row.domain for row in fit])
    weight = np.array([WEIGHTS.get(row.domain, 1.0) for row in fit])
    three, two, public = np.isin(domain, THREE), labels != "neutral", np.isin(domain, PUBLIC)
    by_class = [_against_rest(x[three], labels[three] == name, weight[three]) for name in CLASSES]
    between = [(by_class[i][0] - by_class[1][0], by_class[i][1] - by_class[1][1]) for i in (0, 2)]
    direction = _fit(x, labels == "positive", two, weight)
    own = [_fit(x, labels == "positive", two & (domain == name), weight) for name in DOMAINS]
    own.append(_fit(x, labels == "positive", two & public, weight))
    like = [_fit(x, domain == name, np.ones(len(fit), bool), None) for name in STYLES]
    felt = [
        _fit(x, labels == name, public & np.isin(labels, (name, "neutral")), weight)
        for name in (CLASSES[0], CLASSES[2])
    ]
    return _packed([*between, direction, *own, *like, *felt])


def _fit(x: Any, wanted: NDArray[np.bool_], among: NDArray[np.bool_], weight: NDArray[np.float64] | None) -> Head:
    """A head trained on some rows; one that says nothing where all of them are alike."""
    some = wanted[among]
    if not some.any() or some.all():
        return np.zeros(features.BUCKETS), 0.0
    return fit_head(x[among], some, np.ones(len(some)) if weight is None else weight[among])


def _packed(heads: Sequence[Head]) -> Weights:
    table = np.stack([head for head, _ in heads])
    scale = np.maximum(np.abs(table).max(axis=1), 1e-12) / _STEPS
    steps = np.rint(table / scale[:, None]).astype(np.int16)
    steps[np.abs(steps) < _LEAST] = 0
    bias = np.array([bias for _, bias in heads])
    styles = len(STYLES)
    return Weights(
        np.ascontiguousarray(steps.T),
        scale,
        bias,
        np.eye(styles, styles + 1),
        np.zeros(POLAR + 1),
        np.zeros((3, FELT + 1)),
        np.zeros(2),
    )


def _against_rest(x: Any, wanted: NDArray[np.bool_], weight: NDArray[np.float64]) -> Head:
    """A head in whose training both sides weigh the same."""
    share = weight[wanted].sum() / weight.sum()
    return fit_head(x, wanted, np.where(wanted, weight / share, weight / (1 - share)) / 2)


def calibrated(raw: Weights, rows: Sequence[Row]) -> Weights:
    """`raw` with its logistic models fitted on rows kept apart: which style, how much feeling, which direction."""
    margins = LinearSentiment(raw).margins([r.text for r in rows], [r.tokens for r in rows])
    domain = np.array([row.domain for row in rows])
    labels = np.array([row.label for row in rows])
    fitted = replace(raw, style=_logistic(margins[:, STYLE], domain, list(STYLES)))
    two = labels != "neutral"
    told = polar(margins[two], fitted)
    fitted = replace(fitted, polarity=_logistic(told, labels[two], ["positive"], _even(domain[two]))[0])
    three = np.isin(domain, THREE)
    told = felt_by(margins[three], styles(margins[three], fitted))
    fitted = replace(fitted, feeling=_logistic(told, labels[three], list(CLASSES), _even(domain[three])))
    return replace(fitted, band=_band(margins, labels, domain, fitted))


def _even(domain: NDArray[Any]) -> NDArray[np.float64]:
    """Weights that lend small domains more say (by the root of their size), or shop reviews would decide alone."""
    sizes = {name: (domain == name).sum() for name in set(domain.tolist())}
    weight = np.array([1 / np.sqrt(sizes[name]) for name in domain])
    return np.asarray(weight * len(domain) / weight.sum(), np.float64)


def _logistic(
    told: NDArray[np.float64], label: NDArray[Any], outcomes: list[str], weight: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """A logistic model (outcomes, k + 1); of outcomes that did not occur, one that never says so."""
    model = LogisticRegression(C=0.3, max_iter=3000).fit(told, label, sample_weight=weight)
    coef, intercept = model.coef_, model.intercept_
    if len(model.classes_) == 2:
        one = np.append(coef[0], intercept[0])
        rows = {model.classes_[0]: np.zeros_like(one), model.classes_[1]: one}
    else:
        rows = {name: np.append(coef[i], intercept[i]) for i, name in enumerate(model.classes_)}
    never = np.append(np.zeros(told.shape[1]), -30.0)
    return np.stack([rows.get(name, never) for name in outcomes])


def _band(
    margins: NDArray[np.float64], labels: NDArray[Any], domain: NDArray[Any], fitted: Weights
) -> NDArray[np.float64]:
    """Below which confidence a verdict is unsure: a fifth of the verdicts, each domain alike."""
    chance = polarity(margins, fitted)
    two = np.maximum(chance, 1 - chance)
    three = combine(margins, fitted).max(axis=1)
    return np.array(
        [
            np.mean([np.quantile(sure[(domain == name) & among], _UNSURE) for name in names if (domain == name).any()])
            for sure, among, names in (
                (three, np.ones(len(labels), bool), THREE),
                (two, labels != "neutral", DOMAINS),
            )
        ]
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads, trains, saves and prints how good the model is on the texts held out."""
    parser = argparse.ArgumentParser(prog="python -m nlp.train", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--out", type=Path, default=ARTEFACT.parent)
    parser.add_argument("--labels", type=Path, nargs="*", default=[], help="what `qingyu labels export` wrote")
    parser.add_argument("--left-out", action="store_true", help="train without each set in turn, and save nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    cut = Segmenter("rjieba").tokens
    rows = [row for d in DOMAINS for row in read_rows(options.data / "sentiment" / f"{d}.jsonl.gz", d, cut)]
    rows += read_rows(SERVICE, "service", cut) + read_board(options.data / "board", cut)
    # As talk of service: among the board's own they would be taken for its mix, in which hardly anybody praises.
    rows += read_labels(MESSAGES, "service", cut)
    rows += [row for path in options.labels for row in read_labels(path, "board", cut)]
    rows += read_board(options.data / "board", cut, "test")
    path = options.out / ARTEFACT.name
    from nlp.train_report import left_out, print_report, report

    if options.left_out:
        print(json.dumps({"left_out": left_out(fit_weights, rows)}))
        return
    save_weights(fit_weights(rows), path)
    print_report(report(path, [row for row in rows if row.part == "held"]), as_json=options.json)


if __name__ == "__main__":
    main()
