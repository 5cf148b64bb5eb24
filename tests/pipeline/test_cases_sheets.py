"""The Excel file: what it shows, what a unit fills in, and what is refused with its row."""

import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.formula import ArrayFormula

from config.errors import ConfigError, StageError
from config.project import Project
from config.workdays import SHANGHAI
from pipeline.cases import importing
from pipeline.cases.acting import Assignment, assign, move
from pipeline.cases.importing import Imported, import_answers
from pipeline.cases.model import Case
from pipeline.cases.sheets import ANSWER, ANSWERED, COLUMNS, NUMBER, Words, write_sheet
from tests.pipeline.cased import DAY, HOUR, NOW, by, course_of, held, opened_by_hand, rows_of
from tests.stores import Stores

WORDS = Words({"construction": "城乡建设"}, {"chengguan": "城关镇"}, {"red": "红"}, {"ordinary": "一般事项"})
LATER = NOW + 20 * DAY
HEAD = list(COLUMNS)


@pytest.fixture
def project(tmp_path: Path, stores: Stores) -> Project:
    return stores.project(tmp_path)


def given_out(project: Project, count: int = 3) -> list[Case]:
    made = [opened_by_hand(project, f"事项{n}", category="construction") for n in range(count)]
    return [assign(project, one.number, Assignment("住建局"), by()) for one in made]


def exported(project: Project, *, now: datetime = LATER) -> Path:
    path = project.root / "list.xlsx"
    write_sheet(held(project), path, WORDS, now=now)
    return path


def fill(path: Path, number: str, answer: object = None, answered: object = None) -> int:
    """Write into the row of a case, as a unit does; the row as Excel counts."""
    book = openpyxl.load_workbook(path)
    sheet = book.active
    assert sheet is not None
    row = next(r for r in range(2, sheet.max_row + 1) if sheet.cell(r, 1).value == number)
    for name, value in ((ANSWER, answer), (ANSWERED, answered)):
        if value is not None:
            sheet.cell(row, HEAD.index(name) + 1).value = value  # type: ignore[assignment]
    book.save(path)
    book.close()
    return row


def read_in(project: Project, path: Path, *, dry_run: bool = False) -> Imported:
    return import_answers(project, path, by("收件人", now=LATER), dry_run=dry_run)


def test_the_file_tells_all_and_words_go_with_colours(project: Project) -> None:
    first, second, _ = given_out(project)
    move(project, first.number, "answered", by(now=NOW + HOUR), answer='=HYPERLINK("http://e")')
    move(project, second.number, "answered", by(now=NOW + 19 * DAY))
    book = openpyxl.load_workbook(exported(project))
    sheet = book.active
    assert sheet is not None
    assert [cell.value for cell in sheet[1]] == HEAD
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B2", "A1:P4")
    by_number = {sheet.cell(r, 1).value: list(sheet[r]) for r in range(2, 5)}
    shown = {name: cell.value for name, cell in zip(HEAD, by_number[first.number], strict=True)}
    assert (shown["类别"], shown["时限"], shown["状态"], shown["责任单位"]) == (
        "城乡建设",
        "一般事项",
        "已反馈",
        "住建局",
    )
    assert shown["受理时间"] == datetime(2025, 9, 26, 12, 0) and shown["截止时间"] == "2025-09-30 24:00"  # noqa: DTZ001
    assert shown[ANSWER] == '\'=HYPERLINK("http://e")'
    left = HEAD.index("剩余或超期")
    told = {number: (row[left].value, row[left].fill.fgColor.rgb) for number, row in by_number.items()}
    assert told[first.number][0] == "按时反馈" and told[second.number] == ("超期反馈", "00FCE4D6")
    assert [one for one in told.values() if one[1] == "00F8CBAD"] == [("超期 7 个工作日", "00F8CBAD")]
    assert all(cell.data_type != "f" for row in by_number.values() for cell in row)
    book.close()


@pytest.mark.parametrize("title", ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3", "＝1", "<b>&\u202e"])
def test_no_text_becomes_a_formula(project: Project, title: str) -> None:
    opened_by_hand(project, title)
    book = openpyxl.load_workbook(exported(project))
    sheet = book.active
    assert sheet is not None
    assert sheet.cell(2, 2).data_type == "s"
    assert str(sheet.cell(2, 2).value).lstrip("'")[0] == title[0] and "\u202e" not in str(sheet.cell(2, 2).value)
    book.close()


def test_what_a_unit_fills_in_is_read_back(project: Project) -> None:
    first, second, third = given_out(project)
    path = exported(project)
    fill(path, first.number, "更换了管道", datetime(2025, 9, 29, 15, 30))  # noqa: DTZ001
    fill(path, second.number, "已派人查看")
    before = rows_of(project)
    dry = read_in(project, path, dry_run=True)
    assert (len(dry.changes), dry.written) == (2, False) and rows_of(project) == before
    assert {one.said for one in dry.changes} == {"已交办 → 已反馈（2025-09-29 15:30），记下办理情况", "记下办理情况"}
    done = read_in(project, path)
    assert done.written and not done.refused
    found = {one.number: one for one in held(project)}
    assert found[first.number].state == "answered" and found[first.number].on_time
    assert found[first.number].answered_at == datetime(2025, 9, 29, 15, 30, tzinfo=SHANGHAI)
    assert (found[second.number].state, found[second.number].answer) == ("assigned", "已派人查看")
    assert found[third.number].version == third.version
    assert course_of(project, first.number)[-1].who == "收件人"
    again = read_in(project, path)
    assert (list(again.changes), again.unchanged, again.written) == ([], 2, False)
    assert read_in(project, exported(project)).unchanged == 2  # and what is exported anew says nothing new


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("2025-09-29 15:30", "2025-09-29 15:30"),
        ("2025/9/29 9:05", "2025-09-29 09:05"),
        ("2025年9月29日15时30分", "2025-09-29 15:30"),
        ("２０２５-09-29", "2025-09-29 23:59"),
        (datetime(2025, 9, 29), "2025-09-29 23:59"),  # noqa: DTZ001
        ("2025-10-16", "2025-10-16 12:00"),  # today: not later than now
    ],
)
def test_times_are_read_as_people_write_them(project: Project, written: object, means: str) -> None:
    (one,) = given_out(project, 1)
    path = exported(project)
    fill(path, one.number, "已办", written)
    assert read_in(project, path).written
    at = held(project)[0].answered_at
    assert at is not None and f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" == means


@pytest.mark.parametrize(
    ("answer", "answered", "said"),
    [
        (None, "2025-09-29", "有反馈时间而没有办理情况"),
        ("已办", "昨天", "读不懂"),
        ("已办", "2025-13-45", "读不懂"),
        ("已办", "=NOW()", "读不懂"),
        ("已办", 45000.5, "读不懂"),
        ("已办", "2025-09-20", "早于受理"),
        ("已办", "2026-09-29", "在将来"),
        ("长" * 4001, None, "最多 4000 字"),
    ],
)
def test_a_bad_row_is_named_and_then_nothing_is_written(
    project: Project, answer: object, answered: object, said: str
) -> None:
    good, bad, _ = given_out(project)
    path = exported(project)
    fill(path, good.number, "已办", "2025-09-29")
    row = fill(path, bad.number, answer, answered)
    before = rows_of(project)
    done = read_in(project, path)
    assert [(one.row, one.number) for one in done.refused] == [(row, bad.number)]
    assert said in done.refused[0].said
    assert not done.written and rows_of(project) == before


def test_rows_of_no_case_of_another_state_and_twice_the_same_are_refused(project: Project) -> None:
    first, second, third = given_out(project)
    path = exported(project)
    for one in (first, second, third):
        fill(path, one.number, "已办", "2025-09-29")
    move(project, first.number, "answered", by(now=NOW + HOUR), answer="另有说法")
    book = openpyxl.load_workbook(path)
    sheet = book.active
    assert sheet is not None
    sheet.append(["2025-清单-0099", *[None] * 13, "已办", "2025-09-29"])
    sheet.append([second.number, *[None] * 13, "已办", "2025-09-29"])
    book.save(path)
    book.close()
    said = {one.number: one.said for one in read_in(project, path).refused}
    assert "现为 已反馈，不收反馈" in said[first.number]
    assert "没有编号为" in said["2025-清单-0099"] and "是同一件" in said[second.number]


def test_what_looks_like_a_formula_stays_text_there_and_back(project: Project) -> None:
    first, second, _ = given_out(project)
    path = exported(project)
    fill(path, first.number, '=HYPERLINK("http://evil.example","点我")')
    fill(path, second.number, ArrayFormula("O3", "=SUM(1,2)"))
    assert read_in(project, path).written
    found = {one.number: one for one in held(project)}
    assert found[first.number].answer == '=HYPERLINK("http://evil.example","点我")'
    assert found[second.number].answer == "=SUM(1,2)"
    again = read_in(project, exported(project))
    assert (again.unchanged, list(again.changes), list(again.refused)) == (2, [], [])


def test_other_columns_change_nothing(project: Project) -> None:
    (one,) = given_out(project, 1)
    path = exported(project)
    book = openpyxl.load_workbook(path)
    sheet = book.active
    assert sheet is not None
    for name in ("责任单位", "截止时间", "状态", "级别"):
        sheet.cell(2, HEAD.index(name) + 1).value = "改过"
    book.save(path)
    book.close()
    fill(path, one.number, "已派人")
    read_in(project, path)
    (found,) = held(project)
    assert (found.unit, found.deadline_at, found.state) == (one.unit, one.deadline_at, one.state)


def test_personal_data_in_an_answer_is_masked(project: Project) -> None:
    (one,) = given_out(project, 1)
    path = exported(project)
    fill(path, one.number, "已电话 13812345678 回访\u202e")
    read_in(project, path)
    assert held(project)[0].answer == "已电话 [手机号] 回访"


def test_files_that_are_no_list_are_refused(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    root = project.root
    (root / "a.xlsx").write_text("not a zip", encoding="utf-8")
    with zipfile.ZipFile(root / "b.xlsx", "w") as archive:
        archive.writestr("x", "y")
    with zipfile.ZipFile(root / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 101_000_000)
    book = openpyxl.Workbook()
    book.save(root / "c.xlsx")
    for name, said in (
        ("a", "不是有效的 xlsx"), ("b", "不是有效的 xlsx"), ("c", "没有列"), ("none", "没有文件"), ("bomb", "太大"),
    ):  # fmt: skip
        with pytest.raises(ConfigError, match=said):
            read_in(project, root / f"{name}.xlsx")
    given_out(project, 1)
    path = exported(project)
    monkeypatch.setattr(importing, "FILE_BYTES", 100)
    with pytest.raises(ConfigError, match="太大"):
        read_in(project, path)


def test_too_many_rows_are_refused(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    given_out(project, 3)
    path = exported(project)
    monkeypatch.setattr(importing, "_ROWS", 1)
    monkeypatch.setattr(importing, "_HEADER_ROWS", 1)
    with pytest.raises(ConfigError, match="超过 1 行"):
        read_in(project, path)


def test_a_title_above_the_head_is_passed_over(project: Project) -> None:
    (one,) = given_out(project, 1)
    path = exported(project)
    book = openpyxl.load_workbook(path)
    sheet = book.active
    assert sheet is not None
    sheet.insert_rows(1, 2)
    sheet.cell(1, 1).value = "10 月清单"
    sheet.cell(4, HEAD.index(ANSWER) + 1).value = "已派人"
    book.save(path)
    book.close()
    assert [change.row for change in read_in(project, path).changes] == [4]
    assert held(project)[0].number == one.number and HEAD[0] == NUMBER


def test_a_file_that_cannot_be_written_leaves_no_piece(project: Project) -> None:
    with pytest.raises(StageError, match="写不了"):
        write_sheet([], project.root / "nowhere" / "x.xlsx", WORDS, now=NOW)
    folder = project.root / "folder.xlsx"
    folder.mkdir()
    with pytest.raises(StageError, match="写不了"):
        write_sheet([], folder, WORDS, now=NOW)
    assert [one.name for one in project.root.iterdir() if one.name.startswith(".")] == []


def test_entities_that_unfold_without_end_are_refused(project: Project) -> None:
    given_out(project, 1)
    path, bomb = exported(project), project.root / "bomb.xlsx"
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha" * 50}">' for n in range(12))
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(bomb, "w") as new:
        for info in old.infolist():
            text = old.read(info)
            if info.filename.endswith("sheet1.xml"):
                text = f"<!DOCTYPE x [{entities}]>".encode() + text.replace(b"<v>0</v>", b"<v>&e11;</v>", 1)
                assert b"&e11;</v>" in text
            new.writestr(info, text)
    with pytest.raises(ConfigError, match="不是有效的 xlsx"):
        read_in(project, bomb)
