"""Imports into a real store: nothing twice, one changed row is one change, broken rows are set aside."""

from __future__ import annotations

import csv
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import Engine, select

from config.errors import ConfigError
from config.sources import ImportSource
from crawlers.imports import Ended, run_import, source_files
from crawlers.landing import Landing
from crawlers.report import Counts
from crawlers.schema import post, set_aside
from crawlers.store import read
from tests.stores import Stores

COLUMNS = {
    "id": "工单号",
    "title": "标题",
    "text": "诉求内容",
    "published": "来电时间",
    "likes": "赞",
    "category": "类别",
    "author": "来电人",
}
COLUMNS |= {"reply_text": "答复", "reply_unit": "承办单位", "reply_time": "答复时间"}
HEADER = list(COLUMNS.values())


def row(number: int, text: str = "小区停水两天了，请尽快处理", **more: Any) -> list[Any]:
    values = {
        "工单号": f"W{number:05d}",
        "标题": f"停水 {number}",
        "诉求内容": text,
        "来电时间": "2026-10-25 07:01",
        "赞": "1,200",
    }
    values |= {
        "类别": "供水",
        "来电人": "张三",
        "答复": "已派人抢修",
        "承办单位": "市供水公司",
        "答复时间": "2026年10月26日",
        **more,
    }
    return [values[name] for name in HEADER]


def source(**more: Any) -> ImportSource:
    return ImportSource.model_validate(
        {"name": "hotline", "kind": "import", "files": "data/*.csv", "columns": COLUMNS, **more}
    )


@pytest.fixture
def store(tmp_path: Path, stores: Stores) -> Engine:
    (tmp_path / "data").mkdir()
    return stores.open()


def write(root: Path, rows: list[list[Any]], name: str = "a.csv", *, encoding: str = "gb18030") -> None:
    with (root / "data" / name).open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])


def load(engine: Engine, root: Path, **more: Any) -> Ended:
    declared = source(**more)
    landing = Landing(
        engine, declared, region="", author_key=b"k" * 32, run_id=secrets.token_hex(8), now=lambda: datetime.now(UTC)
    )
    return run_import(landing, declared, root)


def summary(counts: Counts) -> tuple[int, int, int, int]:
    return counts.posts_read, counts.posts_new, counts.posts_changed, counts.posts_unchanged


def posts(engine: Engine) -> list[Any]:
    with read(engine) as connection:
        return list(connection.execute(select(post).order_by(post.c.title)))


def test_again_is_nothing_new_and_one_changed_row_is_one_change(store: Engine, tmp_path: Path) -> None:
    rows = [row(i) for i in range(1, 1203)]  # more than two chunks
    write(tmp_path, rows)
    first = load(store, tmp_path)
    assert (first.outcome, first.reason, summary(first.counts)) == ("finished", "", (1202, 1202, 0, 0))
    assert summary(load(store, tmp_path).counts) == (1202, 0, 0, 1202)
    rows[700] = row(701, "小区停水三天了")
    write(tmp_path, rows)
    assert summary(load(store, tmp_path).counts) == (1202, 0, 1, 1201)
    write(tmp_path, [row(0), *rows])  # a row in front moves all others
    assert summary(load(store, tmp_path).counts) == (1203, 1, 0, 1202)


def test_the_columns_become_the_posts_fields(store: Engine, tmp_path: Path) -> None:
    write(tmp_path, [row(1)])
    load(store, tmp_path)
    (found,) = posts(store)
    assert (found.title, found.text, found.kind, found.category, found.likes) == (
        "停水 1",
        "小区停水两天了，请尽快处理",
        "message",
        "供水",
        1200,
    )
    assert found.published_ms == datetime(2026, 10, 24, 23, 1, tzinfo=UTC).timestamp() * 1000
    assert (found.official_unit, found.official_text) == ("市供水公司", "已派人抢修")
    assert found.official_replied_ms == datetime(2026, 10, 25, 16, tzinfo=UTC).timestamp() * 1000
    assert found.author not in {"", "张三"}


def test_rows_without_an_id_are_known_by_their_words(store: Engine, tmp_path: Path) -> None:
    columns = {k: v for k, v in COLUMNS.items() if k != "id"}
    write(tmp_path, [row(1), row(1), row(2)])
    first = load(store, tmp_path, columns=columns).counts
    assert first.posts_new == 2
    write(tmp_path, [row(2), row(1)], name="b.csv", encoding="utf-8")
    again = load(store, tmp_path, columns=columns).counts
    assert (again.posts_new, again.posts_changed) == (0, 0)


def test_rows_that_cannot_be_used_are_set_aside_with_their_number(store: Engine, tmp_path: Path) -> None:
    write(tmp_path, [row(1), row(2, ""), row(3, 来电时间="不详"), row(4, 赞="许多"), row(5)])
    ended = load(store, tmp_path)
    assert (ended.outcome, ended.counts.posts_new, ended.counts.set_aside) == ("finished", 2, 3)
    with read(store) as connection:
        pieces = [(p.reason, p.evidence) for p in connection.execute(select(set_aside).order_by(set_aside.c.id))]
    assert [reason for reason, _ in pieces] == ["正文列 诉求内容 是空的", "列 来电时间 的时间读不懂", "列 赞 不是整数"]
    assert [evidence.partition("：")[0] for _, evidence in pieces] == [f"data/a.csv 第 {n} 行" for n in (3, 4, 5)]


def test_excel_dates_and_numbers(store: Engine, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for cells in (HEADER, row(1, 工单号=20261025001.0, 来电时间=datetime(2026, 10, 25, 7, 1), 赞=7)):
        book.active.append(cells)
    book.save(tmp_path / "data" / "a.xlsx")
    load(store, tmp_path, files="data/*.xlsx")
    (found,) = posts(store)
    assert (found.likes, found.url) == (7, "import:hotline/20261025001")
    assert found.published_ms == datetime(2026, 10, 24, 23, 1, tzinfo=UTC).timestamp() * 1000


def test_a_missing_column_stops_before_anything_is_landed(store: Engine, tmp_path: Path) -> None:
    write(tmp_path, [row(1)])
    (tmp_path / "data" / "b.csv").write_text("工单号,内容\n1,停水\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="诉求内容.*工单号、内容"):
        load(store, tmp_path)
    assert posts(store) == []


def test_no_file_is_a_failure_that_says_so(store: Engine, tmp_path: Path) -> None:
    ended = load(store, tmp_path)
    assert ended.outcome == "failed" and "data/*.csv" in ended.reason


def test_files_by_pattern_without_lock_files(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "~$a.csv", ".x.csv"):
        (tmp_path / name).write_text("")
    absolute = source(files=[str(tmp_path / "*.csv"), "a.csv"])
    assert [path.name for path in source_files(source(files=["*.csv", "a.*"]), tmp_path)] == ["a.csv", "b.csv"]
    assert {path.name for path in source_files(absolute, tmp_path)} == {"a.csv", "b.csv"}
