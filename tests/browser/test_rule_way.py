"""In a real Chromium: a rule is drafted, back-tested, switched on, and its mail arrives. 预警 on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bench.mailserver import Server, mail_server
from config.project import Project, init_project, open_project
from crawlers.store import opened, write
from pipeline.alerts.deliver import deliver
from pipeline.alerts.outbox import enqueue
from pipeline.rules.evaluate import evaluate_rules
from pipeline.serving import dashboard_process, free_port
from tests.browser.watched import PHONE, Watched
from tests.pipeline.alerting import ONE, ZHANG, an_alert, groups_of, settings_of, texts
from tests.pipeline.ruled import Said, put, write_rule

pytestmark = pytest.mark.browser
NOW = datetime.now(UTC).replace(microsecond=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOSTILE = "<img src=x onerror='window.__pwned=1'>停水 **粗**"


@pytest.fixture(scope="module")
def post_office() -> Iterator[Server]:
    with mail_server() as server:
        yield server


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, post_office: Server) -> Project:
    """A project with a mail server and three earlier days on which many spoke of one thing."""
    root = tmp_path_factory.mktemp("rules") / "town"
    init_project(root, region="云水县")
    groups_of(root, {"值班": ONE})
    mail = {"host": "127.0.0.1", "port": post_office.port, "security": "none", "sender": "qingyu@example.gov.cn"}
    settings_of(root, mail=mail)
    found = open_project(root, {})
    write_rule(found, "name: idle\nkind: any\nquery: 从来没有的词\n")
    put(found, [Said(1, NOW - 90 * DAY)])
    for n, day in enumerate((10, 20, 30)):
        put(found, [Said(100 * (n + 1) + k, NOW - day * DAY + k * HOUR / 6, "停水", title=HOSTILE) for k in range(4)])
    evaluate_rules(found, now=NOW, send=enqueue)
    return found


@pytest.fixture(scope="module")
def base(town: Project) -> Iterator[str]:
    port = free_port()
    with dashboard_process(town.root, port):
        yield f"http://127.0.0.1:{port}"


def fill(watched: Watched, role: str, name: str, text: str) -> None:
    field = watched.tab.get_by_role(role, name=name, exact=True)
    field.fill(text)
    field.press("Tab" if role != "textbox" or "查询" not in name else "Control+Enter")
    watched.tab.wait_for_timeout(400)  # the script begins a moment later
    watched.settle()


def press(watched: Watched, name: str, landmark: str) -> None:
    """Press a button until what it leads to is there: a click while the page is drawn anew is lost, for people too."""
    from playwright.sync_api import TimeoutError as TooLate

    for _ in range(5):
        watched.tab.get_by_role("button", name=name, exact=True).first.click()
        try:
            watched.tab.get_by_text(re.compile(landmark)).first.wait_for(timeout=15_000)
        except TooLate:
            continue
        watched.settle()
        return
    raise AssertionError(f"{name} leads nowhere")


def test_a_rule_is_drafted_tested_switched_on_and_its_mail_arrives(
    watched: Watched, town: Project, post_office: Server
) -> None:
    tab = watched.open("/rules?draft=new", "哪一种规则")
    fill(watched, "textbox", "只看符合这个查询的帖子", "停水")
    tab.locator("#rl-sentence").get_by_text("1天内达到 3 条").wait_for()
    fill(watched, "textbox", "名字", "停水多")
    fill(watched, "textbox", "一句话（写在告警的标题里）", "停水的人多")
    chosen = tab.get_by_role("combobox", name=re.compile("告诉哪些组"))
    chosen.focus()
    chosen.press_sequentially("值班")
    tab.wait_for_timeout(300)
    chosen.press("Enter")
    tab.locator("#rl-sentence").get_by_text("告诉值班").wait_for()
    tab.keyboard.press("Escape")
    watched.settle()
    press(watched, "开始回测", "会报 3 次")
    assert tab.get_by_role("button", name="启用", exact=True).count() == 0  # not kept yet
    assert tab.evaluate("() => window.__pwned") is None and tab.locator('.stMain img[src="x"]').count() == 0
    press(watched, "存为草稿", "已存为草稿")
    press(watched, "启用", "已启用")
    assert "enabled: true" in (town.config_dir / "rules" / "own-停水多.yaml").read_text(encoding="utf-8")
    put(town, [Said(900 + n, NOW + n * HOUR / 6, "停水") for n in range(3)])
    # The project as `qingyu run` holds it: opened before there was such a rule.
    later = NOW + HOUR
    evaluate_rules(town, now=later, send=enqueue)
    deliver(town, now=later, environment={})
    (mail,) = post_office.box.read(ZHANG)
    assert "停水的人多" in str(mail["Subject"]) and "3" in texts(mail)[0]
    tab = watched.open("/rules?rule=停水多", "最近的触发")
    tab.get_by_text("停水的人多：3 条").first.wait_for()
    assert watched.errors == [] and watched.outside == []


def test_the_back_test_can_be_left_and_its_result_is_found_again(watched: Watched) -> None:
    watched.open("/rules?draft=new&like=idle", "哪一种规则")
    fill(watched, "textbox", "只看符合这个查询的帖子", "停水 OR 停电")
    press(watched, "开始回测", "正在回测|会报")
    watched.open("/sources", "还没有来源")
    tab = watched.open("/rules?draft=new&like=idle", "哪一种规则")
    fill(watched, "textbox", "只看符合这个查询的帖子", "停水 OR 停电")
    tab.get_by_text(re.compile("会报 \\d+ 次")).first.wait_for(timeout=30_000)


def test_an_alert_is_acknowledged_on_a_phone_without_scrolling_sideways(watched: Watched, town: Project) -> None:
    with opened(town) as store, write(store) as connection:
        enqueue(connection, [an_alert(7, made_at=NOW - HOUR, title=HOSTILE + "很长的标题" * 20)])
    watched.tab.set_viewport_size(PHONE)
    tab = watched.open("/flags", "等人确认的告警")
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    main = tab.locator('[data-testid="stMain"]')
    assert main.evaluate("one => one.scrollWidth <= one.clientWidth")
    button = tab.get_by_role("button", name="我来处理").first
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"] and box["height"] >= 24
    press(watched, "我来处理", "已确认")


@pytest.mark.parametrize("path", ["/flags", "/rules", "/rules?draft=new", "/rules?rule=idle", "/briefs", "/sources"])
def test_nothing_serious_stands_in_the_way_of_whoever_uses_no_mouse_or_no_eyes(watched: Watched, path: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    tab = watched.open(path, "预警")
    tab.wait_for_timeout(1_500)
    found = Axe().run(tab).response["violations"]
    serious = {one["id"]: one["nodes"][0]["html"][:200] for one in found if one["impact"] in ("serious", "critical")}
    assert serious == {}
