"""Any order of what people and the crawler do with cases, on each database: the rows are what the changes make."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import delete

from config.errors import ConfigError
from config.project import Project
from crawlers.schema import annotation, post
from crawlers.store import opened, write
from pipeline.cases.acting import Assignment, accept, assign, dismiss, extend, move, note
from pipeline.cases.keeping import rebuild
from pipeline.cases.model import LISTED, STATES, WAITING, CaseChangedError
from pipeline.cases.moves import MOVES
from pipeline.cases.opening import Asked, open_case
from pipeline.cases.replies import link_replies
from pipeline.cases.tables import case_change, case_post, cases
from tests.pipeline.cased import HOUR, NOW, by, course_of, held, opened_by_hand, post_id, put_posts, reply_to, rows_of
from tests.stores import Stores

POSTS = 3
WHICH = st.integers(0, 50)


class Cases(RuleBasedStateMachine):
    """A clock that only goes on, three posts, and everything that can be done."""

    project: Project

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.replies = 0
        with opened(self.project) as store, write(store) as connection:
            for table in (case_change, case_post, cases, annotation, post):
                connection.execute(delete(table))
        put_posts(self.project, POSTS)

    def _one(self, which: int) -> str:
        found = held(self.project)
        return found[which % len(found)].number

    def _try(self, act: Callable[[], Any]) -> None:
        with suppress(ConfigError, CaseChangedError):
            act()

    @rule(hours=st.sampled_from([0.0, 0.5, 7, 30, 24 * 9]))
    def time_passes(self, hours: float) -> None:
        self.now += timedelta(hours=hours)

    @rule(level=st.sampled_from(["", "red", "orange", "blue"]))
    def opens_by_hand(self, level: str) -> None:
        opened_by_hand(self.project, now=self.now, level=level)

    @rule(which=st.integers(1, POSTS))
    def opens_from_a_post(self, which: int) -> None:
        listed = [one for one in held(self.project) if one.origin_id == post_id(which) and one.state in LISTED]
        found = open_case(self.project, Asked("post", post_id(which)), by(now=self.now))
        assert found.new != bool(listed)
        assert found.new or found.case == listed[0]

    @precondition(lambda self: held(self.project))
    @rule(which=WHICH, to=st.sampled_from(STATES), why=st.sampled_from(["", "理由"]), stale=st.booleans())
    def moves(self, which: int, to: Any, why: str, stale: bool) -> None:
        number = self._one(which)
        before = next(one for one in held(self.project) if one.number == number)
        version = before.version - 1 if stale else None
        try:
            done = move(self.project, number, to, by(now=self.now, why=why, version=version))
        except (ConfigError, CaseChangedError):
            return
        assert not stale and (before.state, done.state) in MOVES

    @precondition(lambda self: held(self.project))
    @rule(which=WHICH, unit=st.sampled_from(["住建局", "城管局", "没有的局"]), why=st.sampled_from(["", "理由"]))
    def assigns(self, which: int, unit: str, why: str) -> None:
        self._try(lambda: assign(self.project, self._one(which), Assignment(unit), by(now=self.now, why=why)))

    @precondition(lambda self: held(self.project))
    @rule(which=WHICH, hours=st.integers(-50, 600) | st.sampled_from(["complex", "urgent"]))
    def extends(self, which: int, hours: int | str) -> None:
        to = self.now + hours * HOUR if isinstance(hours, int) else hours
        self._try(lambda: extend(self.project, self._one(which), to, by(now=self.now, why="理由")))

    @precondition(lambda self: held(self.project))
    @rule(which=WHICH, yes=st.booleans())
    def settles_a_proposal(self, which: int, yes: bool) -> None:
        act = accept if yes else dismiss
        self._try(lambda: act(self.project, self._one(which), by(now=self.now, why="理由")))

    @precondition(lambda self: held(self.project))
    @rule(which=WHICH)
    def notes(self, which: int) -> None:
        note(self.project, self._one(which), "记一笔", by(now=self.now))

    @rule(which=st.integers(1, POSTS), ago=st.integers(-5, 100))
    def the_crawler_finds_a_reply(self, which: int, ago: int) -> None:
        self.replies += 1
        reply_to(self.project, post_id(which), at=self.now - ago * HOUR, text=f"答复{self.replies}")
        before = {one.number: one.state for one in held(self.project)}
        link_replies(self.project, now=self.now)
        assert {one.number: one.state for one in held(self.project)} == before
        assert link_replies(self.project, now=self.now) == ""

    @invariant()
    def the_rows_are_what_the_changes_make(self) -> None:
        before = rows_of(self.project)
        with opened(self.project) as store:
            rebuild(store)
        assert rows_of(self.project) == before

    @invariant()
    def what_always_holds(self) -> None:
        found = held(self.project)
        assert [one.number for one in reversed(found)] == [f"2025-清单-{n:04d}" for n in range(1, len(found) + 1)]
        for one in found:
            assert one.opened_at <= one.started_at < one.deadline_at
            assert (one.answered_at is None) == (one.state in WAITING or one.state == "declined")
            assert one.answered_at is None or one.started_at <= one.answered_at <= max(self.now, one.updated_at)
            assert (one.ended_at is None) == (one.state in LISTED)
            assert one.proposed == "" or one.state in WAITING
            assert one.state not in ("assigned", "working", "answered", "finished", "closed") or one.unit
        origins = [one.origin_id for one in found if one.state in LISTED and one.origin == "post"]
        assert len(origins) == len(set(origins))

    def teardown(self) -> None:
        for one in held(self.project):
            changes = course_of(self.project, one.number)
            assert [change.version for change in changes] == list(range(1, one.version + 1))
            assert all(a.at <= b.at and a.state == b.was for a, b in zip(changes, changes[1:], strict=False))


def test_any_order_of_acts(tmp_path: Path, stores: Stores) -> None:
    Cases.project = stores.project(tmp_path)
    run_state_machine_as_test(
        Cases,
        settings=settings(
            max_examples=10, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
