"""Cases as an Excel file: for reading, and for units to fill in what was done and when."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from config.errors import StageError
from config.text import tr
from config.workdays import SHANGHAI, is_workday
from pipeline.cases.clocks import left, shown_deadline
from pipeline.cases.model import WAITING, Case, state_name
from pipeline.export import EXCEL_CELL, defused

# What a unit fills in, and what its rows are found by: always in Chinese, as they are read back by these words.
NUMBER, ANSWER, ANSWERED = "编号", "办理情况", "反馈时间"
# Head → width. Nothing of who wrote the posts.
COLUMNS: Mapping[str, int] = {
    NUMBER: 18, "事项": 40, "类别": 14, "地点": 14, "责任单位": 20, "级别": 6, "状态": 10, "时限": 12, "受理时间": 17,
    "截止时间": 17, "剩余或超期": 18, "官方答复": 17, "办结时间": 17, "帖文数": 8, ANSWER: 50, ANSWERED: 17,
}  # fmt: skip
_SHEET = "清单"
_HEAD = PatternFill("solid", fgColor="1F4E78")
_FILL_IN = PatternFill("solid", fgColor="2E7D32")
_COLOURS = {"overdue": "F8CBAD", "today": "FFE699", "soon": "FFF2CC", "late": "FCE4D6"}
_TIME = "yyyy-mm-dd hh:mm"
_LEFT = list(COLUMNS).index("剩余或超期") + 1
_DEADLINE = list(COLUMNS).index("截止时间") + 1


@dataclass(frozen=True, slots=True)
class Words:
    """Names for ids, as shown in the file. clocks: id → name."""

    categories: Mapping[str, str]
    places: Mapping[str, str]
    levels: Mapping[str, str]
    clocks: Mapping[str, str]


def write_sheet(cases: Sequence[Case], path: Path, words: Words, *, now: datetime) -> int:
    """Write the cases to an .xlsx file that appears when it is complete; returns how many. Raises StageError (disk)."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)  # a new book has one
    sheet.title = _SHEET
    _head(sheet)
    for row, case in enumerate(cases, start=2):
        _row(sheet, row, case, words, now)
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(COLUMNS))}{max(len(cases) + 1, 1)}"
    try:
        _save(book, path)
    except OSError as error:
        message = tr("写不了 {p}：{r}", "cannot write {p}: {r}", p=path, r=error.strerror or str(error))
        raise StageError(message) from error
    return len(cases)


def _save(book: Workbook, path: Path) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(descriptor)
    unfinished = Path(name)
    try:
        book.save(unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _head(sheet: Worksheet) -> None:
    for column, (name, width) in enumerate(COLUMNS.items(), start=1):
        cell = sheet.cell(1, column, name)
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = _FILL_IN if name in (ANSWER, ANSWERED) else _HEAD
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        sheet.column_dimensions[get_column_letter(column)].width = width


def _row(sheet: Worksheet, row: int, case: Case, words: Words, now: datetime) -> None:
    for column, value in enumerate(_values(case, words, now), start=1):
        cell = sheet.cell(row, column, _cell(value))
        cell.alignment = Alignment(vertical="top", wrap_text=True)
        if isinstance(value, datetime):
            cell.number_format = _TIME
    colour = _COLOURS.get(_urgency(case, now))
    if colour:
        for column in (_DEADLINE, _LEFT):
            sheet.cell(row, column).fill = PatternFill("solid", fgColor=colour)


def _values(case: Case, words: Words, now: datetime) -> list[Any]:
    replied = [link.replied_at for link in case.posts if link.replied_at is not None]
    return [
        case.number,
        case.title,
        words.categories.get(case.category, case.category),
        words.places.get(case.place, case.place),
        case.unit,
        words.levels.get(case.level, case.level),
        state_name(case.state),
        words.clocks.get(case.clock, case.clock),
        _local(case.opened_at),
        shown_deadline(case.deadline_at),
        left(case, now),
        _local(max(replied)) if replied else None,
        _local(case.finished_at),
        len(case.posts),
        case.answer,
        _local(case.answered_at),
    ]


def _local(at: datetime | None) -> datetime | None:
    """Excel knows no zones: the time of Asia/Shanghai, to the second."""
    return at.astimezone(SHANGHAI).replace(tzinfo=None, microsecond=0) if at else None


def _cell(value: Any) -> Any:
    plain = defused(value)
    return plain[:EXCEL_CELL] if isinstance(plain, str) else plain


def _urgency(case: Case, now: datetime) -> str:
    """overdue, today (ends today), soon (ends by the next working day), late (answered late), "" for neither."""
    if case.state not in WAITING:
        return "late" if case.answered_at is not None and not case.on_time else ""
    if case.overdue(now):
        return "overdue"
    last = (case.deadline_at - timedelta(microseconds=1)).astimezone(SHANGHAI).date()
    today = now.astimezone(SHANGHAI).date()
    following = today + timedelta(days=1)
    while not is_workday(following):
        following += timedelta(days=1)
    return "today" if last <= today else "soon" if last <= following else ""
