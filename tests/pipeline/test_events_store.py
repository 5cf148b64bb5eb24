"""Events and flags in the store, of each kind: found once, kept as they were, asked for by query and command."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from config.errors import ConfigError
from config.project import Project
from crawlers.schema import post
from crawlers.store import opened, read, write
from pipeline.crawl import crawl
from pipeline.events import detect as detecting
from pipeline.events.detect import Detection, detect
from pipeline.events.model import Event, Flag
from pipeline.events.reading import event_by_id, events, flag_by_id, flags, posts_of
from pipeline.events.verdicts import judge, precision
from pipeline.process import process
from pipeline.query.layer import QueryLayer, Question
from pipeline.retention import enforce
from tests.pipeline.commanding import asked, qingyu
from tests.stores import Stores

NOW = datetime(2026, 11, 20, 8, 20, tzinfo=UTC)
SOURCE = """
name: lines
title: 留言
kind: import
files: [lines-*.jsonl]
post_kind: message
columns: {id: id, title: title, text: text, published: at, author: who}
"""
_PLACES = ["城关镇", "柳林村", "滨河苑", "光明路", "人民路", "向阳小区", "东风街", "和平里", "南门口", "北大桥"]
_MATTERS = [
    "路灯坏了一周没有人来修", "公交车等了四十分钟", "幼儿园学费又涨了", "垃圾桶满了没人清运", "自来水水压太低",
    "物业不开发票", "快递柜占了通道", "广场舞音响声音大", "医保卡怎么补办", "驾驶证换证要带什么材料",
    "停车位划线不清楚", "树枝挡住了红绿灯", "下水道井盖松动", "学校门口接送车辆多", "工地渣土车不盖篷布",
]  # fmt: skip
CONCRETE = [
    ("丽景新城旁边的混凝土搅拌站太吵", "丽景新城旁边新建的混凝土搅拌站整夜轰鸣，粉尘很大，窗户都不敢开，请尽快处理"),
    ("搅拌站粉尘进了丽景新城", "丽景新城小区外的混凝土搅拌站每天扬尘，孩子咳嗽不止，粉尘落满阳台，请环保部门来看看"),
    (
        "丽景新城业主：混凝土搅拌站何时搬走",
        "混凝土搅拌站离丽景新城不到一百米，噪音和粉尘严重影响休息，业主强烈要求搬走",
    ),
    ("丽景新城混凝土搅拌站夜间施工", "丽景新城边上的混凝土搅拌站半夜还在生产，噪音扰民，粉尘飘进屋里"),
    ("混凝土搅拌站噪音扰民，丽景新城没法住", "丽景新城的混凝土搅拌站彻夜作业，噪音和粉尘让老人睡不着"),
]
HOSTILE = (
    "<script>alert(1)</script>\u202e=1+1",
    "丽景新城 混凝土搅拌站 粉尘 噪音 <img src=x onerror=alert(1)> 彻夜 轰鸣 业主",
)


def rows(days: int = 70, each: int = 3) -> list[dict[str, str]]:
    """Everyday messages, and five voices on one matter in the last week."""
    dice = random.Random(4)
    start = NOW - timedelta(days=days)
    found = []
    for n in range(days * each):
        place, what, more = dice.choice(_PLACES), dice.choice(_MATTERS), dice.choice(_MATTERS)
        at = start + timedelta(hours=24 / each * n)
        found.append(_row(n, at, f"{place}{what}", f"{place}附近{what}，另外{more}，盼回复", f"a{n}"))
    for n, (title, text) in enumerate(CONCRETE):
        found.append(_row(9000 + n, NOW - timedelta(days=6 - n), title, text, f"c{n}"))
    return sorted(found, key=lambda row: row["at"])


def _row(number: int, at: datetime, title: str, text: str, who: str) -> dict[str, str]:
    return {"id": str(number), "title": title, "text": text, "at": at.isoformat(), "who": who}


def land(project: Project, some: list[dict[str, str]], name: str) -> None:
    (project.config_dir / "sources" / "lines.yaml").write_text(SOURCE, encoding="utf-8")
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in some)
    (project.root / f"lines-{name}.jsonl").write_text(text, encoding="utf-8")
    crawl(project, [project.source("lines")])
    process(project)


def told(project: Project) -> tuple[list[Event], list[Flag]]:
    with opened(project) as store, read(store) as connection:
        return events(connection), flags(connection)


@pytest.fixture
def project(tmp_path: Path, stores: Stores) -> Project:
    made = stores.project(tmp_path)
    land(made, rows(), "all")
    return made


def concrete(found: list[Event]) -> Event:
    (one,) = [event for event in found if "搅拌站" in "".join(event.phrases)]
    return one


def test_an_event_tells_what_is_so(project: Project) -> None:
    report = detect(project, now=NOW)
    assert report.heard == 215
    found, raised = told(project)
    event = concrete(found)
    assert (event.posts, event.originals, event.voices, event.state) == (5, 5, 5, "growing")
    assert "丽景新城" in event.title
    assert [count for _, count in event.curve] == [1, 1, 1, 1, 1]
    assert event.representatives[0] == event.first_post
    mine = [flag for flag in raised if flag.event_id == event.id]
    assert [flag.level for flag in mine] == ["yellow", "blue"]
    assert mine[-1].voices == 3 and mine[-1].expected < 0.5 and mine[-1].adjusted <= 0.1
    assert mine[-1].posts[0] == event.first_post


def test_detecting_again_changes_nothing(project: Project) -> None:
    detect(project, now=NOW)
    before = told(project)
    again = detect(project, now=NOW)
    assert (again.heard, again.flags) == (0, 0)
    assert told(project) == before


def test_stopping_in_between_changes_nothing(
    project: Project, tmp_path: Path, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    detect(project, now=NOW)
    other = stores.project(tmp_path / "b")
    land(other, rows(), "all")
    monkeypatch.setattr(detecting, "_BATCH", 17)

    class Killed(Exception):
        pass

    def stop(done: int) -> None:
        if done >= 170:
            raise Killed

    with pytest.raises(Killed):
        detect(other, now=NOW, progress=stop)
    detect(other, now=NOW)
    ours, theirs = told(project), told(other)
    assert [(e.id, e.posts, e.voices) for e in ours[0]] == [(e.id, e.posts, e.voices) for e in theirs[0]]
    assert [(f.id, f.level, f.voices, f.probability) for f in ours[1]] == [
        (f.id, f.level, f.voices, f.probability) for f in theirs[1]
    ]


def test_a_memory_that_is_kept_decides_as_one_that_is_read_back(tmp_path: Path, stores: Stores) -> None:
    """In two processes: one keeps its memory, the other one is started anew each time, and both see what came since."""
    everything = rows()
    kept, anew = stores.project(tmp_path / "kept"), stores.project(tmp_path / "anew")
    detection = Detection(kept)
    for n, part in enumerate((everything[:120], everything[120:205], everything[205:210], everything[210:])):
        for one in (kept, anew):
            land(one, part, str(n))
        detection.run(now=NOW)
        if n == 1:
            detect(kept, now=NOW)  # another process, with nothing to do
        detect(anew, now=NOW)
    ours, theirs = told(kept), told(anew)
    assert len(ours[1]) >= 2
    assert [(e.id, e.posts, e.title) for e in ours[0]] == [(e.id, e.posts, e.title) for e in theirs[0]]
    assert [(f.id, f.level, f.probability) for f in ours[1]] == [(f.id, f.level, f.probability) for f in theirs[1]]


def test_late_posts_count_where_they_belong(tmp_path: Path, stores: Stores) -> None:
    """Two of the five are collected only after a later day was looked at."""
    made = stores.project(tmp_path)
    late = [row for row in rows() if row["id"] in ("9001", "9002")]
    land(made, [row for row in rows() if row not in late], "early")
    detect(made, now=NOW)
    land(made, late, "late")
    detect(made, now=NOW + timedelta(hours=3))
    event = concrete(told(made)[0])
    assert event.voices == 5
    assert [count for _, count in event.curve] == [1, 1, 1, 1, 1]


def test_the_query_finds_the_posts_of_an_event(project: Project) -> None:
    detect(project, now=NOW)
    found, raised = told(project)
    event = concrete(found)
    with QueryLayer.open(project) as layer:
        shown = {one["id"] for one in layer.export(Question(f"event:{event.id}"))}
        assert layer.count(Question(raised[0].query)) == 5
        assert layer.count(Question(f"事件:{event.id} 粉尘")) >= 3
        assert layer.count(Question(f"event:{'0' * 32}")) == 0
    with opened(project) as store, read(store) as connection:
        assert shown == set(posts_of(connection, event.id))


def test_verdicts_are_kept_and_measure_the_rules(project: Project) -> None:
    detect(project, now=NOW)
    yellow, blue = [flag for flag in told(project)[1] if flag.kind == "event"][:2]
    judge(project, yellow.id, "noise", who="甲", now=NOW)
    judge(project, yellow.id, "true", who="乙", now=NOW, why="现场看过")
    judge(project, blue.id, "noise", who="甲", now=NOW)
    with opened(project) as store, read(store) as connection:
        assert flag_by_id(connection, yellow.id).verdict == "true"  # type: ignore[union-attr]
        measured = {one.rule: one for one in precision(connection)}
    assert (measured[yellow.rule].judged, measured[yellow.rule].share) == (1, 1.0)
    assert measured[blue.rule].share == 0.0
    for flag_id, said in ((yellow.id, "maybe"), ("nothing", "true")):
        with pytest.raises(ConfigError):
            judge(project, flag_id, said, who="甲", now=NOW)


def test_what_retention_removes_leaves_the_event(project: Project) -> None:
    detect(project, now=NOW)
    later = NOW + timedelta(days=1200)
    enforce(project, now=later)
    detect(project, now=later)
    with opened(project) as store, read(store) as connection:
        assert connection.execute(select(func.count()).select_from(post)).scalar() == 0
        (event,) = [one for one in events(connection) if "搅拌站" in one.title or "丽景新城" in one.title]
        assert event.state == "over"
        assert posts_of(connection, event.id) == []


def test_the_commands_tell_all_and_hostile_text_is_only_text(project: Project) -> None:
    hostile = [_row(9900 + n, NOW - timedelta(hours=n), *HOSTILE, f"h{n}") for n in range(3)]
    land(project, hostile, "hostile")
    root = project.root
    assert asked("detect", project=root)["heard"] == 218
    shown = asked("events", project=root)
    event = next(one for one in shown if one["posts"] >= 5)
    whole = asked("event", event["id"], project=root)
    assert whole["flags"][0]["event_id"] == event["id"]
    assert {p["id"] for p in whole["representative_posts"]} == set(event["representatives"])
    listed = asked("flags", "--from", "2026-11-01", project=root)
    assert {one["level"] for one in listed} >= {"blue"}
    said = qingyu("flag", listed[0]["id"], "true", "--who", "甲", project=root).stdout
    assert "属实" in said
    assert sum(one["judged"] for one in asked("flags", "--precision", project=root)) == 1
    for command in (["events"], ["event", event["id"]], ["flags"]):
        text = qingyu(*command, project=root).stdout
        assert "\u202e" not in text and "\x1b" not in text
    assert "没有编号为" in qingyu("event", "nothing", project=root, code=2).stderr


def test_no_author_is_in_events_or_flags(project: Project) -> None:
    detect(project, now=NOW)
    with opened(project) as store, read(store) as connection:
        pseudonyms = set(connection.execute(select(post.c.author)).scalars()) - {""}
        assert pseudonyms
        text = repr(events(connection)) + repr(flags(connection))
    assert not any(one in text for one in pseudonyms)


def test_an_event_that_was_merged_leads_on(project: Project) -> None:
    detect(project, now=NOW)
    event = concrete(told(project)[0])
    from pipeline.events.tables import event as table

    with opened(project) as store:
        with write(store) as connection:
            row = dict(connection.execute(select(table).where(table.c.id == event.id)).mappings().one())
            connection.execute(table.insert(), {**row, "id": "f" * 32, "merged_into": event.id})
        with read(store) as connection:
            assert event_by_id(connection, "f" * 32) == event
            assert all(one.id != "f" * 32 for one in events(connection))
