"""The retention in the store: what is too old goes, wholly; what is not stays; a stop in between harms nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from config.errors import StageError
from config.settings import Retention
from config.sources import ImportSource
from crawlers.adapters.base import Link, ParsedPage, Problem
from crawlers.landing import Landing, PageResult
from crawlers.purge import purge
from crawlers.record import Kind, RawPost
from crawlers.rows import to_ms
from crawlers.schema import annotation, audit, post, revision, run, set_aside
from crawlers.store import insert_rows, read, write
from tests.stores import Stores

START = datetime(2024, 1, 1, tzinfo=UTC)
RULES = Retention(posts_days=100, revisions_days=10, set_aside_days=5, runs_days=20, audit_days=200)
TABLES = (post, revision, set_aside, run, audit, annotation)


@pytest.fixture
def store(stores: Stores) -> Engine:
    return stores.open()


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def land(store: Engine, posts: Sequence[RawPost], *, at: datetime, problems: Sequence[Problem] = ()) -> None:
    source = ImportSource.model_validate({"name": "s", "kind": "import", "files": "x", "columns": {"text": "t"}})
    run_id = f"r{to_ms(at)}"
    landing = Landing(store, source, region="", author_key=b"k" * 32, run_id=run_id, now=lambda: at)
    landing.begin()
    found = ParsedPage(posts=posts, problems=problems)
    landing.land([PageResult(Link("http://h.example/", "detail"), "parsed", at, parsed=found)])


def raw(key: int, published: datetime | None, text: str = "路灯不亮") -> RawPost:
    return RawPost(Kind.MESSAGE, f"http://h.example/{key}", "", text, native_id=str(key), published=published)


def annotate(store: Engine) -> None:
    with write(store) as connection:
        rows: list[dict[str, Any]] = [
            {"post_id": key, "landed_seq": 1, "model": "m", "status": "indexed", "annotated_ms": 1}
            for key in connection.execute(select(post.c.id)).scalars()
        ]
        insert_rows(connection, annotation, rows)


def left(store: Engine) -> dict[str, int]:
    with read(store) as connection:
        return {t.name: connection.execute(select(func.count()).select_from(t)).scalar_one() for t in TABLES}


def test_a_post_goes_with_all_that_belongs_to_it_on_its_day(store: Engine) -> None:
    land(store, [raw(1, day(0)), raw(2, day(1)), raw(3, None)], at=day(2))
    land(store, [raw(1, day(0), "改了"), raw(2, day(1), "也改了")], at=day(99))
    annotate(store)
    forgotten: list[str] = []
    assert purge(store, RULES, now=day(100), forget=forgotten.extend).posts == 0, "on the day itself it stays"
    report = purge(store, RULES, now=day(100) + timedelta(milliseconds=1), forget=forgotten.extend)
    assert (report.posts, len(forgotten)) == (1, 1)
    assert (left(store)["post"], left(store)["revision"], left(store)["annotation"]) == (2, 1, 2)
    assert purge(store, RULES, now=day(101.5), forget=forgotten.extend).posts == 1
    assert left(store)["post"] == 1, "a post without a date ages from when it was collected"
    assert purge(store, RULES, now=day(102.5), forget=forgotten.extend).posts == 1
    assert (left(store)["post"], left(store)["revision"], left(store)["annotation"]) == (0, 0, 0)
    assert len(set(forgotten)) == 3


def test_each_kind_has_its_own_age(store: Engine) -> None:
    land(store, [raw(1, day(0))], at=day(0))
    land(store, [raw(1, day(0), "改了")], at=day(1), problems=[Problem("没有正文", "x")])
    with write(store) as connection:
        insert_rows(connection, audit, [{"at_ms": to_ms(day(1)), "who": "a", "action": "search"}])
    seen = []
    for now in (6, 6.1, 11, 11.1, 20, 20.1, 21, 21.1, 99, 201, 201.1):
        purge(store, RULES, now=day(now), forget=lambda _: None)
        counted = left(store)
        seen.append((now, [counted[t.name] for t in (set_aside, revision, run, post, audit)]))
    assert seen == [
        (6, [1, 1, 2, 1, 1]), (6.1, [0, 1, 2, 1, 1]), (11, [0, 1, 2, 1, 1]), (11.1, [0, 0, 2, 1, 1]),
        (20, [0, 0, 2, 1, 1]), (20.1, [0, 0, 1, 1, 1]), (21, [0, 0, 1, 1, 1]), (21.1, [0, 0, 0, 1, 1]),
        (99, [0, 0, 0, 1, 1]), (201, [0, 0, 0, 0, 1]), (201.1, [0, 0, 0, 0, 0]),
    ]  # fmt: skip


def test_a_dry_run_counts_the_same_and_removes_nothing(store: Engine) -> None:
    land(store, [raw(n, day(n)) for n in range(30)], at=day(30), problems=[Problem("没有正文", "x")])
    before, now = left(store), day(115)

    def never(ids: Sequence[str]) -> None:
        raise AssertionError("a dry run must not touch the index")

    planned = purge(store, RULES, now=now, forget=never, dry_run=True)
    assert left(store) == before
    assert planned == purge(store, RULES, now=now, forget=lambda _: None)
    assert (planned.posts, planned.set_aside, planned.runs) == (15, 1, 1)


def test_stopped_between_index_and_store_it_goes_on_and_forgets_again(store: Engine) -> None:
    """More than two batches; the index refuses at the second: the first is gone, the rest waits for the next time."""
    land(store, [raw(n, day(0)) for n in range(4_500)], at=day(1))
    asked: list[Sequence[str]] = []

    def forget(ids: Sequence[str]) -> None:
        if len(asked) == 1:
            raise StageError("another process is writing the index")
        asked.append(ids)

    with pytest.raises(StageError):
        purge(store, RULES, now=day(200), forget=forget)
    assert left(store)["post"] == 4_500 - len(asked[0])
    assert 0 < len(asked[0]) < 4_500
    again: list[str] = []
    purge(store, RULES, now=day(200), forget=again.extend)
    assert left(store)["post"] == 0
    assert sorted([*asked[0], *again]) == sorted({*asked[0], *again}), "each post is forgotten once"


def test_an_old_post_read_again_comes_back_only_until_the_next_purge(store: Engine) -> None:
    land(store, [raw(1, day(0))], at=day(1))
    assert purge(store, RULES, now=day(150), forget=lambda _: None).posts == 1
    land(store, [raw(1, day(0))], at=day(151))
    assert purge(store, RULES, now=day(152), forget=lambda _: None).posts == 1
    assert left(store)["post"] == 0
