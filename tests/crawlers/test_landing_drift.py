"""Re-reads of sites that say times as ages, of pages that fail in passing, and of numbers at the edge of what is kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from config.sources import ImportSource
from crawlers.adapters.base import Link, ParsedPage
from crawlers.dates import parse_date
from crawlers.landing import Landing, PageResult
from crawlers.record import Kind, Official, RawPost
from crawlers.report import Counts
from crawlers.schema import post, revision
from crawlers.store import read
from tests.stores import Stores

NOW = datetime(2026, 11, 22, 8, 0, 13, 456_789, tzinfo=UTC)
LINK = Link("http://h.example/1", "detail")


@pytest.fixture
def store(stores: Stores) -> Engine:
    return stores.open()


def land(store: Engine, at: datetime, result: PageResult | None = None, **more: Any) -> Counts:
    """Lands one page with one post, read at `at`."""
    columns = {"text": "t"}
    source = ImportSource.model_validate({"name": "s", "kind": "import", "files": "x.csv", "columns": columns})
    made = Landing(store, source, region="", author_key=b"k" * 32, run_id=f"r{at.timestamp()}", now=lambda: at)
    made.begin()
    raw = RawPost(**{"kind": Kind.MESSAGE, "url": LINK.url, "title": "路灯", "text": "不亮", **more})
    made.land([result or PageResult(LINK, "parsed", at, parsed=ParsedPage(posts=[raw]))])
    return made.counts


def stored(store: Engine) -> dict[str, Any]:
    with read(store) as connection:
        return dict(connection.execute(select(post)).mappings().one())


@pytest.mark.parametrize(
    "readings",
    [
        [(0.9, "54分钟前"), (1.9, "1小时前"), (25, "1天前"), (47, "1天前"), (200, "8天前")],
        [(0.01, "刚刚"), (0.1, "6分钟前"), (0.75, "半小时前")],
        [(30, "1天前"), (30.5, "1 day ago")],
    ],
)
def test_an_age_read_again_later_is_no_edit(store: Engine, readings: list[tuple[float, str]]) -> None:
    for hours, shown in readings:
        at = NOW + timedelta(hours=hours)
        replied = Official("城管局", parse_date(shown, now=at), "已修")
        counts = land(store, at, published=parse_date(shown, now=at), official=replied)
    assert (counts.posts_unchanged, counts.posts_changed) == (1, 0)
    first = NOW + timedelta(hours=readings[0][0])
    expected = parse_date(readings[0][1], now=first)
    assert expected is not None
    assert stored(store)["published_ms"] == int(expected.timestamp() * 1000)
    with read(store) as connection:
        assert connection.execute(select(revision)).all() == []


@pytest.mark.parametrize("shift", [timedelta(hours=-8), timedelta(days=2)])
def test_a_time_set_anew_is_an_edit(store: Engine, shift: timedelta) -> None:
    before = NOW - timedelta(days=3)
    land(store, NOW, published=before)
    counts = land(store, NOW + timedelta(minutes=1), published=before + shift)
    assert counts.posts_changed == 1
    assert stored(store)["published_ms"] == int((before + shift).timestamp() * 1000)


def test_an_edit_keeps_the_better_time(store: Engine) -> None:
    land(store, NOW, published=NOW - timedelta(minutes=54))
    later = NOW + timedelta(hours=1)
    counts = land(store, later, published=later - timedelta(hours=1), text="还是不亮")
    assert counts.posts_changed == 1
    assert stored(store)["published_ms"] == int((NOW - timedelta(minutes=54)).timestamp() * 1000)


def test_a_revisit_that_fails_in_passing_is_due_in_the_next_run(store: Engine) -> None:
    land(store, NOW, published=NOW)
    later = NOW + timedelta(days=1)
    land(store, later, PageResult(LINK, "failed", later, reason="HTTP 503", keep_pending=True))
    source = ImportSource.model_validate({"name": "s", "kind": "import", "files": "x.csv", "columns": {"text": "t"}})
    soon = later + timedelta(minutes=5)
    again = Landing(store, source, region="", author_key=b"k" * 32, run_id="again", now=lambda: soon)
    again.begin()
    assert [link.url for link in again.due(limit=5, spare=False)] == [LINK.url]


@pytest.mark.parametrize("before", range(485, 500))
def test_a_number_cut_by_the_longest_title_is_still_masked(store: Engine, before: int) -> None:
    land(store, NOW, title="灯" * before + "13812345678")
    assert "1381" not in stored(store)["title"]


def test_the_unit_of_an_answer_is_masked_too(store: Engine) -> None:
    land(store, NOW, official=Official("城管局 13812345678", None, "已修"))
    assert "13812345678" not in stored(store)["official_unit"]
