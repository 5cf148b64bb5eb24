"""kill -9 at any instant of a crawl's landing: what was landed stays, what was not is still pending, nothing is doubled."""

import random
import subprocess
import sys
from typing import Any

from sqlalchemy import select

from crawlers.schema import meta, page, post, revision, set_aside
from crawlers.store import open_url, read
from tests.stores import Stores

PAGES = 150
PROGRAM = """
import sys
from datetime import UTC, datetime
from config.sources import ImportSource
from crawlers.adapters.base import Link, ParsedPage, Problem
from crawlers.landing import Landing, PageResult
from crawlers.record import Kind, RawPost
from crawlers.store import open_url

url, run, version, pages = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
now = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
source = ImportSource.model_validate({"name": "s", "kind": "import", "files": "x.csv", "columns": {"text": "t"}})
landing = Landing(open_url(url), source, region="", author_key=b"k" * 32, run_id=run, now=lambda: now)
landing.begin()
links = [Link(f"http://h.example/{n}", "thread", fingerprint=version) for n in range(pages)]
start = Link("http://h.example/", "list", walk=True)
landing.land([PageResult(start, "parsed", now, parsed=ParsedPage(links=links))])
for link in landing.pending():
    number = int(link.url.rsplit("/", 1)[1])
    posts = [
        RawPost(Kind.REPLY, link.url, "", f"第{number}帖{floor}楼" + (version if floor == 1 else ""), native_id=f"{number}-{floor}")
        for floor in range(3)
    ]
    landing.land([PageResult(link, "parsed", now, parsed=ParsedPage(posts=posts, problems=[Problem("有一处读不懂")]))])
    print(number, flush=True)
landing.finish(outcome="finished", reason="", walk_complete=True, state={})
"""


def begin(url: str, run: str, version: str) -> subprocess.Popen[bytes]:
    arguments = [sys.executable, "-c", PROGRAM, url, run, version, str(PAGES)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE)


def killed_after(run: subprocess.Popen[bytes], landed: int, wait_s: float) -> bool:
    """Kills a run `wait_s` after it has landed so many pages; False when it ended by itself before."""
    assert run.stdout is not None
    with run.stdout:
        for _ in range(landed):
            if not run.stdout.readline():
                assert run.wait(60) == 0
                return False
        try:
            run.wait(wait_s)
        except subprocess.TimeoutExpired:
            run.kill()
        return run.wait() != 0


def state_of(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows but what tells the course of events: numbers of the landing, ids of pieces and runs, visits of the list."""
    apart = {post.c.landed_seq, set_aside.c.id, set_aside.c.run_id, page.c.unchanged}
    store = open_url(url)
    with read(store) as connection:
        state = {
            table.name: sorted(
                (tuple(row) for row in connection.execute(select(*(c for c in table.c if c not in apart)))), key=repr
            )
            for table in (post, revision, page, set_aside)
        }
        numbers = list(connection.execute(select(post.c.landed_seq)).scalars())
        last = int(connection.execute(select(meta.c.value).where(meta.c.key == "landed_seq")).scalar_one())
    store.dispose()
    assert len(set(numbers)) == len(numbers)
    assert max(numbers) == last
    return state


def test_killed_again_and_again_it_ends_as_if_undisturbed(stores: Stores) -> None:
    calm, killed = stores.url(), stores.url()
    dice, kills = random.Random(5), 0
    for version in ("甲", "乙"):
        assert not killed_after(begin(calm, f"calm-{version}", version), PAGES + 1, 0)
        attempt = 0
        # After up to thirty pages, then up to the time that about two pages take.
        while killed_after(
            begin(killed, f"{version}-{attempt}", version), dice.randrange(1, 30), dice.uniform(0, 0.01)
        ):
            attempt += 1
        kills += attempt
    assert kills >= 10, "too few runs were killed in their work"
    assert state_of(killed) == state_of(calm)
    assert len(state_of(killed)["post"]) == 3 * PAGES
    assert len(state_of(killed)["revision"]) == PAGES
