"""Trains the heads for category, intent and appeal: `python -m nlp.train_matters [--data DIR] [--out DIR] [--report] [--json]`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from nlp import features
from nlp.linear import F64, save_weights
from nlp.matters import (
    ARTEFACT,
    CATEGORIES,
    CATEGORY,
    HEADS,
    INTENT,
    INTENTS,
    PUBLIC,
    TITLE_WEIGHT,
    Matters,
    Weights,
    categories,
    load_matters,
    wanted_by,
)
from nlp.matters_data import Data, Post, beginning, columns, public_posts, read_data, weak_intents
from nlp.matters_report import report
from nlp.segment import Segmenter
from nlp.train import fit_head, part_of

# Weights are saved as whole numbers up to this, and those below the least are dropped: 3 makes 4.9 MB, 6 makes 3.7, 8 makes
# 3.1, and no figure of the report differs by more than .006.
_STEPS, _LEAST = 511, 6
_FOLDS = 5
# How little the machines are regularised: of intents as a multiple of what sentiment takes; of categories, .01 … .1 differ
# by less than half a point in cross-validation.
_HARDNESS, _CATEGORY_HARDNESS = 2.0, 0.03
# From which confidence a second category is said. The rows have one label each, so that no best value can be learnt: from
# .3 on the second is that label in three of ten cases, the first in five or six.
_SECOND = 0.3
# Own sentences are not the mix of intents of a board.
_OWN_CALIBRATION = 0.3


def matrix(posts: Sequence[Post]) -> Any:
    """Counts of n-grams, titles taken TITLE_WEIGHT times, over the square root of their number, (posts, buckets)."""
    joined = (
        features.characters([p.title for p in posts] + [p.text for p in posts]),
        features.words([p.title_tokens for p in posts] + [p.text_tokens for p in posts]),
    )
    size = len(posts)
    times = np.repeat([float(TITLE_WEIGHT), 1.0], size)
    pieces, counts = [], np.zeros(size)
    for grams in joined:
        sizes = grams.ends - grams.starts
        owner = np.repeat(np.arange(2 * size), sizes)
        where = np.repeat(grams.starts - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        counted = grams.counted[where]
        pieces += [(owner[counted], bucket[where][counted]) for bucket in grams.buckets]
        counts += (grams.counts() * times).reshape(2, size).sum(axis=0)
    owners, buckets = (np.concatenate(side) for side in zip(*pieces, strict=True))
    share = times[owners] / np.sqrt(np.maximum(counts, 1))[owners % size]
    return csr_matrix((share.astype(np.float32), (owners % size, buckets)), shape=(size, features.BUCKETS))


Head = tuple[F64, float]
Mask = NDArray[np.bool_]


def _balanced(x: Any, wanted: Mask, weight: F64) -> Head:
    """A head in whose training both sides weigh the same."""
    share = weight[wanted].sum() / weight.sum()
    even = np.where(wanted, weight / share, weight / (1 - share)) / 2
    return fit_head(x, wanted, _HARDNESS * np.asarray(even))


def category_heads(posts: Sequence[Post]) -> list[Head]:
    """Heads of CATEGORIES, learnt from rows of content words: SVMs over n-grams stressed by rarity.

    Without their biases: these say how a row of content words alone leans, and whole texts have half as many n-grams again
    that no head knows, so that beside them the bias would weigh too much (.858 → .879 on whole texts, .810 → .860 on
    titles; within the rows .9208 → .9201).
    """
    x, labels = matrix(posts), np.array([post.category for post in posts])
    rows = np.minimum(np.bincount(x.indices, minlength=x.shape[1]), x.shape[0])
    rarity = np.log((1 + x.shape[0]) / (1 + rows))
    x.data = x.data * rarity[x.indices].astype(np.float32)
    machine = LinearSVC(C=_CATEGORY_HARDNESS, class_weight="balanced", random_state=7, max_iter=2000, tol=1e-2)
    return [(machine.fit(x, labels == name).coef_[0] * rarity, 0.0) for name in CATEGORIES]


def public_head(posts: Sequence[Post]) -> Head:
    """The head that tells posts of public matters from chatter."""
    return _balanced(matrix(posts), np.array([bool(post.public) for post in posts]), np.ones(len(posts)))


def intent_heads(x: Any, posts: Sequence[Post]) -> list[Head]:
    """Heads of INTENTS, then that of appeal. x: matrix of posts."""
    weight = np.array([post.weight for post in posts])
    labels = np.array([post.intent for post in posts])
    asks = np.array([bool(post.appeal) for post in posts])
    return [*(_balanced(x, labels == name, weight) for name in INTENTS), _balanced(x, asks, weight)]


def _table(heads: Sequence[Head]) -> Weights:
    """Heads in whole numbers, not calibrated; missing heads say nothing."""
    rows = [head for head, _ in heads] + [np.zeros(features.BUCKETS)] * (HEADS - len(heads))
    scale = np.array([max(float(np.abs(row).max()), 1e-12) / _STEPS for row in rows])
    steps = np.stack([np.rint(row / step).astype(np.int16) for row, step in zip(rows, scale, strict=True)])
    steps[np.abs(steps) < _LEAST] = 0
    bias = np.array([bias for _, bias in heads] + [0.0] * (HEADS - len(heads)))
    kinds = len(INTENTS)
    return Weights(
        np.ascontiguousarray(steps.T),
        scale,
        bias,
        category=np.eye(len(CATEGORIES), len(CATEGORIES) + 1),
        public=np.array([[1.0, 0.0]]),
        intent=np.eye(kinds, kinds + 2),
        appeal=np.eye(1, kinds + 2, kinds),
        band=np.zeros(2),
    )


@dataclass(frozen=True)
class Folds:
    """Margins (n, HEADS) of labelled messages and own sentences by heads that have not seen them, with the fold of each."""

    posts: list[Post]
    margins: F64
    fold: NDArray[np.int64]


def cross_fitted(data: Data) -> Folds:
    """Intent heads trained _FOLDS times, each time without a fifth of the labelled posts."""
    posts, rest = [*data.labelled, *data.own, *data.sentences], [*data.chatter, *weak_intents(data)]
    # Posts of one intent go round the folds in turn.
    order = sorted(range(len(posts)), key=lambda i: (posts[i].public is None, posts[i].intent, posts[i].key))
    fold = np.empty(len(posts), np.int64)
    fold[order] = np.arange(len(posts)) % _FOLDS
    every = [*posts, *rest]
    x, margins = matrix(every), np.zeros((len(posts), HEADS))
    for number in range(_FOLDS):
        fit = np.append(fold != number, np.ones(len(rest), bool))
        heads = intent_heads(x[fit], [post for post, taken in zip(every, fit, strict=True) if taken])
        held = np.flatnonzero(fold == number)
        for column, (weight, bias) in enumerate(heads, INTENT.start):
            margins[held, column] = x[held] @ weight + bias
    return Folds(posts, margins, fold)


def _regression(told: F64, label: NDArray[Any], outcomes: Sequence[Any], weight: F64) -> F64:
    """A logistic model (outcomes, k + 1), or (1, k + 1) of the second where there are two."""
    model = LogisticRegression(C=1.0, max_iter=3000).fit(told, label, sample_weight=weight)
    rows = np.column_stack([model.coef_, model.intercept_])
    if len(outcomes) == 2:
        return np.asarray(rows, np.float64)
    place = dict(zip(model.classes_, rows, strict=True))
    never = np.append(np.zeros(told.shape[1]), -30.0)
    return np.stack([place.get(name, never) for name in outcomes])


def calibrated_intents(raw: Weights, folds: Folds, among: Mask) -> Weights:
    """`raw` with the models of intent and appeal fitted on some of the cross-fitted margins. Rare intents get more say, by
    the root of how rare they are, or complaints would take all doubtful posts."""
    posts = [post for post, taken in zip(folds.posts, among, strict=True) if taken]
    told, own = wanted_by(folds.margins[among]), np.array([post.weight != 1.0 for post in posts])
    weight = np.where(own, _OWN_CALIBRATION, 1.0)
    label = np.array([post.intent for post in posts])
    size = {name: weight[label == name].sum() for name in INTENTS}
    even = weight / np.sqrt([size[name] for name in label])
    intent = _regression(told, label, INTENTS, even * len(even) / even.sum())
    appeal = _regression(told, np.array([bool(post.appeal) for post in posts]), (False, True), weight)
    return replace(raw, intent=intent, appeal=appeal)


def _sharpened(margins: F64, label: NDArray[Any]) -> F64:
    """The one factor on all margins under which the labels are likeliest (temperature, Guo et al. 2017). A model a category
    would learn how common each is in the set as well, which another source does not share."""
    truth = np.array([CATEGORIES.index(name) for name in label.tolist()])

    def surprise(factor: float) -> float:
        raised = margins * factor
        peak = raised.max(axis=1)
        total = peak + np.log(np.exp(raised - peak[:, None]).sum(axis=1))
        return float((total - raised[np.arange(len(truth)), truth]).mean())

    best = min(np.geomspace(0.3, 10, 60).tolist(), key=surprise)
    return np.asarray(np.eye(len(CATEGORIES), len(CATEGORIES) + 1) * best, np.float64)


def calibrated_categories(raw: Weights, rows: Sequence[Post], public: Sequence[Post]) -> Weights:
    """`raw` with the models of category and of public matters fitted, and the band chosen, on rows kept apart."""
    both = [*rows, *(beginning(post) for post in rows)]
    margins, label = Matters(raw).margins(*columns(both)), np.array([post.category for post in both])
    model = _sharpened(margins[:, CATEGORY], label)
    seen = Matters(raw).margins(*columns(public))[:, [PUBLIC]]
    truth = np.array([bool(post.public) for post in public])
    # Which of both kinds a source posts more is not known: each counts half.
    even = np.where(truth, 1 / truth.mean(), 1 / (1 - truth.mean())) / 2
    fitted = replace(raw, category=model, public=_regression(seen, truth, (False, True), even))
    return replace(fitted, band=_band(categories(margins, replace(fitted, public=np.array([[0.0, 30.0]]))), label))


def _band(chance: F64, label: NDArray[Any]) -> F64:
    """From which confidence a category is said: below, it is wrong more often than right (in steps of a tenth); and a
    second one."""
    first, right = chance.max(axis=1), np.array(CATEGORIES)[chance.argmax(axis=1)] == label
    doubtful = [t for t in (0.3, 0.4, 0.5, 0.6) if ((first >= t - 0.1) & (first < t)).any()]
    wrong = [t for t in doubtful if right[(first >= t - 0.1) & (first < t)].mean() < 0.5]
    return np.array([max(wrong, default=0.3), _SECOND])


def fit_weights(data: Data, folds: Folds) -> Weights:
    """All heads. Categories are calibrated on a tenth while trained on the rest, then trained on all with that calibration."""
    public = public_posts(data)
    apart = [post for post in data.tokenised if part_of(post.key) == "calibrate"]
    rest = [post for post in data.tokenised if part_of(post.key) != "calibrate"]
    gap = [(np.zeros(features.BUCKETS), 0.0)] * (PUBLIC - CATEGORY.stop)
    seen = public_head([post for post in public if part_of(post.key) != "calibrate"])
    fitted = calibrated_categories(
        _table([*category_heads(rest), *gap, seen]), apart, [p for p in public if part_of(p.key) == "calibrate"]
    )
    posts = [*folds.posts, *data.chatter, *weak_intents(data)]
    wants = intent_heads(matrix(posts), posts)
    whole = _table([*category_heads(data.tokenised), *wants, public_head(public)])
    whole = replace(whole, category=fitted.category, public=fitted.public, band=fitted.band)
    return calibrated_intents(whole, folds, np.ones(len(folds.posts), bool))


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads, trains, saves and prints how good the model is on rows it has not seen."""
    parser = argparse.ArgumentParser(prog="python -m nlp.train_matters", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--out", type=Path, default=ARTEFACT.parent)
    parser.add_argument("--labels", type=Path, nargs="*", default=[], help="what `qingyu labels export` wrote")
    parser.add_argument("--report", action="store_true", help="print the figures of the saved model, train nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    data, path = read_data(options.data, Segmenter("rjieba").tokens, options.labels), options.out / ARTEFACT.name
    if not options.report:
        save_weights(fit_weights(data, cross_fitted(data)), path)
    found = report(load_matters(path), data)
    print(json.dumps(found) if options.json else "\n".join(f"{name:28} {value}" for name, value in found.items()))


if __name__ == "__main__":
    main()
