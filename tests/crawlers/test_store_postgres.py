"""The store on a real PostgreSQL of its own (skipped where none is installed), and what its errors and addresses say."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import OperationalError

from config.errors import ConfigError, QingyuError, StageError, TransientError
from config.settings import Retention
from config.sources import ImportSource
from crawlers.adapters.base import Link, ParsedPage
from crawlers.landing import Landing, PageResult
from crawlers.purge import purge
from crawlers.record import Engagement, Kind, RawPost
from crawlers.schema import metadata, post, revision
from crawlers.store import open_url, read, translated, write
from tests.stores import Postgres

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture
def address(postgres: Postgres) -> Iterator[str]:
    name, url = postgres.make(empty=True)
    yield url
    postgres.drop(name)


@pytest.fixture
def store(address: str) -> Iterator[Engine]:
    engine = open_url(address, busy_timeout_s=0.3)
    yield engine
    engine.dispose()


def land(store: Engine, run_id: str, body: str, *, likes: int = 0) -> Landing:
    source = ImportSource.model_validate({"name": "s", "kind": "import", "files": "x.csv", "columns": {"text": "t"}})
    made = Landing(store, source, region="", author_key=b"k" * 32, run_id=run_id, now=lambda: NOW)
    made.begin()
    link = Link("http://h.example/1", "thread")
    raw = RawPost(
        Kind.THREAD, link.url, "题\x00\ud800", body, author="老李", published=NOW, engagement=Engagement(likes=likes)
    )
    made.land([PageResult(link, "parsed", NOW, parsed=ParsedPage(posts=[raw]))])
    made.finish(outcome="finished", reason="", walk_complete=True, state={})
    return made


def test_landing_revising_and_forgetting_on_postgresql(store: Engine) -> None:
    assert land(store, "r1", "路灯不亮").counts.posts_new == 1
    assert land(store, "r2", "路灯不亮").counts.posts_unchanged == 1
    assert land(store, "r3", "路灯不亮", likes=3).counts.posts_engagement == 1
    assert land(store, "r4", "路灯还是不亮", likes=3).counts.posts_changed == 1
    with read(store) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert connection.execute(select(post.c.text, post.c.likes, post.c.landed_seq)).all() == [
            ("路灯还是不亮", 3, 3)
        ]
        assert len(connection.execute(select(revision)).all()) == 1
    gone: list[str] = []
    report = purge(store, Retention(), now=NOW + timedelta(days=3_000), forget=gone.extend)
    assert (report.posts, len(gone), report.runs) == (1, 1, 4)


def test_a_second_writer_waits_and_then_says_what_to_do(store: Engine, address: str) -> None:
    other = open_url(address, busy_timeout_s=0.3)
    with write(store) as first:
        first.execute(text("INSERT INTO meta VALUES ('k', 'v')"))
        first.execute(text("UPDATE meta SET value = value"))
        with pytest.raises(TransientError, match="busy_timeout_s"), write(other) as second:
            second.execute(text("INSERT INTO meta VALUES ('k', 'w')"))
    other.dispose()


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("could not extend file: No space left on device", StageError),
        ("database or disk is full", StageError),
        ("deadlock detected", TransientError),
        ("connection failed: connection to server failed: Connection refused", TransientError),
        ("no such table: post", StageError),
    ],
)
def test_errors_say_what_to_do_and_show_no_values(said: str, kind: type[QingyuError]) -> None:
    with pytest.raises(kind) as caught, translated():
        raise OperationalError("INSERT", {"text": "路灯不亮"}, Exception(said))
    assert "路灯" not in caught.value.message


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        ("55P03", TransientError, "busy_timeout_s"),
        ("40P01", TransientError, "busy_timeout_s"),
        ("40001", TransientError, "busy_timeout_s"),
        ("53100", StageError, "磁盘已满"),
        ("57P01", TransientError, "连不上"),
        ("57P03", TransientError, "连不上"),
        ("53300", TransientError, "连不上"),
        ("08006", TransientError, "连不上"),
        ("XX001", StageError, "pg_dump"),
        ("42501", StageError, "doctor"),
    ],
)
def test_errors_are_known_by_their_code_whatever_language_the_server_speaks(
    code: str, kind: type[QingyuError], told: str
) -> None:
    class Said(Exception):  # noqa: N818 - stands for what a driver raises
        sqlstate = code

    with pytest.raises(kind, match=told), translated():
        raise OperationalError("INSERT", {"text": "路灯不亮"}, Said("出错了"))


@pytest.mark.parametrize("url", ["postgresql", "postgresql+psycopg"])
def test_an_address_needs_no_driver_and_keeps_its_own_options(address: str, url: str) -> None:
    given = address.replace("postgresql+psycopg", url) + "&options=-c%20work_mem%3D9MB"
    engine = open_url(given, busy_timeout_s=7)
    with read(engine) as connection:
        shown = [connection.execute(text(f"SHOW {name}")).scalar() for name in ("work_mem", "lock_timeout")]
    assert shown == ["9MB", "7s"]
    engine.dispose()


@pytest.mark.parametrize("flush", [True, False])
def test_only_what_may_be_lost_does_not_wait_for_the_disk(address: str, flush: bool) -> None:
    engine = open_url(address, flush=flush)
    asked = text("SELECT setting, source FROM pg_settings WHERE name = 'synchronous_commit'")
    with read(engine) as connection:
        setting, source = connection.execute(asked).one()
    engine.dispose()
    # The server of the tests waits for no disk at all: what counts is who said so.
    assert (setting, source == "client") == ("off", not flush)


@pytest.mark.parametrize("url", ["nonsense", "mysql://u:s3cret@h/d", "oracul://u:s3cret@h/d", "sqlite+x://"])
def test_an_address_that_cannot_be_used_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_url(url)
    assert "s3cret" not in caught.value.message
