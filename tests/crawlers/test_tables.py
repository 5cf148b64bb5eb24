"""Rows of CSV, Excel and JSONL: encodings, delimiters, broken rows, missing columns."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import ConfigError
from crawlers.tables import BadRow, Row, read_table

WANTED = ["编号", "内容"]
ROWS = [
    ["编号", "内容", "时间"],
    ["1", "小区停水两天了，\n请尽快处理", "2026-10-25"],
    ["2", '他说"快修"，还是没修', "2026-10-26"],
]


def cells(path: Path, **more: str) -> list[dict[str, object]]:
    return [dict(row.cells) for row in read_table(path, wanted=WANTED, **more) if isinstance(row, Row)]


def bad(path: Path) -> list[BadRow]:
    return [row for row in read_table(path, wanted=WANTED) if isinstance(row, BadRow)]


def expected() -> list[dict[str, str]]:
    return [dict(zip(ROWS[0], row, strict=True)) for row in ROWS[1:]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_in_any_encoding_and_delimiter(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = tmp_path / "a.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(ROWS)
    assert cells(path) == expected()


def test_a_title_above_the_header_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("热线工单导出\n2026年10月\n编号,内容\n1,停水\n", encoding="utf-8")
    (row,) = read_table(path, wanted=WANTED)
    assert isinstance(row, Row)
    assert (row.number, dict(row.cells)) == (4, {"编号": "1", "内容": "停水"})


@pytest.mark.parametrize(
    ("line", "said"),
    [('2,"没有闭合\n', "引号"), ("2\n", "列"), ("2,停水,多出一列\n", "列")],
)
def test_a_broken_row_costs_itself_only(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("编号,内容\n1,停水\n" + line + '3,"停电\n两天"\n4,断网\n', encoding="utf-8")
    assert [row["编号"] for row in cells(path)] == ["1", "3", "4"]
    (broken,) = bad(path)
    assert broken.number == 3
    assert said in broken.reason


def test_bytes_outside_the_encoding_set_their_row_aside(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("编号,内容\n1,小区停水两天了\n2,".encode() + b"\xff\xfe" + "\n3,请尽快处理\n".encode())
    assert [row["编号"] for row in cells(path)] == ["1", "3"]
    assert [row.number for row in bad(path)] == [3]


def test_an_unclosed_quote_in_a_long_file_is_no_trap(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('编号,内容\n0,"开\n' + "".join(f"{i},停水\n" for i in range(1, 5000)), encoding="utf-8")
    assert len(cells(path)) == 4999
    assert len(bad(path)) == 1


def test_a_cell_of_a_million_characters_and_nul(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("编号,内容\n1," + "停\x00水" * 500_000 + "\n", encoding="utf-8")
    assert len(str(cells(path)[0]["内容"])) == 1_000_000


def test_excel_values_are_real_dates_and_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "工单"
    sheet.append(["导出"])
    sheet.append(["编号", "内容", "时间"])
    sheet.append([1, "停水", datetime(2026, 10, 25, 7, 1)])
    sheet.append([None, None, None])
    sheet.append([2.0, "停电", "2026-10-26"])
    book.create_sheet("别的").append(["x"])
    book.save(path)
    rows = [row for row in read_table(path, wanted=WANTED) if isinstance(row, Row)]
    assert [row.number for row in rows] == [3, 5]
    assert rows[0].cells["时间"] == datetime(2026, 10, 25, 7, 1)
    assert cells(path, sheet="工单") == [dict(row.cells) for row in rows]
    with pytest.raises(ConfigError, match="别的"):
        read_table(path, wanted=WANTED, sheet="没有")


def test_jsonl(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [json.dumps(row, ensure_ascii=False) for row in expected()] + ["", "{broken", "[1]", "[" * 20_000]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert cells(path) == expected()
    assert [row.number for row in bad(path)] == [4, 5, 6]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.xlsx"])
def test_a_missing_column_lists_the_found_ones(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "a.xlsx":
        book = openpyxl.Workbook()
        book.active.append(["编号", "诉求内容"])
        book.save(path)
    else:
        path.write_text(
            '{"编号": 1, "诉求内容": "停水"}\n' if name == "a.jsonl" else "编号,诉求内容\n1,停水\n", encoding="utf-8"
        )
    with pytest.raises(ConfigError, match=r"没有列 内容.*编号、诉求内容"):
        read_table(path, wanted=WANTED)


@pytest.mark.parametrize(
    ("name", "body"), [("a.xlsx", b"no zip"), ("a.xlsx", b"PK\x05\x06" + b"\0" * 18), ("a.doc", b""), ("a.csv", None)]
)
def test_what_is_no_table_is_a_configuration_error(tmp_path: Path, name: str, body: bytes | None) -> None:
    path = tmp_path / name
    if body is not None:
        path.write_bytes(body)
    with pytest.raises(ConfigError):
        read_table(path, wanted=WANTED)


_CELL = st.text(st.sampled_from('停水,;"\n\t ab1'), min_size=1, max_size=12).filter(lambda c: c.strip() != "")


@given(st.lists(st.tuples(_CELL, _CELL), min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_what_a_program_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("t") / "a.csv"
    out = io.StringIO()
    csv.writer(out).writerows([WANTED, *rows])
    path.write_bytes(out.getvalue().encode("utf-8-sig"))
    assert [tuple(row.values()) for row in cells(path)] == rows


@given(st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
def test_no_rows_raise(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    path = tmp_path_factory.mktemp("t") / "a.csv"
    path.write_bytes(("编号,内容\n" + "1,小区停水两天了，请尽快处理，谢谢大家帮忙反映这个问题\n" * 25).encode() + body)
    read = list(read_table(path, wanted=WANTED))
    assert all(isinstance(row, Row | BadRow) for row in read)
