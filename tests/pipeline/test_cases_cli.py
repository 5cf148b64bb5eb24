"""`qingyu cases …` as a clerk uses it, from a crawled post to the struck-off case."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from config.project import Project
from pipeline.crawl import crawl
from pipeline.process import process
from pipeline.query.layer import QueryLayer, Question
from tests.pipeline.cased import held, reply_to
from tests.pipeline.commanding import asked, qingyu
from tests.stores import Stores

SOURCE = """
name: lines
title: 留言
kind: import
files: [lines.jsonl]
post_kind: message
columns: {id: id, title: title, text: text, published: at, author: who}
"""


@pytest.fixture
def project(tmp_path: Path, stores: Stores) -> Project:
    made = stores.project(tmp_path)
    now = datetime.now(UTC)
    rows = [
        {"id": "1", "title": "城关镇停水三天", "text": "城关镇滨河社区自来水停水三天了，请尽快恢复供水", "who": "甲",
         "at": (now - timedelta(days=1)).isoformat()},
        {"id": "2", "title": "<b>\u202e=1+1", "text": "自来水发黄，没法喝", "who": "乙", "at": now.isoformat()},
    ]  # fmt: skip
    (made.config_dir / "sources" / "lines.yaml").write_text(SOURCE, encoding="utf-8")
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (made.root / "lines.jsonl").write_text(lines, encoding="utf-8")
    crawl(made, [made.source("lines")])
    process(made)
    return made


def found(project: Project, query: str) -> str:
    with QueryLayer.open(project) as layer:
        return str(layer.search(Question(query)).hits[0].post["id"])


def test_the_whole_way_by_commands(project: Project) -> None:
    root, one = project.root, found(project, "停水")
    assert "清单上没有事项" in qingyu("cases", project=root).stdout
    case = asked("cases", "open", "--post", one, "--level", "橙", "--who", "张三", project=root)
    number = case["number"]
    assert (case["new"], case["clock"], case["unit"], case["level"]) == (True, "response", "自来水公司", "orange")
    again = qingyu("cases", "open", "--post", one, project=root).stdout
    assert "已经立过" in again and number in again
    short = str(int(number.rsplit("-", 1)[1]))
    assert "已交办" in qingyu("cases", "move", short, "已交办", "--who", "张三", project=root).stdout
    assert asked("cases", "move", number, "working", project=root)["state"] == "working"
    late = "2027-01-20"
    extended = asked("cases", "extend", number, "--to", late, "--why", "等配件", project=root)
    assert extended["deadline_at"] == "2027-01-20T16:00:00Z"
    qingyu("cases", "note", number, "已电话 13812345678 联系", project=root)
    reply_to(project, one, at=datetime.now(UTC))
    from pipeline.cases.replies import link_replies

    assert number in link_replies(project, now=datetime.now(UTC))
    assert "有官方答复，待采纳" in qingyu("cases", project=root).stdout
    assert asked("cases", "accept", number, "--who", "李四", project=root)["state"] == "answered"
    for state in ("已办结", "已销号"):
        qingyu("cases", "move", number, state, project=root)
    assert asked("cases", project=root) == []
    (ended,) = asked("cases", "--all", project=root)
    assert ended["state_name"] == "已销号" and ended["on_time"] is True
    shown = qingyu("cases", "show", number, project=root).stdout
    for said in ("城关镇停水三天", "已交办 → 办理中", "等配件", "[手机号]", "自来水公司", "已答复"):
        assert said in shown
    whole = asked("cases", "show", number, project=root)
    assert len(whole["course"]) == 9 and whole["quotations"][0]["held"]
    (figures,) = asked("cases", "figures", "--by", "unit", project=root)["groups"]
    assert figures["key"] == "自来水公司" and figures["on_time"] == {"count": 1, "cases": [number]}
    assert "自来水公司" in qingyu("cases", "figures", "--by", "unit", project=root).stdout


def test_lists_by_what_is_asked(project: Project) -> None:
    root = project.root
    first = asked("cases", "open", "--title", "甲事", "--unit", "住建局", project=root)["number"]
    second = asked("cases", "open", "--title", "乙事", "--category", "环境保护", "--place", "城关镇", project=root)
    assert (second["category"], second["place"], second["origin"]) == ("environment", "chengguan", "hand")
    qingyu("cases", "move", second["number"], "不予受理", "--why", "不属本县", project=root)

    def listed(*options: str) -> list[str]:
        return [one["title"] for one in asked("cases", *options, project=root)]

    assert listed() == listed("--open") == listed("--unit", "住建局") == listed("--state", "待研判") == ["甲事"]
    assert listed("--all") == ["乙事", "甲事"]
    assert listed("--state", "declined") == ["乙事"]
    assert listed("--overdue") == listed("--since", "2099-01-01") == listed("--to", "2020-01-01") == []
    assert first == held(project)[-1].number
    before = held(project)
    assert asked("cases", "rebuild", project=root) == {"cases": 2}
    assert held(project) == before
    months = asked("cases", "figures", "--by", "month", project=root)["groups"]
    assert months[0]["received"]["count"] == 2 and months[0]["declined"]["count"] == 1


def test_out_to_excel_and_back(project: Project) -> None:
    root = project.root
    number = asked("cases", "open", "--post", found(project, "发黄"), "--unit", "住建局", project=root)["number"]
    qingyu("cases", "assign", number, "住建局", project=root)
    path = root / "清单.xlsx"
    qingyu("cases", "export", str(path), project=root)
    book = openpyxl.load_workbook(path)
    sheet = book.active
    assert sheet is not None
    assert sheet.cell(2, 1).value == number and sheet.cell(2, 2).data_type == "s"
    assert "\u202e" not in str(sheet.cell(2, 2).value)
    sheet.cell(2, 15).value = "已冲洗管道"
    sheet.cell(2, 16).value = "1999-01-01"
    book.save(path)
    refused = qingyu("cases", "import", str(path), project=root, code=1)
    assert "第 2 行不能用" in refused.stderr and "没有写入" in refused.stdout
    sheet.cell(2, 16).value = None
    book.save(path)
    book.close()
    assert asked("cases", "import", str(path), "--dry", project=root)["written"] is False
    assert asked("cases", "import", str(path), project=root)["written"] is True
    assert held(project)[0].answer == "已冲洗管道"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "2026-清单-9999"), "没有编号为"),
        (("open",), "没有写事项名称"),
        (("open", "--flag", "a", "--post", "b"), "只写一个"),
        (("open", "--title", "t", "--deadline", "明天"), "时间应写作"),
        (("move", "1", "删除"), "没有状态"),
        (("move", "1", "已办结"), "不能改为 已办结"),
        (("move", "1", "declined", "--why", "x", "--version", "0"), "没有写入"),
        (("extend", "1", "--why", "x"), "--to 与 --clock 写一个"),
        (("assign", "1"), "没有写要交给哪个单位"),
        (("accept", "1"), "没有待采纳"),
        (("figures", "--by", "author"), "不能按“author”分"),
        (("figures", "--month", "2026"), "--month"),
        (("figures", "--month", "2026-10", "--from", "2026-10-01"), "只写一种"),
        (("export", "x.csv"), "xlsx"),
        (("import", "none.xlsx"), "没有文件"),
        (("--state", "x"), "没有状态"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    from config.project import init_project, open_project
    from tests.pipeline.cased import opened_by_hand

    init_project(tmp_path, region="云水县")
    opened_by_hand(open_project(tmp_path, {}), now=datetime.now(UTC))
    failed = 1 if "--version" in words else 2
    assert said in qingyu("cases", *words, project=tmp_path, code=failed).stderr


def test_in_english(tmp_path: Path) -> None:
    from config.project import init_project

    init_project(tmp_path, region="云水县")
    said = qingyu("cases", "open", "--title", "water", project=tmp_path, language="en").stdout
    assert "to be judged" in said and "working days left" in said
