"""Every page by Streamlit's AppTest: with data, without, with a damaged index, in English."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from config.project import init_project, open_project
from config.text import set_language
from pipeline.process import process

ROOT = Path(__file__).resolve().parents[2]
VIEWS = ("today", "search", "dashboards", "sources")
SOURCE = (
    "name: hotline\nkind: import\ntitle: 热线\nfiles: a.jsonl\ncolumns: {id: id, title: t, text: x, published: at}\n"
)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    init_project(tmp_path, region="云水县")
    monkeypatch.setenv("QINGYU_PROJECT", str(tmp_path))
    monkeypatch.syspath_prepend(str(ROOT))
    st.cache_resource.clear()
    st.cache_data.clear()
    yield tmp_path
    set_language("zh")


def filled(root: Path) -> None:
    rows = [
        {"id": n, "t": "停水", "x": f"小区停水第{n}天，没人管", "at": f"2026-11-{n:02d} 08:00:00"} for n in range(1, 21)
    ]
    (root / "a.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (root / "config" / "sources" / "hotline.yaml").write_text(SOURCE, encoding="utf-8")
    argv = [sys.executable, "-m", "crawlers", "run", "--project", str(root), "--source", "hotline"]
    subprocess.run(argv, check=True, capture_output=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    process(open_project(root, {}))


def page(name: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
    return app.switch_page(f"views/{name}.py").run()


def said(app: AppTest) -> str:
    blocks = [*app.get("html"), *app.info, *app.caption, *app.markdown]
    return " ".join(str(getattr(b, "value", "") or getattr(b, "body", "") or b.proto) for b in blocks)


@pytest.mark.parametrize("name", VIEWS)
def test_a_page_with_data_shows_it(opened: Path, name: str) -> None:
    filled(opened)
    app = page(name)
    assert not app.exception
    assert "热线" in said(app) or "停水" in said(app) or name in ("today", "dashboards")


@pytest.mark.parametrize("name", VIEWS)
def test_a_page_without_anything_says_so(opened: Path, name: str) -> None:
    app = page(name)
    assert not app.exception
    assert said(app).strip()


def test_a_damaged_index_is_told_with_its_remedy(opened: Path) -> None:
    filled(opened)
    index = open_project(opened, {}).index_dir
    generation = (index / "CURRENT").read_text().strip()
    (index / generation / "meta.json").write_text("{", encoding="utf-8")
    app = page("search")
    assert not app.exception
    assert "qingyu index rebuild" in said(app)


def test_english_by_setting(opened: Path) -> None:
    with (opened / "config" / "settings.yaml").open("a", encoding="utf-8") as settings:
        settings.write("language: en\n")
    filled(opened)
    assert "Export" in said(page("search")) or "posts" in said(page("search"))
