"""The Elasticsearch engine on a real node: the contract of engines, and what only a cluster can do wrong."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.errors import ConfigError, StageError, TransientError
from config.settings import Index
from pipeline.index.elastic_engine import ElasticEngine
from pipeline.query.nodes import All, And, Not, Or, Term, Words
from tests.pipeline.index_contract import EngineContract, document, fill

YEAR_MS = 365 * 86_400_000


@pytest.fixture
def settings(elasticsearch_url: str) -> Index:
    return Index(url=elasticsearch_url, alias=f"t{uuid.uuid4().hex[:8]}", wait_s=5, timeout_s=20)


@pytest.fixture
def engine(settings: Index, tmp_path: Path) -> Iterator[ElasticEngine]:
    made = ElasticEngine(settings, tmp_path)
    fill(made)
    yield made
    made.elastic.drop(list(made.elastic.indices(f"{settings.alias}-*")))


class TestElasticsearch(EngineContract):
    pass


def _indices(engine: ElasticEngine, settings: Index) -> list[str]:
    return sorted(engine.elastic.indices(f"{settings.alias}-posts-*"))


def test_nothing_was_made_is_answered_as_empty(settings: Index, tmp_path: Path) -> None:
    engine = ElasticEngine(settings, tmp_path)
    assert engine.never_made() and not engine.exists()
    reader = engine.reader()
    assert (reader.absent, reader.count(All()), reader.total(), list(reader.iterate(All()))) == (True, 0, 0, [])
    assert reader.search(All(), sort="relevance", size=3).ids == []
    assert reader.aggregate(All(), {"of": {"terms": {"field": "topic"}}})["of"]["buckets"] == []
    assert engine.condition().state == "ok"


def test_a_month_has_an_index_and_a_mended_time_moves_the_post(engine: ElasticEngine, settings: Index) -> None:
    assert len(_indices(engine, settings)) == 1
    with engine.writer() as writer:
        writer.put([document(7, ms=YEAR_MS, seq=2, text="改 了")])
        writer.commit()
        writer.put([document(7, ms=2 * YEAR_MS, seq=3, text="又 改 了")])
        writer.put([document(7, ms=0, seq=2, text="旧 的")])
        writer.commit()
    reader = engine.reader()
    assert len(_indices(engine, settings)) == 3
    assert (reader.total(), reader.count(Words("", "改了")), reader.count(Words("", "旧的"))) == (100, 1, 0)


def test_an_earlier_writer_does_not_overwrite_a_later_one(
    settings: Index, engine: ElasticEngine, tmp_path: Path
) -> None:
    late = ElasticEngine(settings, tmp_path / "a", epoch=9).writer()
    early = ElasticEngine(settings, tmp_path / "b", epoch=8).writer()
    late.put([document(1, text="后来 的")])
    late.commit()
    early.put([document(1, text="先前 的")])
    early.commit()
    late.close()
    early.close()
    reader = engine.reader()
    assert (reader.count(Words("", "后来的")), reader.count(Words("", "先前的"))) == (1, 0)


def test_what_the_cluster_will_not_take_is_told_and_the_rest_goes_on(engine: ElasticEngine) -> None:
    with engine.writer() as writer:
        writer.put([document(201)._replace(views=1 << 63), document(202), document(203)._replace(id="长" * 300)])
        writer.commit()
        refused = writer.refused()
    assert set(refused) == {f"{201:032x}", "长" * 300}
    assert writer.refused() == {}
    assert engine.reader().total() == 101


def test_deleting_passes_over_the_unknown(engine: ElasticEngine) -> None:
    with engine.writer() as writer:
        writer.delete([f"{n:032x}" for n in range(50)] + ["unknown"])
        writer.commit()
    assert engine.reader().total() == 50


def test_a_month_that_retention_emptied_is_dropped(engine: ElasticEngine, settings: Index) -> None:
    with engine.writer() as writer:
        writer.put(document(n, ms=YEAR_MS) for n in range(300, 310))
        writer.commit()
        assert len(_indices(engine, settings)) == 2
        writer.delete([f"{n:032x}" for n in range(100)])
        writer.commit()
        assert len(_indices(engine, settings)) == 1
        writer.put([document(5)])
        writer.delete([f"{n:032x}" for n in range(300, 310)])
        writer.commit()
    assert len(_indices(engine, settings)) == 1 and engine.reader().total() == 1


def test_a_rebuild_switches_at_one_instant(engine: ElasticEngine, settings: Index) -> None:
    reader = engine.reader()
    version = reader.version()
    with engine.rebuild() as writer:
        writer.put(document(n, ms=n * 86_400_000 * 20) for n in range(60))
        writer.commit()
        assert reader.total() == 100
    assert reader.total() == 60
    reader.refresh()
    assert reader.version() != version
    assert len({name.split("-")[2] for name in _indices(engine, settings)}) == 1


def test_a_rebuild_that_fails_leaves_the_old_index(engine: ElasticEngine, settings: Index) -> None:
    before = _indices(engine, settings)
    with pytest.raises(ZeroDivisionError), engine.rebuild() as writer:
        writer.put([document(1)])
        raise ZeroDivisionError
    assert _indices(engine, settings) == before and engine.reader().total() == 100


def test_an_index_that_is_gone_is_said_with_the_remedy(engine: ElasticEngine, settings: Index) -> None:
    reader = engine.reader()
    engine.elastic.drop(_indices(engine, settings))
    with pytest.raises(StageError, match="qingyu index rebuild"):
        reader.count(All())
    assert engine.condition().state == "failed"


def test_one_state_of_the_index_is_exported_while_posts_arrive(engine: ElasticEngine) -> None:
    lists = engine.reader().iterate(All())
    first = next(lists)
    fill(engine)
    with engine.writer() as writer:
        writer.put(document(n) for n in range(500, 600))
        writer.commit()
    assert sorted(first + [one for some in lists for one in some]) == [f"{n:032x}" for n in range(100)]


def test_nobody_there_is_told_and_waited_for_no_longer_than_asked(tmp_path: Path) -> None:
    engine = ElasticEngine(Index(url="http://127.0.0.1:9", wait_s=1, timeout_s=1), tmp_path)
    with pytest.raises(TransientError):
        engine.reader()
    assert engine.condition().state == "failed"


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="http"):
        Index(url="localhost:9200")
    with pytest.raises(ConfigError):
        ElasticEngine(Index(url="https://127.0.0.1:9", ca_file="/no/such/file"), Path())


def test_deep_queries_are_taken(engine: ElasticEngine) -> None:
    node = Words("", "停水")
    for number in range(8):
        node = And((Or((node, Term("source", f"s{number}"))), Not(Term("source", "none"))))  # type: ignore[assignment]
    assert engine.reader().count(node) == 100


def test_setting_up_twice_says_the_same(engine: ElasticEngine) -> None:
    assert engine.set_up() == engine.set_up()


def test_a_switch_that_was_not_noted_is_noted_by_the_next_writer(engine: ElasticEngine, settings: Index) -> None:
    before = engine.elastic.get(f"{settings.alias}-state", "live")
    assert before is not None
    with engine.rebuild() as writer:
        writer.put(document(n) for n in range(50))
    engine.elastic.put(f"{settings.alias}-state", "live", before)
    with engine.writer() as writer:
        writer.put(document(n) for n in range(50, 60))
        writer.commit()
    assert engine.reader().total() == 60
