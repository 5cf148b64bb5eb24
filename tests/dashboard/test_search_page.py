"""检索 by AppTest and by its verbs: facets narrow and are lifted, questions are kept and shared, labels set right, files say
what they are."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st
from docx import Document
from openpyxl import load_workbook
from streamlit.testing.v1 import AppTest

from config.errors import AccessError, ConfigError
from config.project import Project, init_project, open_project
from config.text import set_language
from dashboard import visiting
from dashboard.address import View, view_of
from dashboard.search_parts import FACETS
from pipeline.access.model import Person, Role
from pipeline.desk import exports, posts, questions
from pipeline.events import detect as detecting
from pipeline.query.breaking import BREAKDOWNS, GROUPINGS
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


def page(**params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
    app.switch_page("views/search.py")
    for key, value in params.items():
        app.query_params[key] = value
    return app.run()


def said(app: AppTest) -> str:
    return " ".join(str(getattr(b, "value", "") or getattr(b, "body", "") or b.proto) for b in app.get("html"))


def first_id(project: Project) -> str:
    with QueryLayer.open(project) as layer:
        return str(layer.search(Question("搅拌站"), size=1).hits[0].post["id"])


def test_facets_count_what_a_narrower_question_finds(project: Project) -> None:
    with QueryLayer.open(project) as layer:
        found = layer.facets(Question(), FACETS)
        assert set(found) == set(FACETS)
        for field, name in (
            ("source", "sources"),
            ("sentiment", "sentiments"),
            ("intent", "intents"),
            ("kind", "kinds"),
        ):
            for value, count in found[field]:
                assert layer.count(View(**{name: (value,)}).question()) == count, (field, value)


def test_a_limit_of_the_address_can_be_lifted(project: Project) -> None:
    app = page(intent="complaint", sentiment="negative")
    assert not app.exception
    keys = {str(button.key) for button in app.button}
    assert {"lift-intent-complaint", "lift-sentiment-negative"} <= keys
    app.button(key="lift-intent-complaint").click().run()
    assert "intent" not in app.query_params and "sentiment" in app.query_params


def test_all_of_a_view_stands_in_its_address() -> None:
    view = View(
        query="停水",
        categories=('a"b', "="),
        intents=("help",),
        sectors=("health",),
        duties=("住建局",),
        answered=("1",),
    )
    params = {k: [v] if isinstance(v, str) else v for k, v in view.to_params().items()}
    assert view_of(params) == view
    assert view_of({"answered": ["maybe"], "intent": [""]}) == View()
    assert "author" not in " ".join(params)


def test_a_completion_adds_to_the_query(project: Project) -> None:
    app = page(q="停水")
    box = app.selectbox(key="completion")
    assert any("投诉" in one for one in box.options) and not any("作者" in one for one in box.options)
    box.select(next(one for one in box.options if one.startswith("意图:投诉"))).run()
    assert not app.exception
    assert app.query_params["q"] in ("停水 意图:投诉", ["停水 意图:投诉"])


def test_questions_are_kept_shared_opened_and_one_s_own(project: Project) -> None:
    view = View(query="搅拌站", sentiments=("negative",)).to_params()
    with seated(project, Role.ANALYST, now=NOW, name="王芳") as mine:
        kept = questions.keep(mine, " 搅拌站的\n投诉 ", view, shared=False)
        assert kept.title == "搅拌站的 投诉" and kept.opened_at is None
        again = questions.keep(mine, "搅拌站的 投诉", {"q": "别的"}, shared=False)
        assert again.id == kept.id and len(questions.listed(mine)) == 1
        for bad in ("", "x" * 61):
            with pytest.raises(ConfigError):
                questions.keep(mine, bad, view, shared=True)
        assert ("王芳", "keep") in audited(mine)
    with seated(project, Role.DUTY, now=NOW, name="李明") as other:
        assert questions.listed(other) == []
        with pytest.raises(ConfigError):
            questions.opened(other, kept.id)
        with pytest.raises(AccessError):
            questions.keep(other, "x", view, shared=False)
    with seated(project, Role.ANALYST, now=NOW, name="王芳") as mine:
        questions.share(mine, kept.id, shared=True)
        assert questions.opened(mine, kept.id).opened_at is None
        assert questions.opened(mine, kept.id).opened_at == NOW
        questions.rename(mine, kept.id, "新题目")
    with seated(project, Role.ANALYST, now=NOW, name="老赵") as other:
        (shared,) = questions.listed(other)
        assert not shared.mine and shared.owner == "王芳" and shared.title == "新题目"
        for act in (lambda: questions.forget(other, kept.id), lambda: questions.rename(other, kept.id, "我的")):
            with pytest.raises(ConfigError, match="别人"):
                act()
    with seated(project, Role.ANALYST, now=NOW, name="王芳") as mine:
        questions.forget(mine, kept.id)
        assert questions.listed(mine) == []


def test_a_kept_question_opens_as_it_was(project: Project) -> None:
    with seated(project, Role.ANALYST, now=NOW, name="本机") as mine:
        kept = questions.keep(mine, "搅拌站", View(query="搅拌站").to_params(), shared=True)
    app = page(asked=str(kept.id))
    assert not app.exception and app.query_params["q"] in ("搅拌站", ["搅拌站"])
    assert any("第一次打开" in one.value for one in app.caption)
    for bad in ("999", "x", "1" * 40, "-1"):
        assert not page(asked=bad).exception


def test_a_post_says_why_and_takes_a_label(project: Project) -> None:
    post_id = first_id(project)
    app = page(post=post_id)
    assert not app.exception
    text = said(app)
    assert "为何这样判" in text and ("▼" in text or "▲" in text) and "得分" in text
    with seated(project, Role.ANALYST, now=NOW, name="王芳") as desk:
        found = posts.explained(desk, post_id)
        assert found is not None
        total = found.base + sum(added for _, added in found.parts) + found.rest
        assert abs(total - found.score) < 1e-6
        assert posts.explained(desk, "0" * 32) is None
        posts.correct(desk, post_id, {"sentiment": "positive"})
        (held,) = posts.corrections(desk, post_id)
        assert (held.field, held.value, held.who) == ("sentiment", "positive", "王芳")
        rows = posts.accuracy(desk)
        assert rows and rows[0]["checked"] == 1
        with pytest.raises(ConfigError):
            posts.correct(desk, post_id, {"sentiment": "<b>"})
    assert "王芳" in said(page(post=post_id))


@pytest.mark.parametrize("kind", exports.KINDS)
def test_a_file_says_what_was_asked_and_what_is_not_known(project: Project, kind: str) -> None:
    asked = Question("搅拌站", since=NOW - timedelta(days=40), until=NOW)
    with seated(project, Role.ANALYST, now=NOW, name="王芳") as desk:
        data = exports.exported(desk, asked, kind)
        count = desk.layer.count(asked)
        assert ("王芳", "export") in audited(desk)
    assert count > 1
    if kind == "xlsx":
        book = load_workbook(io.BytesIO(data))
        assert book["posts"].max_row == count + 1
        notes = " ".join(str(cell.value) for row in book["说明"].rows for cell in row)
    elif kind == "docx":
        document = Document(io.BytesIO(data))
        notes = " ".join(cell.text for row in document.tables[0].rows for cell in row.cells)
        assert sum(p.style.name == "Heading 2" for p in document.paragraphs) == count
    else:
        archive = zipfile.ZipFile(io.BytesIO(data))
        assert len(archive.read(f"posts.{kind}").splitlines()) >= count
        notes = archive.read("说明.txt").decode("utf-8-sig")
    assert "搅拌站" in notes and "王芳" in notes and "没有数据的日子" in notes and f"{count:,}" in notes


def test_who_may_not_export_has_no_buttons_and_is_refused(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with seated(project, Role.DUTY, now=NOW) as desk, pytest.raises(AccessError):
        exports.exported(desk, Question(), "csv")
    monkeypatch.setattr(visiting, "person", lambda *_: Person("李明", frozenset({Role.DUTY})))
    app = page(q="搅拌站")
    assert not app.exception and not list(app.get("download_button"))
    assert "subscribe" not in {str(button.key) for button in app.button}


def test_no_facet_split_sort_field_or_column_is_of_authors() -> None:
    from pipeline.export import COLUMNS
    from pipeline.index.engine import COLUMNS as NUMBERS
    from pipeline.index.engine import SORTS
    from pipeline.query.fields import FIELDS

    names = {*FACETS, *BREAKDOWNS, *GROUPINGS, *SORTS, *COLUMNS, *NUMBERS, *(field.name for field in FIELDS)}
    names |= {alias for field in FIELDS for alias in field.chinese}
    for name in names - {"voice"}:
        assert not {"author", "voice", "user", "作者", "用户", "pseudonym"} & {name.strip("-")}, name
