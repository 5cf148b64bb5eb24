"""Several processes at one store: what they begin together ends as if they had come one after the other, on each database."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from config.errors import QingyuError
from config.settings import Retention
from config.sources import ImportSource
from crawlers.adapters.base import Link, ParsedPage
from crawlers.landing import Landing, PageResult
from crawlers.purge import purge
from crawlers.record import Kind, RawPost
from crawlers.schema import annotation, meta, post
from crawlers.store import open_url, read, upsert, write
from tests.stores import Postgres, Stores

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def landing(store: Engine, source: str = "s", run: str = "r") -> Landing:
    columns = {"name": source, "kind": "import", "files": "x.csv", "columns": {"text": "t"}}
    made = Landing(
        store, ImportSource.model_validate(columns), region="", author_key=b"k" * 32, run_id=run, now=lambda: NOW
    )
    made.begin()
    return made


def pages(numbers: Sequence[int]) -> list[PageResult]:
    found = []
    for number in numbers:
        link = Link(f"http://h.example/{number}", "detail")
        raw = RawPost(Kind.MESSAGE, link.url, "", f"第{number}条", native_id=str(number), published=NOW)
        found.append(PageResult(link, "parsed", NOW, parsed=ParsedPage(posts=[raw])))
    return found


def together(*tasks: Callable[[], object]) -> list[Exception]:
    """Runs all at the same moment; returns what they raised."""
    gate, raised = threading.Barrier(len(tasks)), list[Exception]()

    def run(task: Callable[[], object]) -> None:
        gate.wait()
        try:
            task()
        except (QingyuError, SQLAlchemyError) as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return raised


def test_processes_that_open_a_new_store_together_all_find_its_tables(stores: Stores) -> None:
    url = stores.url(empty=True)
    code = f"from crawlers.store import open_url; open_url({url!r}).dispose()"
    runs = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) for _ in range(4)]
    said = [run.communicate(timeout=60)[1] for run in runs]
    assert [run.returncode for run in runs] == [0] * 4, said


def test_a_file_that_is_just_being_made_is_waited_for(tmp_path: Path) -> None:
    """SQLite does not wait by itself for the lock that it needs to switch a file to its write-ahead log."""
    maker = sqlite3.connect(tmp_path / "q.db", isolation_level=None, check_same_thread=False)
    maker.execute("CREATE TABLE made (x)")
    maker.execute("BEGIN IMMEDIATE")
    done = threading.Timer(0.3, maker.execute, ["COMMIT"])
    done.start()
    open_url(f"sqlite:///{tmp_path / 'q.db'}", busy_timeout_s=20).dispose()
    done.join()
    maker.close()


def test_the_first_landings_of_two_sources_together_number_their_posts_apart(stores: Stores) -> None:
    url = stores.url()
    made = [landing(stores.open(url), f"s{n}", f"r{n}") for n in range(4)]
    assert together(*(partial(one.land, pages(range(50))) for one in made)) == []
    with read(stores.open(url)) as connection:
        numbers = sorted(connection.execute(select(post.c.landed_seq)).scalars())
        assert connection.execute(select(meta.c.value).where(meta.c.key == "landed_seq")).scalar() == "200"
    assert numbers == list(range(1, 201))


def test_one_source_landed_twice_at_once_has_each_post_once(stores: Stores) -> None:
    url = stores.url()
    made = [landing(stores.open(url), run=f"r{n}") for n in range(3)]
    for first in range(0, 200, 40):
        batch = pages(range(first, first + 40))
        assert together(*(partial(one.land, batch) for one in made)) == []
    assert sum(one.counts.posts_new for one in made) == 200
    assert sum(one.counts.posts_unchanged for one in made) == 400
    with read(stores.open(url)) as connection:
        assert connection.execute(select(func.count()).select_from(post)).scalar_one() == 200


def test_a_reader_sees_one_state_from_beginning_to_end(stores: Stores) -> None:
    url = stores.url()
    store, other = stores.open(url), stores.open(url)
    asked = select(func.count()).select_from(meta)
    with read(store) as connection:
        before = connection.execute(asked).scalar_one()
        with write(other) as writer:
            writer.execute(insert(meta), {"key": "k", "value": "v"})
        assert connection.execute(asked).scalar_one() == before
    with read(store) as connection:
        assert connection.execute(asked).scalar_one() == before + 1


def test_a_post_purged_while_it_is_annotated_leaves_no_annotation(postgres: Postgres, stores: Stores) -> None:
    """Only where several work at one store can a post be claimed and purged at once."""
    if stores.kind == "sqlite":
        pytest.skip("one writer at a time")
    url = stores.url()
    store, other = stores.open(url), stores.open(url)
    landing(store).land(pages(range(3)))
    row = {"landed_seq": 1, "model": "m", "status": "annotated", "annotated_ms": 1}
    waiting = threading.Thread(
        target=purge, args=(other, Retention()), kwargs={"now": NOW + timedelta(days=3_000), "forget": lambda _: None}
    )
    with write(store) as connection:
        ids = list(connection.execute(select(post.c.id).with_for_update(skip_locked=True)).scalars())
        waiting.start()
        _until_it_waits(store)
        upsert(connection, annotation, [{"post_id": one, **row} for one in ids], key="post_id")
    waiting.join(30)
    assert not waiting.is_alive()
    with read(store) as connection:
        left = [
            connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (post, annotation)
        ]
    assert left == [0, 0]


def _until_it_waits(store: Engine) -> None:
    blocked = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    for _ in range(200):
        with read(store) as connection:
            if connection.execute(blocked).scalar_one():
                return
        threading.Event().wait(0.05)
    raise AssertionError("nobody waits")


def test_a_store_that_was_restarted_is_used_again(postgres: Postgres, stores: Stores) -> None:
    if stores.kind == "sqlite":
        pytest.skip("there is no server")
    store = stores.open()
    with read(store) as connection:
        connection.execute(text("SELECT 1"))
    postgres.disconnect()
    with read(store) as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
