"""The engine on a real store of either kind, under a simulated clock: what is due is done once, by whoever is there."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bench.schedule_year import EVENTS, KilledError, lived
from config.errors import StageError, TransientError
from config.project import Project, init_project, open_project
from pipeline.schedule.clock import MachineClock, SimulatedClock
from pipeline.schedule.job import Job
from pipeline.schedule.lanes import InTurn, Lanes, Threads
from pipeline.schedule.ledger import DEADLINE, Ended, Ledger, Planned
from pipeline.schedule.plan import SHANGHAI, Daily, Every, Slot, When
from pipeline.schedule.reading import job_views
from pipeline.schedule.tables import job as job_table
from pipeline.schedule.turns import Around, Turns
from tests.stores import Stores

START = datetime(2026, 11, 21, 12, 0, tzinfo=SHANGHAI)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Office:
    """A store, a clock, and processes that do jobs; `done` has the starts of those that came to their end."""

    def __init__(self, stores: Stores, folder: Path) -> None:
        init_project(folder, region="云水县")
        self.project = open_project(folder, {})
        self.stores, self.url = stores, stores.url()
        self.clock = SimulatedClock(START)
        self.done: list[tuple[str, datetime]] = []
        self.told: list[tuple[str, str]] = []
        self.bodies: dict[str, Callable[[datetime], str | None]] = {}
        self.stop = threading.Event()

    def works(self, *names: str, machine: str = "A", lanes: Lanes | None = None, **when: When) -> Turns:
        """A process that does the jobs named."""
        jobs = [Job(name, one, self._body(name)) for name, one in when.items()]
        around = Around(self.clock, lanes or InTurn(), lambda job, said: self.told.append((job, said)), self.stop)
        turns = Turns(self.project, jobs, self.ledger(machine), around)
        turns.begin()
        return turns

    def ledger(self, machine: str = "A") -> Ledger:
        return Ledger(self.stores.open(self.url), f"machine {machine} 1")

    def _body(self, name: str) -> Callable[..., str]:
        def do(project: Project, *, now: datetime) -> str:
            said = self.bodies[name](now) if name in self.bodies else None
            self.done.append((name, now))
            return said or ""

        return do

    def times(self, name: str) -> list[str]:
        return [f"{at.astimezone(SHANGHAI):%d %H:%M}" for one, at in self.done if one == name]


@pytest.fixture
def office(stores: Stores, tmp_path: Path) -> Office:
    return Office(stores, tmp_path / "office")


def raising(error: BaseException) -> Callable[[datetime], str]:
    def do(now: datetime) -> str:
        raise error

    return do


def test_each_due_time_is_done_once_and_kept(office: Office) -> None:
    office.bodies["hourly"] = lambda now: "三条"
    office.works(hourly=Every(3600), nightly=Daily("03:30")).run(START + DAY)
    assert office.times("hourly") == [f"{21 + hour // 24} {hour % 24:02d}:00" for hour in range(12, 36)]
    assert office.times("nightly") == ["22 03:30"]
    hourly, nightly = office.ledger().states()
    assert (hourly.runs, hourly.result, hourly.said, hourly.holder) == (24, "ok", "三条", "")
    assert (hourly.last_due_at, hourly.next_at) == (START + 23 * HOUR, START + DAY)
    assert nightly.last_due_at == datetime(2026, 11, 22, 3, 30, tzinfo=SHANGHAI)
    assert office.told == [("hourly", "三条")] * 24


def test_a_restart_neither_doubles_nor_forgets(office: Office) -> None:
    for _ in range(5):  # back at once, each time
        office.works(hourly=Every(3600), nightly=Daily("03:30")).run(office.clock.now() + 30 * MINUTE)
    assert office.times("hourly") == ["21 12:00", "21 13:00", "21 14:00"]


def test_what_was_missed_is_made_up_once_at_the_start(office: Office) -> None:
    office.works(hourly=Every(3600), nightly=Daily("03:30")).run(START + MINUTE)
    office.clock.step(5 * DAY + 10 * MINUTE)
    office.works(hourly=Every(3600), nightly=Daily("03:30")).run(office.clock.now() + HOUR)
    assert office.times("nightly") == ["26 12:11"]
    # The last beat was eleven minutes ago: within half the interval the rhythm is the old one, else a new one begins.
    assert office.times("hourly") == ["21 12:00", "26 12:11", "26 13:11"][: len(office.times("hourly"))]
    assert len(office.times("hourly")) == 2


def test_a_failure_is_told_kept_and_tried_at_the_next_turn(office: Office) -> None:
    wrong = iter([StageError("磁盘满了"), ZeroDivisionError("帖子里的话")])

    def fails(now: datetime) -> str:
        if error := next(wrong, None):
            raise error
        return ""

    office.bodies["hourly"] = fails
    turns = office.works(hourly=Every(3600))
    turns.run(START + MINUTE)
    (state,) = office.ledger().states()
    assert (state.result, state.reason, state.errors_in_a_row, state.failures) == ("failed", "磁盘满了", 1, 1)
    turns.run(START + HOUR + MINUTE)
    (state,) = office.ledger().states()
    assert (state.reason, state.errors_in_a_row) == ("ZeroDivisionError", 2)
    turns.run(START + 2 * HOUR + MINUTE)
    (state,) = office.ledger().states()
    assert (state.result, state.reason, state.errors_in_a_row, state.runs, state.failures) == ("ok", "", 0, 3, 2)
    assert [job for job, _ in office.told] == ["hourly", "hourly"]
    assert "帖子里的话" not in str(office.told) + state.said
    assert turns.book.states()[0].runs == 3


def test_killed_in_the_midst_it_is_done_again_once(office: Office) -> None:
    office.bodies["nightly"] = raising(KilledError())
    turns = office.works(nightly=Daily("12:30"))
    with pytest.raises(KilledError):
        turns.run(START + HOUR)
    (view,) = job_views(office.stores.open(office.url), office.clock.now())
    assert view.held_by == "machine A 1" and view.state.runs == 0
    (view,) = job_views(office.stores.open(office.url), office.clock.now() + DEADLINE)
    assert view.lost and not view.held_by
    del office.bodies["nightly"]
    office.works(nightly=Daily("12:30")).run(START + DAY)
    assert office.times("nightly") == ["21 12:30"]
    (state,) = office.ledger().states()
    assert (state.runs, state.last_due_at, state.holder) == (1, START + 30 * MINUTE, "")


def test_another_process_takes_over_what_a_killed_one_left(office: Office) -> None:
    """At once on one machine; on several when nothing was heard of the holder until its deadline: its connection to the store
    may have broken off while it works on."""
    office.bodies["nightly"] = raising(KilledError())
    turns, other = office.works(nightly=Daily("12:30")), office.works(nightly=Daily("12:30"), machine="B")
    with pytest.raises(KilledError):
        turns.run(START + HOUR)
    del office.bodies["nightly"]
    other.run(START + HOUR)
    waits = timedelta() if office.stores.kind == "sqlite" else DEADLINE
    ((_, at),) = office.done
    assert at - (START + 30 * MINUTE) == waits


def test_stopped_in_the_midst_it_stays_due(office: Office) -> None:
    def stopped(now: datetime) -> str:
        office.stop.set()
        raise StageError("按要求停下")

    office.bodies["nightly"] = stopped
    office.works(nightly=Daily("12:30")).run(START + HOUR)
    (state,) = office.ledger().states()
    assert (state.runs, state.result, state.holder, state.next_at) == (0, "new", "", START + 30 * MINUTE)
    assert office.told == []
    office.stop.clear()
    del office.bodies["nightly"]
    office.works(nightly=Daily("12:30")).run(START + HOUR)
    assert len(office.done) == 1


def test_two_at_the_same_time_do_not_double(office: Office) -> None:
    """Four processes in threads, each with lanes of its own, all at the same due times."""
    office.clock = SimulatedClock(START)
    counts: Counter[datetime] = Counter()
    overlapping: list[str] = []
    inside = threading.Semaphore(1)

    def slow(now: datetime) -> str:
        if not inside.acquire(blocking=False):
            overlapping.append("two at once")
        threading.Event().wait(0.01)
        counts[now] += 1
        inside.release()
        return ""

    office.bodies["beat"] = slow
    machines = [office.works(machine=name, beat=Every(60)) for name in "ABCD"]
    with ThreadPoolExecutor(4) as pool:
        for beat in range(25):
            office.clock.set(START + beat * MINUTE)
            list(pool.map(Turns.turn, machines))
    assert overlapping == []
    assert counts == {START + beat * MINUTE: 1 for beat in range(25)}
    (state,) = office.ledger().states()
    assert (state.runs, state.failures) == (25, 0)


def test_one_that_was_given_up_writes_nothing(office: Office) -> None:
    first, second = office.ledger("A"), office.ledger("B")
    first.know([Planned("x", Every(60))], START)
    begun = first.begin("x", START)
    assert begun is not None
    late = START + DEADLINE + MINUTE
    again = second.begin("x", late)
    assert again is not None and again.again
    slot = Slot(late + HOUR, late)
    assert not first.end(begun, Ended(late, "the late one", failed=False, seconds=1), slot)
    first.renew(begun, late)
    first.leave(begun)
    (state,) = second.states()
    assert (state.holder, state.runs) == ("machine B 1", 0)
    assert second.end(again, Ended(late, "", failed=False, seconds=1), slot)
    assert second.begin("x", late) is None, "it is not due"


def test_a_sign_of_life_puts_the_deadline_off(office: Office) -> None:
    first, second = office.ledger("A"), office.ledger("B")
    first.know([Planned("x", Every(60))], START)
    begun = first.begin("x", START)
    assert begun is not None
    first.renew(begun, START + DEADLINE)
    taken = second.begin("x", START + DEADLINE + MINUTE / 2)
    assert (taken is None) == (office.stores.kind == "postgresql")


def test_a_lease_is_one_processs(office: Office) -> None:
    first, second = office.ledger("A"), office.ledger("B")
    lease = first.lease("x")
    assert lease is not None
    assert second.lease("x") is None
    other = second.lease("y")
    assert other is not None
    other.release()
    lease.release()
    again = second.lease("x")
    assert again is not None
    again.release()


def test_a_clock_set_back_by_an_hour(office: Office) -> None:
    turns = office.works(hourly=Every(600), nightly=Daily("12:30"))
    turns.run(START + 41 * MINUTE)
    office.clock.step(-HOUR)
    before = len(office.times("hourly"))
    turns.run(office.clock.now() + HOUR)
    assert len(office.times("hourly")) - before == 5, "one each ten minutes of the hour, from ten minutes after"
    assert office.times("nightly") == ["21 12:30"]
    turns.run(START + DAY + HOUR)
    assert office.times("nightly") == ["21 12:30", "22 12:30"]


def test_another_plan_holds_from_the_last_start(office: Office) -> None:
    office.works(hourly=Every(3600)).run(START + 90 * MINUTE)
    office.works(hourly=Every(6 * 3600)).run(START + 8 * HOUR)
    assert office.times("hourly") == ["21 12:00", "21 13:00", "21 19:00"]


def test_jobs_of_sources_that_are_gone_are_forgotten(office: Office) -> None:
    office.works(gone=Every(3600), kept=Every(3600)).run(START + MINUTE)
    office.clock.step(20 * DAY)
    office.works(kept=Every(3600)).run(office.clock.now() + MINUTE)
    assert [one.name for one in office.ledger().states()] == ["gone", "kept"]
    office.clock.step(20 * DAY)
    office.works(kept=Every(3600)).run(office.clock.now() + MINUTE)
    assert [one.name for one in office.ledger().states()] == ["kept"]


def test_each_machine_does_its_own_share(office: Office) -> None:
    def works(machine: str) -> Turns:
        around = Around(office.clock, InTurn(), lambda job, said: None, office.stop)
        job = Job("process", Every(60), office._body("process"), each_machine=True)
        turns = Turns(office.project, [job], office.ledger(machine), around, machine=machine)
        turns.begin()
        return turns

    a, b = works("A"), works("B")
    a.turn()
    b.turn()
    assert len(office.done) == 2
    assert [one.name for one in office.ledger().states()] == ["process@A", "process@B"]
    assert [one.name for one in a.book.states()] == ["process"]
    assert [(one.stage, one.subject, one.machine) for one in office.ledger().states()] == [
        ("process", "", "A"),
        ("process", "", "B"),
    ]


def test_a_store_that_does_not_answer_is_asked_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = office.works(hourly=Every(3600))
    away = iter([TransientError("连不上数据库")])
    slots = turns.ledger.slots

    def asked() -> dict[str, Slot]:
        if error := next(away, None):
            raise error
        return slots()

    monkeypatch.setattr(turns.ledger, "slots", asked)
    turns.run(START + MINUTE)
    assert office.times("hourly") == ["21 12:00"]


def test_a_clock_far_from_the_servers_begins_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = office.ledger()
    now = MachineClock().now()
    assert abs(ledger.ahead_s(now)) < 60
    if office.stores.kind == "sqlite":
        return
    assert ledger.ahead_s(now + HOUR) > 3500
    turns = office.works(hourly=Every(3600))
    monkeypatch.setattr(office.clock, "real", True)
    turns.turn()
    assert office.done == []
    assert [job for job, _ in office.told] == ["run"]
    office.clock.set(MachineClock().now() + MINUTE / 4)
    turns.turn()
    assert len(office.done) == 1


def test_lanes_run_side_by_side_and_groups_are_bounded() -> None:
    stop, log, inside, lock = threading.Event(), [], Counter[str](), threading.Lock()
    lanes = Threads({"crawl": 2}, stop)

    def work(lane: str) -> Callable[[], None]:
        def do() -> None:
            with lock:
                inside["now"] += 1
                inside["most"] = max(inside["most"], inside["now"])
            threading.Event().wait(0.05)
            with lock:
                inside["now"] -= 1
                log.append(lane)

        return do

    for number in range(4):
        for _ in range(2):
            lanes.submit(f"crawl/{number}", work(f"crawl/{number}"))
    lanes.close()
    assert inside["most"] == 2
    assert Counter(log) == {f"crawl/{number}": 2 for number in range(4)}


def test_the_machines_clock_is_woken_and_never_sleeps_long() -> None:
    clock = MachineClock()
    began = clock.now()
    clock.wait_until(began + DAY)
    assert clock.now() - began < timedelta(seconds=5), "a suspend or a set clock is noticed soon"
    clock.wake()
    began = clock.now()
    clock.wait_until(began + DAY)
    assert clock.now() - began < timedelta(seconds=0.9)


@pytest.mark.slow
def test_a_year_is_exact(stores: Stores, tmp_path: Path) -> None:
    """All kinds of job through restarts, kills, two processes, a suspend, a clock set back: see bench.schedule_year."""
    init_project(tmp_path / "p", region="云水县")
    url = stores.url()
    opened = []

    def store() -> object:
        opened.append(stores.open(url))
        return opened[-1]

    many = ("crawl news", "process", "detect", "remind")
    rows = lived(store, open_project(tmp_path / "p", {}), process_every_s=14_400, without=many)
    assert {row.job: row.done for row in rows} == {row.job: row.expected for row in rows}
    done = {row.job: row.done for row in rows}
    assert done == {
        "crawl board": 1449, "purge": 363, "backup": 363, "brief daily": 363, "brief weekly": 52, "brief monthly": 12,
    }  # fmt: skip
    assert {row.job: row.again for row in rows if row.again} == {"crawl board": 1, "purge": 1}
    assert len(EVENTS) == 11
    with opened[-1].connect() as connection:
        assert connection.execute(select(job_table.c.runs).where(job_table.c.name == "purge")).scalar() == 363
