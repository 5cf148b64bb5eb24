"""预警 by AppTest: flags with their reasons, the verdict of a person, the event, hostile text as text."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from config.project import Project, init_project, open_project
from config.text import set_language
from crawlers.store import opened, read, write
from pipeline.alerts.model import Alert, Delivery
from pipeline.alerts.outbox import enqueue
from pipeline.alerts.reading import standings
from pipeline.events import detect as detecting
from pipeline.events.model import Flag
from pipeline.events.reading import flags
from tests.pipeline import test_events_store as made

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Project]:
    init_project(tmp_path, region="云水县")
    monkeypatch.setenv("QINGYU_PROJECT", str(tmp_path))
    monkeypatch.syspath_prepend(str(ROOT))
    st.cache_resource.clear()
    st.cache_data.clear()
    # The matter of the fixture, told as of now.
    monkeypatch.setattr(made, "NOW", datetime.now(UTC) - timedelta(hours=1))
    found = open_project(tmp_path, {})
    made.land(found, made.rows(), "all")
    detecting.detect(found, now=datetime.now(UTC))
    yield found
    set_language("zh")


def raised(project: Project) -> list[Flag]:
    with opened(project) as store, read(store) as connection:
        return [one for one in flags(connection) if one.kind == "event"]


def page(**params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
    app.switch_page("views/flags.py")
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def said(app: AppTest) -> str:
    return " ".join(str(getattr(b, "value", "") or getattr(b, "body", "") or b.proto) for b in app.get("html"))


def test_a_flag_of_an_event_is_told_once_with_its_reason(project: Project) -> None:
    app = page()
    assert not app.exception
    text = said(app)
    assert text.count("丽景新城") == 1 and "▲ 黄" in text
    assert "5 个声音" in text and "碰巧的可能" in text and "14 天内 5 个以上声音" in text


def test_a_verdict_is_kept_in_the_name_of_the_person(project: Project) -> None:
    flag = raised(project)[0]
    app = page()
    app.button(key=f"judge-{flag.id}-noise").click().run()
    assert not app.exception and "误报" in app.success[0].value
    assert raised(project)[0].verdict == "noise"
    app.toggle(key="flags-open").set_value(True).run()
    assert "14 天内 5 个以上声音" not in said(app)


def test_levels_days_and_topics_narrow_the_flags_and_stand_in_the_address(project: Project) -> None:
    assert "▲ 黄" in said(page(level="yellow,red"))
    app = page(level="red")
    assert "▲ 黄" not in said(app) and "没有预警不等于没有声音" in app.info[0].value
    assert "▲ 黄" not in said(page(**{"from": "2019-01-01", "to": "2019-01-02"}))
    assert "▲ 黄" not in said(page(topic="no-such-topic"))
    app = page()
    app.button_group[0].set_value(["orange"]).run()
    assert app.query_params["level"] in ("orange", ["orange"])


def test_an_alert_is_acknowledged_by_name_and_no_more_waits(project: Project) -> None:
    now = datetime.now(UTC)
    alert = Alert(
        "a" * 32, "r", "", "orange", "<b>丽景新城</b> 搅拌站", ("为什么",), (), "粉尘", now, now, (), (), (), now,
        Delivery(("值班",)),
    )  # fmt: skip
    with opened(project) as store, write(store) as connection:
        enqueue(connection, [alert])
    app = page()
    assert not app.exception and "&lt;b&gt;丽景新城" in said(app)
    opened_ = page(alert=alert.id)
    assert not opened_.exception and "为什么" in said(opened_) and "<b>丽景新城" not in said(opened_)
    app.button(key=f"ack-{alert.id}").click().run()
    assert not app.exception and "本机" in app.success[0].value
    assert f"ack-{alert.id}" not in [one.key for one in app.button]
    gone = page(alert="nothing<script>")
    assert not gone.exception and "没有这条告警" in gone.warning[0].value
    with opened(project) as store, read(store) as connection:
        (standing,) = standings(connection)
    assert standing.acknowledged_by == "本机"


def test_the_event_shows_its_course_and_posts_verbatim(project: Project) -> None:
    event = raised(project)[0].event_id
    app = page(event=event)
    assert not app.exception
    text = said(app)
    assert "5 条（另有转载 0）" in text and made.CONCRETE[0][0] in text
    assert text.count("丽景新城") > 3
    gone = page(event="nothing<script>")
    assert not gone.exception and "没有这件事" in gone.warning[0].value


def test_hostile_posts_are_text(project: Project) -> None:
    hostile = [
        made._row(9900 + n, datetime.now(UTC) - timedelta(hours=2 + n), *made.HOSTILE, f"h{n}") for n in range(4)
    ]
    made.land(project, hostile, "hostile")
    detecting.detect(project, now=datetime.now(UTC))
    for flag in raised(project):
        text = said(page(event=flag.event_id)) + said(page())
        assert "<script>alert" not in text and "<img src=x" not in text and "\u202e" not in text
