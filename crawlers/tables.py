"""Rows of CSV, Excel and JSONL files, one at a time; a row that cannot be read is told apart and the rest goes on."""

from __future__ import annotations

import csv
import json
import warnings
import zipfile
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from config.errors import ConfigError
from config.text import tr
from crawlers.encoding import clean, sniff_encoding

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".jsonl", ".ndjson")
_DELIMITERS = (",", "\t", ";", "|")
# Exports often have a title and a date above the header.
_HEADER_ROWS = 10
_SAMPLE_BYTES = 1_000_000
_CELL_CHARS = 50_000_000
# A quoted cell may hold line ends; one with more is a quote that was never closed.
_RECORD_LINES = 1_000
_EVIDENCE_CHARS = 300
# What an Excel file may unpack to: above it the file is a bomb or not for this way.
_EXCEL_BYTES = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """A row that was read. number: as a spreadsheet or editor counts, from 1; cells: by column, str, number, datetime, None."""

    number: int
    cells: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that could not be read. reason: for the operator; evidence: the beginning of the raw row."""

    number: int
    reason: str
    evidence: str


def read_table(path: Path, *, wanted: Collection[str], sheet: str | None = None) -> Iterator[Row | BadRow]:
    """The rows of a file, streamed. wanted: the columns that must be there.

    Raises: ConfigError, at once, when the file cannot be read, is of no known kind, or lacks a column (the found ones are listed).
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        message = tr(
            "{f}：认不出的文件种类，可用 {s}", "{f}: unknown kind of file; use {s}", f=path, s=" ".join(SUFFIXES)
        )
        raise ConfigError(message)
    try:
        if suffix in {".xlsx", ".xlsm"}:
            return _excel(path, wanted, sheet)
        return _jsonl(path, wanted) if suffix in {".jsonl", ".ndjson"} else _csv(path, wanted)
    except OSError as error:
        raise ConfigError(tr("{f}：读不了（{e}）", "{f}: cannot be read ({e})", f=path, e=error.strerror)) from error


def _missing(path: Path, wanted: Collection[str], found: Iterable[str]) -> ConfigError:
    there = list(found)
    lacking = "、".join(c for c in wanted if c not in there)
    listed = "、".join(c for c in there if c) or "-"
    return ConfigError(
        tr("{f}：没有列 {m}；文件里的列有：{c}", "{f}: no column {m}; the file has: {c}", f=path, m=lacking, c=listed)
    )


def _excel(path: Path, wanted: Collection[str], sheet: str | None) -> Iterator[Row | BadRow]:
    rows = _sheet_rows(path, sheet)
    head = list(islice(rows, _HEADER_ROWS))
    names = [[_shown(cell) for cell in cells] for cells in head]
    at = _header_at(names, wanted)
    if at is None:
        raise _missing(path, wanted, names[0] if names else ())
    return _excel_rows(names[at], at, chain(head[at + 1 :], rows))


def _excel_rows(header: Sequence[str], at: int, rows: Iterable[Sequence[Any]]) -> Iterator[Row | BadRow]:
    for number, cells in enumerate(rows, start=at + 2):
        if any(cell is not None and cell != "" for cell in cells):
            yield Row(number, {name: value for name, value in zip(header, cells, strict=False) if name})


def _sheet_rows(path: Path, sheet: str | None) -> Iterator[tuple[Any, ...]]:
    import openpyxl  # loads slowly; only imports of Excel files need it

    size = _unpacked(path)
    if size > _EXCEL_BYTES:
        raise ConfigError(tr("{f}：解压后过大（{n} 字节）", "{f}: unpacks to too much ({n} bytes)", f=path, n=size))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions that do not concern the values
        try:
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        except (KeyError, ValueError, TypeError, AttributeError, SyntaxError) as error:
            raise _broken_excel(path) from error
    try:
        if sheet is not None and sheet not in book.sheetnames:
            names = "、".join(book.sheetnames)
            raise ConfigError(
                tr("{f}：没有工作表 {s}；有：{n}", "{f}: no sheet {s}; it has: {n}", f=path, s=sheet, n=names)
            )
        chosen = book[sheet] if sheet is not None else book.worksheets[0]
        chosen.reset_dimensions()  # some exporters write a wrong size: read to the real end
        yield from chosen.iter_rows(values_only=True)
    finally:
        book.close()


def _unpacked(path: Path) -> int:
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(info.file_size for info in archive.infolist())
    except zipfile.BadZipFile as error:
        raise _broken_excel(path) from error


def _broken_excel(path: Path) -> ConfigError:
    return ConfigError(
        tr("{f}：不是有效的 xlsx 文件，请用 Excel 另存为 .xlsx", "{f}: not a valid xlsx file; save it as .xlsx", f=path)
    )


def _shown(cell: Any) -> str:
    return " ".join(clean(str(cell)).split()) if cell is not None else ""


def _header_at(rows: Sequence[Sequence[str]], wanted: Collection[str]) -> int | None:
    return next((i for i, row in enumerate(rows) if set(wanted) <= set(row)), None)


def _jsonl(path: Path, wanted: Collection[str]) -> Iterator[Row | BadRow]:
    rows = _json_rows(path)
    head = list(islice(rows, 200))
    keys = dict.fromkeys(key for row in head if isinstance(row, Row) for key in row.cells)
    if not set(wanted) <= set(keys) and any(isinstance(row, Row) for row in head):
        raise _missing(path, wanted, keys)
    return chain(head, rows)


def _json_rows(path: Path) -> Iterator[Row | BadRow]:
    with path.open(encoding=_encoding_of(path), errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            text = line.strip()
            if not text:
                continue
            try:
                data = json.loads(text, strict=False)
            except (ValueError, RecursionError) as error:
                yield _bad(number, tr("不是有效的 JSON：{e}", "not valid JSON: {e}", e=str(error)[:80]), text)
                continue
            if "\ufffd" in text:
                yield _bad(number, _unreadable(), text)
            elif isinstance(data, dict):
                yield Row(number, data)
            else:
                yield _bad(number, tr("这一行不是 JSON 对象", "the line is no JSON object"), text)


def _csv(path: Path, wanted: Collection[str]) -> Iterator[Row | BadRow]:
    encoding = _encoding_of(path)
    first: list[str] = []
    for delimiter in _DELIMITERS:
        records = _records(path, encoding, delimiter)
        head = [[_shown(cell) for cell in cells] if cells else [] for _, cells, _ in islice(records, _HEADER_ROWS)]
        at = _header_at(head, wanted)
        if at is not None:
            return _csv_rows(head[at], at, _records(path, encoding, delimiter))
        first = max(first, head[0] if head else [], key=len)
    raise _missing(path, wanted, first)


def _csv_rows(header: Sequence[str], at: int, records: Iterator[_Record]) -> Iterator[Row | BadRow]:
    for number, cells, raw in islice(records, at + 1, None):
        if cells is None:
            yield _bad(number, tr("引号没有闭合，读不了", "a quote is not closed"), raw)
        elif "\ufffd" in raw:
            yield _bad(number, _unreadable(), raw)
        elif not any(cell.strip() for cell in cells):
            continue
        elif len(cells) < len(header) or any(cell.strip() for cell in cells[len(header) :]):
            reason = tr("应有 {n} 列，实有 {m} 列", "expected {n} columns, got {m}", n=len(header), m=len(cells))
            yield _bad(number, reason, raw)
        else:
            yield Row(number, {name: cell for name, cell in zip(header, cells, strict=False) if name})


_Record = tuple[int, list[str] | None, str]  # line number, cells (None: a quote is not closed), raw text


def _records(path: Path, encoding: str, delimiter: str) -> Iterator[_Record]:
    """The records of a CSV file. A quote that is never closed costs its own line only: reading goes on after it."""
    csv.field_size_limit(_CELL_CHARS)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        numbered = ((number, clean(line)) for number, line in enumerate(file, start=1))
        again: deque[tuple[int, str]] = deque()
        while (taken := again.popleft() if again else next(numbered, None)) is not None:
            number, record = taken
            later: list[tuple[int, str]] = []
            cells = _parse(record, delimiter)
            while cells is _OPEN and len(later) < _RECORD_LINES:
                following = again.popleft() if again else next(numbered, None)
                if following is None:
                    break
                later.append(following)
                cells = _parse(record + "".join(line for _, line in later), delimiter)
            if cells is _OPEN or (cells is None and later):
                again.extendleft(reversed(later))
                yield number, None, record
                continue
            raw = record + "".join(line for _, line in later)
            yield number, cells if cells is not None else _lenient(record, delimiter), raw


_OPEN: list[str] = ["a quote is open"]  # compared by identity


def _parse(record: str, delimiter: str) -> list[str] | None:
    """The cells; `_OPEN` while a quote is open; None where quotes stand where none may."""
    try:
        rows = list(csv.reader(record.splitlines(keepends=True), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return _OPEN if "unexpected end" in str(error) else None
    return rows[0] if len(rows) == 1 else None if rows else []


def _lenient(record: str, delimiter: str) -> list[str]:
    return next(csv.reader([record], delimiter=delimiter), [])


def _encoding_of(path: Path) -> str:
    """UTF-8 where the whole file is valid, else what its beginning reads best as."""
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
        if len(sample) == _SAMPLE_BYTES:
            sample = sample[: sample.rfind(b"\n") + 1] or sample
    return sniff_encoding(sample)


def _bad(number: int, reason: str, raw: str) -> BadRow:
    return BadRow(number, reason, raw[:_EVIDENCE_CHARS])


def _unreadable() -> str:
    return tr("这一行有不合编码的字节", "the row has bytes that its encoding does not know")
