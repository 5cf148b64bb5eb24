"""Figures of cases: by hand-counted examples, and each with the cases it counts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.workdays import SHANGHAI
from pipeline.cases.figures import GROUPINGS, Span, figures, told
from pipeline.cases.model import Case, Measure, State

START = datetime(2025, 9, 1, tzinfo=SHANGHAI)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def case(
    number: int, opened: datetime, *, taken: timedelta | None = None, limit: timedelta = 3 * DAY, unit: str = "住建局",
    measure: Measure = "hours", state: State | None = None,
) -> Case:  # fmt: skip
    answered = opened + taken if taken is not None else None
    return Case(
        f"2025-清单-{number:04d}", "t", "hand", "", "", state or ("answered" if answered else "working"),
        "construction", "", unit, "", "response", measure, opened, opened, opened + limit, 1, opened,
        answered_at=answered,
    )  # fmt: skip


def numbers(*some: int) -> list[str]:
    return [f"2025-清单-{one:04d}" for one in some]


SPAN = Span(START, START + 30 * DAY, START + 60 * DAY)
CASES = [
    case(1, START + DAY, taken=10 * HOUR),
    case(2, START + DAY, taken=100 * HOUR),
    case(3, START + 2 * DAY, taken=20 * HOUR, unit="城管局"),
    case(4, START + 2 * DAY, state="declined"),
    case(5, START + 29 * DAY, taken=2 * DAY),  # received in the month, answered after it
    case(6, START - 2 * DAY, taken=3 * DAY, limit=5 * DAY),  # received before it
    case(7, START + 3 * DAY),
    case(8, START + 28 * DAY),  # its deadline lies after the month
]


def test_a_month_counted_by_hand() -> None:
    (one,) = figures(CASES, SPAN)
    assert one.received == numbers(1, 2, 3, 4, 5, 7, 8)
    assert one.declined == numbers(4)
    assert one.handled == numbers(1, 2, 3, 6)
    assert one.on_time == numbers(1, 3, 6) and one.on_time_share == 0.75
    assert one.overdue == numbers(7)
    assert one.hours is not None and one.workdays is None
    assert (one.hours.median, one.hours.p90, one.hours.cases) == (46.0, 100.0, numbers(1, 2, 3, 6))


def test_by_unit_the_parts_make_the_whole() -> None:
    groups = {one.key: one for one in figures(CASES, SPAN, "unit")}
    assert groups["城管局"].handled == numbers(3)
    assert sorted(n for one in groups.values() for n in one.received) == numbers(1, 2, 3, 4, 5, 7, 8)


def test_by_month() -> None:
    months = figures(CASES, Span(START - 5 * DAY, START + 40 * DAY, SPAN.now), "month")
    assert [one.key for one in months] == ["2025-08", "2025-09", "2025-10"]
    assert [one.received for one in months] == [numbers(6), numbers(1, 2, 3, 4, 5, 7, 8), []]
    assert months[2].handled == numbers(5)


def test_each_measure_is_told_apart() -> None:
    friday = datetime(2025, 9, 26, 12, tzinfo=SHANGHAI)
    days = [case(n, friday, taken=n * DAY, measure="workdays") for n in range(1, 6)]
    (one,) = figures([*days, case(9, friday, taken=5 * HOUR)], Span(friday - DAY, friday + 30 * DAY, friday + 30 * DAY))
    assert one.hours is not None and one.hours.median == 5.0
    # 27 September (off, counts as the 28th): 1; 28th: 1; 29th: 2; 30th: 3; 1 October: 4 (as of the 9th)
    assert one.workdays is not None and (one.workdays.median, one.workdays.p90) == (2.0, 4.0)


def test_nothing_gives_no_figures_and_no_division_by_zero() -> None:
    (one,) = figures([], SPAN)
    assert (one.on_time_share, one.hours, one.workdays) == (None, None, None)
    assert figures([], SPAN, "unit") == []


@pytest.mark.parametrize("by", GROUPINGS)
def test_every_figure_lists_its_cases(by: str) -> None:
    for group in figures(CASES, SPAN, by):  # type: ignore[arg-type]
        for name, value in told(group).items():
            if isinstance(value, dict) and "count" in value:
                assert value["count"] == len(value["cases"]) == len(set(value["cases"])), name


@given(
    st.lists(
        st.tuples(st.integers(-20, 50), st.none() | st.integers(0, 300), st.sampled_from(["住建局", "城管局", ""])),
        max_size=30,
    )
)
def test_the_sums_hold(some: list[tuple[int, int | None, str]]) -> None:
    made = [
        case(n, (START + day * DAY).astimezone(UTC), taken=None if hours is None else hours * HOUR, unit=unit)
        for n, (day, hours, unit) in enumerate(some)
    ]
    (whole,) = figures(made, SPAN)
    assert set(whole.on_time) <= set(whole.handled)
    assert not set(whole.overdue) & set(whole.handled)
    for name in ("received", "handled", "on_time", "overdue"):
        parts = [number for one in figures(made, SPAN, "unit") for number in getattr(one, name)]
        assert sorted(parts) == getattr(whole, name)
    if whole.hours:
        assert whole.hours.median <= whole.hours.p90
