"""The Tantivy engine: paging, replacing, generations, damage, locks."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import StageError
from pipeline.index.tantivy_engine import TantivyEngine
from pipeline.query.nodes import All
from tests.pipeline.index_contract import EngineContract, document, fill


@pytest.fixture
def engine(tmp_path: Path) -> TantivyEngine:
    made = TantivyEngine(tmp_path / "index", 15)
    fill(made)
    return made


class TestTantivy(EngineContract):
    pass


def test_what_is_not_committed_is_dropped(engine: TantivyEngine) -> None:
    with engine.writer() as writer:
        writer.put([document(500)])
        writer.delete([f"{1:032x}"])
    assert engine.reader().count(All()) == 100


def test_a_rebuild_replaces_while_readers_go_on(engine: TantivyEngine) -> None:
    reader = engine.reader()
    with engine.rebuild() as writer:
        writer.put([document(1)])
        assert reader.count(All()) == 100
    assert reader.count(All()) == 100
    reader.refresh()
    assert reader.count(All()) == 1
    assert len(list(engine.path.glob("g-*"))) == 1


def test_a_rebuild_that_fails_leaves_the_old_index(engine: TantivyEngine) -> None:
    with pytest.raises(ZeroDivisionError), engine.rebuild() as writer:
        writer.put([document(1)])
        raise ZeroDivisionError
    assert engine.reader().count(All()) == 100
    assert len(list(engine.path.glob("g-*"))) == 1


@pytest.mark.parametrize("harm", ["gone", "cut", "version", "meta", "no current"])
def test_damage_is_said_with_the_remedy(engine: TantivyEngine, harm: str) -> None:
    folder = engine.path / engine.generation()
    if harm == "version":
        (folder / "VERSION").write_text("0", encoding="ascii")
    elif harm == "meta":
        (folder / "meta.json").write_text("{", encoding="utf-8")
    elif harm == "no current":
        (engine.path / "CURRENT").unlink()
    else:
        for file in folder.glob("*.fast"):
            file.unlink() if harm == "gone" else file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(StageError, match="qingyu index rebuild"):
        engine.reader()
