"""The figures of 今日, from values to values."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.figures import ENOUGH, Coverage, Usual, day_points, rising, same_weekdays, spark_bars, standing, usual

LAST = date(2026, 11, 20)


@dataclass(frozen=True)
class Day:
    day: date
    count: int
    negative_share: float | None = 0.5


def days(counts: list[int], *, last: date = LAST) -> list[Day]:
    first = last - timedelta(days=len(counts) - 1)
    return [Day(first + timedelta(days=n), count) for n, count in enumerate(counts)]


def covered(first: date | None = date(2026, 1, 1), crawled: frozenset[date] = frozenset()) -> Coverage:
    return Coverage(first, datetime(2026, 11, 20, 12, tzinfo=UTC), crawled)


def test_the_usual_needs_enough_days() -> None:
    assert usual([1, 2, 3]) is None
    assert usual([1, None, 2, None, 3]) is None
    assert usual([1, 9, 2, None, 4]) == Usual(median=3.0, low=1, high=9, n=4)


def test_the_same_weekday_of_eight_weeks() -> None:
    found = same_weekdays(LAST)
    assert len(found) == 8
    assert {d.weekday() for d in found} == {LAST.weekday()}
    assert max(found) == LAST - timedelta(days=7)


@pytest.mark.parametrize(("value", "place"), [(2, "below"), (3, "within"), (9, "within"), (10, "above")])
def test_standing_against_the_range(value: float, place: str) -> None:
    assert standing(value, Usual(5, 3, 9, 8)) == place


def test_a_quiet_day_counts_only_when_it_was_looked_at() -> None:
    seen = covered(crawled=frozenset({LAST}))
    assert seen.observed(LAST, 0, last_day=LAST)
    assert seen.observed(LAST - timedelta(days=1), 0, last_day=LAST)  # looked at the day after
    assert not seen.observed(LAST - timedelta(days=2), 0, last_day=LAST)
    assert seen.observed(LAST - timedelta(days=2), 1, last_day=LAST)


def test_nothing_is_known_outside_of_what_was_read() -> None:
    assert not covered().observed(LAST + timedelta(days=1), 5, last_day=LAST)
    assert not covered(first=LAST).observed(LAST - timedelta(days=1), 0, last_day=LAST)
    assert not covered(first=None).observed(LAST, 0, last_day=LAST)
    assert not covered().observed(LAST, 3, last_day=None)


def test_a_day_without_data_is_no_zero_and_no_part_of_the_usual() -> None:
    counts = [10] * 70
    counts[-8] = 0  # an outage one week before the last day
    seen = {d.day for d in days(counts) if covered().observed(d.day, d.count, last_day=LAST)}
    points = day_points(days(counts), seen, shown=28)
    assert len(points) == 28
    assert points[-8].count is None
    assert points[-8].negative_share is None
    assert points[-1].usual == Usual(10.0, 10, 10, 7)


def test_too_short_a_past_gives_no_usual() -> None:
    points = day_points(days([5] * 20), {d.day for d in days([5] * 20)}, shown=20)
    assert {p.usual for p in points} == {None}
    assert points[-1].count == 5


def test_rising_topics_are_ranked_by_more_than_their_ratio() -> None:
    before = [{"water": 20, "road": 5}] * ENOUGH
    found = rising({"water": 60, "road": 5, "school": 2, "power": 1}, before, {"water": [1, 2]})
    assert [r.topic for r in found] == ["water", "school"]  # few posts come last, nothing that is not above its usual
    assert found[0].spark == (1, 2)
    assert not found[0].few
    assert not found[0].fresh
    assert found[1].few
    assert found[1].fresh


def test_rising_needs_enough_windows() -> None:
    assert rising({"water": 60}, [{"water": 1}] * (ENOUGH - 1), {}) == []


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 500)),
    st.lists(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 500)), max_size=8),
)
def test_what_rises_is_above_its_median(now: dict[str, int], before: list[dict[str, int]]) -> None:
    found = rising(now, before, {})
    assert all(r.count > r.usual.median for r in found)
    assert len({r.topic for r in found}) == len(found)


def test_a_spark_has_a_bar_a_day_and_no_text() -> None:
    assert spark_bars([]) == ""
    assert spark_bars([0, 0]).count("<i ") == 2
    assert 'height:100%"></i></span>' in spark_bars([1, 5, 10])
