"""Signing in, in a real Chromium: an administrator makes an account, its owner changes the password, works, and loses a role
while the page is open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from config.project import Project, init_project, open_project
from crawlers.store import opened
from pipeline.access import accounts
from pipeline.access.model import Role
from pipeline.serving import dashboard_process, free_port
from tests.browser.watched import Watched

pytestmark = pytest.mark.browser
ADMIN, MINE = "一句很长的话 correct horse", "我自己的一句话 battery staple"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("sign-in")
    init_project(root, region="云水县")
    project = open_project(root, {})
    with opened(project) as store:
        accounts.add(store, "admin1", [Role.ADMIN, Role.AUDITOR], password=ADMIN, least=10, now=datetime.now(UTC))
    return project


@pytest.fixture(scope="module")
def base(town: Project) -> Iterator[str]:
    port = free_port()
    with dashboard_process(town.root, port):
        yield f"http://127.0.0.1:{port}"


def sign_in(watched: Watched, name: str, password: str) -> None:
    watched.tab.get_by_label("账户").fill(name)
    watched.tab.get_by_label("密码", exact=True).fill(password)
    watched.tab.get_by_role("button", name="登录").click()


def axe(watched: Watched) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(watched.tab).response["violations"]
    return [f"{one['id']}: {one['help']}" for one in found if one["impact"] in {"serious", "critical"}]


def test_an_account_from_its_making_to_the_loss_of_its_role(browser: Any, base: str, town: Project) -> None:
    refused: list[str] = []
    watched = Watched(browser, base)
    watched.tab.on(
        "console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None
    )
    watched.tab.goto(f"{base}/users")
    assert axe(watched) == []
    sign_in(watched, "admin1", ADMIN)
    watched.tab.get_by_text("账户 1 个").wait_for(timeout=60_000)
    watched.settle()
    watched.tab.get_by_role("textbox", name="账户名").fill("liming")
    watched.tab.get_by_role("textbox", name="姓名").fill("李明")
    roles = watched.tab.get_by_role("combobox", name="角色").last
    roles.click()
    watched.tab.get_by_role("option", name="值班员").click()
    watched.tab.keyboard.press("Escape")
    watched.tab.get_by_role("button", name="建账户").click()
    said = watched.tab.get_by_text("已建 liming")
    said.wait_for(timeout=30_000)
    given = re.search(r"([a-z2-9]{4}(?:-[a-z2-9]{4}){3})", said.inner_text())
    assert given is not None
    assert axe(watched) == []

    mine = Watched(browser, base)
    context = browser.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
    mine.tab.close()
    mine.tab = context.new_page()
    mine.tab.goto(f"{base}/flags")
    sign_in(mine, "liming", given[1])
    mine.tab.get_by_label("现在的密码").fill(given[1])
    mine.tab.get_by_label("新密码", exact=True).fill(MINE)
    mine.tab.get_by_label("再输一次新密码").fill(MINE)
    assert axe(mine) == []
    mine.tab.get_by_role("button", name="改密码").click()
    mine.settle()
    mine.tab.goto(f"{base}/flags")
    mine.tab.get_by_role("link", name="预警").first.wait_for(timeout=60_000)
    mine.settle()
    assert mine.tab.get_by_role("link", name="用户").count() == 0
    assert mine.tab.get_by_text("开放模式").count() == 0

    with opened(town) as store:
        accounts.set_roles(store, "liming", [Role.AUDITOR], now=datetime.now(UTC))
    mine.tab.wait_for_timeout(1_200)
    mine.tab.get_by_text("只看没有评过的").click()
    mine.tab.get_by_role("link", name="去登录").wait_for(timeout=30_000)
    mine.tab.get_by_role("link", name="去登录").click()
    sign_in(mine, "liming", MINE)
    mine.tab.get_by_text("审计记录").first.wait_for(timeout=60_000)
    assert mine.tab.get_by_text("sign-in").count() == 0
    assert mine.tab.get_by_text("改密码").count() > 0
    assert axe(mine) == []
    assert refused == [] and watched.errors == [] and watched.outside == []
    context.close()
    watched.tab.close()
