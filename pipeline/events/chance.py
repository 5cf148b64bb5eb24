"""How likely counts are by chance: small, over-dispersed, and many looked at together."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
# Beyond so many terms a sum adds nothing that double precision could hold.
_MOST_TERMS = 100_000
# What is above is never flagged, at whatever rate.
_SMALL = 0.5


def tail(count: int, mean: float, variance: float) -> float:
    """Probability of `count` or more: negative binomial of that mean and variance, Poisson where the variance is no larger.

    count ≥ 0; mean > 0. The over-dispersed count model of disease surveillance (Noufaily et al. 2013, "An improved algorithm
    for outbreak detection in multiple surveillance systems", Statistics in Medicine 32).
    """
    if count <= 0:
        return 1.0
    if variance <= mean * (1 + 1e-9):
        return _upper(count, math.exp(-mean) if mean < 700 else 0.0, lambda k: mean / (k + 1), mean)
    share = mean / variance
    size = mean * share / (1 - share)
    return _upper(count, math.exp(size * math.log(share)), lambda k: (size + k) / (k + 1) * (1 - share), mean)


def _upper(count: int, first: float, factor: object, mean: float) -> float:
    """1 − the sum of the terms below `count`, or the sum of those above where that is the smaller one."""
    assert callable(factor)
    term = first
    if count <= mean:
        below = 0.0
        for k in range(count):
            below += term
            term *= factor(k)
        return max(0.0, 1.0 - below)
    for k in range(count):
        term *= factor(k)
    above, k = 0.0, count
    while term > 0 and k < count + _MOST_TERMS:
        above += term
        if term < above * 1e-12:
            break
        term *= factor(k)
        k += 1
    return min(1.0, above)


def predictive(count: int, *, seen: float, exposure: float, ahead: float) -> float:
    """Probability of `count` or more in `ahead` units when `seen` came in `exposure` of them: the rate is known only so well.

    Gamma-Poisson (Gelman et al., Bayesian Data Analysis, 2.6): seen and exposure hold the prior already; all > 0.
    """
    mean = seen / exposure * ahead
    return tail(count, mean, mean * (1 + ahead / exposure))


def adjusted(probabilities: Sequence[float]) -> Floats:
    """Each probability adjusted for all that were looked at: flags at ≤ q then are false in a share of q at most.

    Benjamini & Hochberg 1995, "Controlling the false discovery rate", JRSS B 57.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    if not values.size:
        return values
    order = np.argsort(values)
    ranked = values[order] * values.size / np.arange(1, values.size + 1)
    least = np.minimum.accumulate(ranked[::-1])[::-1]
    out = np.empty_like(values)
    out[order] = np.minimum(least, 1.0)
    return out


class Family:
    """The family of tests: probabilities of what was looked at lately, for the false discovery rate. Use: `add` in the order of time, `forget`."""

    def __init__(self) -> None:
        self._all: deque[tuple[int, float]] = deque()
        self._small: list[float] = []

    def add(self, at_ms: int, probability: float) -> None:
        """One that was looked at."""
        self._all.append((at_ms, probability))
        if probability < _SMALL:
            insort(self._small, probability)

    def forget(self, before_ms: int) -> None:
        """Those looked at before are told no more."""
        while self._all and self._all[0][0] < before_ms:
            _, gone = self._all.popleft()
            if gone < _SMALL:
                del self._small[bisect_left(self._small, gone)]

    def adjusted(self, probability: float) -> float:
        """Of another one, adjusted for all (as `adjusted` has it); what is above .5 may be told as less, but not below .5."""
        place = bisect_right(self._small, probability)
        ranked = np.asarray([probability, *self._small[place:]]) * (len(self._all) + 1)
        return float(min(1.0, (ranked / np.arange(place + 1, place + 1 + ranked.size)).min()))
