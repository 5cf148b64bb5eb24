"""The query layer over a real store and a real index."""

from __future__ import annotations

import csv
import json
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from pyarrow import parquet
from sqlalchemy import Engine, insert, select, text

from config.errors import QueryError, StageError, TransientError
from config.project import Project, init_project, open_project
from crawlers.record import Engagement, Kind, Official, Post
from crawlers.rows import post_row
from crawlers.schema import annotation, audit, post
from crawlers.store import open_store, write
from pipeline.export import COLUMNS, export_file
from pipeline.index.document import IndexDocument
from pipeline.index.tantivy_engine import TantivyEngine
from pipeline.query.layer import QueryLayer, Question
from tests.stores import Stores

# 2019-08-01 00:00 in Shanghai.
MIDNIGHT = datetime(2019, 7, 31, 16, tzinfo=UTC)
TEXTS = ["=1+1 小区 停水 三天", "停水 通知 已 发", "路灯 坏 了", "公园 很 美", "停水 又 来 了"]
AT = [timedelta(milliseconds=-1), timedelta(), timedelta(hours=5), timedelta(hours=24), timedelta(hours=48)]
LABELS = ["negative", "neutral", "negative", "positive", "negative"]


def _post(n: int) -> Post:
    return Post(
        id=f"{n:032x}",
        source="town" if n % 2 else "board",
        kind=Kind.MESSAGE,
        url=f"http://town.test/{n}",
        thread_url=f"http://town.test/t{n // 2}",
        parent_id="",
        title=f"第{n}条",
        text=TEXTS[n].replace(" ", ""),
        author=f"a{n % 3}",
        published=MIDNIGHT + AT[n],
        collected=MIDNIGHT,
        edited=None,
        region="东城",
        category="",
        engagement=Engagement(likes=n),
        official=Official("水务局", MIDNIGHT, "已修复") if n == 0 else None,
    )


def _document(n: int) -> IndexDocument:
    made = _post(n)
    assert made.published
    ms = round(made.published.timestamp() * 1000)
    score = {"negative": -0.5, "neutral": 0.0, "positive": 0.5}[LABELS[n]]
    return IndexDocument(
        id=made.id,
        landed_seq=n + 1,
        source=made.source,
        kind="message",
        region=made.region,
        category="",
        topics=("water",) if "停水" in made.text else (),
        sentiment=LABELS[n],
        score=score,
        confidence=0.9,
        published_ms=ms,
        collected_ms=ms,
        title_tokens=f"第 {n} 条",
        text_tokens=TEXTS[n],
        words=TEXTS[n].split(),
        keyphrases=(),
        thread=made.thread_url,
        voice=made.author,
        answered=n == 0,
        official_unit="水务局" if n == 0 else "",
        official_tokens="已 修复" if n == 0 else "",
        views=0,
        likes=n,
        replies=0,
    )


def _fill(store: Engine, engine: TantivyEngine) -> None:
    with write(store) as connection:
        for n in range(len(TEXTS)):
            connection.execute(insert(post), {**post_row(_post(n)), "revision": 1, "landed_seq": n + 1, "page_id": ""})
            row = {"post_id": f"{n:032x}", "landed_seq": n + 1, "model": "m1", "status": "indexed", "annotated_ms": 0}
            extra = {
                "sentiment": LABELS[n],
                "score": 0.1,
                "confidence": 0.9,
                "topics": "water",
                "keyphrases": "停水\x1f水",
            }
            connection.execute(insert(annotation), {**row, **extra, "text_tokens": TEXTS[n]})
    with engine.writer() as writer:
        writer.put(_document(n) for n in range(len(TEXTS)))
        writer.commit()


@pytest.fixture
def project(tmp_path: Path, stores: Stores) -> Project:
    made = stores.project(tmp_path, region="东城")
    store = open_store(made)
    _fill(store, TantivyEngine(made.index_dir, 15))
    store.dispose()
    return made


@pytest.fixture
def layer(project: Project) -> Iterator[QueryLayer]:
    with QueryLayer.open(project, who="test") as opened:
        yield opened


def test_days_begin_at_midnight_in_shanghai(layer: QueryLayer) -> None:
    days = layer.by_day(Question(), since_day=date(2019, 7, 31), until_day=date(2019, 8, 4))
    assert [d.count for d in days] == [1, 2, 1, 1, 0]
    assert [d.negative_share for d in days] == [1.0, 0.5, 0.0, 1.0, None]
    assert [d.voices for d in days] == [1, 2, 1, 1, 0]
    assert days[1].mean_score == pytest.approx(-0.25)
    assert layer.count(Question("published:2019-08-01")) == 2
    assert layer.count(Question(since=MIDNIGHT, until=MIDNIGHT + timedelta(days=1))) == 2


def test_search_gives_posts_marks_and_pages(layer: QueryLayer) -> None:
    first = layer.search(Question("停水"), size=2)
    second = layer.search(Question("停水"), size=2, after=first.after)
    assert [h.post["id"][-1] for h in (*first.hits, *second.hits)] == ["4", "1", "0"]
    assert (first.total, second.total, second.after) == (3, 3, "")
    assert [(s.text, s.marked) for s in second.hits[0].text] == [("=1+1小区", False), ("停水", True), ("三天", False)]
    assert second.hits[0].post["official"]["unit"] == "水务局"
    assert second.hits[0].post["sentiment"] == {"label": "negative", "score": 0.1, "confidence": 0.9, "unsure": False}


def test_a_word_is_found_however_it_was_cut(layer: QueryLayer) -> None:
    assert layer.count(Question("区停")) == 1
    assert layer.count(Question("停水通知")) == 1
    assert layer.count(Question("修复")) == 1
    assert layer.count(Question("水")) == 3


def test_figures_by_field_topic_and_thread(layer: QueryLayer) -> None:
    assert {b.key: b.count for b in layer.by(Question(), "source")} == {"board": 3, "town": 2}
    (water,) = layer.by(Question(), "topic")
    assert (water.key, water.count) == ("water", 3)
    assert water.negative_share == pytest.approx(2 / 3)
    cells = layer.topic_by_day(Question(), since_day=date(2019, 8, 1), until_day=date(2019, 8, 3))
    assert [(c.day.day, c.count) for c in cells] == [(1, 1), (3, 1)]
    top = layer.threads(Question(), size=1)[0]
    assert (top.count, top.voices, top.title) == (2, 2, "第0条")
    with pytest.raises(QueryError):
        layer.by(Question(), "voice")


def test_words_that_stand_out(layer: QueryLayer) -> None:
    assert layer.significant_words(Question("停水"))[0].word == "停水"
    background = Question(until=MIDNIGHT)
    found = layer.significant_words(Question(since=MIDNIGHT), background=background)
    assert "小区" not in {w.word for w in found}


def test_reads_are_audited(layer: QueryLayer, project: Project) -> None:
    layer.search(Question("停水"))
    layer.post(f"{0:032x}")
    assert len(list(layer.export(Question("停水")))) == 3
    store = open_store(project)
    with store.connect() as connection:
        rows = connection.execute(select(audit.c.who, audit.c.action, audit.c.posts, audit.c.detail)).all()
    store.dispose()
    assert [r[:3] for r in rows] == [("test", "search", 3), ("test", "post", 1), ("test", "export", 3)]
    assert json.loads(rows[0][3]) == {"query": "停水"}


def test_a_post_with_its_thread(layer: QueryLayer) -> None:
    view = layer.post(f"{0:032x}")
    assert view is not None
    assert [t["id"][-1] for t in view.thread] == ["1"]
    assert layer.post("none") is None


def test_authors_are_not_searched(layer: QueryLayer) -> None:
    with pytest.raises(QueryError) as caught:
        layer.search(Question("停水 author:a1"))
    assert caught.value.position == 3


def test_exports_hold_every_post_and_no_formula(layer: QueryLayer, tmp_path: Path) -> None:
    for kind in ("jsonl", "csv", "xlsx", "parquet"):
        assert export_file(layer, Question(), tmp_path / f"out.{kind}", kind) == 5
    at = COLUMNS.index("text")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [Post.from_dict(line) for line in lines] == [_post(n) for n in range(5)]
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert sheet is not None
    cells = [[c.value for c in row] for row in sheet.iter_rows()]
    assert rows[1][at] == cells[1][at] == "'=1+1小区停水三天"
    assert parquet.read_table(tmp_path / "out.parquet").column("text")[0].as_py() == "=1+1小区停水三天"
    assert not list(tmp_path.glob(".out*"))


def test_a_file_that_cannot_be_written_is_said(layer: QueryLayer, tmp_path: Path) -> None:
    with pytest.raises(StageError):
        export_file(layer, Question(), tmp_path / "nowhere" / "out.csv", "csv")


def test_before_anything_is_processed_the_answers_are_empty(tmp_path: Path) -> None:
    init_project(tmp_path)
    made = open_project(tmp_path, {})
    days = {"since_day": date(2019, 8, 1), "until_day": date(2019, 8, 2)}
    with QueryLayer.open(made) as layer:
        found = layer.search(Question("停水 title:*"))
        assert (found.hits, found.total, found.after, layer.count(Question()), layer.voices(Question())) == (
            [],
            0,
            "",
            0,
            0,
        )
        assert [(d.count, d.mean_score) for d in layer.by_day(Question(), **days)] == [(0, None), (0, None)]
        assert [layer.by(Question(), "topic"), layer.threads(Question()), layer.significant_words(Question())] == [
            []
        ] * 3
        assert not layer.topic_by_day(Question(), **days)
        assert not list(layer.export(Question()))
        before = layer.version()
        store = open_store(made)
        _fill(store, TantivyEngine(made.index_dir, 15))
        store.dispose()
        layer.refresh()
        assert layer.version() != before
        assert layer.count(Question()) == len(TEXTS)


def test_an_index_that_is_gone_is_a_loss_and_not_an_empty_answer(project: Project) -> None:
    shutil.rmtree(project.index_dir)
    with pytest.raises(StageError, match="qingyu index rebuild"):
        QueryLayer.open(project)


def test_a_locked_store_holds_no_search_for_long(project: Project, layer: QueryLayer) -> None:
    store = open_store(project)
    began = time.monotonic()
    with write(store) as connection:
        if store.dialect.name != "sqlite":  # a writer alone locks nobody out there
            connection.execute(text("LOCK TABLE audit IN EXCLUSIVE MODE"))
        with pytest.raises(TransientError):
            layer.search(Question("停水"))
    assert time.monotonic() - began < project.settings.store.busy_timeout_s / 3
    assert layer.search(Question("停水")).total == 3
    store.dispose()


@pytest.mark.parametrize("odd", ["\ud800", "\0", "停\0水", "a" * 5000])
def test_odd_text_in_limits_and_ids_finds_nothing(layer: QueryLayer, odd: str) -> None:
    assert layer.search(Question(sources=(odd,), regions=(odd,))).total == 0
    assert layer.post(odd) is None
