"""今日: the day, what is new to a person, what a visitor does not see, and that filters narrow the figures."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from config.errors import AccessError
from config.project import Project, init_project, open_project
from config.text import set_language
from crawlers.store import opened, read
from dashboard import visiting
from dashboard.address import View, day_of
from dashboard.outlook import look
from pipeline.access.model import Person, Role
from pipeline.desk import morning
from pipeline.desk.desk import Desk
from pipeline.events import detect as detecting
from pipeline.events.reading import events, flags
from pipeline.query.layer import QueryLayer
from pipeline.query.model import Question
from pipeline.query.times import SHANGHAI
from tests.pipeline import test_events_store as made
from tests.pipeline.flagged import FLAG, put_flag
from tests.stores import Stores

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 0, 20, tzinfo=UTC)
CLERK = Person("王芳", frozenset({Role.DUTY}))
VISITOR = Person("访客甲", frozenset({Role.VISITOR}))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("", TODAY),
        ("2026-11-18", date(2026, 11, 18)),
        ("2026-12-01", TODAY),
        ("0001-01-01", date(2000, 1, 1)),
        ("<script>", TODAY),
    ],
)
def test_the_day_of_an_address(text: str, day: date) -> None:
    assert day_of(text, TODAY) == day


class At:
    """A clock that is set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def test_a_look_a_moment_later_does_not_wipe_what_is_new(tmp_path: Path, stores: Stores) -> None:
    init_project(tmp_path, region="云水县")
    project = stores.project(tmp_path)
    clock = At(AT)
    with opened(project) as store, QueryLayer.open(project) as layer:
        desk = Desk(project, CLERK, layer, store, clock)
        assert morning.looked_before(desk, "today") is None
        clock.now = AT + timedelta(minutes=20)
        assert morning.looked_before(desk, "today") is None
        clock.now = AT + timedelta(days=1)
        assert morning.looked_before(desk, "today") == AT + timedelta(minutes=20)
        for minutes in (1, 2, 10, 35):
            clock.now = AT + timedelta(days=1, minutes=minutes)
            assert morning.looked_before(desk, "today") == AT + timedelta(minutes=20)
        assert morning.looked_before(replace(desk, person=Person("李明", CLERK.roles)), "today") is None
        clock.now = AT + timedelta(days=2)
        assert morning.looked_before(desk, "today") == AT + timedelta(days=1, minutes=35)


def test_a_day_has_its_flags_once_an_event_and_highest_first(tmp_path: Path, stores: Stores) -> None:
    init_project(tmp_path, region="云水县")
    project = stores.project(tmp_path)
    day = FLAG.flagged_at.date()
    with opened(project) as store, QueryLayer.open(project) as layer:
        put_flag(store, replace(FLAG, id="1" * 32, level="blue"))
        put_flag(store, replace(FLAG, id="2" * 32, level="orange"))
        put_flag(store, replace(FLAG, id="3" * 32, level="red", event_id="", kind="topic"))
        put_flag(store, replace(FLAG, id="4" * 32, level="red", flagged_at=FLAG.flagged_at - timedelta(days=1)))
        desk = Desk(project, CLERK, layer, store, At(AT))
        assert [one.id[0] for one in morning.flagged(desk, day)] == ["3", "2"]
        for refused in (morning.flagged, morning.begun, morning.due, morning.replies):
            with pytest.raises(AccessError, match="没有"):
                refused(replace(desk, person=VISITOR), day)


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Project]:
    init_project(tmp_path, region="云水县")
    monkeypatch.setenv("QINGYU_PROJECT", str(tmp_path))
    monkeypatch.syspath_prepend(str(ROOT))
    st.cache_resource.clear()
    st.cache_data.clear()
    monkeypatch.setattr(made, "NOW", datetime.now(UTC) - timedelta(hours=1))
    found = open_project(tmp_path, {})
    made.land(found, made.rows(), "all")
    detecting.detect(found, now=datetime.now(UTC))
    yield found
    set_language("zh")


def page(**params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def said(app: AppTest) -> str:
    return " ".join(str(getattr(b, "value", "") or getattr(b, "body", "") or b.proto) for b in app.get("html"))


def latest(project: Project) -> date:
    with QueryLayer.open(project) as layer:
        today = datetime.now(UTC).date()
        days = layer.by_day(Question(), since_day=today - timedelta(days=60), until_day=today + timedelta(days=1))
    return max(one.day for one in days if one.count)


def test_the_page_tells_flags_events_and_cases_to_whom_it_concerns(project: Project) -> None:
    with opened(project) as store, read(store) as connection:
        flagged, begun = flags(connection)[0], events(connection)[0]
    app = page(day=str(flagged.flagged_at.astimezone(SHANGHAI).date()))
    assert not app.exception
    text = said(app)
    assert "这一天的预警" in text and flagged.label in text
    assert "清单：到期与超期" in text and "95% 区间" in text
    text = said(page(day=str(begun.first_at.astimezone(SHANGHAI).date())))
    assert "新出现的事件" in text and begun.title in text


def test_a_visitor_sees_figures_and_no_word_of_a_post(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visiting, "person", lambda *_: VISITOR)
    app = page(day=latest(project).isoformat())
    assert not app.exception
    text = said(app)
    assert "负面占比" in text and "升温的话题" in text
    for withheld in ("丽景新城", "这一天的预警", "声音最多的帖子", "官方答复", "清单"):
        assert withheld not in text
    assert not [link for link in app.get("page_link") if "search" in str(link.proto)]


def test_filters_narrow_the_figures_and_stand_in_the_address(project: Project) -> None:
    day = latest(project)
    with QueryLayer.open(project) as layer:

        def ask(verb: str, question: Question, **options: object) -> object:
            return getattr(layer, verb)(question, **options)

        crawled, last_ok = frozenset({day}), datetime.now(UTC)
        topic = layer.by(Question(), "topic", size=1)[0].key
        whole = look(day, ask=ask, crawled=crawled, last_ok=last_ok)
        only = look(day, ask=ask, crawled=crawled, last_ok=last_ok, narrowed=View(topics=(topic,)))
        without = look(day, ask=ask, crawled=crawled, last_ok=last_ok, narrowed=View(topics=("no-such-topic",)))
        asked = replace(only.view().question(), until=last_ok if only.cut else only.view().question().until)
        assert only.count == layer.count(asked) <= whole.count
    assert without.count == 0 and without.observed
    app = page(day=day.isoformat(), topic=topic)
    assert not app.exception
    assert topic in app.query_params["topic"]
    assert "筛选只作用于数字" in " ".join(c.value for c in app.caption)
