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
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from bench.faults import busiest, engine_at, held, index_while, master_of, mixed, warm_up
from bench.process import land
from config.project import init_project, open_project
from config.text import set_language
from crawlers.store import open_store
from pipeline.index.document import IndexDocument
from pipeline.index.elastic_engine import ElasticEngine
from pipeline.local_elasticsearch.cluster import ClusterPlan, LocalCluster
from pipeline.query.layer import QueryLayer, Question
from pipeline.query.nodes import All
from pipeline.workers import at_work
from tests.cluster.three_nodes import FREE, FULL, Told, client, kill_all, set_disks, start_all, stopped, until
from tests.pipeline.commanding import argv, environment
from tests.pipeline.index_contract import document

ROOT = Path(__file__).resolve().parents[2]
POSTS = 50_000
MONTH_MS = 31 * 86_400_000
# The first place in the list of addresses is asked first; every node must be able to go.
Making = Callable[..., ElasticEngine]


@pytest.fixture(scope="module")
def posts() -> list[IndexDocument]:
    return mixed(POSTS)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, posts: list[IndexDocument]) -> Iterator[LocalCluster]:
    folder = tmp_path_factory.mktemp("three")
    with LocalCluster(ClusterPlan(folder=folder / "nodes", nodes=3, heap_mb=512)) as started:
        warm_up(started.urls, posts[:20_000], folder)
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
        for start in range(0, len(posts), 100):
            writer.put(posts[start : start + 100])
            writer.commit()
            time.sleep(0 if told.notes else 1)
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
    told = Told()
    engine = make(told, timeout_s=4)
    asked_s: list[float] = []
    failed: list[str] = []
    fill(engine, 1)
    over = threading.Event()

    def ask() -> None:
        reader = make(timeout_s=4).reader()
        while not over.wait(0.3):
            began = time.monotonic()
            try:
                reader.count(All())
            except Exception as error:
                failed.append(repr(error))
            asked_s.append(time.monotonic() - began)

    victim = busiest(cluster.urls, list(cluster.nodes))
    with ThreadPoolExecutor(2) as beside:

        def stand_still() -> None:
            beside.submit(_for_a_while, cluster, victim, 40.0)

        beside.submit(ask)
        outcome = index_while(
            engine, [replace(one, landed_seq=one.landed_seq + 1) for one in posts[:20_000]], stand_still
        )
        over.set()
    print(
        f"\n{victim} stood still: {outcome}; asked {len(asked_s)} times, longest {max(asked_s):.1f} s, failed {failed}"
    )
    print(told.reasons)
    assert (outcome.found, outcome.doubled) == (20_000, 0)
    cluster.wait_ready("green")
    assert held(engine) == (20_000, 0)


def _for_a_while(cluster: LocalCluster, name: str, seconds: float) -> None:
    with stopped(cluster, name):
        time.sleep(seconds)
