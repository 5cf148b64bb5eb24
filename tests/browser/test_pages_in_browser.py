"""Every page in a real Chromium, on the demo town and on hostile posts: it opens, it leads on, nothing of a post runs."""

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from config.project import open_project
from pipeline.query.layer import QueryLayer, Question
from tests.browser.hostile import HOSTILE
from tests.browser.watched import Watched

pytestmark = pytest.mark.browser

PAGES = {
    "today": ("/", "升温的话题"),
    "search": ("/search", "数量随时间"),
    "dashboards": ("/dashboards", "最新的负面帖子"),
    "sources": ("/sources", "最近的采集"),
}


@pytest.mark.parametrize("name", PAGES)
def test_each_page_opens_without_an_error(watched: Watched, name: str) -> None:
    path, landmark = PAGES[name]
    tab = watched.open(path, landmark)
    assert watched.errors == []
    assert watched.outside == []
    assert tab.locator('[data-testid="stException"]').count() == 0


def test_nothing_of_a_hostile_post_runs_or_is_fetched(watched: Watched) -> None:
    tab = watched.open("/search?q=hostilecase", "hostilecase")
    cards = tab.locator(".qy-post")
    assert cards.count() == len(HOSTILE)
    assert tab.evaluate("() => window.__pwned") is None
    assert tab.locator(".qy-post script, .qy-post img, .qy-post svg, .qy-post iframe, .qy-post style").count() == 0
    shown = " ".join(cards.all_inner_texts())
    for literal in ("<script>window.__pwned=1</script>", ":red[染色]", "$$\\frac{1}{2}$$", "![远程图]", "=HYPERLINK("):
        assert literal in shown
    assert "\u202e" not in shown
    assert "\u200b" not in shown
    assert [url for url in watched.outside if "pixel" in url or ":9/" in url] == []
    assert watched.errors == []
    targets = tab.locator(".qy-post a").evaluate_all("links => links.map(a => [a.protocol, a.target, a.rel])")
    assert all(
        protocol in {"http:", "https:"} and target == "_blank" and "noopener" in rel
        for protocol, target, rel in targets
    )


def test_the_count_equals_that_of_the_command_line(watched: Watched, project: Path) -> None:
    with QueryLayer.open(open_project(project)) as layer:
        expected = layer.count(Question("停水"))
    assert expected > 10
    watched.open("/search?q=停水", f"共 {expected} 条")


def follow(tab: Any, link: str, arrived: "re.Pattern[str]") -> None:
    """Click a link until the page it leads to is there: a click while the page is drawn anew is lost, for people too."""
    from playwright.sync_api import TimeoutError as TooLate

    for _ in range(5):
        tab.get_by_text(link).first.click()
        try:
            tab.get_by_text(arrived).first.wait_for(timeout=12_000)
        except TooLate:
            continue
        return
    raise AssertionError(f"{link} leads nowhere: {tab.url}")


def test_a_figure_of_today_leads_to_its_posts(watched: Watched) -> None:
    tab = watched.open("/", "升温的话题")
    count = tab.locator(".qy-figure .n").first.inner_text().replace(",", "")
    follow(tab, "看帖子", re.compile(rf"共 {count} 条"))
    assert "/search" in tab.url


def test_a_figure_of_a_panel_leads_to_its_posts(watched: Watched) -> None:
    tab = watched.open("/dashboards", "最新的负面帖子")
    count = tab.locator(".qy-figure .n").first.inner_text().replace(",", "")
    follow(tab, "看帖子", re.compile(rf"共 {int(count):,} 条"))
    assert "/search" in tab.url


def test_nothing_of_a_hostile_dashboard_runs(watched: Watched, project: Path) -> None:
    folder = project / "config" / "dashboards"
    folder.mkdir(exist_ok=True)
    evil = "<img src=x onerror='window.__pwned=1'> **粗** :red[染色]"
    panels = [
        {"kind": "unsupported", "title": evil, "reason": evil},
        {"kind": "table", "title": evil, "by": "keyphrase", "query": "hostilecase", "note": evil},
        {"kind": "word_list", "title": evil, "rank": "count", "query": "hostilecase"},
        {"kind": "bar", "title": evil, "by": "words", "query": "hostilecase"},
        {"kind": "saved_search", "title": evil, "query": "hostilecase"},
    ]
    text = json.dumps({"title": evil, "description": evil, "days": 3660, "panels": panels}, ensure_ascii=False)
    (folder / "evil.yaml").write_text(text, encoding="utf-8")
    tab = watched.open("/dashboards?name=evil&from=2025-12-01&to=2026-02-01", "hostilecase")
    assert tab.evaluate("() => window.__pwned") is None
    assert tab.locator('.stMain img[src="x"]').count() == 0
    assert "**粗** :red[染色]" in tab.locator(".stMain").inner_text()
    assert watched.errors == []
    assert [url for url in watched.outside if ":9/" in url] == []
    (folder / "evil.yaml").unlink()


def test_a_click_on_a_bar_leads_to_the_posts_of_that_day(watched: Watched) -> None:
    tab = watched.open("/search?q=停水", "数量随时间")
    chart = tab.locator('[data-testid="stVegaLiteChart"]').first
    chart.locator("canvas, svg").first.wait_for(timeout=30_000)
    box = chart.bounding_box()
    assert box is not None
    # The last fifth of the axis holds the days of the water cut; try along it until a bar is hit.
    for share in (0.877, 0.887, 0.897, 0.867, 0.857, 0.907, 0.847, 0.917):
        tab.mouse.click(box["x"] + box["width"] * share, box["y"] + box["height"] * 0.66)
        try:
            tab.wait_for_url(re.compile(r"from="), timeout=2_500)
            break
        except Exception as error:  # noqa: BLE001 - Playwright's own TimeoutError, loaded only with it
            assert "Timeout" in type(error).__name__
    assert re.search(r"from=(\d{4}-\d\d-\d\d)&to=\1", tab.url), tab.url


def test_a_click_on_a_day_of_today_leads_to_its_posts(watched: Watched) -> None:
    tab = watched.open("/", "升温的话题")
    chart = tab.locator('[data-testid="stVegaLiteChart"]').first
    chart.locator("canvas, svg").first.wait_for(timeout=30_000)
    box = chart.bounding_box()
    assert box is not None
    for share in (0.5, 0.51, 0.52, 0.53, 0.54, 0.55):
        tab.mouse.click(box["x"] + box["width"] * share, box["y"] + box["height"] * 0.7)
        try:
            tab.wait_for_url(re.compile(r"/search\?.*from="), timeout=2_500)
            break
        except Exception as error:  # noqa: BLE001 - Playwright's own TimeoutError, loaded only with it
            assert "Timeout" in type(error).__name__
    assert re.search(r"from=(\d{4}-\d\d-\d\d)&to=\1", tab.url), tab.url


def test_a_whole_thread_can_be_read_from_one_of_its_posts(watched: Watched, project: Path) -> None:
    with QueryLayer.open(open_project(project)) as layer:
        loudest = layer.threads(Question(), size=1)[0]
        first = layer.search(Question(f'thread:"{loudest.thread}"'), sort="published", size=1).hits[0].post["id"]
    tab = watched.open(f"/search?post={first}", "同帖其他")
    tab.get_by_text("看整帖").click()
    tab.get_by_text(re.compile(f"共 {loudest.count} 条")).first.wait_for(timeout=30_000)


def test_a_faulty_query_is_explained_in_place(watched: Watched) -> None:
    tab = watched.open("/search?q=停水 AND (", "^")
    assert tab.locator('[role="alert"]').count() == 1
    assert tab.locator('[data-testid="stException"]').count() == 0


def test_an_export_is_handed_out_and_holds_every_post(watched: Watched, project: Path, tmp_path: Path) -> None:
    tab = watched.open("/search?q=停水", "导出")
    with tab.expect_download(timeout=60_000) as coming:
        tab.get_by_role("button", name="JSONL").click()
        made = tab.get_by_text(re.compile("下载")).first
        if made.count():
            made.click()
    target = tmp_path / "out.zip"
    coming.value.save_as(target)
    with zipfile.ZipFile(target) as archive:
        ids = [json.loads(line)["id"] for line in archive.read("posts.jsonl").decode("utf-8").splitlines()]
        assert "停水" in archive.read("说明.txt").decode("utf-8-sig")
    with QueryLayer.open(open_project(project)) as layer:
        assert len(set(ids)) == len(ids) == layer.count(Question("停水"))


def test_a_post_opens_with_its_thread(watched: Watched) -> None:
    tab = watched.open("/search?q=停水", "数量随时间")
    follow(tab, "详情", re.compile("同帖其他|整帖|旧版本"))
    watched.settle()
    tab.wait_for_function("() => /post=[0-9a-f]{32}/.test(location.search)", timeout=30_000)
    assert tab.locator('[data-testid="stException"]').count() == 0
