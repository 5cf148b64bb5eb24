"""The dashboard in a real Chromium over many posts: `python -m bench.ui [--posts N] [--json]`, run by `make bench-ui`.

Posts of a town over 400 days are made from a seeded vocabulary, with topics, places and sources of the project. Measured from
the click or the address to the end of the page's script with its figures on the screen: the first view of 今日 on a server just
started (cold) and again (warm), filters and searches in one session, the same by five people at once, and the server's memory.
Goals: ≤ 2.5 s cold, ≤ 1 s warm, ≤ 700 ms p95, five people ≤ 1.5 s p95, ≤ 1 GB. Browser and server share the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from pathlib import Path
from statistics import quantiles
from typing import Any

from sqlalchemy import insert

from bench.search import rows
from config.project import Project, init_project, open_project
from crawlers.schema import post, run
from crawlers.store import open_store, write
from pipeline.index.document import IndexDocument
from pipeline.index.tantivy_engine import TantivyEngine
from pipeline.query.layer import QueryLayer, Question
from pipeline.serving import dashboard_process, free_port
from pipeline.vocabulary import place_names, topic_names

DAYS, SOURCES, PEOPLE = 400, 6, 5
_BATCH = 5_000
_FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
_SOURCE = (
    "name: s{n}\ntitle: 来源{n}\nkind: import\nfiles: none.jsonl\ncolumns: {{id: id, text: text}}\nenabled: false\n"
)
_ENDED = '[data-testid="stApp"][data-test-script-state="notRunning"]'


def vocabulary() -> list[str]:
    """Made-up words of one to three characters, distinct."""
    dice = random.Random(3)
    lengths = [1, 2, 2, 3]
    made = ("".join(chr(0x4E00 + dice.randrange(3000)) for _ in range(dice.choice(lengths))) for _ in range(24_000))
    return list(dict.fromkeys(made))[:20_000]


def documents(
    count: int, words: list[str], topics: list[str], places: list[str], end_ms: int
) -> Iterator[IndexDocument]:
    """Posts of 20 words, evenly over DAYS days that end at `end_ms`."""
    dice = random.Random(5)
    weights = list(accumulate(1 / (rank + 3) for rank in range(len(words))))
    step = DAYS * 86_400_000 // count
    labels, intents = ["negative", "neutral", "positive"], ["complaint", "help", "inquiry", "suggestion", "other"]
    for n in range(count):
        chosen = dice.choices(words, cum_weights=weights, k=20)
        at = end_ms - (count - n) * step
        yield IndexDocument(
            f"{n:032x}", n + 1, f"s{n % SOURCES}", "message", "云水县", "", (dice.choice(topics),), dice.choice(labels),
            dice.uniform(-1, 1), 0.9, at, at, "", " ".join(chosen), sorted(set(chosen)), chosen[:3], f"t{n // 9}",
            f"v{n % 5000}", n % 7 == 0, "", "", 1, n % 50, 0, n % 9 == 0, dice.choice(intents), n % 3 == 0, (),
            (dice.choice(places),), "", "", f"{n - 1:032x}" if n % 11 == 5 else "",
        )  # fmt: skip


def fill(project: Project, count: int, words: list[str]) -> datetime:
    """Put the posts into store and index; the time of the last crawl."""
    end = datetime.now(UTC) - timedelta(minutes=10)
    end_ms = int(end.timestamp() * 1000)
    topics, places = list(topic_names(project)), list(place_names(project))[:60]
    store = open_store(project)
    made = documents(count, words, topics, places, end_ms)
    with TantivyEngine(project.index_dir, 96).rebuild() as writer:
        while batch := list(islice(made, _BATCH)):
            writer.put(batch)
            with write(store) as connection:
                connection.execute(insert(post), rows(batch))
    runs = [
        {
            "id": f"r{n}",
            "source": f"s{n % SOURCES}",
            "outcome": "finished",
            "reason": "",
            "counts": "{}",
            "started_ms": end_ms - n * 43_200_000 - 60_000,
            "finished_ms": end_ms - n * 43_200_000,
        }
        for n in range(DAYS * 2)
    ]
    with write(store) as connection:
        connection.execute(insert(run), runs)
    store.dispose()
    return end


def searched(project: Project, words: list[str]) -> list[str]:
    """Words that some posts have, but not most."""
    some = [word for word in random.Random(9).sample(words[:1_500], 300) if len(word) > 1]
    with QueryLayer.open(project) as layer:
        least, most = 40, layer.count(Question()) // 4
        return [word for word in some if least <= layer.count(Question(word)) <= most]


async def settled(tab: Any, selector: str = _ENDED) -> None:
    """Until the page's script has ended."""
    await tab.wait_for_selector(selector, timeout=120_000)


async def opened(tab: Any, address: str, landmark: str) -> float:
    """Seconds until the page of an address is there with its figures."""
    began = time.perf_counter()
    await tab.goto(address, wait_until="commit")
    await tab.locator(landmark).first.wait_for(timeout=120_000)
    await settled(tab)
    return time.perf_counter() - began


async def acted(tab: Any, act: Callable[[], Awaitable[None]]) -> float:
    """Seconds from an action to the end of the script it starts."""
    before = await tab.locator("#total").first.inner_text()
    began = time.perf_counter()
    await act()
    await tab.wait_for_function(
        "was => { const now = document.querySelector('#total'); return now && now.innerText !== was"
        " && document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning' }",
        arg=before,
        timeout=120_000,
        polling=20,
    )
    return time.perf_counter() - began


async def searching(tab: Any, base: str, words: list[str], times: list[float]) -> None:
    """Search for each word; at each third narrow to what the first facet names, and lift that again."""
    await opened(tab, f"{base}/search", "#total")
    for n, word in enumerate(words):
        box = tab.get_by_role("textbox", name="查询")

        async def ask(field: Any = box, text: str = word) -> None:
            await field.fill(text)
            await field.press("Enter")

        times.append(await acted(tab, ask))
        if n % 3 == 0:
            facet = tab.locator('[class*="st-key-link-tight-topic-0"] a').first
            times.append(await acted(tab, facet.click))
            lift = tab.locator('[class*="st-key-lift-topic"] button').first
            times.append(await acted(tab, lift.click))


async def measured(base: str, words: list[str], pid: int) -> dict[str, float]:
    """All figures of a server that was just started."""
    from playwright.async_api import async_playwright

    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        size = {"width": 1366, "height": 768}
        tab = await browser.new_page(viewport=size, locale="zh-CN")
        cold = await opened(tab, f"{base}/", ".qy-figure .n")
        warm = [await opened(tab, f"{base}/", ".qy-figure .n") for _ in range(5)]
        one: list[float] = []
        await searching(tab, base, words[:30], one)
        trend = [await opened(tab, f"{base}/trends?by=topic", '[data-testid="stVegaLiteChart"]') for _ in range(3)]
        topics = await opened(tab, f"{base}/topics", '[class*="st-key-link-row-topic"]')
        tabs = [await browser.new_page(viewport=size, locale="zh-CN") for _ in range(PEOPLE)]
        many: list[float] = []
        each = [words[30 + n * 8 : 38 + n * 8] for n in range(PEOPLE)]
        await asyncio.gather(*(searching(t, base, some, many) for t, some in zip(tabs, each, strict=True)))
        await browser.close()
    return {
        "today_cold_s": cold,
        "today_warm_s": sorted(warm)[2],
        "search_p50_s": quantiles(one, n=20)[9],
        "search_p95_s": quantiles(one, n=20)[18],
        "trend_by_topic_s": sorted(trend)[1],
        "topics_s": topics,
        "five_people_p50_s": quantiles(many, n=20)[9],
        "five_people_p95_s": quantiles(many, n=20)[18],
        "actions": float(len(one) + len(many)),
        "server_peak_mb": peak_mb(pid),
    }


def peak_mb(pid: int) -> float:
    """The most memory a process has held, MB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


GOALS = {
    "today_cold_s": 2.5,
    "today_warm_s": 1.0,
    "search_p95_s": 0.7,
    "five_people_p95_s": 1.5,
    "server_peak_mb": 1024.0,
}


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=500_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    words = vocabulary()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        init_project(root, region="云水县")
        for n in range(SOURCES):
            text = _SOURCE.format(n=n)
            (root / "config" / "sources" / f"s{n}.yaml").write_text(text, encoding="utf-8")
        project = open_project(root, {})
        fill(project, options.posts, words)
        asked = searched(project, words)
        port = free_port()
        with dashboard_process(root, port) as server:
            found = asyncio.run(measured(f"http://127.0.0.1:{port}", asked, server.pid))
    figures = {"posts": options.posts, **{name: round(value, 2) for name, value in found.items()}}
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        goal = GOALS.get(name)
        verdict = "" if goal is None else f"   goal {goal:g} {'met' if value <= goal else 'MISSED'}"
        print(f"{name:22} {value:>10,}{verdict}")


if __name__ == "__main__":
    main()
