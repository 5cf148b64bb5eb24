"""The landing on real databases: idempotent, all or nothing, every post in exactly one status."""

import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, text

from config.errors import StageError, TransientError
from config.sources import BoardSource
from crawlers.adapters.base import Link, ParsedPage, Problem
from crawlers.landing import Landing, PageResult
from crawlers.pseudonym import pseudonym
from crawlers.record import Engagement, Kind, Official, RawPost
from crawlers.schema import metadata, page, post, revision, run, set_aside
from crawlers.store import open_url, read, write
from tests.stores import Stores

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
KEY = b"k" * 32


def source(**more: Any) -> BoardSource:
    picks = {"list": {"row": "tr", "link": "a"}, "detail": {"title": "h1", "text": "p", "published": "time"}}
    return BoardSource.model_validate({"name": "board", "kind": "board", "urls": "http://h.example/", **picks, **more})


@pytest.fixture
def store(stores: Stores) -> Engine:
    return stores.open()


def landing(store: Engine, *, run_id: str = "r1", at: datetime = NOW, **more: Any) -> Landing:
    made = Landing(store, source(**more), region="云水县", author_key=KEY, run_id=run_id, now=lambda: at)
    made.begin()
    return made


def raw(number: int = 1, body: str = "路灯不亮", **more: Any) -> RawPost:
    url = f"http://h.example/{number}"
    return RawPost(
        Kind.MESSAGE, url, "标题", body, native_id=str(number), **{"published": NOW - timedelta(days=1), **more}
    )


def result(posts: Sequence[RawPost], *, url: str = "http://h.example/p", at: datetime = NOW, **more: Any) -> PageResult:
    return PageResult(Link(url, "detail"), "parsed", at, parsed=ParsedPage(posts=posts, **more), body_hash="0" * 32)


def rows(store: Engine, table: Any) -> list[dict[str, Any]]:
    with read(store) as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def test_landing_twice_changes_nothing(store: Engine) -> None:
    first = landing(store)
    first.land([result([raw(1), raw(2)])])
    before = rows(store, post)
    second = landing(store, run_id="r2", at=NOW + timedelta(hours=1))
    second.land([result([raw(1), raw(2)], at=NOW + timedelta(hours=1))])
    assert rows(store, post) == before
    assert (second.counts.posts_new, second.counts.posts_changed, second.counts.posts_unchanged) == (0, 0, 2)
    assert rows(store, revision) == []


def test_an_edit_keeps_the_old_version(store: Engine) -> None:
    landing(store).land([result([raw(1, "路灯不亮")])])
    later = landing(store, run_id="r2")
    later.land([result([raw(1, "路灯还是不亮")])])
    assert later.counts.posts_changed == 1
    stored = rows(store, post)[0]
    assert (stored["text"], stored["revision"]) == ("路灯还是不亮", 2)
    assert "路灯不亮" in rows(store, revision)[0]["record"]


def test_an_official_answer_is_a_change(store: Engine) -> None:
    landing(store).land([result([raw(1)])])
    answered = raw(1, official=Official("城管局", NOW, "已安排维修，电话13812345678"))
    later = landing(store, run_id="r2")
    later.land([result([answered])])
    stored = rows(store, post)[0]
    assert later.counts.posts_changed == 1
    assert stored["official_unit"] == "城管局"
    assert "13812345678" not in stored["official_text"]


def test_counters_alone_make_no_revision_and_views_no_work(store: Engine) -> None:
    landing(store).land([result([raw(1, engagement=Engagement(views=1, likes=0))])])
    seq = rows(store, post)[0]["landed_seq"]
    viewed = landing(store, run_id="r2")
    viewed.land([result([raw(1, engagement=Engagement(views=9, likes=0))])])
    assert (rows(store, post)[0]["views"], rows(store, post)[0]["landed_seq"]) == (9, seq)
    liked = landing(store, run_id="r3")
    liked.land([result([raw(1, engagement=Engagement(views=9, likes=5))])])
    assert liked.counts.posts_engagement == 1
    assert rows(store, post)[0]["landed_seq"] > seq
    assert rows(store, revision) == []


@pytest.mark.parametrize(
    ("hostile", "kept"),
    [
        ("有\x00字\ud800节", "有字节"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("x" * 200_000, "x" * 200_000),
    ],
)
def test_hostile_text_lands_clean_and_whole(store: Engine, hostile: str, kept: str) -> None:
    landing(store).land([result([raw(1, hostile)])])
    assert rows(store, post)[0]["text"] == kept


def test_empty_and_endless_posts_are_set_aside_and_the_rest_lands(store: Engine) -> None:
    made = landing(store)
    nothing = RawPost(Kind.MESSAGE, "http://h.example/9", "", " \x00 ", native_id="9")
    made.land([result([nothing, raw(1, "字" * 200_001), raw(2)])])
    counts = made.counts
    assert (counts.posts_read, counts.posts_new, counts.posts_set_aside) == (3, 1, 2)
    assert {piece["stage"] for piece in rows(store, set_aside)} == {"crawl"}
    assert all(len(piece["evidence"]) <= 4_000 for piece in rows(store, set_aside))


@pytest.mark.parametrize("odd", [datetime(3019, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)])
def test_an_impossible_date_is_dropped_not_the_post(store: Engine, odd: datetime) -> None:
    made = landing(store)
    made.land([result([raw(1, published=odd)])])
    assert rows(store, post)[0]["published_ms"] is None
    assert made.counts.dates_dropped == 1


def test_evidence_is_redacted(store: Engine) -> None:
    made = landing(store)
    problem = Problem("没有正文", "姓名：张三，电话13812345678")
    made.land([result([], problems=[problem])])
    evidence = rows(store, set_aside)[0]["evidence"]
    assert "13812345678" not in evidence
    assert "张三" not in evidence


def test_no_name_is_ever_written(tmp_path: Path) -> None:
    store = open_url(f"sqlite:///{tmp_path / 'q.db'}")
    landing(store).land([result([raw(1, author="爱管闲事的老李")])])
    store.dispose()
    written = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert "爱管闲事的老李".encode() not in written
    with read(store) as connection:
        assert len(connection.execute(select(post.c.author)).scalar_one()) == 16


def test_pseudonyms_rotate_by_month_and_source() -> None:
    january = datetime(2026, 1, 31, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
    same = pseudonym("老李", source="a", at=january - timedelta(days=3), key=KEY)
    assert pseudonym("老李", source="a", at=january, key=KEY) == same
    others = {
        pseudonym("老李", source="a", at=january + timedelta(minutes=2), key=KEY),
        pseudonym("老李", source="b", at=january, key=KEY),
        pseudonym("老李", source="a", at=january, key=b"o" * 32),
        pseudonym("老王", source="a", at=january, key=KEY),
    }
    assert len(others) == 4
    assert same not in others
    assert pseudonym("  ", source="a", at=january, key=KEY) == ""


def test_discovered_pages_are_pending_until_read(store: Engine) -> None:
    links = [Link(f"http://h.example/{n}", "detail", fingerprint="办理中") for n in range(3)]
    walk = Link("http://h.example/", "list", walk=True)
    made = landing(store)
    made.land([PageResult(walk, "parsed", NOW, parsed=ParsedPage(links=links))])
    assert made.counts.links_new == 3
    again = landing(store, run_id="r2")
    assert {link.url for link in again.pending()} == {link.url for link in links}
    again.land([PageResult(links[0], "parsed", NOW, parsed=ParsedPage(posts=[raw(0)]))])
    third = landing(store, run_id="r3")
    assert {link.url for link in third.pending()} == {link.url for link in links[1:]}
    assert not third.wanted(links[0])
    assert third.wanted(Link(links[0].url, "detail", fingerprint="已回复"))


def test_a_new_fingerprint_makes_a_page_pending_until_it_is_read(store: Engine) -> None:
    walk = Link("http://h.example/", "list", walk=True)
    old, new = (Link("http://h.example/1", "detail", fingerprint=f) for f in ("办理中", "已回复"))
    made = landing(store)
    made.land([PageResult(walk, "parsed", NOW, parsed=ParsedPage(links=[old]))])
    made.land([PageResult(old, "parsed", NOW, parsed=ParsedPage(posts=[raw(1)]))])
    killed = landing(store, run_id="r2")
    killed.land([PageResult(walk, "parsed", NOW, parsed=ParsedPage(links=[new]))])
    resumed = landing(store, run_id="r3")
    assert [link.fingerprint for link in resumed.pending()] == ["已回复"]


def test_revisits_follow_the_schedule(store: Engine) -> None:
    rules = {"revisit": {"after": ["6h", "1d"], "stop_after": "30d"}}
    link = Link("http://h.example/1", "detail")
    done = PageResult(link, "parsed", NOW, parsed=ParsedPage(posts=[raw(1)]))
    landing(store, **rules).land([done])

    def due(hours: float, **more: Any) -> list[str]:
        at = NOW + timedelta(hours=hours)
        found = landing(store, run_id=f"d{hours}{len(more)}", at=at, **rules).due(limit=9, spare=False, **more)
        return [one.url for one in found]

    assert due(5) == []
    assert due(7) == [link.url]
    later = NOW + timedelta(hours=7)
    landing(store, run_id="v", at=later, **rules).land([PageResult(link, "not_modified", later)])
    assert due(7 + 23) == []
    assert due(7 + 25) == [link.url]
    spare = landing(store, run_id="s", at=later + timedelta(hours=1), **rules)
    assert [one.url for one in spare.due(limit=9, spare=True)] == [link.url]


def test_pages_that_fail_in_passing_stay_pending(store: Engine) -> None:
    link = Link("http://h.example/1", "detail")
    made = landing(store)
    made.land([PageResult(link, "failed", NOW, reason="HTTP 503", keep_pending=True)])
    assert [one.url for one in landing(store, run_id="r2").pending()] == [link.url]
    assert rows(store, set_aside) == []
    assert made.counts.failed == 1


def test_a_batch_that_fails_leaves_nothing(store: Engine) -> None:
    made = landing(store)
    broken = PageResult(Link("http://h.example/x", "r" * 2), "parsed", None, parsed=ParsedPage(posts=[]))  # type: ignore[arg-type]
    with pytest.raises(StageError):
        made.land([result([raw(1)]), broken])
    assert rows(store, post) == []
    assert rows(store, page) == []
    assert made.counts.posts_new == 0
    made.land([result([raw(1)])])
    assert len(rows(store, post)) == 1


page_of_posts = st.lists(st.tuples(st.integers(0, 6), st.sampled_from(["甲", "乙", "", "丙13812345678"])), max_size=5)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(page_of_posts, min_size=1, max_size=4))
def test_statuses_add_up_and_a_second_time_is_unchanged(stores: Stores, pages: list[Any]) -> None:
    store = stores.open()
    results = []
    for number, texts in enumerate(pages):
        posts = [
            RawPost(Kind.MESSAGE, "http://h.example/", "", body, native_id=str(key), published=NOW)
            for key, body in texts
        ]
        results.append(result(posts, url=f"http://h.example/{number}"))
    made = landing(store)
    made.land(results)
    counts = made.counts
    parts = (
        counts.posts_new
        + counts.posts_changed
        + counts.posts_engagement
        + counts.posts_unchanged
        + counts.posts_set_aside
    )
    assert parts == counts.posts_read == sum(map(len, pages))
    with read(store) as connection:
        assert connection.execute(select(func.count()).select_from(post)).scalar_one() == counts.posts_new
    again = landing(store, run_id="r2")
    again.land(results)
    assert (again.counts.posts_new, again.counts.posts_changed) == (0, 0)
    store.dispose()


def test_finish_closes_the_run_and_remembers(store: Engine) -> None:
    made = landing(store)
    made.finish(outcome="finished", reason="", walk_complete=True, state={"seen": 3})
    assert rows(store, run)[0]["outcome"] == "finished"
    again = Landing(store, source(), region="", author_key=KEY, run_id="r2", now=lambda: NOW)
    memory = again.begin()
    assert memory.walk_complete
    assert memory.state == {"seen": 3}
    third = Landing(store, source(), region="", author_key=KEY, run_id="r3", now=lambda: NOW)
    assert not third.begin().walk_complete, "a run that was killed leaves its walk open"


def test_migrations_make_exactly_the_schema(store: Engine) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with read(store) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_locked_store_says_what_to_do(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'q.db'}"
    holder, other = open_url(url), open_url(url, busy_timeout_s=0.2)
    with write(holder), pytest.raises(TransientError, match="busy_timeout_s"), write(other):
        pass


def test_a_full_store_says_what_to_do_and_keeps_what_was_there(tmp_path: Path) -> None:
    store = open_url(f"sqlite:///{tmp_path / 'q.db'}")
    made = landing(store)
    made.land([result([raw(1)])])
    with store.connect() as connection:
        used = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    # The limit holds for a connection: the pool hands the same one out again.
    with store.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count={used + 1}")
    with pytest.raises(StageError, match="磁盘已满"):
        made.land([result([raw(n, "长" * 50_000) for n in range(2, 60)])])
    assert [row["url"] for row in rows(store, post)] == ["http://h.example/1"]


def test_a_damaged_store_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "q.db").write_bytes(b"this is no database" * 500)
    with pytest.raises(StageError, match="备份"):
        open_url(f"sqlite:///{tmp_path / 'q.db'}")


def test_two_writers_wait_for_each_other(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'q.db'}"
    open_url(url).dispose()
    program = f"""
from crawlers.store import open_url, write
from sqlalchemy import text
store = open_url({url!r})
for n in range(60):
    with write(store) as c:
        value = c.execute(text("SELECT value FROM meta WHERE key='n'")).scalar() or "0"
        c.execute(text("INSERT INTO meta VALUES ('n', :v) ON CONFLICT (key) DO UPDATE SET value=:v"), {{"v": str(int(value) + 1)}})
"""
    runs = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(2)]
    assert [one.wait(60) for one in runs] == [0, 0]
    with read(open_url(url)) as connection:
        assert connection.execute(text("SELECT value FROM meta WHERE key='n'")).scalar_one() == "120"


def test_opening_again_does_not_load_the_migrations(stores: Stores) -> None:
    url = stores.url()
    open_url(url).dispose()
    code = f"import sys; from crawlers.store import open_url; open_url({url!r}); assert 'alembic' not in sys.modules"
    began = time.monotonic()
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert time.monotonic() - began < 30
