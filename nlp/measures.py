"""How good verdicts are, each figure with a bootstrap interval: numpy alone.

Every measure is a function of weights of the rows: all ones give the figure itself, the counts of a resample give that of the
resample, so that a thousand resamples are a few matrix products.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]
Measure = Callable[[F64], F64]

RESAMPLES = 1_000
BINS = 10
_SEED = 20_261_123
# Numbers in one matrix of weights: 16 MB.
_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and its 95 % interval; NaN where the rows do not tell."""

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float | None]:
        """As JSON holds it: four decimals, null for NaN."""
        return {name: _number(getattr(self, name)) for name in ("value", "low", "high")}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)


@dataclass(frozen=True)
class Judged:
    """n rows with verdicts. truth, said: class numbers; confidence: 0 … 1, of what was said; sure: outside the unsure band;
    positive: 0 … 1, of the class 1 of two, None where there are more classes."""

    truth: I64
    said: I64
    confidence: F64
    sure: Bools
    positive: F64 | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """All measures of some rows. auc: NaN where there are not two classes."""

    rows: int
    accuracy: Interval
    macro_f1: Interval
    auc: Interval
    calibration_error: Interval
    coverage: Interval
    accuracy_sure: Interval

    def to_dict(self) -> dict[str, object]:
        """As JSON holds it."""
        return {"rows": self.rows} | {name: getattr(self, name).to_dict() for name in FIGURES}


FIGURES = ("accuracy", "macro_f1", "auc", "calibration_error", "coverage", "accuracy_sure")


def measure(rows: Judged, *, resamples: int = RESAMPLES, seed: int = _SEED) -> Measured:
    """Every measure of those rows with its interval; the same rows and seed give the same figures."""
    measures: list[Measure] = [
        accuracy(rows),
        macro_f1(rows),
        auc(rows),
        calibration_error(rows),
        coverage(rows),
        accuracy_sure(rows),
    ]
    found = intervals(measures, len(rows.truth), resamples=resamples, seed=seed)
    return Measured(len(rows.truth), *found)


def intervals(measures: list[Measure], size: int, *, resamples: int = RESAMPLES, seed: int = _SEED) -> list[Interval]:
    """Each measure over `size` rows with its 95 % percentile interval over resamples with replacement (Efron 1979)."""
    if not size:
        return [Interval(math.nan, math.nan, math.nan)] * len(measures)
    random = np.random.default_rng(seed)
    whole = np.ones((1, size))
    step = max(1, _AT_ONCE // size)
    parts: list[list[F64]] = [[] for _ in measures]
    for start in range(0, resamples, step):
        weights = _resampled(random, min(step, resamples - start), size)
        for part, one in zip(parts, measures, strict=True):
            part.append(one(weights))
    return [_interval(one(whole), np.concatenate(part)) for one, part in zip(measures, parts, strict=True)]


def _resampled(random: np.random.Generator, count: int, size: int) -> F64:
    """How often each row was drawn, (count, size)."""
    drawn = random.integers(0, size, (count, size), dtype=np.int32)
    drawn += (np.arange(count, dtype=np.int32) * size)[:, None]
    return np.bincount(drawn.ravel(), minlength=count * size).reshape(count, size).astype(np.float64)


def _interval(value: F64, resampled: F64) -> Interval:
    told = resampled[~np.isnan(resampled)]
    low, high = np.percentile(told, [2.5, 97.5]) if len(told) else (math.nan, math.nan)
    return Interval(float(value[0]), float(low), float(high))


def _ratio(above: F64, below: F64) -> F64:
    """above / below, NaN where below is 0."""
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


def share(of: Bools, among: Bools | None = None) -> Measure:
    """Share of the rows in `of` among the rows in `among` (all of them); precision and recall are such shares."""
    base = np.ones(len(of), np.bool_) if among is None else among
    return ratio((of & base).astype(np.float64), base.astype(np.float64))


def ratio(above: F64, below: F64) -> Measure:
    """Sum of one number a row over the sum of another; NaN where the latter is 0."""
    return lambda weights: _ratio(weights @ above, weights @ below)


def accuracy(rows: Judged) -> Measure:
    """Share of right verdicts."""
    return share(rows.truth == rows.said)


def coverage(rows: Judged) -> Measure:
    """Share of rows outside the unsure band."""
    return share(rows.sure)


def accuracy_sure(rows: Judged) -> Measure:
    """Share of right verdicts among the rows outside the unsure band."""
    return share(rows.truth == rows.said, rows.sure)


def macro_f1(rows: Judged) -> Measure:
    """Mean over classes of 2·tp / (true + said); a class that neither stands in the rows nor is said does not count."""
    classes = np.union1d(rows.truth, rows.said)
    truth = (rows.truth[:, None] == classes).astype(np.float64)
    said = (rows.said[:, None] == classes).astype(np.float64)
    both, either = truth * said, truth + said

    def of(weights: F64) -> F64:
        below = weights @ either
        scores, there = 2 * _ratio(weights @ both, below), below > 0
        return _ratio(np.where(there, scores, 0).sum(axis=1), there.sum(axis=1).astype(np.float64))

    return of


def auc(rows: Judged) -> Measure:
    """Probability that a positive row ranks above a negative one, ties half (Hanley & McNeil 1982); NaN without both."""
    if rows.positive is None or not len(rows.truth):
        return lambda weights: np.full(len(weights), np.nan)
    order = np.argsort(rows.positive, kind="stable")
    ranked, positive = rows.positive[order], (rows.truth[order] == 1).astype(np.float64)
    groups = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])

    def of(weights: F64) -> F64:
        sorted_weights = weights[:, order]
        above = np.add.reduceat(sorted_weights * positive, groups, axis=1)
        below = np.add.reduceat(sorted_weights * (1 - positive), groups, axis=1)
        won = (above * (np.cumsum(below, axis=1) - below / 2)).sum(axis=1)
        return _ratio(won, above.sum(axis=1) * below.sum(axis=1))

    return of


def calibration_error(rows: Judged) -> Measure:
    """Mean distance of confidence and accuracy over 10 bins of equal width, weighted by rows (Naeini et al. 2015)."""
    bins = np.clip(np.nan_to_num(rows.confidence * BINS).astype(np.int64), 0, BINS - 1)
    off = (rows.truth == rows.said) - rows.confidence
    binned = (bins[:, None] == np.arange(BINS)) * off[:, None]
    return lambda weights: _ratio(np.abs(weights @ binned).sum(axis=1), weights.sum(axis=1))


def yes_no(name: str, truth: Bools, said: Bools) -> dict[str, Interval]:
    """Accuracy, precision, recall and F1 of a yes/no verdict, named `name_…`."""
    both, either = (truth & said).astype(np.float64), truth.astype(np.float64) + said
    measures = [
        share(truth == said),
        share(truth, said),
        share(said, truth),
        lambda weights: 2 * (weights @ both) / np.maximum(weights @ either, 1e-300),
    ]
    found = intervals(measures, len(truth))
    return {f"{name}_{one}": value for one, value in zip(("accuracy", "precision", "recall", "f1"), found, strict=True)}
