"""Clocks of cases: natural hours, working days across weekends, the National Day and its make-up days."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.cases import Before, Cases, Clock
from config.errors import ConfigError
from config.project import init_project, open_project
from config.workdays import SHANGHAI
from pipeline.cases.clocks import clock_for, clock_id, deadline, elapsed, left, moments, shown_deadline
from pipeline.cases.model import Case

CLOCKS = Cases().clocks
TIMES = st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 1)).map(lambda at: at.replace(tzinfo=UTC))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def case(start: datetime, end: datetime, measure: str = "workdays", clock: str = "ordinary") -> Case:
    return Case(
        "2025-清单-0001", "t", "hand", "", "", "working", "", "", "", "", clock, measure,  # type: ignore[arg-type]
        start, start, end, 1, start,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("clock", "opened", "due"),
    [
        ("urgent", "2025-09-30 17:00", "2025-10-01 17:00"),  # natural hours do not stop for the holiday
        ("response", "2025-09-26 12:00", "2025-09-28 12:00"),
        # Friday; Sunday 28 is a make-up day, then Monday 29 and Tuesday 30 before the holiday.
        ("ordinary", "2025-09-26 12:00", "2025-10-01 00:00"),
        # 28, 29, 30; then 9 and 10 October.
        ("complex", "2025-09-26 12:00", "2025-10-11 00:00"),
        # 10 October (Friday), 11 October (Saturday, a make-up day), 13 October.
        ("ordinary", "2025-10-09 23:59", "2025-10-14 00:00"),
        ("ordinary", "2025-10-03 09:00", "2025-10-12 00:00"),  # within the holiday: 9, 10, 11 October
        ("ordinary", "2025-02-10 00:00", "2025-02-14 00:00"),
    ],
)
def test_deadlines(clock: str, opened: str, due: str) -> None:
    assert deadline(CLOCKS[clock], at(opened)) == at(due)


@given(TIMES, st.sampled_from(sorted(CLOCKS)))
def test_a_deadline_lies_after_the_opening(opened: datetime, clock: str) -> None:
    assert deadline(CLOCKS[clock], opened) > opened


@given(TIMES, st.timedeltas(timedelta(0), timedelta(days=30)), st.sampled_from(["ordinary", "complex"]))
def test_on_time_is_the_same_by_the_deadline_and_by_the_days_counted(
    opened: datetime, wait: timedelta, name: str
) -> None:
    clock = CLOCKS[name]
    answered = opened + wait
    assert (answered < deadline(clock, opened)) == (elapsed("workdays", opened, answered) <= (clock.workdays or 0))


@given(TIMES, st.timedeltas(timedelta(days=-5), timedelta(days=60)))
def test_time_taken_is_never_below_zero(opened: datetime, wait: timedelta) -> None:
    assert elapsed("workdays", opened, opened + wait) >= 0
    assert elapsed("hours", opened, opened + wait) == pytest.approx(max(0, wait / timedelta(hours=1)))


def test_time_taken_in_working_days() -> None:
    friday = at("2025-09-26 12:00")
    assert elapsed("workdays", friday, at("2025-09-26 18:00")) == 0
    assert elapsed("workdays", friday, at("2025-09-27 10:00")) == 1  # a Saturday off counts as the Sunday worked
    assert elapsed("workdays", friday, at("2025-09-28 10:00")) == 1
    assert elapsed("workdays", friday, at("2025-10-05 10:00")) == 4
    assert elapsed("workdays", friday, at("2025-10-09 10:00")) == 4


def test_reminders_come_on_the_working_day_before_and_never_before_the_start() -> None:
    one = case(at("2025-09-26 12:00"), at("2025-10-11 00:00"))
    assert moments(one, [Before(workdays=1)], "08:30") == [at("2025-10-09 08:30")]
    assert moments(one, [Before(workdays=0), Before(hours=4)], "08:30") == [
        at("2025-10-10 08:30"),
        at("2025-10-10 20:00"),
    ]
    assert moments(one, [Before(workdays=30)], "08:30") == []
    day = case(at("2025-09-30 17:00"), at("2025-10-01 17:00"), "hours")
    assert moments(day, [Before(share=0.75)], "08:30") == [at("2025-10-01 11:00")]


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("2025-09-26 13:00", "剩 3 个工作日"),
        ("2025-09-29 13:00", "剩 1 个工作日"),
        ("2025-09-30 23:59", "今天到期"),
        ("2025-10-01 00:00", "已超期"),
        ("2025-10-08 10:00", "已超期"),
        ("2025-10-09 10:00", "超期 1 个工作日"),
    ],
)
def test_what_is_left_in_words(now: str, words: str) -> None:
    assert left(case(at("2025-09-26 12:00"), at("2025-10-01 00:00")), at(now)) == words
    hours = case(at("2025-09-26 12:00"), at("2025-09-28 12:00"), "hours")
    assert left(hours, at("2025-09-28 11:30")) == "不到 1 小时"
    assert left(hours, at("2025-09-28 17:30")) == "超期 5 小时"


def test_the_end_of_a_day_is_shown_as_such() -> None:
    assert shown_deadline(at("2025-10-01 00:00")) == "2025-09-30 24:00"
    assert shown_deadline(at("2025-10-01 17:05")) == "2025-10-01 17:05"


def test_which_clock_a_case_gets() -> None:
    settings = Cases(by_category={"health": "complex"})
    assert clock_for(settings, level="red", category="health") == "urgent"
    assert clock_for(settings, level="blue", category="health") == "complex"
    assert clock_for(settings, level="", category="") == "ordinary"
    assert clock_id(settings, "复杂事项") == clock_id(settings, "complex") == "complex"
    with pytest.raises(ConfigError, match="ordinary（一般事项）"):
        clock_id(settings, "slow")


def test_settings_lie_over_the_defaults() -> None:
    made = Cases.model_validate({"clocks": {"ordinary": {"workdays": 7}, "urgent": {"workdays": 1}}})
    assert made.clocks["ordinary"] == Clock(zh="一般事项", workdays=7, remind=(Before(workdays=1),))
    assert (made.clocks["urgent"].hours, made.clocks["urgent"].workdays) == (None, 1)
    assert made.clocks["complex"] == CLOCKS["complex"]


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("  clock: slow", r"settings.yaml:\d+: cases clock：没有时限 slow"),
        ("  clocks:\n    own: {zh: 自定}", r"settings.yaml:\d+: cases.clocks.own hours、workdays 写且只写一项"),
        ("  clocks:\n    own: {zh: 自定, hours: 2, remind: [{}]}", "share、hours、workdays 写且只写一项"),
        ("  clocks:\n    ordinary: {workdays: 0}", r"settings.yaml:\d+: cases.clocks.ordinary.workdays 必须 ≥ 1"),
        ("  cheif: [a]", r"settings.yaml:\d+: cases.cheif 没有这一项；是不是 chief"),
        ("  series: 清-单", r"settings.yaml:\d+: cases.series"),
    ],
)
def test_faulty_settings_are_refused_with_their_line(tmp_path: Path, lines: str, fault: str) -> None:
    init_project(tmp_path, region="云水县")
    path = tmp_path / "config" / "settings.yaml"
    path.write_text(path.read_text(encoding="utf-8") + f"cases:\n{lines}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=fault):
        open_project(tmp_path, {})
