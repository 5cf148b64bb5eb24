"""Copies in the process stage: clusters in store and index, in any order, kept by edits, restarts and the loss of the index."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from config.project import Project
from config.sources import ImportSource
from crawlers.adapters.base import Link, ParsedPage
from crawlers.landing import Landing, PageResult
from crawlers.record import Kind, RawPost
from crawlers.schema import annotation, copy_cluster
from crawlers.store import open_store, read, write
from pipeline.process import process, rebuild_index
from pipeline.query.layer import QueryLayer, Question
from pipeline.retention import enforce
from tests.stores import Stores

DAY = datetime(2026, 11, 1, 8, tzinfo=UTC)
SAID = "滨河路的路灯从上周三开始全部不亮，晚上接孩子放学的家长很多，路口已经摔了两个老人，请城管部门尽快安排人来修。"
EDITED = SAID.replace("很多", "特别多").replace("尽快", "马上")
FORWARDED = f"转发：{SAID}"
NOTICE = "通知：因管网检修，人民路小区将于11月3日8时至18时停水，请居民提前储水，恢复时间另行通知。"
OTHER = "通知：因管网检修，建设路小区将于11月9日8时至18时停水，请居民提前储水，恢复时间另行通知。"


@pytest.fixture
def project(tmp_path: Path, stores: Stores) -> Project:
    return stores.project(tmp_path)


def land(project: Project, *posts: tuple[str, str, int]) -> None:
    """Posts as (native id, text, day of publication)."""
    source = ImportSource.model_validate(
        {"name": "board", "kind": "import", "files": "x.csv", "columns": {"text": "t"}}
    )
    store = open_store(project)
    landing = Landing(
        store, source, region="", author_key=b"k" * 32, run_id=uuid4().hex, now=lambda: DAY + timedelta(days=40)
    )
    landing.begin()
    raw = [
        RawPost(
            Kind.MESSAGE, f"http://board.example/{one}", "", text, native_id=one, published=DAY + timedelta(days=day)
        )
        for one, text, day in posts
    ]
    page = Link("http://board.example/list", "detail")
    landing.land([PageResult(page, "parsed", DAY + timedelta(days=40), parsed=ParsedPage(posts=raw))])
    store.dispose()


def groups(project: Project) -> dict[str, tuple[str, str]]:
    """Last part of the URL → (that of the original or "", cluster), from the index's documents, and the same in the store."""
    with QueryLayer.open(project) as layer:
        posts = list(layer.export(Question()))
        copies = {post["id"] for post in layer.export(Question("copy:true"))}
    names = {post["id"]: post["url"].rsplit("/", 1)[1] for post in posts}
    assert copies == {post["id"] for post in posts if post["duplicate_of"]}
    return {names[p["id"]]: (names.get(p["duplicate_of"], p["duplicate_of"]), p["copies"]) for p in posts}


def test_copies_follow_the_earliest_and_notices_of_other_places_stay_apart(project: Project) -> None:
    land(project, ("a", SAID, 3), ("b", FORWARDED, 4), ("c", EDITED, 5), ("n", NOTICE, 1), ("m", OTHER, 2))
    process(project)
    found = groups(project)
    assert {one: original for one, (original, _) in found.items()} == {"a": "", "b": "a", "c": "a", "n": "", "m": ""}
    assert len({cluster for _, cluster in found.values()}) == 3


def test_an_earlier_post_that_lands_later_is_the_original_of_all(project: Project) -> None:
    land(project, ("b", FORWARDED, 4), ("c", EDITED, 5))
    process(project)
    label = groups(project)["b"][1]
    land(project, ("b", FORWARDED, 4), ("c", EDITED, 5), ("a", SAID, 1))
    process(project)
    assert groups(project) == {"a": ("", label), "b": ("a", label), "c": ("a", label)}
    with QueryLayer.open(project) as layer:
        assert layer.count(Question("copy:true")) == 2
        (day,) = layer.by_day(Question(), since_day=DAY.date() + timedelta(4), until_day=DAY.date() + timedelta(4))
        assert (day.count, day.originals) == (1, 0)


def test_clusters_last_when_a_post_is_edited_annotated_anew_or_the_indexes_are_lost(project: Project) -> None:
    land(project, ("a", SAID, 3), ("b", FORWARDED, 4))
    process(project)
    before = groups(project)
    land(project, ("a", SAID + "谢谢！", 3), ("b", FORWARDED, 4))
    process(project)
    assert groups(project) == before
    store = open_store(project)
    with write(store) as connection:
        connection.execute(update(annotation).values(model="earlier"))
    store.dispose()
    assert process(project).read == 2
    assert groups(project) == before
    shutil.rmtree(project.copies_dir)
    rebuild_index(project)
    assert groups(project) == before
    shutil.rmtree(project.copies_dir)
    land(project, ("a", SAID + "谢谢！", 3), ("b", FORWARDED, 4), ("c", EDITED, 9))
    process(project)
    assert groups(project)["c"] == ("a", before["a"][1])


def test_when_the_original_is_purged_the_earliest_copy_takes_its_place(project: Project) -> None:
    land(project, ("a", SAID, 0), ("b", FORWARDED, 4), ("c", EDITED, 5))
    process(project)
    label = groups(project)["a"][1]
    late = DAY + timedelta(days=project.settings.retention.posts_days + 2)
    assert enforce(project, now=late).posts == 1
    assert groups(project) == {"b": ("", label), "c": ("b", label)}
    assert enforce(project, now=late + timedelta(days=30)).posts == 2
    assert rows(project, copy_cluster) == []


def rows(project: Project, table: Any) -> list[Any]:
    store = open_store(project)
    with read(store) as connection:
        found = list(connection.execute(select(table)))
    store.dispose()
    return found
