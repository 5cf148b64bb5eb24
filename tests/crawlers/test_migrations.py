"""A store of any earlier version comes up to date with all it held, on each database, and a newer one is refused."""

from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, insert, inspect, select, table, text
from sqlalchemy import column as named

from config.errors import StageError
from crawlers import store as store_module
from crawlers.schema import annotation, post
from crawlers.store import HEAD, open_url, read
from pipeline.state import metadata
from tests.stores import Stores

SCRIPTS = Path(store_module.__file__).parent / "migrations"
POST = {
    "id": "a" * 32, "source": "s", "kind": "message", "url": "http://h.example/1", "thread_url": "", "parent_id": "",
    "title": "路灯", "text": "不亮", "author": "x", "collected_ms": 1_700_000_000_000, "region": "", "category": "",
    "content_hash": "h", "revision": 3, "landed_seq": 2**40, "page_id": "",
}  # fmt: skip
ANNOTATION = {
    "post_id": "a" * 32, "landed_seq": 2**40, "model": "m", "status": "indexed", "content_hash": "h",
    "title_tokens": "路灯", "text_tokens": "不 亮", "official_tokens": "", "words": "路灯", "sentiment": "negative",
    "topics": "", "keyphrases": "甲\x1f乙", "duplicate_of": "", "annotated_ms": 1, "score": -0.5, "confidence": 0.25,
}  # fmt: skip


def versions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return [script.revision for script in reversed(list(ScriptDirectory.from_config(config).walk_revisions()))]


def test_the_newest_migration_is_the_one_the_store_asks_for() -> None:
    assert versions()[-1] == HEAD


def at_version(engine: Engine, version: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        for name, row in (("post", POST), ("annotation", ANNOTATION)):
            connection.execute(insert(table(name, *(named(key) for key in row))), row)
    engine.dispose()


def held(row: Any, wanted: dict[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in wanted}


@pytest.mark.parametrize("version", versions())
def test_an_earlier_store_comes_up_to_date_with_what_it_held(stores: Stores, version: str) -> None:
    url = stores.url(empty=True)
    at_version(create_engine(url), version)
    store = stores.open(url)
    with read(store) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert held(connection.execute(select(post)).mappings().one(), POST) == POST
        found = connection.execute(select(annotation)).mappings().one()
    assert held(found, ANNOTATION) == ANNOTATION
    assert (found["intent"], found["appeal"], found["copy_cluster"], found["copy_keys"]) == ("", 0, "", None)


def test_both_databases_have_the_same_indexes(stores: Stores) -> None:
    """What `compare_metadata` does not look at: the condition of the index of what waits."""
    store = stores.open(stores.url(empty=True))
    found = {index["name"]: index for index in inspect(store).get_indexes("annotation")}
    assert set(found) == {"annotation_model", "annotation_copy_cluster", "annotation_waiting"}
    where = next(iter(found["annotation_waiting"]["dialect_options"].values()))
    assert "annotated" in str(where)


def test_a_store_of_a_newer_program_is_refused(stores: Stores) -> None:
    url = stores.url()
    store = stores.open(url)
    with store.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.dispose()
    with pytest.raises(StageError, match="9999"):
        open_url(url)
