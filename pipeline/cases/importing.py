"""What units filled in, read back from the Excel file: all of it or nothing, and every cell only ever as text or a time."""

from __future__ import annotations

import re
import unicodedata
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from config.errors import ConfigError
from config.project import Project
from config.text import tr
from config.workdays import SHANGHAI
from crawlers.store import opened, take_turn, write
from pipeline.cases.acting import check_answered
from pipeline.cases.keeping import TURN, append, case_numbered
from pipeline.cases.model import WAITING, Case, Doing, Draft, state_name
from pipeline.cases.moves import check_move
from pipeline.cases.sheets import ANSWER, ANSWERED, NUMBER
from pipeline.cases.wording import TEXT, text
from pipeline.export import defused

# Far above any list that people fill in; above it the file is a bomb or not for this way.
FILE_BYTES = 10_000_000
_UNPACKED_BYTES = 100_000_000
_ROWS = 10_000
_HEADER_ROWS = 10
_TIME = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]*(\d{1,2})[:：时点](\d{1,2})?分?(?:[:：](\d{1,2}))?)?"
)
_BROKEN = (
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    SyntaxError,
    IndexError,
    OSError,
    EOFError,
    zipfile.BadZipFile,
)


@dataclass(frozen=True, slots=True)
class Filled:
    """A row with something filled in. row: as Excel counts; answered: what stands in its cell, read later."""

    row: int
    number: str
    answer: str
    answered: Any


@dataclass(frozen=True, slots=True)
class RowReport:
    """What a row changes, or why it cannot. number: of the case; said: in words."""

    row: int
    number: str
    said: str


@dataclass(frozen=True, slots=True)
class Imported:
    """changes: by row; refused: rows that cannot be taken: where there is one, nothing was written; written: whether the
    changes were; unchanged: rows that say what is known already."""

    changes: Sequence[RowReport]
    refused: Sequence[RowReport]
    unchanged: int
    written: bool


def import_answers(project: Project, path: Path, doing: Doing, *, dry_run: bool = False) -> Imported:
    """What the file changed (dry_run: would change). A row with 办理情况 and 反馈时间 makes the case 已反馈; with 办理情况
    alone it is what was done so far. Raises ConfigError for a file that is no such list or too large."""
    rows = list(_filled(path))
    with opened(project) as store, write(store) as connection:
        take_turn(connection, TURN)
        changes, refused, drafts = _judged(connection, rows, doing)
        wanted = bool(drafts) and not refused and not dry_run
        for case, draft in drafts if wanted else ():
            append(connection, case, draft, doing)
    return Imported(changes, refused, len(rows) - len(changes) - len(refused), wanted)


_Judged = tuple[list[RowReport], list[RowReport], list[tuple[Case, Draft]]]


def _judged(connection: Connection, rows: Sequence[Filled], doing: Doing) -> _Judged:
    changes: list[RowReport] = []
    refused: list[RowReport] = []
    drafts: list[tuple[Case, Draft]] = []
    seen: dict[str, int] = {}
    for filled in rows:
        try:
            if filled.number in seen:
                message = "与第 {r} 行是同一件", "the same case as row {r}"
                raise ConfigError(tr(*message, r=seen[filled.number]))
            seen[filled.number] = filled.row
            case = case_numbered(connection, filled.number)
            draft = _draft(case, filled, doing)
        except ConfigError as error:
            refused.append(RowReport(filled.row, filled.number[:40], error.message))
            continue
        if draft is not None:
            drafts.append((case, draft))
            changes.append(RowReport(filled.row, case.number, _told(case, draft)))
    return changes, refused, drafts


def _draft(case: Case, filled: Filled, doing: Doing) -> Draft | None:
    """What the row changes; None where it says what is known. Raises ConfigError for what cannot be."""
    answer = text(_fused(filled.answer), TEXT, ANSWER)
    at = _time(filled.answered, doing.now)
    if _known(case, answer, at):
        return None
    if case.state not in WAITING or case.state == "pending":
        message = "{n} 现为 {s}，不收反馈", "{n} is {s} and takes no answer"
        raise ConfigError(tr(*message, n=case.number, s=state_name(case.state)))
    if not answer:
        raise ConfigError(tr("有反馈时间而没有办理情况", "a time of the answer without what was done"))
    if at is None:
        return Draft("noted", case.state, {"answer": answer})
    check_move(case, "answered", why="")
    return Draft("answered", "answered", {"answer": answer, "answered_at": check_answered(case, at, doing.now)})


def _known(case: Case, answer: str, at: datetime | None) -> bool:
    """Whether the row says what the case says, as the export writes it."""
    shown = case.answered_at.replace(microsecond=0) if case.answered_at else None
    return answer == case.answer and (at == shown or (at is None and shown is None))


def _told(case: Case, draft: Draft) -> str:
    what = tr("记下办理情况", "what was done is noted")
    if draft.state == case.state:
        return what
    at = draft.record["answered_at"].astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
    message = "{a} → {b}（{t}），{w}", "{a} → {b} ({t}), {w}"
    return tr(*message, a=state_name(case.state), b=state_name(draft.state), t=at, w=what)


def _fused(cell: str) -> str:
    """What a unit wrote, without the mark that an export puts before what looks like a formula."""
    return cell[1:] if cell.startswith("'") and defused(cell[1:]) == cell else cell


def _time(cell: Any, now: datetime) -> datetime | None:
    """The time in a cell; a day alone lasts to its end, but not into the future. None for an empty one."""
    if cell is None or cell == "":
        return None
    at = _moment(cell)
    if at is None:
        shown = str(cell)[:30]
        message = "反馈时间“{t}”读不懂，应写作 2026-10-12 15:30", "cannot read the time “{t}”; write 2026-10-12 15:30"
        raise ConfigError(tr(*message, t=shown))
    today = now.astimezone(SHANGHAI)
    return min(at, today) if at == _whole_day(today.date()) else at


def _moment(cell: Any) -> datetime | None:
    if isinstance(cell, datetime):
        return _whole_day(cell.date()) if cell.time() == time() else cell.replace(tzinfo=SHANGHAI, microsecond=0)
    if isinstance(cell, date):
        return _whole_day(cell)
    found = _TIME.fullmatch(unicodedata.normalize("NFKC", str(cell)).strip()) if isinstance(cell, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) if part else None for part in found.groups())
    try:
        named = date(year or 0, month or 0, day or 0)
        if hour is None:
            return _whole_day(named)
        return datetime.combine(named, time(hour, minute or 0, second or 0), SHANGHAI)
    except ValueError:
        return None


def _whole_day(day: date) -> datetime:
    """The last minute of a day that is named without a time."""
    return datetime.combine(day, time(23, 59), SHANGHAI)


def _filled(path: Path) -> Iterator[Filled]:
    """The rows in which something is filled in. Raises ConfigError for a file that is no such list, or too large."""
    rows = _sheet(path)
    head: list[str] = []
    for number, cells in enumerate(rows, start=1):
        if number > _ROWS + _HEADER_ROWS:
            raise ConfigError(tr("{f}：超过 {n} 行", "{f}: more than {n} rows", f=path.name, n=_ROWS))
        if not head:
            head = _head(cells)
            if not head and number >= _HEADER_ROWS:
                break
            continue
        by_name = dict(zip(head, cells, strict=False))
        answer, answered = _text(by_name.get(ANSWER)), by_name.get(ANSWERED)
        if answer or _text(answered):
            yield Filled(number, unicodedata.normalize("NFKC", _text(by_name.get(NUMBER))), answer, answered)
    if not head:
        wanted = "、".join((NUMBER, ANSWER, ANSWERED))
        message = (
            "{f}：没有列 {c}；请用 qingyu cases export 导出的文件填写",
            "{f}: no columns {c}; fill in an exported file",
        )
        raise ConfigError(tr(*message, f=path.name, c=wanted))


def _head(cells: Sequence[Any]) -> list[str]:
    names = [_text(cell) for cell in cells]
    return names if {NUMBER, ANSWER, ANSWERED} <= set(names) else []


def _text(cell: Any) -> str:
    # An array formula is an object that holds what was written.
    return "" if cell is None else str(getattr(cell, "text", cell) or "").strip()


def _sheet(path: Path) -> Iterator[Sequence[Any]]:
    import openpyxl  # loads slowly

    _check_size(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and extensions that do not concern the values
        try:
            # Formulas as they are written, not what they last gave: they are text here.
            book = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
        except _BROKEN as error:
            raise _broken(path) from error
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            yield from sheet.iter_rows(values_only=True)
        except _BROKEN as error:
            raise _broken(path) from error
        finally:
            book.close()


def _check_size(path: Path) -> None:
    try:
        size = path.stat().st_size
        if size <= FILE_BYTES:
            with zipfile.ZipFile(path) as archive:
                size = max(size, sum(info.file_size for info in archive.infolist()) * FILE_BYTES // _UNPACKED_BYTES)
    except FileNotFoundError as error:
        raise ConfigError(tr("没有文件 {f}", "there is no file {f}", f=path)) from error
    except (OSError, zipfile.BadZipFile) as error:
        raise _broken(path) from error
    if size > FILE_BYTES:
        message = "{f}：太大，上限 {m} MB（解压后 {u} MB）", "{f}: too large; at most {m} MB ({u} MB unpacked)"
        raise ConfigError(tr(*message, f=path.name, m=FILE_BYTES // 1_000_000, u=_UNPACKED_BYTES // 1_000_000))


def _broken(path: Path) -> ConfigError:
    message = "{f}：不是有效的 xlsx 文件，请用 Excel 另存为 .xlsx", "{f}: not a valid xlsx file; save it as .xlsx"
    return ConfigError(tr(*message, f=path.name))
