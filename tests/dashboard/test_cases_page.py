"""清单 by AppTest: an event becomes a case, the case goes its way, who looks late is told, hostile text is text."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook
from streamlit.testing.v1 import AppTest

from config.errors import AccessError, ConfigError
from config.project import Project
from crawlers.store import opened, read
from dashboard import visiting
from pipeline.access.model import Person, Role
from pipeline.cases.keeping import all_cases
from pipeline.cases.model import Case, CaseChangedError, Doing
from pipeline.cases.opening import Asked, open_case
from pipeline.desk import cases as desk
from pipeline.desk.cases import Seen
from tests.dashboard.test_flags_page import project, raised, said
from tests.pipeline.seated import audited, seated

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
    assert not listed.exception and number in said(listed)
    assert any("在办 1 件" in one.value for one in listed.caption)
    app = page("cases", case=number)
    assert "丽景新城旁边的混凝土搅拌站太吵" in said(app)
    app.button(key="case-to-declined").click().run()
    assert "理由" in said(app) and cases(project)[0].state == "pending"
    app.selectbox(key=f"unit-{cases(project)[0].version}").set_value("生态环境局").run()
    app.button(key="case-assign").click().run()
    assert not app.exception
    assert (cases(project)[0].unit, cases(project)[0].state) == ("生态环境局", "assigned")
    app.button(key="case-to-working").click().run()
    assert cases(project)[0].state == "working"
    assert "本机" in said(app)


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


def test_every_way_to_see_the_list(project: Project) -> None:  # noqa: F811
    now = datetime.now(UTC)
    asked = Asked("hand", title="=1+1 <b>路灯</b>", unit="生态环境局", level="red")
    number = open_case(project, asked, Doing(who="张三", now=now)).case.number
    for show in ("list", "board", "table", "figures"):
        app = page("cases", show=show)
        assert not app.exception
        text = said(app)
        assert "<b>路灯</b>" not in text
        assert number in text or show in {"board", "figures"}
    assert "/cases?case=2026" in said(page("cases", show="table"))
    for by in ("unit", "category", "place", "level", "clock", "month", "author"):
        app = page("cases", show="figures", by=by)
        assert not app.exception and "受理" in said(app)
    assert "生态环境局" in said(page("cases", show="figures", by="unit"))
    assert number not in said(page("cases", level="blue"))


def test_who_only_reads_has_no_moves_and_who_works_may_not_close(
    project: Project,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = datetime.now(UTC)
    number = open_case(project, Asked("hand", title="路灯", unit="生态环境局"), Doing(who="张三", now=now)).case.number
    monkeypatch.setattr(visiting, "person", lambda *_: Person("王芳", frozenset({Role.ANALYST})))
    app = page("cases", case=number)
    assert not [button for button in app.button if str(button.key).startswith("case-")]
    monkeypatch.setattr(visiting, "person", lambda *_: Person("李明", frozenset({Role.DUTY})))
    app = page("cases", case=number)
    keys = {str(button.key) for button in app.button}
    assert "case-note" in keys and "case-to-declined" not in keys
    monkeypatch.setattr(visiting, "person", lambda *_: Person("老赵", frozenset({Role.REVIEWER})))
    app = page("cases", case=number)
    assert "case-to-declined" in {str(button.key) for button in app.button}


def test_an_answered_list_is_previewed_then_taken_in_or_refused_whole(project: Project) -> None:  # noqa: F811
    now = datetime.now(UTC)
    case = open_case(project, Asked("hand", title="路灯", unit="生态环境局"), Doing(who="张三", now=now)).case
    with seated(project, Role.DUTY, now=datetime.now(UTC), name="李明") as sitting:
        desk.move(sitting, Seen(case.number, case.version), "assigned")
        data = desk.sheet(sitting, [case.number, "2026-清单-9999"])
        book = load_workbook(io.BytesIO(data))
        sheet = book.active
        heads = [cell.value for cell in sheet[1]]
        sheet.cell(2, heads.index("办理情况") + 1, "已换灯泡")
        filled = io.BytesIO()
        book.save(filled)
        found = desk.preview(sitting, filled.getvalue())
        assert len(found.changes) == 1 and not found.written
        assert desk.listed(sitting)[0].answer == ""
        assert desk.take_in(sitting, filled.getvalue()).written
        assert desk.listed(sitting)[0].answer == "已换灯泡"
        assert ("李明", "cases_in") in audited(sitting)
        for bad in (b"", b"no excel", b"x" * 1_000_001):
            with pytest.raises(ConfigError):
                desk.preview(sitting, bad)


def test_work_and_closing_are_two_rights(project: Project) -> None:  # noqa: F811
    now = datetime.now(UTC)
    case = open_case(project, Asked("hand", title="路灯", unit="生态环境局"), Doing(who="张三", now=now)).case
    with seated(project, Role.DUTY, now=datetime.now(UTC)) as sitting, pytest.raises(AccessError):
        desk.move(sitting, Seen(case.number, case.version, "不归我们管"), "declined")
    with seated(project, Role.REVIEWER, now=datetime.now(UTC), name="老赵") as sitting:
        moved = desk.move(sitting, Seen(case.number, case.version), "assigned")
        with pytest.raises(CaseChangedError):
            desk.note(sitting, Seen(case.number, case.version, "旧页面"))
        moved = desk.move(sitting, Seen(case.number, moved.version), "answered", "已换")
        done = desk.close(sitting, Seen(case.number, moved.version), "finished")
        assert done.state == "finished" and done.answer == "已换"
        assert desk.one(sitting, case.number)[1][-1].who == "老赵"
