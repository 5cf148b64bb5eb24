"""Exports of hostile posts: spreadsheets read no formula, files hold no control character, half a file never appears."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from sqlalchemy import insert

from config.errors import ConfigError, StageError
from config.project import init_project, open_project
from crawlers.record import Engagement, Kind, Post
from crawlers.rows import post_row
from crawlers.schema import post
from crawlers.store import open_store, write
from pipeline import export
from pipeline.export import COLUMNS, EXCEL_CELL, defused, export_file, export_stream
from pipeline.index.document import IndexDocument
from pipeline.index.tantivy_engine import TantivyEngine
from pipeline.query.layer import QueryLayer, Question

FORMULA = "=+-@\t\r＝＋－＠"
TEXTS = [f"{c}cmd|' /C calc'!A0" for c in FORMULA] + [
    "a\x00b\x07c\x1b[31m",
    " =1",
    "\x00=1",
    "字" * 40_000,
    "平常\n一行",
]
AT = datetime(2019, 8, 1, tzinfo=UTC)


def _post(n: int) -> Post:
    return Post(
        f"{n:032x}", "town", Kind.MESSAGE, f"http://town.test/{n}", "", "", "", TEXTS[n], "a1", AT, AT, None, "", "",
        Engagement(likes=n), None,
    )  # fmt: skip


def _document(n: int) -> IndexDocument:
    ms = round(AT.timestamp() * 1000) + n
    return IndexDocument(
        f"{n:032x}", n + 1, "town", "message", "", "", (), "", 0.0, 0.0, ms, ms, "", "字", (), (), "", "a1", False,
        "", "", 0, n, 0,
    )  # fmt: skip


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QueryLayer]:
    root = tmp_path_factory.mktemp("project")
    init_project(root)
    project = open_project(root, {})
    store = open_store(project)
    with write(store) as connection:
        for n in range(len(TEXTS)):
            connection.execute(insert(post), {**post_row(_post(n)), "revision": 1, "landed_seq": n + 1, "page_id": ""})
    store.dispose()
    with TantivyEngine(project.index_dir, 15).writer() as writer:
        writer.put(_document(n) for n in range(len(TEXTS)))
        writer.commit()
    with QueryLayer.open(project) as opened:
        yield opened


def _cells(layer: QueryLayer, path: Path, kind: str) -> list[Any]:
    """The column `text` of an export."""
    assert export_file(layer, Question(), path, kind) == len(TEXTS)
    if kind == "jsonl":
        return [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()]
    if kind == "parquet":
        return list(parquet.read_table(path).column("text").to_pylist())
    if kind == "csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [row["text"] for row in csv.DictReader(file)]
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    return [row[COLUMNS.index("text")].value for row in list(sheet.iter_rows())[1:]]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_spreadsheet_reads_no_formula_and_no_control_character(layer: QueryLayer, tmp_path: Path, kind: str) -> None:
    cells = _cells(layer, tmp_path / f"out.{kind}", kind)
    assert [cell[0] for cell in cells[: len(FORMULA)]] == ["'"] * len(FORMULA)
    plain, spaced, hidden = cells[len(FORMULA) : len(FORMULA) + 3]
    assert (plain, spaced, hidden) == ("abc[31m", "' =1", "'=1")
    assert cells[-1].replace("\r\n", "\n") == "平常\n一行"


def test_excel_cuts_long_cells_and_says_so(layer: QueryLayer, tmp_path: Path) -> None:
    assert len(_cells(layer, tmp_path / "out.xlsx", "xlsx")[-2]) == EXCEL_CELL
    assert len(_cells(layer, tmp_path / "out.csv", "csv")[-2]) == 40_000


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_what_programs_read_is_the_text_itself(layer: QueryLayer, tmp_path: Path, kind: str) -> None:
    assert _cells(layer, tmp_path / f"out.{kind}", kind) == TEXTS


def test_too_many_rows_for_excel_are_refused_and_leave_no_file(
    layer: QueryLayer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "EXCEL_ROWS", len(TEXTS) + 1)
    assert export_file(layer, Question(), tmp_path / "fits.xlsx", "xlsx") == len(TEXTS)
    monkeypatch.setattr(export, "EXCEL_ROWS", len(TEXTS))
    with pytest.raises(StageError, match="Excel"):
        export_file(layer, Question(), tmp_path / "out.xlsx", "xlsx")
    assert [file.name for file in tmp_path.iterdir()] == ["fits.xlsx"]


@pytest.mark.parametrize("kind", ["jsonl", "csv", "xlsx", "parquet"])
def test_a_stopped_export_leaves_the_old_file(layer: QueryLayer, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"out.{kind}"
    path.write_text("old", encoding="utf-8")

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_file(layer, Question(), path, kind, progress=stop)
    assert path.read_text("utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_streams_hold_what_files_hold(layer: QueryLayer, tmp_path: Path) -> None:
    for kind in ("jsonl", "csv"):
        out = io.StringIO(newline="")
        assert export_stream(layer, Question(), kind, out) == len(TEXTS)
        export_file(layer, Question(), tmp_path / "out", kind)
        assert out.getvalue() == (tmp_path / "out").read_bytes().decode("utf-8-sig")


def test_other_formats_are_refused(layer: QueryLayer, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="xlsx"):
        export_stream(layer, Question(), "xlsx", io.StringIO())
    with pytest.raises(ConfigError, match="docx"):
        export_file(layer, Question(), tmp_path / "out.docx", "docx")


@given(st.text(max_size=20))
def test_no_text_is_left_a_formula(text: str) -> None:
    assert not defused(text).lstrip().startswith(tuple(FORMULA))
