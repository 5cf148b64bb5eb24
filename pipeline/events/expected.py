"""What a daily count is usually, and how much it scatters: season, holidays, trend, over-dispersion.

A log-linear quasi-Poisson model over the weeks before, past outbreaks weighted down, as in the surveillance of diseases
(Farrington et al. 1996, "A statistical algorithm for the early detection of outbreaks of infectious disease", JRSS A 159;
Noufaily et al. 2013). Weekdays, holidays and the trend are shrunk to none (ridge), so that a series of one post a week has a
mean at all; a window is then a negative binomial count of the sum's mean and variance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from config.workdays import is_workday
from pipeline.events.chance import tail

Floats = npt.NDArray[np.float64]

# Lengths of the windows that are counted, days, all ending with the last day: jumps and slow rises.
WINDOWS = (3, 7)
# Days the model learns from, before the longest window.
HISTORY = 84
_STEPS, _LARGEST, _ROUNDS = 12, 6.0, 4
# What a coefficient is held to be before anything is seen: none, give or take so much (natural logarithm).
_PRIOR_LEVEL, _PRIOR_TREND, _PRIOR_WEEKDAY, _PRIOR_OFF = 5.0, 0.05, 0.5, 0.5
# Over-dispersion counts as if so many days without any had been seen.
_PRIOR_DAYS = 56
# A day of so many days ago counts half.
_HALF_LIFE = 21.0
# Anscombe residuals above this are weighted down by their square (Farrington's choice).
_OUTLYING = 2.58


@dataclass(frozen=True, slots=True)
class Excess:
    """The window of a series where a count is least likely. days: its length; probability: of as many or more, for the
    number of windows looked at."""

    days: int
    count: int
    expected: float
    probability: float


def design(last: date, days: int) -> Floats:
    """A row for each of the `days` days that end with `last`: 1, weeks before the end (four at a time), weekdays, day off."""
    rows = []
    for n in range(days):
        day = last - timedelta(days=days - 1 - n)
        off = float(not is_workday(day))
        weekdays = [float(day.weekday() == k) for k in range(7)]
        rows.append([1.0, (n - days + 1) / 28.0, *weekdays, off])
    return np.asarray(rows)


def excesses(counts: npt.NDArray[np.int64], last: date) -> list[Excess]:
    """The least likely window of each series that ends with the day `last`.

    counts: shape (series, days), oldest first, days ≥ 7 + 28; only the last 91 are looked at.
    """
    return [_least(counts[n, -max(WINDOWS) :], one) for n, one in enumerate(_ahead(counts, last))]


def shortfalls(counts: npt.NDArray[np.int64], last: date) -> list[Excess]:
    """The longest window of each series that ends with the day `last`, with the probability of so few by chance."""
    found = []
    for n, ahead in enumerate(_ahead(counts, last)):
        count = int(counts[n, -max(WINDOWS) :].sum())
        mean, variance = ahead.window(max(WINDOWS))
        found.append(Excess(max(WINDOWS), count, mean, max(0.0, 1.0 - tail(count + 1, mean, variance))))
    return found


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What the days of the longest window are held to bring: a mean for each, and how sure that is."""

    means: Floats
    x: Floats
    spread: Floats
    dispersion: float

    def window(self, days: int) -> tuple[float, float]:
        """Mean and variance of the sum of the latest days."""
        mean = float(self.means[-days:].sum())
        gradient = self.means[-days:] @ self.x[-days:]
        return mean, self.dispersion * (mean + float(gradient @ self.spread @ gradient))


def _ahead(counts: npt.NDArray[np.int64], last: date) -> list[_Ahead]:
    counts = counts[:, -(HISTORY + max(WINDOWS)) :]
    x = design(last, counts.shape[1])
    split = counts.shape[1] - max(WINDOWS)
    beta, spread, dispersion = _fit(counts[:, :split].astype(np.float64), x[:split])
    means = np.exp(np.clip(beta @ x[split:].T, -20, 20))
    return [_Ahead(means[n], x[split:], spread[n], float(dispersion[n])) for n in range(counts.shape[0])]


def _least(counts: npt.NDArray[np.int64], ahead: _Ahead) -> Excess:
    found = []
    for days in WINDOWS:
        count = int(counts[-days:].sum())
        mean, variance = ahead.window(days)
        found.append(Excess(days, count, mean, min(1.0, tail(count, mean, variance) * len(WINDOWS))))
    return min(found, key=lambda one: (one.probability, one.days))


def _fit(y: Floats, x: Floats) -> tuple[Floats, Floats, Floats]:
    """Coefficients, their covariance (for a dispersion of 1) and the dispersion of each series."""
    recent = np.broadcast_to(0.5 ** (np.arange(y.shape[1])[::-1] / _HALF_LIFE), y.shape)
    weights = recent
    for _ in range(_ROUNDS):
        beta, spread = _newton(y, x, weights)
        mean = np.exp(np.clip(beta @ x.T, -20, 20))
        dispersion = _dispersion(y, mean, weights)
        # Past outbreaks must not teach that outbreaks are usual.
        residual = 1.5 * (y ** (2 / 3) - mean ** (2 / 3)) / (mean ** (1 / 6) * np.sqrt(dispersion)[:, None])
        weights = recent * np.where(residual > _OUTLYING, (_OUTLYING / np.maximum(residual, 1e-9)) ** 2, 1.0)
    return beta, spread, dispersion


def _newton(y: Floats, x: Floats, weights: Floats) -> tuple[Floats, Floats]:
    scale = np.asarray([_PRIOR_LEVEL, _PRIOR_TREND, *[_PRIOR_WEEKDAY] * 7, _PRIOR_OFF])
    ridge = np.diag(1 / scale**2)
    start = np.log((y.sum(1) + 0.5) / y.shape[1])
    # The level is held to be what it was at first, not one post a day.
    centre = np.zeros((y.shape[0], x.shape[1]))
    centre[:, 0] = start
    beta = centre.copy()
    for _ in range(_STEPS):
        mean = np.exp(np.clip(beta @ x.T, -20, 20))
        gradient = (weights * (y - mean)) @ x - (beta - centre) @ ridge
        hessian = np.einsum("sn,np,nq->spq", weights * mean, x, x, optimize=True) + ridge
        step = np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
        beta = beta + np.clip(step, -_LARGEST, _LARGEST)
        if float(np.abs(step).max()) < 1e-6:
            break
    mean = np.exp(np.clip(beta @ x.T, -20, 20))
    hessian = np.einsum("sn,np,nq->spq", weights * mean, x, x, optimize=True) + ridge
    return beta, np.linalg.inv(hessian)


def _dispersion(y: Floats, mean: Floats, weights: Floats) -> Floats:
    """Variance over mean, 1 or more: Pearson's, shrunk to 1."""
    # Where a mean is near none, one post is no measure of scatter.
    squares = (weights * (y - mean) ** 2 / np.maximum(mean, 0.05)).sum(1)
    free = np.maximum(weights.sum(1) - 2, 1)
    found: Floats = np.maximum(1.0, (squares + _PRIOR_DAYS) / (free + _PRIOR_DAYS))
    return found
