"""The burst statistic against the rules people use, on made-up series: `python -m bench.bursts [--series N] [--json]`.

Series of 0.2 to 50 posts a day over 400 days, with a weekly season, public holidays, a trend and over-dispersion; outbreaks of
three to ten days at three to twelve times the usual are planted. Each method gives each day a score; its threshold is set so
that all raise the same number of false alarms (runs of alarmed days outside outbreaks) in a series and year. Then: the share
of outbreaks found, precision, and F1.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import numpy as np
import numpy.typing as npt

from config.workdays import is_workday
from pipeline.events.expected import HISTORY, WINDOWS, excesses

Floats = npt.NDArray[np.float64]
RATES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
DAYS, START = 400, date(2018, 6, 1)
_FIRST = HISTORY + max(WINDOWS)
_FALSE_A_YEAR = (0.25, 1.0)


@dataclass(frozen=True)
class Made:
    """counts: (series, days); planted: of each series the outbreaks as (first day, day after the last); rates: usual a day."""

    counts: npt.NDArray[np.int64]
    planted: list[list[tuple[int, int]]]
    rates: Floats


def made_up(series: int, seed: int) -> Made:
    """`series` series for each rate."""
    dice = np.random.default_rng(seed)
    counts, planted, rates = [], [], []
    days = [START + timedelta(days=n) for n in range(DAYS)]
    for rate in RATES:
        for _ in range(series):
            weekday = np.exp(dice.normal(0, 0.25, 7))
            off = dice.uniform(0.5, 0.9)
            season = np.asarray([weekday[d.weekday()] * (1.0 if is_workday(d) else off) for d in days])
            trend = np.exp(np.linspace(0, dice.normal(0, 0.5), DAYS))
            mean = rate * season / season.mean() * trend / trend.mean()
            spans: list[tuple[int, int]] = []
            for _ in range(3):
                first = int(dice.integers(_FIRST, DAYS - 12))
                last = first + int(dice.integers(3, 11))
                if all(last + 20 < a or first > b + 20 for a, b in spans):
                    mean[first:last] *= dice.uniform(3, 12)
                    spans.append((first, last))
            dispersion = dice.uniform(1.0, 2.5)
            size = mean / (dispersion - 1 + 1e-9)
            counts.append(dice.negative_binomial(size, 1 / dispersion) if dispersion > 1.01 else dice.poisson(mean))
            planted.append(spans)
            rates.append(rate)
    return Made(np.asarray(counts, dtype=np.int64), planted, np.asarray(rates))


def ours(counts: npt.NDArray[np.int64]) -> Floats:
    """Minus the logarithm of the probability."""
    scores = np.zeros(counts.shape)
    for day in range(_FIRST, counts.shape[1]):
        found = excesses(counts[:, : day + 1], START + timedelta(days=day))
        scores[:, day] = [-np.log(max(one.probability, 1e-300)) for one in found]
    return scores


def spike(counts: npt.NDArray[np.int64], days: int) -> Floats:
    """The spike rule of elastalert2: posts of a window over those of the window before it (at least one of them), where
    there are three at least."""
    sums = _sums(counts, days)
    before = np.concatenate([np.zeros((counts.shape[0], days)), sums[:, :-days]], axis=1)
    return np.where(sums >= 3, sums / np.maximum(before, 1), 0.0)


def z_score(counts: npt.NDArray[np.int64], days: int) -> Floats:
    """A window against mean and standard deviation of the four weeks before it."""
    sums = _sums(counts, days)
    scores = np.zeros(counts.shape)
    for day in range(_FIRST, counts.shape[1]):
        base = sums[:, day - 28 - days + 1 : day - days + 1]
        scores[:, day] = (sums[:, day] - base.mean(1)) / np.maximum(base.std(1, ddof=1), 0.5)
    return scores


def three_sigma(counts: npt.NDArray[np.int64], days: int) -> Floats:
    """A window against the same weekdays of the eight weeks before, in standard deviations."""
    sums = _sums(counts, days)
    scores = np.zeros(counts.shape)
    for day in range(_FIRST, counts.shape[1]):
        base = sums[:, [day - 7 * week for week in range(1, 9)]]
        scores[:, day] = (sums[:, day] - base.mean(1)) / np.maximum(base.std(1, ddof=1), 0.5)
    return scores


def ears_c2(counts: npt.NDArray[np.int64], days: int) -> Floats:
    """EARS C2 (Hutwagner et al. 2003): a day against the week before, two days apart."""
    sums = _sums(counts, days)
    scores = np.zeros(counts.shape)
    for day in range(_FIRST, counts.shape[1]):
        base = sums[:, day - days - 8 : day - days - 1]
        scores[:, day] = (sums[:, day] - base.mean(1)) / np.maximum(base.std(1, ddof=1), 0.5)
    return scores


def _sums(counts: npt.NDArray[np.int64], days: int) -> Floats:
    total = np.cumsum(np.concatenate([np.zeros((counts.shape[0], 1)), counts], axis=1), axis=1)
    sums = np.zeros(counts.shape)
    sums[:, days - 1 :] = total[:, days:] - total[:, :-days]
    return sums


def _alarms(scores: Floats, planted: Sequence[tuple[int, int]], threshold: float) -> tuple[int, int, list[int]]:
    """Outbreaks found, false alarms (runs of days outside outbreaks and the two weeks after), delays in days."""
    on = scores >= threshold
    delays = []
    outside = np.ones(len(on), bool)
    outside[:_FIRST] = False
    for first, last in planted:
        hit = np.flatnonzero(on[first : last + 1])
        if len(hit):
            delays.append(int(hit[0]))
        outside[first : last + max(WINDOWS)] = False
    off = on & outside
    return len(delays), int((off[1:] & ~off[:-1]).sum() + off[0]), delays


def judged(scores: Floats, made: Made, wanted: float, chosen: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Recall, precision, F1 and median delay at the threshold of `wanted` false alarms in a series and year."""
    rows = np.flatnonzero(chosen)
    years = len(rows) * (DAYS - _FIRST) / 365

    def at(threshold: float) -> tuple[int, int, list[int]]:
        found, false, delays = 0, 0, []
        for n in rows:
            one = _alarms(scores[n], made.planted[n], threshold)
            found, false = found + one[0], false + one[1]
            delays += one[2]
        return found, false, delays

    values = np.unique(scores[rows][:, _FIRST:])
    low, high = 0, len(values) - 1
    while low < high:  # false alarms fall as the threshold rises
        middle = (low + high) // 2
        low, high = (low, middle) if at(float(values[middle]))[1] / years <= wanted else (middle + 1, high)
    found, false, delays = at(float(values[low]))
    total = sum(len(made.planted[n]) for n in rows)
    recall, precision = found / total, found / max(found + false, 1)
    f1 = 2 * recall * precision / max(recall + precision, 1e-9)
    return {
        "recall": recall,
        "precision": precision,
        "f1": f1,
        "false_a_year": false / years,
        "delay_days": float(np.median(delays)) if delays else float("nan"),
    }


def main() -> None:
    """Make, score, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=20, help="of each rate")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    # 11 was the seed while the priors were chosen.
    made = made_up(options.series, 12)
    methods: dict[str, Callable[[npt.NDArray[np.int64]], Floats]] = {"qingyu": ours}
    for days in (1, 3, 7):
        methods[f"elastalert2 spike {days} d"] = partial(spike, days=days)
        methods[f"z-score {days} d"] = partial(z_score, days=days)
        methods[f"3 sigma weekdays {days} d"] = partial(three_sigma, days=days)
        methods[f"EARS C2 {days} d"] = partial(ears_c2, days=days)
    groups = {
        "all": made.rates > 0,
        "< 1 a day": made.rates < 1,
        "1-5": (made.rates >= 1) & (made.rates <= 5),
        "> 5": made.rates > 5,
    }
    for name, method in methods.items():
        scores = method(made.counts)
        for wanted in _FALSE_A_YEAR:
            for group, chosen in groups.items():
                row = {"method": name, "false": wanted, "rates": group, **judged(scores, made, wanted, chosen)}
                shown = {k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()}
                print(
                    json.dumps(shown) if options.json else "  ".join(f"{k}={v}" for k, v in shown.items()), flush=True
                )


if __name__ == "__main__":
    main()
