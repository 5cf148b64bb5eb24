"""清单 by AppTest: an event becomes a case, the case goes its way, who looks late is told, hostile text is text."""

from datetime import UTC, datetime
from pathlib import Path

from streamlit.testing.v1 import AppTest

from config.project import Project
from crawlers.store import opened, read
from pipeline.cases.keeping import all_cases
from pipeline.cases.model import Case, Doing
from pipeline.cases.opening import Asked, open_case
from tests.dashboard.test_flags_page import project, raised, said

__all__ = ["project"]
ROOT = Path(__file__).resolve().parents[2]


def page(view: str, **params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
    app.switch_page(f"views/{view}.py")
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def cases(made: Project) -> list[Case]:
    with opened(made) as store, read(store) as connection:
        return all_cases(connection)


def test_an_event_is_put_on_the_list_once_and_by_name(project: Project) -> None:  # noqa: F811
    event = raised(project)[0].event_id
    app = page("topics", event=event)
    for _ in range(2):
        app.button(key=f"case-make-{event}").click().run()
        assert not app.exception
    assert "已在清单里" in app.success[0].value
    (case,) = cases(project)
    assert (case.event_id, case.state) == (event, "pending") and "丽景新城" in case.title


def test_a_case_goes_its_way_with_reasons(project: Project) -> None:  # noqa: F811
    now = datetime.now(UTC)
    number = open_case(project, Asked("event", raised(project)[0].event_id), Doing(who="张三", now=now)).case.number
    listed = page("cases")
    assert not listed.exception and number in said(listed) and "在办 1 件" in listed.caption[0].value
    app = page("cases", case=number)
    assert "丽景新城旁边的混凝土搅拌站太吵" in said(app)
    app.text_input(key="who").set_value("李四").run()
    app.button(key="case-to-declined").click().run()
    assert "理由" in said(app) and cases(project)[0].state == "pending"
    app.selectbox(key=f"unit-{cases(project)[0].version}").set_value("生态环境局").run()
    app.button(key="case-assign").click().run()
    assert not app.exception
    assert (cases(project)[0].unit, cases(project)[0].state) == ("生态环境局", "assigned")
    app.button(key="case-to-working").click().run()
    assert cases(project)[0].state == "working"
    assert "李四" in said(app)


def test_an_unknown_case_says_so_and_hostile_titles_are_text(project: Project) -> None:  # noqa: F811
    now = datetime.now(UTC)
    asked = Asked("hand", title="<script>alert(1)</script> 路灯")
    open_case(project, asked, Doing(who="<b>张三</b>", now=now))
    text = said(page("cases"))
    assert "&lt;script&gt;" in text and "<script>alert" not in text
    number = cases(project)[0].number
    assert "<b>张三</b>" not in said(page("cases", case=number))
    gone = page("cases", case="2026-清单-9999")
    assert not gone.exception and "2026-清单-9999" in said(gone)
