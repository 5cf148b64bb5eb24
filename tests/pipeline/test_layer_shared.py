"""One query layer asked by many threads, as the dashboard does, while posts are indexed and the index is rebuilt."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Event

import pytest

from config.project import Project, init_project, open_project
from crawlers.store import open_store
from pipeline.index.document import IndexDocument
from pipeline.index.tantivy_engine import TantivyEngine, TantivyWriter
from pipeline.query.layer import QueryLayer, Question

THREADS, COMMITS, BATCH = 8, 15, 10
NOON_MS = 1_767_240_000_000  # 2026-01-01 12:00 in Shanghai
DAY = date(2026, 1, 1)


def document(n: int) -> IndexDocument:
    return IndexDocument(
        id=f"{n:032x}",
        landed_seq=n + 1,
        source="town",
        kind="message",
        region="东城",
        category="",
        topics=("water",),
        sentiment="negative",
        score=-0.5,
        confidence=0.9,
        published_ms=NOON_MS + n,
        collected_ms=NOON_MS + n,
        title_tokens="停水",
        text_tokens="小区 停水",
        words=["停水", "小区"],
        keyphrases=(),
        thread="t",
        voice=f"v{n}",
        answered=False,
        official_unit="",
        official_tokens="",
        views=0,
        likes=0,
        replies=0,
    )


def put(writer: TantivyWriter, numbers: range) -> None:
    writer.put(document(n) for n in numbers)
    writer.commit()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    init_project(tmp_path, region="东城")
    made = open_project(tmp_path, {})
    open_store(made).dispose()
    with TantivyEngine(made.index_dir, 15).writer() as writer:
        put(writer, range(BATCH))
    return made


@dataclass
class Seen:
    """What a thread saw: counts in the order asked."""

    counts: list[int]


def asking(layer: QueryLayer, stop: Event) -> Seen:
    """Ask until told to stop, and once more; every answer is that of a whole commit."""
    seen = Seen([])
    last_round = False
    while True:
        layer.refresh()
        counted = layer.count(Question("停水"))
        (day,) = layer.by_day(Question(), since_day=DAY, until_day=DAY)
        assert counted % BATCH == 0, "half a commit was seen"
        assert day.count >= counted, "an answer is older than the one before"
        assert layer.version()
        seen.counts.append(counted)
        if last_round:
            return seen
        last_round = stop.is_set()


def test_eight_threads_ask_while_a_writer_commits(project: Project) -> None:
    engine, stop = TantivyEngine(project.index_dir, 15), Event()
    with QueryLayer.open(project) as layer, ThreadPoolExecutor(THREADS) as pool:
        running = [pool.submit(asking, layer, stop) for _ in range(THREADS)]
        try:
            with engine.writer() as writer:
                for n in range(1, COMMITS + 1):
                    put(writer, range(n * BATCH, (n + 1) * BATCH))
        finally:
            stop.set()
        found = [future.result(timeout=60) for future in running]
        assert layer.count(Question()) == (COMMITS + 1) * BATCH
    for seen in found:
        assert seen.counts == sorted(seen.counts), "a thread went back in time"
        assert seen.counts[-1] == (COMMITS + 1) * BATCH


def test_eight_threads_ask_while_the_index_is_rebuilt(project: Project) -> None:
    engine, stop = TantivyEngine(project.index_dir, 15), Event()
    with QueryLayer.open(project) as layer, ThreadPoolExecutor(THREADS) as pool:
        before = layer.version()
        running = [pool.submit(asking, layer, stop) for _ in range(THREADS)]
        try:
            for n in range(2, 8):
                with engine.rebuild() as writer:
                    put(writer, range(n * BATCH))
        finally:
            stop.set()
        for future in running:
            assert future.result(timeout=60).counts[-1] == 7 * BATCH
        assert layer.version() != before
    assert len(list(project.index_dir.glob("g-*"))) == 1
