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
VIEWS = ("today", "flags", "cases", "search", "dashboards", "sources")
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
    assert "热线" in said(app) or "停水" in said(app) or name in ("today", "flags", "cases", "dashboards")


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


def board(root: Path, text: str) -> AppTest:
    folder = root / "config" / "dashboards"
    folder.mkdir(exist_ok=True)
    (folder / "mine.yaml").write_text(text, encoding="utf-8")
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
    app.query_params["name"] = "mine"
    app.run()
    app.switch_page("views/dashboards.py")
    app.query_params["name"] = "mine"
    app.query_params["from"], app.query_params["to"] = "2026-11-01", "2026-11-20"
    return app.run()


EVERY_KIND = """
title: 各种
panels:
  - {kind: metric, title: 总数, figures: [count, mean_score], width: 3}
  - {kind: line, title: 线, figures: [count, voices], width: 3}
  - {kind: line, title: 面, by: source, filled: true, interval: hour, width: 3}
  - {kind: bar, title: 柱, interval: day, by: sentiment, width: 3}
  - {kind: bar, title: 卧柱, by: [source, kind], width: 3}
  - {kind: bar, title: 多柱, by: source, figures: [count, voices], width: 3}
  - {kind: bar, title: 饼, by: kind, shape: pie, width: 3}
  - {kind: table, title: 表, by: source, interval: week, figures: [count, negative_share], width: 3}
  - {kind: heatmap, title: 热力, by: [source, kind], width: 3}
  - {kind: heatmap, title: 时热力, by: source, interval: day, figures: mean_score, width: 3}
  - {kind: word_list, title: 突出, width: 3}
  - {kind: word_list, title: 词云, rank: count, size: 3, width: 3, note: 没有画“其他”一档}
  - {kind: saved_search, title: 搜到, query: 停水, size: 2}
  - {kind: unsupported, title: 地图, reason: 面板种类 <b>map</b> 画不出}
  - {kind: metric, title: 写错, query: '作者:张三'}
  - {kind: bar, title: 空的, by: source, query: 从来没有的词}
"""


def test_every_kind_of_panel_is_drawn_and_what_is_not_is_told_in_its_place(opened: Path) -> None:
    filled(opened)
    app = board(opened, EVERY_KIND)
    assert not app.exception
    text = said(app)
    for word in (
        "总数",
        "词云",
        "搜到",
        "共 20 条",
        "没有画",
        "面板种类 &lt;b&gt;map&lt;/b&gt; 画不出",
        "不能按作者查询",
        "没有符合的帖子",
    ):
        assert word in text, word
    assert len(app.get("vega_lite_chart") or app.get("arrow_vega_lite_chart")) == 8
    assert len(app.dataframe) == 1


def searched(query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
    app.switch_page("views/search.py")
    app.query_params["q"], app.query_params["kql"] = query, "1"
    return app.run()


def test_the_query_box_takes_kql(opened: Path) -> None:
    filled(opened)
    app = searched("title: 停水 and not source: forum and likes <= 0")
    assert not app.exception
    assert "共 20 条" in said(app)
    assert app.toggle[0].value
    assert "不能按作者查询" in said(searched("停水 and author: a"))


def test_a_faulty_dashboard_is_told_with_file_and_line(opened: Path) -> None:
    app = board(opened, "title: x\npanels:\n  - kind: lin\n")
    assert not app.exception
    assert "mine.yaml:3" in said(app)


def test_a_dashboard_that_is_not_there_is_said(opened: Path) -> None:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
    app.switch_page("views/dashboards.py")
    app.query_params["name"] = "gone"
    app.run()
    assert not app.exception
    assert "gone" in " ".join(str(w.value) for w in app.warning)


def test_english_by_setting(opened: Path) -> None:
    with (opened / "config" / "settings.yaml").open("a", encoding="utf-8") as settings:
        settings.write("language: en\n")
    filled(opened)
    assert "Export" in said(page("search")) or "posts" in said(page("search"))
