"""The process stage when something gives way: a text no longer taken, a dead annotating process, a second writer."""

import multiprocessing
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bench.process import land
from config.errors import RecordError, StageError
from config.project import Project
from crawlers.schema import annotation
from crawlers.store import open_store, read
from nlp.annotation import Annotation
from pipeline.annotating import CHUNK, Tools, Work, annotators
from pipeline.index.tantivy_engine import TantivyEngine
from pipeline.process import process, rebuild_index, tools_of
from pipeline.query.layer import QueryLayer, Question
from pipeline.retention import enforce
from tests.stores import Stores


@pytest.fixture
def project(tmp_path: Path, stores: Stores) -> Project:
    made = stores.project(tmp_path)
    land(made, ["路灯不亮没人修", "水管有毒气味", "校车几点发车"], "r1")
    return made


def found(project: Project) -> list[int]:
    """How many posts are found for each of the three."""
    with QueryLayer.open(project) as layer:
        return [layer.count(Question(query)) for query in ("路灯", "水管", "校车")]


class Stricter:
    """A later model that cannot take one of the texts; the real one does the rest."""

    model = "stricter-1"

    def __init__(self, real: Any) -> None:
        self._real = real
        self.segmenter, self.content_words = real.segmenter, real.content_words

    def annotate(self, items: Sequence[tuple[str, str]]) -> list[Annotation]:
        if any("毒" in text for _, text in items):
            raise RecordError("不能标注")
        return self._real.annotate(items)  # type: ignore[no-any-return]


def test_what_a_later_model_sets_aside_is_found_no_longer(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert process(project).indexed == 3
    assert found(project) == [1, 1, 1]
    load = Tools.load
    monkeypatch.setattr(Tools, "load", lambda tools: Stricter(load(tools)))
    report = process(project)
    assert (report.read, report.indexed, report.set_aside) == (3, 2, 1)
    assert found(project) == [1, 0, 1]
    rebuild_index(project)
    assert found(project) == [1, 0, 1], "a rebuilt index says the same"
    monkeypatch.undo()
    assert process(project).indexed == 3
    assert found(project) == [1, 1, 1]


def test_a_dead_annotating_process_is_told_and_not_waited_for(project: Project) -> None:
    tools = tools_of(project)
    works = [Work(str(n), "", "停水三天没人管", "") for n in range(3 * CHUNK)]
    with annotators(tools, tools.load(), processes=1) as pool:
        coming = pool.begin(works)
        for child in multiprocessing.active_children():
            child.kill()
            child.join()
        with pytest.raises(StageError, match="qingyu process"):
            list(coming)


def test_all_that_was_begun_comes_once_wherever_it_is_done(project: Project) -> None:
    tools = tools_of(project)
    works = [Work(str(n), "", f"第{n}天停水", "") for n in range(7 * CHUNK + 3)]
    with annotators(tools, tools.load(), processes=1) as pool:
        done = [one for chunk in pool.begin(works) for one in chunk]
    assert sorted(int(one.post_id) for one in done) == list(range(len(works)))
    assert all(one.annotation is not None for one in done)


def test_retention_waits_for_no_other_writer_and_then_goes_on(project: Project) -> None:
    process(project)
    late = datetime(2026, 1, 2, tzinfo=UTC) + timedelta(days=project.settings.retention.posts_days)
    with TantivyEngine(project.index_dir).writer(), pytest.raises(StageError):
        enforce(project, now=late)
    assert found(project) == [1, 1, 1]
    assert enforce(project, now=late).posts == 3
    assert found(project) == [0, 0, 0]
    store = open_store(project)
    with read(store) as connection:
        assert connection.execute(select(annotation)).all() == []
    store.dispose()
