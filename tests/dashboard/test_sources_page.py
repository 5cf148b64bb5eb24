"""来源 by AppTest: the calendar by shape and word, the trial of a source, hostile pieces as text."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import streamlit as st
from sqlalchemy import insert
from streamlit.testing.v1 import AppTest

from config.project import init_project, open_project
from config.text import set_language
from crawlers.schema import set_aside
from crawlers.store import opened as store_opened
from crawlers.store import write
from dashboard.source_parts import calendar_table, report
from pipeline.desk.sources import Calendar
from tests.dashboard.test_pages_app import filled

ROOT = Path(__file__).resolve().parents[2]
EVIL = "<img src=x onerror=alert(1)>\u202e**粗**"
_PATIENCE_S = 60


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    init_project(tmp_path, region="云水县")
    monkeypatch.setenv("QINGYU_PROJECT", str(tmp_path))
    monkeypatch.syspath_prepend(str(ROOT))
    st.cache_resource.clear()
    st.cache_data.clear()
    filled(tmp_path)
    yield tmp_path
    set_language("zh")


def page(**params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
    app.switch_page("views/sources.py")
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def said(app: AppTest) -> str:
    blocks = [*app.get("html"), *app.info, *app.caption, *app.success, *app.error]
    return " ".join(str(getattr(b, "value", "") or getattr(b, "body", "") or b.proto) for b in blocks)


def test_a_day_is_told_by_shape_and_word() -> None:
    days = (date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4))
    found = Calendar(days, {"a": {days[0]: "crawled", days[1]: "empty", days[2]: "failed"}})
    text = calendar_table(found, {"a": EVIL})
    for sign, word in (("●", "采"), ("○", "空"), ("✖", "败"), ("·", "无")):
        assert f'<b aria-hidden="true">{sign}</b>{word}' in text
    assert "<img" not in text and "\u202e" not in text
    assert text.count('scope="col"') == 5 and text.count('scope="row"') == 1


def test_a_source_is_tried_from_the_page_and_nothing_is_kept(opened: Path) -> None:
    app = page()
    assert not app.exception and "近 28 天采到没有" in said(app)
    app.button(key="try-start").click().run()
    deadline = time.monotonic() + _PATIENCE_S
    while "hotline" in said(app) and "的试采" not in said(app):
        assert time.monotonic() < deadline, said(app)
        time.sleep(0.2)
        app.run()
    assert not app.exception


def test_pieces_set_aside_are_text(opened: Path) -> None:
    row = {"stage": "crawl", "source": "hotline", "url": "http://h.example/1", "post_id": "", "page_id": "",
           "reason": EVIL, "evidence": EVIL, "at_ms": round(datetime.now(UTC).timestamp() * 1000)}  # fmt: skip
    known = {column.name for column in set_aside.c}
    with store_opened(open_project(opened, {})) as store, write(store) as connection:
        connection.execute(insert(set_aside), {key: value for key, value in row.items() if key in known})
    app = page(source="hotline")
    assert not app.exception
    assert "&lt;img src=x" in said(app) and "<img src=x" not in said(app)
    assert app.selectbox(key="only-source").value == "hotline"


def test_a_report_of_hostile_pages_is_text_and_names_no_author() -> None:
    def script() -> None:
        from tests.dashboard.test_sources_page import hostile_report

        hostile_report()

    app = AppTest.from_function(script, default_timeout=60).run()
    assert not app.exception
    text = said(app)
    assert "&lt;img src=x" in text and "<img" not in text and "王五" not in text
    assert "javascript:" not in text and "按现在的声明取不到帖子" in text
    (folded,) = app.expander
    assert "\\<img" in folded.label and "\\*\\*" in folded.label  # every sign of Markdown stands for itself


def hostile_report() -> None:
    """A trial's report whose every word came from a hostile page."""
    post = {"kind": "thread", "url": EVIL, "title": EVIL, "text": EVIL, "author": "王五", "published": "2026-11-20T08:00:00+00:00",
            "engagement": {"views": 3}, "official": {"unit": EVIL}, "missing": ["region"]}  # fmt: skip
    one = {"role": "list", "url": "javascript:alert(1)", "problem": EVIL, "note": EVIL, "set_aside": [EVIL], "links": 1,
           "more": True, "posts_found": 2, "posts": [post]}  # fmt: skip
    report({"ok": False, "pages": [one]})
