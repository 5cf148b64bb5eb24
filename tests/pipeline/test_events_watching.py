"""The watch over the daily series of a store: each day once, what moved with its reason, silence told from not listening."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from config.events import Events
from config.project import Project
from crawlers.schema import run
from crawlers.store import opened, read, write
from pipeline.cli.options import start_of
from pipeline.events.detect import detect
from pipeline.events.model import Flag
from pipeline.events.naming import namer
from pipeline.events.reading import flags
from pipeline.events.watching import watch
from pipeline.query.layer import QueryLayer, Question
from tests.pipeline.test_events_store import NOW, land, rows
from tests.stores import Stores

# One topic, each about something of its own, so that no event tells of it.
PHONES = [
    ("宽带老是掉线", "家里宽带一到晚上就掉线，客服让重启光猫"), ("手机没有信号", "山背后三组手机信号只有一格，打电话要爬到坡上"),
    ("流量套餐乱扣费", "上月流量套餐无故多扣三十元，营业厅说是增值业务"), ("5G基站建在楼顶", "楼顶新装了基站，老人担心辐射，想看检测报告"),
    ("携号转网被拒", "携号转网办了四次都不成，说合约没到期"), ("网速太慢上不了网课", "两百兆宽带实测网速不到十兆，孩子上课卡顿"),
    ("电话线被挖断无人接", "电信公司的电话线断了半个月，座机打不通"), ("营业厅排长队", "移动公司营业厅只开一个窗口，办手机卡等了两小时"),
    ("骚扰电话不断", "每天十几个骚扰电话，运营商拦截功能没有用"), ("光纤入户收费高", "村里光纤入户要收六百元开通费，是否合理"),
]  # fmt: skip


@pytest.fixture
def project(tmp_path: Path, stores: Stores) -> Project:
    return stores.project(tmp_path)


def phones() -> list[dict[str, str]]:
    made = []
    for n, (title, text) in enumerate(PHONES):
        at = NOW - timedelta(days=1, hours=6 * n)
        made.append({"id": f"p{n}", "title": title, "text": text, "at": at.isoformat(), "who": f"p{n}"})
    return made


def told(project: Project, kind: str) -> list[Flag]:
    with opened(project) as store, read(store) as connection:
        return [one for one in flags(connection) if one.kind == kind]


def listened(project: Project, days: int) -> None:
    """The source was collected well on each of the latest days."""
    with opened(project) as store, write(store) as connection:
        for n in range(days):
            ms = int((NOW - timedelta(days=n)).timestamp() * 1000)
            connection.execute(insert(run).values(id=f"r{n}", source="lines", started_ms=ms, outcome="finished"))


def test_a_topic_that_rises_is_flagged_once_and_its_query_finds_the_posts(project: Project) -> None:
    land(project, [*rows(days=95), *phones()], "all")
    detect(project, now=NOW)
    (flag,) = [one for one in told(project, "topic") if one.series == "telecom"]
    assert flag.label == "通信与网络" and flag.count >= 5 and flag.expected < 1 and flag.adjusted <= 0.1
    assert flag.until_day < NOW.date() and "比往常多" in flag.rule
    with QueryLayer.open(project) as layer:
        whole = Question(flag.query, since=start_of(flag.since_day), until=start_of(flag.until_day + timedelta(days=1)))
        assert layer.count(whole) == flag.count
    detect(project, now=NOW)
    detect(project, now=NOW + timedelta(days=2))
    assert len([one for one in told(project, "topic") if one.series == "telecom"]) == 1


@pytest.mark.parametrize("collected", [True, False])
def test_a_silent_source_says_whether_we_listened(project: Project, collected: bool) -> None:
    everyday = [one for one in rows(days=95, each=4) if datetime.fromisoformat(one["at"]) < NOW - timedelta(days=9)]
    land(project, everyday, "all")
    if collected:
        listened(project, 12)
    detect(project, now=NOW)
    (flag,) = told(project, "source")
    assert flag.count <= 2 and (flag.voices, flag.label) == (0, "留言")
    assert flag.expected > 20
    assert ("采集正常" in flag.rule) == collected and ("没有采集成功" in flag.rule) != collected


def test_days_are_looked_at_once_in_their_order_however_late(project: Project) -> None:
    """Killed between two days, the same days are looked at again and nothing is flagged twice."""
    land(project, [*rows(days=95), *phones()], "all")
    rules, name = Events(), namer(project)
    with opened(project) as store:
        with pytest.raises(RuntimeError), write(store) as connection:
            assert watch(connection, rules, now=NOW, name=name) >= 1
            raise RuntimeError
        assert told(project, "topic") == []
        with write(store) as connection:
            first = watch(connection, rules, now=NOW, name=name)
        with write(store) as connection:
            assert (first >= 1, watch(connection, rules, now=NOW, name=name)) == (True, 0)
    days = [one.flagged_at for one in reversed(told(project, "topic"))]
    assert days == sorted(days) and all(one <= NOW for one in days)
    assert all(one.astimezone(UTC).hour == 16 for one in days)  # midnight in Shanghai
