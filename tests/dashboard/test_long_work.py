"""Work that can be left: found again by its own person alone, never begun twice at once, failing in words."""

import threading
import time

import pytest
import streamlit as st

from config.errors import StageError
from dashboard import asking, long_work
from dashboard.long_work import Work
from pipeline.access.model import Person


@pytest.fixture(autouse=True)
def person(monkeypatch: pytest.MonkeyPatch) -> None:
    st.cache_resource.clear()
    monkeypatch.setattr(asking, "person", lambda: Person("张三", open_=True))


def ended(*what: str) -> Work:
    deadline = time.monotonic() + 10
    while long_work.going(*what):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    found = long_work.found(*what)
    assert found is not None
    return found


def test_a_work_goes_on_and_is_begun_once(monkeypatch: pytest.MonkeyPatch) -> None:
    hold, begun = threading.Event(), []

    def call(work: Work) -> str:
        begun.append(1)
        work.tell(1, 2)
        hold.wait(10)
        return "做完"

    for _ in range(3):
        long_work.start("test", "a", call=call)
    assert long_work.going("test", "a") and not long_work.going("test", "b")
    monkeypatch.setattr(asking, "person", lambda: Person("李四", open_=True))
    assert long_work.found("test", "a") is None  # nobody sees another person's
    monkeypatch.setattr(asking, "person", lambda: Person("张三", open_=True))
    hold.set()
    found = ended("test", "a")
    assert (found.result, found.error, len(begun), found.done) == ("做完", None, 1, 1)
    long_work.start("test", "a", call=call)  # over, so it may be done again
    assert ended("test", "a").result == "做完" and len(begun) == 2


def test_what_fails_is_told_and_a_mistake_of_the_program_too() -> None:
    def wrong(_: Work) -> None:
        raise StageError("磁盘满了")

    def broken(_: Work) -> None:
        raise KeyError("secret of a post")

    long_work.start("test", "wrong", call=wrong)
    long_work.start("test", "broken", call=broken)
    first, second = ended("test", "wrong"), ended("test", "broken")
    assert first.error is not None and first.error.message == "磁盘满了"
    assert second.error is not None and "KeyError" in second.error.message and "secret" not in second.error.message


def test_old_results_are_let_go() -> None:
    for n in range(220):
        long_work.start("many", str(n), call=lambda _: None)
    for n in range(220):
        if long_work.found("many", str(n)) is not None:
            ended("many", str(n))
    long_work.start("many", "last", call=lambda _: None)
    ended("many", "last")
    kept = sum(long_work.found("many", str(n)) is not None for n in range(220))
    assert kept <= 200 and long_work.found("many", "last") is not None
