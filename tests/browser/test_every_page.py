"""Every page of the navigation, in a real Chromium: no finding of axe-core, light and dark; all that acts is reached by the
keyboard; wide enough for the screens of the house, 今日 and 预警 for a phone. Makes the pictures of the docs (SCREENSHOTS=1)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.pages import PAGES
from tests.browser.watched import DESK, PHONE, Watched

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
# The default page answers at the root only.
PATHS = {page.path: "/" if page is PAGES[0] else f"/{page.path}" for page in PAGES if page.action is not None}
FOR_PHONES = ("today", "flags")
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"color_scheme": "light", "viewport": PHONE, "has_touch": True},
}
# Streamlit's own, outside what a page can set: its iframe of charts and menus carry neither text nor action of ours.
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}}
SERIOUS = {"serious", "critical"}


@pytest.fixture
def looked(request: pytest.FixtureRequest, browser: Any, base: str) -> Iterator[Watched]:
    made = Watched(browser, base, **LOOKS[request.param])
    yield made
    made.tab.close()


def show(watched: Watched, path: str) -> Any:
    watched.tab.goto(watched.base + PATHS[path])
    watched.tab.locator("h1, h2").first.wait_for(timeout=60_000)
    watched.settle()
    watched.tab.wait_for_timeout(500)  # charts are drawn a moment after the script has ended
    watched.settle()
    return watched.tab


def pictured(tab: Any, path: str, look: str) -> None:
    if os.environ.get("SCREENSHOTS") == "1":
        IMAGES.mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=IMAGES / (f"{path}.png" if look == "light" else f"{path}-{look}.png"))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("looked", ["light", "dark"], indirect=True)
def test_axe_finds_nothing_serious(looked: Watched, path: str, request: pytest.FixtureRequest) -> None:
    from axe_playwright_python.sync_playwright import Axe

    tab = show(looked, path)
    found = Axe().run(tab, options=RULES).response["violations"]
    told = [
        f"{one['id']} ({one['impact']}): {one['help']} — {[node['target'] for node in one['nodes']][:3]}"
        for one in found
        if one["impact"] in SERIOUS
    ]
    assert told == []
    assert looked.errors == []
    assert looked.outside == []
    assert tab.locator('[data-testid="stException"]').count() == 0
    pictured(tab, path, str(request.node.callspec.params["looked"]))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("looked", ["light"], indirect=True)
def test_all_that_acts_is_reached_by_the_keyboard(looked: Watched, path: str) -> None:
    """Each link, button and field of the first screen takes the focus, and the page shows where it is."""
    tab = show(looked, path)
    wanted = tab.evaluate(
        """() => [...document.querySelectorAll('.stMain a[href], .stMain button, .stMain input, .stMain textarea')]
        .filter(e => e.offsetParent && !e.disabled && e.getBoundingClientRect().bottom < innerHeight
            && getComputedStyle(e).visibility !== 'hidden' && !e.closest('[data-testid=stElementToolbar]')
            && !e.closest('[data-testid=stDataFrame]') && !e.closest('.vega-embed'))
        .filter(e => e.tabIndex < 0 && !e.closest('[role=radiogroup], [data-testid=stNumberInput], [role=tablist]')
            && e.type !== 'date' && !(e.getAttribute('aria-label') || '').match(/^(Clear|Open|Show|Remove)/))
        .map(e => e.outerHTML.slice(0, 160))"""
    )
    assert wanted == []
    tab.keyboard.press("Tab")
    reached = set()
    for _ in range(12):
        reached.add(tab.evaluate("() => document.activeElement.outerHTML.slice(0, 200)"))
        tab.keyboard.press("Tab")
    assert len(reached) > 3, reached


@pytest.mark.parametrize("path", PATHS)
def test_nothing_hangs_over_the_edge_of_a_small_screen(browser: Any, base: str, path: str) -> None:
    watched = Watched(browser, base, viewport=DESK)
    try:
        tab = show(watched, path)
        assert tab.evaluate("() => document.querySelector('.stMain').scrollWidth - innerWidth") <= 0
    finally:
        watched.tab.close()


@pytest.mark.parametrize("path", FOR_PHONES)
@pytest.mark.parametrize("looked", ["phone"], indirect=True)
def test_the_morning_and_the_flags_fit_a_phone(looked: Watched, path: str) -> None:
    tab = show(looked, path)
    assert tab.evaluate("() => document.querySelector('.stMain').scrollWidth - innerWidth") <= 0
    small = tab.evaluate(
        """() => [...document.querySelectorAll('.stMain p, .stMain span, .stMain td, .stMain div')]
        .filter(e => e.childNodes.length === 1 && e.firstChild.nodeType === 3 && e.offsetParent && e.innerText.trim())
        .filter(e => parseFloat(getComputedStyle(e).fontSize) < 10).map(e => e.innerText.slice(0, 40))"""
    )
    assert small == []
    pictured(tab, path, "phone")
