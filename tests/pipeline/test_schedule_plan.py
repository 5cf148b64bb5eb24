"""When jobs are due: each due time once, whatever the clock does and whoever is restarted. Pure: no store, no process."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.schedule.plan import SHANGHAI, Cron, Daily, Every, Slot, When, corrected, first, following, resumed

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LABELS = [
    Daily("03:30"),
    Daily("02:30", BERLIN),
    Daily("00:00", BERLIN),
    Cron("20 7 * * 1-5"),
    Cron("*/15 8-18 * * *"),
    Cron("0 9 1 * *"),
    Cron("30 2 * * 0", BERLIN),
]


def between(when: Daily | Cron, start: datetime, end: datetime) -> list[datetime]:
    """Every due time later than `start` and no later than `end`."""
    found: list[datetime] = []
    at = when.following(start)
    while at <= end:
        found.append(at)
        at = when.following(at)
    return found


def local(found: list[datetime], zone: ZoneInfo) -> list[str]:
    return [f"{at.astimezone(zone):%m-%d %H:%M}" for at in found]


def test_daily_in_shanghai() -> None:
    found = between(Daily("03:30"), START, START + 2 * DAY)
    assert local(found, SHANGHAI) == ["11-22 03:30", "11-23 03:30"]


def test_daily_once_on_the_days_when_clocks_are_changed() -> None:
    """In Berlin 02:30 is skipped on 2026-03-29 and comes twice on 2026-10-25."""
    spring = between(Daily("02:30", BERLIN), datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 3, 30, 12, tzinfo=UTC))
    assert local(spring, BERLIN) == ["03-28 02:30", "03-29 03:30", "03-30 02:30"]
    autumn = between(Daily("02:30", BERLIN), datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 10, 26, 12, tzinfo=UTC))
    assert local(autumn, BERLIN) == ["10-24 02:30", "10-25 02:30", "10-26 02:30"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("20 7 * * *", ["11-22 07:20", "11-23 07:20", "11-24 07:20"]),
        ("0 8 * * 1", ["11-23 08:00", "11-30 08:00", "12-07 08:00"]),  # Monday, as every crontab counts
        ("0 8 * * 0", ["11-22 08:00", "11-29 08:00", "12-06 08:00"]),
        ("0 8 * * 7", ["11-22 08:00", "11-29 08:00", "12-06 08:00"]),
        ("0 8 * * 5-7", ["11-22 08:00", "11-27 08:00", "11-28 08:00"]),
        ("0 8 * * mon,wed", ["11-23 08:00", "11-25 08:00", "11-30 08:00"]),
        ("30 8 1 * *", ["12-01 08:30", "01-01 08:30", "02-01 08:30"]),
    ],
)
def test_lines_of_a_crontab(line: str, expected: list[str]) -> None:
    when, at, found = Cron(line), START, []
    for _ in expected:
        at = when.following(at)
        found.append(at)
    assert local(found, SHANGHAI) == expected


@pytest.mark.parametrize("wrong", ["", "1 2 3", "61 * * * *", "* * * * nun", "0 0 * * * *"])
def test_a_line_that_cannot_be_read_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Cron(wrong)


@pytest.mark.parametrize("wrong", ["24:00", "3:30", "0330", "", "03:30:00"])
def test_a_time_of_day_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="03:30"):
        Daily(wrong)


def test_an_interval_below_a_second_is_refused() -> None:
    with pytest.raises(ValueError, match="1"):
        Every(0.5)


@given(st.sampled_from(LABELS), st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 1), timezones=st.just(UTC)))
def test_labels_grow_and_none_lies_between(when: Daily | Cron, at: datetime) -> None:
    """The due time after any instant short of a due time is that due time: none is passed over."""
    upcoming = when.following(at)
    assert upcoming > at
    assert when.following(upcoming - timedelta(seconds=1)) == upcoming
    assert when.following(at + (upcoming - at) / 2) == upcoming
    assert when.following(upcoming) > upcoming


@given(st.sampled_from([Daily("02:30", BERLIN), Daily("00:00", BERLIN), Daily("23:59")]), st.integers(0, 1200))
def test_a_daily_job_has_one_due_time_a_day(when: Daily, days: int) -> None:
    midnight = datetime(2024, 1, 1, tzinfo=when.zone) + days * DAY
    found = between(when, (midnight - MINUTE).astimezone(UTC), (midnight + DAY - MINUTE).astimezone(UTC))
    assert len(found) == 1
    assert found[0].astimezone(when.zone).date() == midnight.date()


# What a schedule goes through: so long it waits; then it looks at the clock, does what is due, which takes some time, and is
# perhaps killed before it could write that down.
steps = st.lists(
    st.tuples(
        st.integers(1, 36 * 60).map(lambda n: timedelta(minutes=n)),
        st.integers(0, 90).map(lambda n: timedelta(minutes=n)),
        st.booleans(),
    ),
    min_size=1,
    max_size=25,
)
plans = st.sampled_from([*LABELS, Every(60), Every(3600), Every(6 * 3600)])


def lived(when: When, passes: list[tuple[timedelta, timedelta, bool]]) -> tuple[list[Slot], list[datetime], datetime]:
    """The slots that were done with the starts of their runs, and the end of it all."""
    now, slot = START, first(when, START)
    done: list[Slot] = []
    starts: list[datetime] = []
    for waits, takes, killed in passes:
        now += waits
        slot = corrected(when, slot, now)
        if slot.due_at > now:
            continue
        if killed:
            now += takes  # began again when it was restarted
        started, now = now, now + takes
        done.append(slot)
        starts.append(started)
        slot = following(when, slot, started, now)
    return done, starts, now


@settings(deadline=None)
@given(plans, steps)
def test_each_due_time_once_whatever_restarts_and_kills(
    when: When, passes: list[tuple[timedelta, timedelta, bool]]
) -> None:
    done, starts, end = lived(when, passes)
    dues = [slot.due_at for slot in done]
    assert dues == sorted(set(dues)), "never twice, never backwards"
    assert all(due <= start for due, start in zip(dues, starts, strict=True)), "never early"
    if isinstance(when, Every):
        gaps = [b - a for a, b in zip(starts, starts[1:], strict=False)]
        assert all(gap >= when.interval / 2 for gap in gaps)
        return
    # Every due time is done itself, or was passed over by a run that began after it: missed many times is done once.
    for due in between(when, START, end):
        covering = [(d, s) for d, s in zip(dues, starts, strict=True) if d <= due <= s]
        pending = following_slot(when, done, starts)
        assert len(covering) == 1 or (not covering and pending <= due), due


def following_slot(when: When, done: list[Slot], starts: list[datetime]) -> datetime:
    if not done:
        return first(when, START).due_at
    return following(when, done[-1], starts[-1], starts[-1]).due_at


@given(st.integers(1, 5000), st.lists(st.integers(0, 400), max_size=40))
def test_an_interval_keeps_its_rhythm(seconds: int, late_by_thousandths: list[int]) -> None:
    """Starts that are somewhat late do not shift the due times."""
    when, slot = Every(seconds), first(Every(seconds), START)
    for thousandth in late_by_thousandths:
        started = slot.due_at + when.interval * thousandth / 1000
        slot = following(when, slot, started, started)
    assert slot.due_at == START + len(late_by_thousandths) * when.interval


@given(st.sampled_from(LABELS), st.integers(1, 24 * 60 - 1))
def test_a_clock_set_back_does_no_label_twice(when: Daily | Cron, minutes: int) -> None:
    due = when.following(START)
    slot = following(when, Slot(due, START), due, due + MINUTE)
    back = due + MINUTE - timedelta(minutes=minutes)
    assert corrected(when, slot, back) == slot
    assert slot.due_at > due


@given(st.integers(1, 7 * 86_400), st.integers(1, 30 * 86_400))
def test_an_interval_does_not_rest_because_the_clock_was_set_back(seconds: int, back_s: int) -> None:
    when = Every(seconds)
    slot = following(when, Slot(START, START), START, START)
    now = START - timedelta(seconds=back_s)
    mended = corrected(when, slot, now)
    assert now <= mended.due_at <= now + when.interval
    assert corrected(when, mended, now + when.interval / 2) == mended, "once planned anew it stays"


@given(st.sampled_from(LABELS), st.integers(2, 4000))
def test_what_a_clock_years_ahead_had_planned_is_planned_anew(when: Daily | Cron, days: int) -> None:
    wrong = START + days * DAY
    due = when.following(wrong)
    slot = following(when, Slot(due, wrong), due, due)
    assert corrected(when, slot, START).due_at == when.following(START)


@given(st.sampled_from(LABELS), st.integers(1, 3000))
def test_a_clock_that_starts_in_the_past_makes_up_once(when: Daily | Cron, days: int) -> None:
    """A board without a battery says 1970 until the network is there."""
    slot = first(when, START - days * DAY)
    now = max(START, slot.due_at)
    assert following(when, slot, now, now).due_at == when.following(now)


def test_another_plan_counts_from_the_last_start() -> None:
    assert resumed(Every(3600), START, START + MINUTE).due_at == START + HOUR
    assert resumed(Every(3600), None, START).due_at == START
    assert resumed(Daily("12:30"), START, START + 2 * DAY).due_at == START + 30 * MINUTE, "missed: it is due"
    assert resumed(Daily("12:30"), None, START + 2 * DAY).due_at == START + 2 * DAY + 30 * MINUTE


def test_in_words() -> None:
    assert [str(when) for when in (Every(60), Daily("03:30"), Daily("02:30", BERLIN), Cron("0 8 * * 1"))] == [
        "every 60 s",
        "daily 03:30",
        "daily 02:30 Europe/Berlin",
        "cron 0 8 * * 1",
    ]
