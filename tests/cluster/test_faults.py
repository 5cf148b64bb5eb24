"""Three real nodes, and what befalls them: nothing that was given to the index is lost, nothing stands there twice.

The figures are printed (pytest -s); the bounds asserted are wide, for machines differ.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from sqlalchemy import func, select
from streamlit.testing.v1 import AppTest

from bench.faults import busiest, engine_at, held, index_while, master_of, mixed, warm_up
from bench.process import land
from bench.texts import posts as made_up
from config.errors import TransientError
from config.project import Project, init_project, open_project
from config.text import set_language
from crawlers.schema import annotation
from crawlers.store import open_store, read
from pipeline.index.document import IndexDocument
from pipeline.index.elastic_engine import ElasticEngine
from pipeline.local_elasticsearch.cluster import ClusterPlan, LocalCluster
from pipeline.query.layer import QueryLayer, Question
from pipeline.query.nodes import All
from pipeline.workers import at_work
from tests.cluster.three_nodes import FREE, FULL, Told, client, kill_all, set_disks, start_all, stopped, until
from tests.pipeline.commanding import argv
from tests.pipeline.index_contract import document

ROOT = Path(__file__).resolve().parents[2]
POSTS = 50_000
LANDED = 12_000
# ES_AWAY_S=120 for a long absence; the pauses have reached their longest after 30 s.
AWAY_S = float(os.environ.get("ES_AWAY_S", "35"))
MONTH_MS = 31 * 86_400_000
Making = Callable[..., ElasticEngine]


@pytest.fixture(scope="module")
def posts() -> list[IndexDocument]:
    return mixed(POSTS)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, posts: list[IndexDocument]) -> Iterator[LocalCluster]:
    folder = tmp_path_factory.mktemp("three")
    with LocalCluster(ClusterPlan(folder=folder / "nodes", nodes=3, heap_mb=512)) as started:
        warm_up(started.urls, posts[:10_000], folder)
        yield started


@pytest.fixture
def make(cluster: LocalCluster, tmp_path: Path) -> Iterator[Making]:
    """Makes an engine under a name of its own."""
    alias, made = f"t{uuid.uuid4().hex[:8]}", []

    def made_for(told: Told | None = None, **settings: Any) -> ElasticEngine:
        made.append(engine_at(cluster.urls, tmp_path, told=told or Told(), alias=alias, **settings))
        return made[-1]

    yield made_for
    made[0].elastic.drop(list(made[0].elastic.indices(f"{alias}-*")))
    for one in made:
        one.elastic.close()


def few(count: int, first: int = 0) -> list[IndexDocument]:
    """Posts of three months, written to in turn."""
    return [document(n, ms=n % 3 * MONTH_MS) for n in range(first, first + count)]


def fill(engine: ElasticEngine, count: int) -> None:
    with engine.writer() as writer:
        writer.put(few(count))
        writer.commit()


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["data node", "master"])
def test_a_node_dies_while_posts_are_indexed_and_comes_back(
    cluster: LocalCluster, make: Making, posts: list[IndexDocument], victim: str
) -> None:
    engine, elected = make(), master_of(cluster.urls)
    others = [name for name in cluster.nodes if name != elected]
    died: list[str] = []

    def die() -> None:
        died.append(elected if victim == "master" else busiest(cluster.urls, others))
        cluster.kill(died[0])

    outcome = index_while(engine, posts, die)
    print(f"\n{victim} killed: {outcome}")
    assert (outcome.found, outcome.doubled) == (POSTS, 0)
    assert outcome.back_s is not None and outcome.back_s <= 30
    assert outcome.longest_pause_s <= 60
    assert engine.condition().state in ("ok", "warning"), "two nodes are enough"
    cluster.restart(died[0])
    cluster.wait_ready("green")
    assert held(engine) == (POSTS, 0)
    assert engine.condition().state == "ok"


@pytest.mark.slow
def test_a_full_disk_is_waited_for_and_told(cluster: LocalCluster, make: Making) -> None:
    told = Told()
    engine = make(told)
    fill(engine, 600)
    set_disks(cluster, FULL)
    try:
        with ThreadPoolExecutor(1) as beside:
            begun = beside.submit(_steadily, engine, few(6_000, 600), told)
            took = until(lambda: told.waiting, within_s=60, what="the writer waits for the disk")
            print(f"\ndisk full: noticed after {took:.0f} s: {told.reasons}")
            said = engine.condition()
            assert said.state == "failed" and "磁盘" in said.message and "disk" in said.message, said
            assert said.remedy
            assert engine.reader().total() >= 600, "readers go on"
            time.sleep(5)
            assert not begun.done()
            set_disks(cluster, FREE)
            begun.result(timeout=90)
    finally:
        set_disks(cluster, FREE)
    assert any("磁盘" in one for one in told.reasons)
    assert not told.waiting
    until(lambda: engine.condition().state == "ok", within_s=60, what="well again")
    assert held(engine) == (6_600, 0)


def _steadily(engine: ElasticEngine, posts: Sequence[IndexDocument], told: Told) -> None:
    """Put posts until the writer had to wait, then the rest at once."""
    with engine.writer() as writer:
        left = list(posts)
        while left and not told.notes:
            writer.put(left[:100])
            writer.commit()
            del left[:100]
            time.sleep(1)
        writer.put(left)
        writer.commit()
        assert not writer.refused()


@pytest.mark.slow
def test_a_month_that_begins_while_the_disks_are_full_is_waited_for(cluster: LocalCluster, make: Making) -> None:
    """The cluster then refuses new indices with 403, which is no fault of the user or key."""
    told = Told()
    engine = make(told)
    fill(engine, 10)
    with client(cluster) as asked:
        asked.cluster.put_settings(persistent={"cluster.blocks.read_only_allow_delete": True})
        with ThreadPoolExecutor(1) as beside, engine.writer() as writer:
            begun = beside.submit(writer.put, [document(10, ms=9 * MONTH_MS)])
            until(lambda: told.waiting, within_s=20, what="the writer waits")
            assert engine.condition().state == "failed"
            asked.cluster.put_settings(persistent={"cluster.blocks.read_only_allow_delete": None})
            begun.result(timeout=60)
            writer.commit()
            # A bar of another kind answers each line of a bulk with 403.
            for index in engine.elastic.indices(f"{engine._settings.alias}-posts-*"):
                asked.indices.put_settings(index=index, settings={"index.blocks.write": True})
            told.notes.clear()
            writer.put(few(20))
            until(lambda: told.waiting, within_s=20, what="the writer waits")
            for index in engine.elastic.indices(f"{engine._settings.alias}-posts-*"):
                asked.indices.put_settings(index=index, settings={"index.blocks.write": None})
            writer.commit()
            assert not writer.refused()
    assert held(engine) == (20, 0)


@pytest.mark.slow
def test_a_node_that_stands_still_is_gone_round(
    cluster: LocalCluster, make: Making, posts: list[IndexDocument]
) -> None:
    told, some = Told(), posts[:20_000]
    engine = make(told, timeout_s=4)
    asking = Asking(make(timeout_s=4))
    with engine.writer() as writer:
        writer.put(some[:2_000])
        writer.commit()
    victim = busiest(cluster.urls, list(cluster.nodes))
    with ThreadPoolExecutor(2) as beside:
        still = lambda: beside.submit(_for_a_while, cluster, victim, 40.0)  # noqa: E731
        beside.submit(asking.go_on)
        try:
            outcome = index_while(engine, some, still)
        finally:
            asking.over.set()
    print(f"\n{victim} stood still: {outcome}; {asking}; told {told.reasons}")
    assert (outcome.found, outcome.doubled) == (20_000, 0)
    cluster.wait_ready("green")
    assert held(engine) == (20_000, 0)


class Asking:
    """A reader that asks again and again."""

    def __init__(self, engine: ElasticEngine) -> None:
        self._reader = engine.reader
        self.over = threading.Event()
        self.took_s: list[float] = []
        self.failed: list[str] = []

    def go_on(self) -> None:
        reader = self._reader()
        while not self.over.wait(0.2):
            began = time.monotonic()
            try:
                reader.search(All(), sort="-published", size=20)
            except TransientError as error:
                self.failed.append(f"{time.monotonic() - began:.1f} s {error.message}")
            self.took_s.append(time.monotonic() - began)

    def __str__(self) -> str:
        longest = sorted(round(one, 1) for one in self.took_s)[-5:]
        return f"asked {len(self.took_s)} times, longest {longest} s, failed {self.failed}"


def _for_a_while(cluster: LocalCluster, name: str, seconds: float) -> None:
    with stopped(cluster, name):
        time.sleep(seconds)


@pytest.fixture
def landed(cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project with landed posts whose index is the cluster. Its dashboard can be opened."""
    alias = f"t{uuid.uuid4().hex[:8]}"
    for name, value in {"URL": ",".join(cluster.urls), "ALIAS": alias, "TIMEOUT_S": "10"}.items():
        monkeypatch.setenv(f"QINGYU_INDEX__{name}", value)
    monkeypatch.setenv("QINGYU_PROJECT", str(tmp_path))
    monkeypatch.setenv("QINGYU_PROCESS__BATCH", "500")
    monkeypatch.syspath_prepend(str(ROOT))
    init_project(tmp_path, region="云水县", contact="test@example.org")
    project = open_project(tmp_path)
    land(project, made_up(LANDED, 11), "r1")
    st.cache_resource.clear()
    st.cache_data.clear()
    yield project
    st.cache_resource.clear()
    st.cache_data.clear()
    set_language("zh")
    with client(cluster) as asked:
        asked.indices.delete(index=list(asked.indices.get(index=f"{alias}-*")))


def page(name: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=90).run()
    return app.switch_page(f"views/{name}.py").run()


def said(app: AppTest) -> str:
    blocks = [*app.get("html"), *app.info, *app.caption, *app.markdown]
    return " ".join(str(getattr(b, "value", "") or getattr(b, "body", "") or b.proto) for b in blocks)


def doctor(project: Project, *, code: int) -> dict[str, dict[str, str]]:
    """Findings of `qingyu doctor --json`, by what was looked at."""
    done = subprocess.run(
        argv("doctor", "--json", project=project.root),
        env=dict(os.environ), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return {one["check"]: one for one in json.loads(done.stdout)}


def indexed(project: Project) -> int:
    store = open_store(project)
    with read(store) as connection:
        asked = select(func.count()).select_from(annotation).where(annotation.c.status == "indexed")
        found = connection.execute(asked).scalar_one()
    store.dispose()
    return int(found)


@pytest.mark.slow
def test_the_whole_cluster_is_gone_for_a_while(cluster: LocalCluster, landed: Project) -> None:
    log = landed.root / "process.log"
    with (
        log.open("wb") as out,
        subprocess.Popen(argv("process", project=landed.root), stdout=out, stderr=subprocess.STDOUT) as worker,
    ):
        try:
            until(lambda: indexed(landed) >= 500, within_s=90, what="the first posts are indexed")
            kill_all(cluster)
            gone = time.monotonic()
            before = indexed(landed)
            assert before < LANDED, "it must still be at work"
            until(lambda: bool(waits(landed)), within_s=30, what="the worker says that it waits")
            found = doctor(landed, code=1)
            assert (found["index"]["state"], found["workers"]["state"]) == ("failed", "warning")
            assert str(worker.pid) in found["workers"]["message"] and "Elasticsearch" in found["workers"]["message"]
            for name in ("today", "search"):
                app = page(name)
                assert not app.exception, name
                assert "Elasticsearch 没有回应" in said(app) and "仍可查看" in said(app), name
            sources = page("sources")
            assert not sources.exception and "没有回应" not in said(sources)
            time.sleep(max(0.0, AWAY_S - (time.monotonic() - gone)))
            assert worker.poll() is None, log.read_text("utf-8")
            away = time.monotonic() - gone
            start_all(cluster)
            cluster.wait_ready("yellow")
            back = time.monotonic()
            until(lambda: indexed(landed) > before, within_s=60, what="work goes on")
            print(f"\naway {away:.0f} s; first posts {time.monotonic() - back:.1f} s after the cluster was back")
            assert worker.wait(180) == 0, log.read_text("utf-8")
        finally:
            worker.kill()
    assert "Traceback" not in log.read_text("utf-8")
    with QueryLayer.open(landed) as layer:
        ids = [one["id"] for one in layer.export(Question())]
        assert (len(ids), len(set(ids)), layer.count(Question())) == (LANDED, LANDED, LANDED)
    assert waits(landed) == []
    cluster.wait_ready("green")
    found = doctor(landed, code=0)
    assert (found["index"]["state"], found["workers"]["state"]) == ("ok", "ok")
    assert not page("today").exception


def waits(project: Project) -> list[str]:
    """What the processes at work wait for."""
    store = open_store(project)
    notes = [one.note for one in at_work(store) if one.note]
    store.dispose()
    return notes
