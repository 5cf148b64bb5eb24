"""Counts and what is likely: against exact sums, and against simulation."""

import math
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.events.chance import Family, adjusted, predictive, tail
from pipeline.events.expected import HISTORY, WINDOWS, excesses

LAST = date(2019, 11, 30)
DAYS = HISTORY + max(WINDOWS)


@given(count=st.integers(0, 400), mean=st.floats(0.01, 200), over=st.floats(1.0, 20))
def test_the_tail_is_that_of_the_negative_binomial(count: int, mean: float, over: float) -> None:
    variance = mean * over
    poisson = over <= 1 + 1e-9
    right = stats.poisson(mean) if poisson else stats.nbinom(mean / (over - 1), 1 / over)
    assert tail(count, mean, variance) == pytest.approx(right.sf(count - 1), rel=1e-6, abs=1e-12)


def test_small_probabilities_are_not_lost() -> None:
    assert 0 < tail(60, 0.5, 0.6) < 1e-40


def test_a_rate_known_from_little_makes_more_likely_what_a_known_one_would_not() -> None:
    unsure = predictive(4, seen=1, exposure=10, ahead=10)
    sure = predictive(4, seen=100, exposure=1000, ahead=10)
    assert unsure > 2 * sure
    assert sure == pytest.approx(stats.nbinom.sf(3, 100, 1000 / 1010), rel=1e-6)


@given(st.lists(st.floats(0, 1), max_size=60))
def test_adjusting_keeps_the_order_and_only_raises(values: list[float]) -> None:
    found = adjusted(values)
    assert len(found) == len(values)
    assert all(a >= p - 1e-12 and a <= 1 for a, p in zip(found, values, strict=True))
    order = np.argsort(values, kind="stable")
    assert all(x <= y + 1e-12 for x, y in zip(found[order], found[order][1:], strict=False))


def test_adjusting_gives_what_benjamini_and_hochberg_do() -> None:
    values = [0.01, 0.04, 0.03, 0.005, 0.2]
    assert adjusted(values) == pytest.approx(stats.false_discovery_control(values))


def made(rate: float, *, seed: int = 1, weekend: float = 1.0) -> np.ndarray:
    dice = np.random.default_rng(seed)
    days = [LAST - timedelta(days=DAYS - 1 - n) for n in range(DAYS)]
    return np.asarray([[dice.poisson(rate * (weekend if d.weekday() >= 5 else 1.0)) for d in days]])


def test_a_jump_is_found_and_a_usual_week_is_not() -> None:
    counts = made(1.0)
    calm = excesses(counts, LAST)[0]
    counts[0, -3:] += [4, 5, 4]
    jump = excesses(counts, LAST)[0]
    assert jump.probability < 1e-4 < 0.01 < calm.probability
    assert jump.days == 3 and jump.expected == pytest.approx(3, abs=2)


def test_the_weekend_is_no_movement() -> None:
    """A Monday after quiet weekends is a Monday."""
    counts = made(20.0, weekend=0.2)
    monday = LAST - timedelta(days=LAST.weekday())
    assert excesses(counts[:, : DAYS - (LAST - monday).days], monday)[0].probability > 0.001


def test_chance_alone_seldom_flags() -> None:
    """Of 400 calm series about one in a hundred is below .01, whatever its rate."""
    low = [excesses(np.concatenate([made(rate, seed=s) for s in range(100)]), LAST) for rate in (0.3, 1.0, 5.0, 20.0)]
    assert sum(one.probability < 0.01 for some in low for one in some) <= 12


def test_an_outbreak_of_the_past_does_not_hide_the_next() -> None:
    counts = made(2.0)
    counts[0, 40:45] += 30
    counts[0, -3:] += 9
    assert excesses(counts, LAST)[0].probability < 1e-4


def test_a_series_of_nothing_expects_next_to_nothing() -> None:
    counts = np.zeros((1, DAYS), dtype=np.int64)
    counts[0, -2:] = 2
    found = excesses(counts, LAST)[0]
    assert found.expected < 0.2 and found.probability < 0.01 and math.isfinite(found.probability)


@given(st.lists(st.floats(1e-9, 1.0), max_size=40), st.floats(1e-9, 0.3))
def test_what_was_looked_at_lately_adjusts_as_all_at_once(others: list[float], one: float) -> None:
    tests = Family()
    for number, probability in enumerate([0.001, 0.7, *others]):
        tests.add(number, probability)
    tests.forget(2)
    right = float(adjusted([*others, one])[-1])
    assert tests.adjusted(one) == pytest.approx(right) if right < 0.5 else tests.adjusted(one) >= 0.5
