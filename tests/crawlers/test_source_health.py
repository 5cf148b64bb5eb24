"""How a source is judged by its runs: a crawl that found nothing never looks like success, odd posts raise no alarm."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from config.sources import ImportSource, Source
from crawlers.adapters.base import Link, ParsedPage, Problem
from crawlers.health import RunReport, judge, source_health
from crawlers.landing import Landing, PageResult
from crawlers.record import Kind, RawPost
from tests.stores import Stores

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def report(outcome: str = "finished", *, hours_ago: float = 1, reason: str = "", **counts: int) -> RunReport:
    at = NOW - hours_ago * HOUR
    return RunReport(at, at, outcome, reason, counts)


GOOD = report(pages_parsed=9, posts_read=9, links_seen=12, hours_ago=2)


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([], "new"),
        ([GOOD], "fine"),
        ([report("limited", pages_parsed=3, links_seen=3)], "fine"),
        ([report(not_modified=1), GOOD], "fine"),
        ([report(pages_parsed=1), GOOD], "empty"),
        ([report(pages_parsed=1)], "empty"),
        ([report("failed", reason="HTTP 503", failed=1), GOOD], "failing"),
        ([report("failed", reason="HTTP 404", failed=1, set_aside=1), GOOD], "failing"),
        ([report("failed", failed=1, pages_wrong=1, set_aside=1), GOOD], "markup"),
        ([report(pages_parsed=2, pages_wrong=2, failed=2, links_seen=9)], "markup"),
        ([report(pages_parsed=3, pages_wrong=2, failed=2, links_seen=9)], "fine"),
        ([report(pages_parsed=4, pages_spoilt=2, posts_read=4)], "markup"),
        ([report(pages_parsed=2, posts_read=40, posts_set_aside=9, set_aside=9)], "fine"),
        ([report("failed", robots_refused=1, reason="robots.txt"), GOOD], "robots"),
        ([report(robots_refused=3, pages_parsed=9, posts_read=9)], "fine"),
        ([report(pages_parsed=9, posts_read=9, hours_ago=3.1)], "late"),
        ([report(pages_parsed=9, posts_read=9, hours_ago=2.9)], "fine"),
        ([report("stopped", pages_parsed=9, posts_read=9)], "fine"),
    ],
)
def test_health_of_runs(runs: Sequence[RunReport], expected: str) -> None:
    health, reason = judge(runs, every=HOUR, now=NOW)
    assert health == expected
    assert bool(reason) == (health != "fine")


@pytest.fixture
def store(stores: Stores) -> Engine:
    return stores.open()


def source() -> Source:
    return ImportSource.model_validate({"name": "s", "kind": "import", "files": "x.csv", "columns": {"text": "t"}})


def crawled(store: Engine, results: Sequence[PageResult], *, at: datetime = NOW, outcome: str = "finished") -> str:
    """What a run with these pages comes to."""
    made = Landing(store, source(), region="", author_key=b"k" * 32, run_id=f"r{at}", now=lambda: at)
    made.begin()
    made.land(results)
    made.finish(outcome=outcome, reason="", walk_complete=True, state={})
    (found,) = source_health(store, [source()], at)
    assert found.last_run == at
    assert found.counts["pages_parsed"] + found.counts["failed"] == len(results)
    return found.health


def page(number: int, texts: Sequence[str], **more: Any) -> PageResult:
    url = f"http://h.example/{number}"
    posts = [RawPost(Kind.REPLY, url, "", text, native_id=f"{number}-{n}") for n, text in enumerate(texts)]
    return PageResult(Link(url, "thread"), "parsed", NOW, parsed=ParsedPage(posts=posts, **more))


def test_floors_of_pictures_are_no_broken_markup(store: Engine) -> None:
    assert crawled(store, [page(1, ["甲", "乙", "", ""]), page(2, ["丙", "", "丁"])]) == "fine"


def test_pages_with_nothing_but_faults_are(store: Engine) -> None:
    timeless = {"problems": [Problem("时间读不懂")]}
    assert crawled(store, [page(1, ["甲"], **timeless), page(2, ["乙"], **timeless), page(3, ["丙"])]) == "markup"


def test_wrong_pages_are_and_unreachable_ones_are_not(store: Engine) -> None:
    link = Link("http://h.example/1", "thread")
    wrong = PageResult(link, "failed", NOW, reason="没有楼层列表", evidence="<p>", wrong=True)
    assert crawled(store, [wrong, page(2, ["乙"])]) == "markup"
    lost = PageResult(link, "failed", NOW, reason="HTTP 404")
    assert crawled(store, [lost], at=NOW + HOUR, outcome="failed") == "failing"


def test_a_run_that_was_killed_does_not_count_as_one(store: Engine) -> None:
    assert crawled(store, [page(1, ["甲"])]) == "fine"
    later = NOW + timedelta(days=30)
    Landing(store, source(), region="", author_key=b"k" * 32, run_id="k", now=lambda: later).begin()
    (found,) = source_health(store, [source()], later)
    assert (found.health, found.last_run, found.last_ok) == ("late", later, NOW)
