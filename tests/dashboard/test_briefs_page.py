"""简报 by AppTest: made, previewed, checked, sent after a second look."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from config.project import Project
from config.text import set_language
from crawlers.store import opened, read
from pipeline.alerts.reading import standings
from pipeline.briefs.making import Order, make
from pipeline.briefs.periods import period_of
from pipeline.briefs.shelf import id_of
from tests.pipeline.alerting import groups_of
from tests.pipeline.briefing import DAILY, DAY, MADE_AT, project_in

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE_S = 90


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Project]:
    found = project_in(tmp_path)
    monkeypatch.setenv("QINGYU_PROJECT", str(found.root))
    monkeypatch.syspath_prepend(str(ROOT))
    st.cache_resource.clear()
    st.cache_data.clear()
    yield found
    set_language("zh")


def page(**params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
    app.switch_page("views/briefs.py")
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def said(app: AppTest) -> str:
    blocks = [*app.get("html"), *app.info, *app.caption, *app.success, *app.warning]
    return " ".join(str(getattr(b, "value", "") or getattr(b, "body", "") or b.proto) for b in blocks)


def until(app: AppTest, landmark: str) -> AppTest:
    deadline = time.monotonic() + _PATIENCE_S
    while landmark not in said(app):
        assert time.monotonic() < deadline, said(app)
        time.sleep(0.1)
        app.run()
    assert not app.exception
    return app


def test_a_brief_is_made_from_the_page(project: Project) -> None:
    app = page()
    assert not app.exception and "还没有做过简报" in said(app)
    app.date_input(key="brief-day").set_value(DAY).run()
    app.multiselect(key="brief-formats").set_value(["html"]).run()
    app.button(key="brief-make").click().run()
    until(app, "日报已做好")
    assert "第 1 期" in said(app) and "没有发送过" in said(app)
    other = until(page(), "第 1 期")  # somebody who comes later finds it
    assert "做过的简报（1）" in said(other)


def test_a_topic_brief_needs_a_topic_or_a_query(project: Project) -> None:
    app = page()
    app.selectbox(key="brief-kind").select("topic").run()
    assert app.button(key="brief-make").disabled
    app.text_input(key="brief-query").set_value("搅拌站").run()
    assert not app.button(key="brief-make").disabled


def test_a_brief_is_previewed_checked_and_sent_after_a_second_look(project: Project) -> None:
    groups_of(project.root, {"街道": {"people": [{"name": "李主任", "address": "li@street.example.gov.cn"}]}})
    make(project, Order(DAILY, ("html", "docx")), now=MADE_AT)
    app = page(brief=id_of(period_of("daily", DAY), ""))
    assert not app.exception
    (frame,) = app.get("iframe")
    assert frame.proto.src.startswith("data:text/html;charset=utf-8;base64,") and not frame.proto.srcdoc
    app.button(key="brief-verify").click().run()
    until(app, "数字可复核")
    app.multiselect(key="brief-groups").set_value(["街道"]).run()
    assert "李主任" in said(app) and app.button(key="brief-send").disabled
    app.checkbox(key="brief-sure-街道").check().run()
    app.button(key="brief-send").click().run()
    assert not app.exception and "已放入发件箱" in said(app) and "发给 街道" in said(app)
    with opened(project) as store, read(store) as connection:
        assert len(standings(connection, kind="letter")) == 1


def test_a_brief_whose_files_are_gone_says_so(project: Project) -> None:
    done = make(project, Order(DAILY, ("docx",)), now=MADE_AT)
    brief = id_of(DAILY, "")
    app = page(brief=brief)
    assert "只有文字" in said(app) and not app.get("iframe")
    done.files["docx"].unlink()
    assert "文件已不在原处" in said(page(brief=brief))
    assert "没有这份简报" in said(page(brief="nothing"))
