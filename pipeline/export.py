"""Exports: posts that match a question as JSONL, CSV, Excel or Parquet. Each file is whole or not there at all."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TextIO

import pyarrow as pa
from openpyxl import Workbook
from pyarrow import parquet

from config.errors import ConfigError, StageError
from config.text import tr
from pipeline.query.layer import QueryLayer
from pipeline.query.model import Question

FORMATS = ("jsonl", "csv", "xlsx", "parquet")
# Columns of tables. The author's pseudonym is not among them: a table of it would rank and follow persons.
COLUMNS = (
    *("id", "source", "kind", "url", "thread_url", "parent_id", "title", "text", "published", "collected", "edited"),
    *("region", "category", "views", "likes", "dislikes", "replies"),
    *("official_unit", "official_replied", "official_text"),
    *("sentiment", "score", "confidence", "unsure", "intent", "appeal", "sectors", "places", "duty"),
    *("topics", "keyphrases", "copies", "duplicate_of", "model"),
)
_WHOLE = {"views", "likes", "dislikes", "replies"}
_REAL = {"score", "confidence"}
_FLAGS = {"unsure", "appeal"}
EXCEL_CELL = 32_767  # characters, a limit of the format
EXCEL_ROWS = 1_048_576  # with the head
_PROGRESS = 500
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
# What XML 1.0 cannot hold, and lone surrogates.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class _Sheet(Protocol):
    def add(self, post: dict[str, Any]) -> None: ...


def export_file(
    layer: QueryLayer,
    asked: Question,
    path: Path,
    kind: str,
    *,
    progress: Callable[[int], None] | None = None,
    notes: Sequence[tuple[str, str]] = (),
) -> int:
    """Write the posts that match to `path`; returns how many. kind: one of FORMATS; progress: told how many are done; notes: for
    a second sheet of Excel, names with values; other formats have no place for them.

    The file appears when it is complete. Raises ConfigError (format), StageError (too many rows for Excel, disk).
    """
    if kind not in FORMATS:
        raise ConfigError(tr("没有格式 {k}；可用：{f}", "no format {k}; known: {f}", k=kind, f=" ".join(FORMATS)))
    if kind == "xlsx":
        _fits_excel(layer.count(asked))
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _unwritten(path, error) from error
    os.close(descriptor)
    unfinished = Path(name)
    try:
        with _WRITERS[kind](unfinished) as sheet:
            done = _fill(sheet, layer.export(asked), progress)
            if notes and isinstance(sheet, _Excel):
                sheet.note(notes)
        unfinished.replace(path)
    except OSError as error:
        raise _unwritten(path, error) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return done


def plain(text: str) -> str:
    """`text` as XML 1.0 and UTF-8 can hold it."""
    return _CONTROL.sub("", text)


def export_stream(layer: QueryLayer, asked: Question, kind: str, stream: TextIO | None = None) -> int:
    """Write JSONL or CSV to `stream` (standard output); returns how many. Raises ConfigError for the other formats."""
    out = stream or sys.stdout
    if kind == "jsonl":
        return _fill(_Lines(out), layer.export(asked), None)
    if kind == "csv":
        return _fill(_Table(out), layer.export(asked), None)
    message = tr("{k} 要写到文件：用 --output 指定", "{k} needs a file: name it by --output", k=kind)
    raise ConfigError(message)


def _fill(sheet: _Sheet, posts: Iterator[dict[str, Any]], progress: Callable[[int], None] | None) -> int:
    done = 0
    for post in posts:
        sheet.add(post)
        done += 1
        if progress and done % _PROGRESS == 0:
            progress(done)
    if progress:
        progress(done)
    return done


def _fits_excel(rows: int) -> None:
    if rows >= EXCEL_ROWS:
        message = tr(
            "共 {n} 条，超过 Excel 的 {m} 行；请缩小范围，或导出为 CSV、Parquet",
            "{n} posts are more than Excel's {m} rows; narrow the question, or export CSV or Parquet",
            n=rows,
            m=EXCEL_ROWS - 1,
        )
        raise StageError(message)


def _unwritten(path: Path, error: OSError) -> StageError:
    return StageError(tr("写不了 {p}：{r}", "cannot write {p}: {r}", p=path, r=error.strerror or str(error)))


def flat(post: dict[str, Any]) -> list[Any]:
    """The values of COLUMNS; lists joined by 、."""
    official = post.get("official") or {}
    feeling = post.get("sentiment") or {}
    values = {
        **post,
        **(post.get("engagement") or {}),
        "official_unit": official.get("unit"),
        "official_replied": official.get("replied"),
        "official_text": official.get("text"),
        "sentiment": feeling.get("label"),
        "score": feeling.get("score"),
        "confidence": feeling.get("confidence"),
        "unsure": feeling.get("unsure"),
        "topics": "、".join(post.get("topics") or ()),
        "sectors": "、".join(post.get("sectors") or ()),
        "places": "、".join(post.get("places") or ()),
        "keyphrases": "、".join(post.get("keyphrases") or ()),
    }
    return [values.get(name) for name in COLUMNS]


def defused(value: Any) -> Any:
    """`value` as a spreadsheet may hold it: text without control characters, and never read as a formula."""
    if not isinstance(value, str):
        return value
    started = value.startswith(_FORMULA)
    clean = _CONTROL.sub("", value)
    return f"'{clean}" if started or clean.lstrip().startswith(_FORMULA) else clean


class _Lines:
    def __init__(self, out: TextIO) -> None:
        self._out = out

    def add(self, post: dict[str, Any]) -> None:
        # Lone surrogates cannot be written as UTF-8; they are replaced, as in the other formats.
        line = json.dumps(post, ensure_ascii=False)
        self._out.write(line.encode("utf-8", "replace").decode("utf-8") + "\n")


class _Table:
    def __init__(self, out: TextIO) -> None:
        self._rows = csv.writer(out, lineterminator="\r\n")
        self._rows.writerow(COLUMNS)

    def add(self, post: dict[str, Any]) -> None:
        self._rows.writerow([defused(value) for value in flat(post)])


class _Excel:
    def __init__(self) -> None:
        self.book = Workbook(write_only=True)
        self._sheet = self.book.create_sheet("posts")
        self._sheet.append(list(COLUMNS))
        self._rows = 1

    def add(self, post: dict[str, Any]) -> None:
        self._rows += 1
        _fits_excel(self._rows - 1)
        self._sheet.append([_cell(defused(value)) for value in flat(post)])

    def note(self, notes: Sequence[tuple[str, str]]) -> None:
        """A second sheet that says what the first is."""
        sheet = self.book.create_sheet(tr("说明", "about"))
        for name, value in notes:
            sheet.append([_cell(defused(name)), _cell(defused(value))])

    def close(self) -> None:
        """End a sheet that will not be saved: left open, the library complains of it on the terminal."""
        self._sheet.close()


def _cell(value: Any) -> Any:
    if isinstance(value, str) and len(value) > EXCEL_CELL:
        note = tr("……（超出 Excel 单元格上限，已截断）", "… (cut at the limit of an Excel cell)")
        return value[: EXCEL_CELL - len(note)] + note
    return value


class _Parquet:
    BATCH = 2_000

    def __init__(self, path: Path) -> None:
        kinds = {
            **dict.fromkeys(_WHOLE, pa.int64()),
            **dict.fromkeys(_REAL, pa.float64()),
            **dict.fromkeys(_FLAGS, pa.bool_()),
        }
        self._schema = pa.schema([(name, kinds.get(name, pa.string())) for name in COLUMNS])
        self._writer = parquet.ParquetWriter(path, self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def add(self, post: dict[str, Any]) -> None:
        values = (v.encode("utf-8", "replace").decode("utf-8") if isinstance(v, str) else v for v in flat(post))
        self._rows.append(dict(zip(COLUMNS, values, strict=True)))
        if len(self._rows) >= self.BATCH:
            self.flush()

    def flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
            self._rows = []

    def close(self) -> None:
        self._writer.close()


@contextmanager
def _jsonl(path: Path) -> Iterator[_Sheet]:
    with path.open("w", encoding="utf-8", newline="") as file:
        yield _Lines(file)


@contextmanager
def _csv(path: Path) -> Iterator[_Sheet]:
    # With the mark that makes Excel read UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        yield _Table(file)


@contextmanager
def _xlsx(path: Path) -> Iterator[_Sheet]:
    sheet = _Excel()
    try:
        yield sheet
    except BaseException:
        sheet.close()
        raise
    sheet.book.save(path)


@contextmanager
def _parquet(path: Path) -> Iterator[_Sheet]:
    sheet = _Parquet(path)
    try:
        yield sheet
        sheet.flush()
    finally:
        sheet.close()


_WRITERS = {"jsonl": _jsonl, "csv": _csv, "xlsx": _xlsx, "parquet": _parquet}
