"""Measures against sums done by hand, and intervals that hold what they promise."""

import math
import time

import numpy as np
import pytest

from nlp.measures import Interval, Judged, auc, calibration_error, intervals, macro_f1, measure, share


def judged(truth: list[int], said: list[int], confidence: float | list[float] = 0.9) -> Judged:
    size = len(truth)
    told = np.broadcast_to(np.asarray(confidence, np.float64), size)
    return Judged(np.array(truth), np.array(said), told, told >= 0.8, told)


def ones(rows: Judged) -> np.ndarray:
    return np.ones((1, len(rows.truth)))


def test_macro_f1_by_hand() -> None:
    rows = judged([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 2])
    assert macro_f1(rows)(ones(rows))[0] == pytest.approx((4 / 5 + 1 / 2 + 2 / 3) / 3)


def test_auc_by_hand() -> None:
    rows = judged([0, 0, 1, 1], [0, 0, 1, 1], [0.1, 0.5, 0.5, 0.9])
    assert auc(rows)(ones(rows))[0] == pytest.approx(3.5 / 4)
    one_class = judged([1, 1], [1, 1])
    assert math.isnan(auc(one_class)(ones(one_class))[0])


def test_calibration_error_by_hand() -> None:
    rows = judged([1, 1, 1, 1], [1, 0, 1, 1], [0.55, 0.55, 0.95, 1.0])
    assert calibration_error(rows)(ones(rows))[0] == pytest.approx((0.1 + 0.05) / 4)


def test_coverage_and_accuracy_outside_the_band() -> None:
    found = measure(judged([1, 1, 0, 0], [1, 0, 0, 1], [0.9, 0.9, 0.9, 0.5]), resamples=200)
    assert (found.coverage.value, found.accuracy.value) == (0.75, 0.5)
    assert found.accuracy_sure.value == pytest.approx(2 / 3)


def test_weights_mean_repeated_rows() -> None:
    rows = judged([0, 1, 1, 0], [0, 1, 0, 1], [0.2, 0.9, 0.4, 0.7])
    again = np.array([0, 0, 1, 3, 3, 3])
    repeated = Judged(
        rows.truth[again], rows.said[again], rows.confidence[again], rows.sure[again], rows.confidence[again]
    )
    weights = np.array([[2.0, 1.0, 0.0, 3.0]])
    for one in (macro_f1, auc, calibration_error):
        assert one(rows)(weights)[0] == pytest.approx(one(repeated)(ones(repeated))[0])


def test_the_interval_is_that_of_theory_and_of_its_seed() -> None:
    right = np.arange(400) < 320
    found = intervals([share(right)], 400)[0]
    half = 1.96 * math.sqrt(0.8 * 0.2 / 400)
    assert found.low == pytest.approx(0.8 - half, abs=0.008)
    assert found.high == pytest.approx(0.8 + half, abs=0.008)
    assert intervals([share(right)], 400)[0] == found


def test_no_rows_tell_nothing() -> None:
    found = measure(judged([], []))
    assert found.rows == 0
    assert found.accuracy.to_dict() == {"value": None, "low": None, "high": None}
    assert Interval(0.5, 0.4, 0.61).to_dict() == {"value": 0.5, "low": 0.4, "high": 0.61}


def test_ten_thousand_rows_take_no_time() -> None:
    random = np.random.default_rng(0)
    truth, told = random.integers(0, 2, 10_000), random.random(10_000)
    rows = Judged(truth, (told > 0.5).astype(np.int64), np.maximum(told, 1 - told), told > 0.6, told)
    begun = time.process_time()
    measure(rows)
    taken = time.process_time() - begun
    print(f"{taken:.2f} s")
    assert taken < 6  # 2 s asked for on an idle core; other work on the machine may slow it down
