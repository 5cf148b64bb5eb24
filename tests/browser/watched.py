"""A real Chromium, and a tab of it that notes what goes wrong and what leaves the dashboard."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
DESK = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser of its own; the test is skipped, with that reason, where none is installed."""
    if not CHROMIUM:
        pytest.skip("no Chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


class Watched:
    """A tab that notes errors of the page and requests that leave the dashboard."""

    def __init__(self, browser: Any, base: str, **options: Any) -> None:
        self.base = base
        self.tab = browser.new_page(**{"viewport": DESK, "locale": "zh-CN", "accept_downloads": True, **options})
        self.errors: list[str] = []
        self.outside: list[str] = []
        self.tab.on("pageerror", lambda error: self.errors.append(str(error)))
        self.tab.on("request", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        if not url.startswith((self.base, self.base.replace("http", "ws", 1), "data:", "blob:")):
            self.outside.append(url)

    def open(self, path: str, wait: str) -> Any:
        self.tab.goto(self.base + path)
        self.tab.get_by_text(wait).first.wait_for(timeout=60_000)
        self.settle()
        return self.tab

    def settle(self) -> None:
        """Wait until the script has run to its end."""
        self.tab.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=60_000)
