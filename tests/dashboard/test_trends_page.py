"""趋势 and 话题与事件 by AppTest: what is chosen stands in the address, figures equal those of the query layer, rights, hostile
text as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from config.errors import AccessError
from config.project import Project, init_project, open_project
from config.text import set_language
from crawlers.store import opened, read
from dashboard import trend_parts, visiting
from dashboard.course import Line, Point
from dashboard.trend_parts import Choice, choice_of
from pipeline.access.model import Person, Role
from pipeline.desk import events as event_desk
from pipeline.desk import flags as flag_desk
from pipeline.desk import topics as topic_desk
from pipeline.events import detect as detecting
from pipeline.events.reading import flags
from pipeline.query.layer import QueryLayer
from pipeline.query.model import Question
from tests.pipeline import test_events_store as made
from tests.pipeline.seated import audited, seated

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Project]:
    init_project(tmp_path, region="云水县")
    monkeypatch.setenv("QINGYU_PROJECT", str(tmp_path))
    monkeypatch.syspath_prepend(str(ROOT))
    st.cache_resource.clear()
    st.cache_data.clear()
    monkeypatch.setattr(made, "NOW", NOW - timedelta(hours=1))
    found = open_project(tmp_path, {})
    made.land(found, made.rows(), "all")
    detecting.detect(found, now=datetime.now(UTC))
    yield found
    set_language("zh")


def page(name: str, **params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
    app.switch_page(f"views/{name}.py")
    for key, value in params.items():
        app.query_params[key] = value
    return app.run()


def said(app: AppTest) -> str:
    return " ".join(str(getattr(b, "value", "") or getattr(b, "body", "") or b.proto) for b in app.get("html"))


def event_of(project: Project) -> str:
    with opened(project) as store, read(store) as connection:
        return next(one.event_id for one in flags(connection) if one.kind == "event")


def test_the_total_is_that_of_the_query_layer(project: Project) -> None:
    app = page("trends")
    assert not app.exception
    since = datetime.combine((NOW + timedelta(hours=8)).date() - timedelta(days=29), datetime.min.time(), UTC)
    with QueryLayer.open(project) as layer:
        expected = layer.count(Question(since=since - timedelta(hours=8)))
    assert expected > 5
    assert f"：{expected:,} 条，不计转载" in said(app)


@pytest.mark.parametrize("show", ["curve", "heat", "small"])
@pytest.mark.parametrize("figure", ["count", "negative_share"])
def test_every_chart_of_a_field_is_drawn(project: Project, show: str, figure: str) -> None:
    app = page("trends", by="source", show=show, figure=figure)
    assert not app.exception
    assert app.get("vega_lite_chart")
    assert app.query_params["by"] == ["source"] or app.query_params["by"] == "source"


@pytest.mark.parametrize("field", trend_parts.FIELDS)
def test_every_field_can_be_split_by(project: Project, field: str) -> None:
    assert not page("trends", by=field).exception


def test_what_cannot_be_read_in_an_address_is_passed_over(project: Project) -> None:
    odd = page(
        "trends", by="author", step="<x>", show="pie", figure="voice", **{"with": "never", "from": "x", "v": "y"}
    )
    assert not odd.exception
    assert choice_of({"by": "author", "v": "a\nb"}) == Choice()
    assert choice_of({"by": "voice"}) == Choice()
    assert choice_of({"by": "topic", "v": "water\nwater\n\nheat"}).values == ("water", "heat")
    whole = Choice("topic", ("a", "b"), "week", "", "heat", "voices", same=True)
    assert choice_of(whole.to_params()) == whole


def test_a_comparison_is_said_in_words_and_a_period_without_data_is_none(project: Project) -> None:
    text = said(page("trends", **{"with": "year"}))
    assert "去年同期" in text and "无数据" in text and "无从比较" in text
    assert trend_parts.difference(150, 100) == "▲ 多 50%"
    assert trend_parts.difference(50, 100) == "▼ 少 50%"
    assert trend_parts.difference(5, 0) == "无从比较（对比时段无数据）"


def test_a_visitor_sees_the_curves_but_no_events_and_no_ways_to_posts(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visiting, "person", lambda *_: Person("访客甲", frozenset({Role.VISITOR})))
    app = page("trends", by="topic", show="small")
    assert not app.exception and app.get("vega_lite_chart")
    assert not app.get("page_link")
    assert "曲线上标出的事件" not in said(page("trends"))


def test_the_table_has_no_formula_and_says_what_is_not_known() -> None:
    day = NOW.date()
    known = Point("2026-11-01", day, day, known=True, whole=True, count=3, originals=2, voices=2)
    gap = Point("2026-11-02", day, day, known=False, whole=False)
    rows = [trend_parts._cells(Line("=1+1", [known, gap]), n, Choice("category")) for n in (0, 1)]
    found = list(csv.reader(io.StringIO(trend_parts.csv_of(["a"], rows).decode("utf-8-sig"))))
    assert found[1][1] == "'=1+1" and found[1][2] == "3"
    assert found[2][2] == "无数据" and found[2][-1] == "无数据"


def test_a_topic_page_tells_what_is_said_and_leads_on(project: Project) -> None:
    listed = page("topics")
    assert not listed.exception
    with QueryLayer.open(project) as layer:
        topic = layer.by(Question(), "topic", size=1)[0].key
    app = page("topics", about=topic)
    assert not app.exception
    text = said(app)
    assert "代表帖子（原文）" in text and "官方答复" in text and "这个话题说的是什么" in text
    assert "没有这个话题" in page("topics", about="<script>alert(1)</script>").warning[0].value


def test_an_event_page_tells_its_course_and_takes_a_verdict(project: Project) -> None:
    event = event_of(project)
    app = page("topics", event=event)
    assert not app.exception
    text = said(app)
    assert "最早一条" in text and "经过" in text and "发出预警" in text and "丽景新城" in text
    flag = next(button for button in app.button if str(button.key).endswith("-true"))
    flag.click().run()
    assert not app.exception
    with opened(project) as store, read(store) as connection:
        assert sorted(one.verdict for one in flags(connection, event_id=event))[-1] == "true"
    assert (
        "没有这件事" in page("topics", event="nothing<script>").warning[0].value
        or page("topics", event="nothing<script>").warning
    )


def test_an_old_address_of_an_event_leads_to_its_page(project: Project) -> None:
    assert "经过" in said(page("flags", event=event_of(project)))


def test_representatives_are_originals_of_several_threads(project: Project) -> None:
    with seated(project, Role.ANALYST, now=NOW, name="王芳") as desk:
        found = topic_desk.representatives(desk, Question(), ["搅拌站"], 3)
        assert 0 < len(found) <= 3
        assert all(not hit.post.get("duplicate_of") for hit in found)
        threads = [hit.post.get("thread_url") or hit.post["url"] for hit in found]
        assert len(set(threads)) == len(threads)
        assert ("王芳", "search") in audited(desk)
        assert topic_desk.representatives(desk, Question(), [], 0) == []
        assert topic_desk.representatives(desk, Question(), ['"怪\\词'], 2) == []


def test_events_of_a_period_are_those_spoken_of_in_it(project: Project) -> None:
    today = NOW.date()
    with seated(project, Role.DUTY, now=NOW) as desk:
        found = event_desk.spoken_of(desk, today - timedelta(days=30), today + timedelta(days=1))
        assert event_of(project) in [one.id for one in found]
        assert found[0].id in event_desk.levels(desk)
        assert event_desk.spoken_of(desk, today - timedelta(days=900), today - timedelta(days=800)) == []
        assert event_desk.begun(desk, today - timedelta(days=30), today + timedelta(days=1), ["no-such-topic"]) == []


@pytest.mark.parametrize("role", [Role.VISITOR, Role.ADMIN, Role.AUDITOR])
def test_who_may_not_see_events_is_refused(project: Project, role: Role) -> None:
    calls: list[Any] = [
        lambda desk: event_desk.begun(desk, NOW.date(), NOW.date()),
        lambda desk: event_desk.levels(desk),
        lambda desk: topic_desk.representatives(desk, Question(), [], 1),
        lambda desk: topic_desk.answered(desk, Question(), 1),
        lambda desk: flag_desk.event(desk, "x"),
    ]
    with seated(project, role, now=NOW) as desk:
        for call in calls:
            with pytest.raises(AccessError):
                call(desk)
