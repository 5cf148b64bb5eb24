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
from tests.postgres_server import postgres_server

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with postgres_server() as server:
        yield server.plan.url("postgres")


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


@pytest.mark.parametrize("url", ["nonsense", "mysql://u:s3cret@h/d", "oracul://u:s3cret@h/d", "sqlite+x://"])
def test_an_address_that_cannot_be_used_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_url(url)
    assert "s3cret" not in caught.value.message
