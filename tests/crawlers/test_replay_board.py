"""A real board and a real year, over HTTP: everything, exactly, once; then only what is new."""

import gzip
import hashlib
import json
import random
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest

from nlp.redact import redact
from tests.crawlers.crawling import REPLAY, SHARED, Ended, Replay, Site, board_yaml, replay_board

pytestmark = [
    pytest.mark.shared,
    pytest.mark.slow,
    pytest.mark.skipif(not REPLAY.exists(), reason="../shared is not here"),
]
CST = timezone(timedelta(hours=8))
DATA = SHARED / "data" / "board"


def rows() -> list[dict[str, Any]]:
    """The messages the board shows, from its own data files."""
    found = []
    for name in ("messages", "replied"):
        with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            found += [json.loads(line) for line in lines]
    return found


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def plain(text: str) -> str:
    return " ".join(text.split())


def ms(value: datetime) -> int:
    return round(value.timestamp() * 1000)


def expected(row: dict[str, Any], clock: datetime) -> dict[str, Any]:
    """What the store must hold of a message at `clock`."""
    paragraphs = (plain(p) for p in re.split(r"(?<=[。！？])\s+", row["text"]))
    replied = at(row["replied"]) if row.get("reply") and at(row["replied"]) <= clock else None
    return {
        "title": plain(redact(plain(row["title"]))),
        "text": plain(redact("\n".join(p for p in paragraphs if p))),
        "published_ms": ms(at(row["published"]).replace(microsecond=0)),
        "likes": row.get("likes", 0),
        "official_text": plain(redact(plain(row["reply"]))) if replied else None,
        "official_replied_ms": ms(replied.replace(microsecond=0)) if replied else None,
    }


def stored(post: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": plain(post["title"]),
        "text": plain(post["text"]),
        "published_ms": post["published_ms"],
        "likes": post["likes"],
        "official_text": plain(post["official_text"]) if post["official_text"] is not None else None,
        "official_replied_ms": post["official_replied_ms"],
    }


def check_all(site: Site, clock: str) -> None:
    """Every message of the clock is in the store, exactly, and nothing else is."""
    now = datetime.fromisoformat(clock).replace(tzinfo=CST)
    wanted = {str(row["id"]): expected(row, now) for row in rows() if at(row["published"]) <= now}
    posts = site.posts()
    assert set(posts) == set(wanted)
    wrong = [key for key in wanted if stored(posts[key]) != wanted[key]]
    assert wrong == [], (wanted[wrong[0]], stored(posts[wrong[0]]))
    assert all(post["official_unit"] for key, post in posts.items() if wanted[key]["official_text"] is not None)


@dataclass
class Crawled:
    site: Site
    board: Replay
    ended: Ended


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    """The board at its end, crawled once."""
    with replay_board() as board:
        site = Site.make(tmp_path_factory.mktemp("whole") / "p", board_yaml(board.url, native="p.meta span.no"))
        yield Crawled(site, board, site.run())


def test_all_6028_messages_are_exact(whole: Crawled) -> None:
    assert whole.ended.last["outcome"] == "finished", whole.ended.stderr
    assert whole.ended.code == 0
    assert len(whole.site.posts()) == 6028
    check_all(whole.site, "2020-02-01")


def test_units_are_exact(whole: Crawled) -> None:
    units = run_path(str(REPLAY))
    for key, post in whole.site.posts().items():
        if post["official_text"] is not None:
            number = int(hashlib.md5(key.encode()).hexdigest(), 16)
            assert post["official_unit"] == units["UNITS"][number % len(units["UNITS"])]


def test_nothing_disallowed_and_no_trap(whole: Crawled) -> None:
    paths = [entry["path"] for entry in whole.board.asked()]
    assert not [path for path in paths if path.startswith(("/admin", "/calendar"))]
    assert paths.count("/robots.txt") >= 1
    assert len(paths) <= 6028 + 302 + 20


def test_again_costs_little_and_changes_nothing(whole: Crawled) -> None:
    again = whole.site.run()
    assert (again.counts["posts_new"], again.counts["posts_changed"]) == (0, 0)
    assert again.counts["bytes"] <= 0.05 * whole.ended.counts["bytes"]
    assert again.last["outcome"] == "finished"


def test_all_are_visited_again_when_asked(whole: Crawled) -> None:
    again = whole.site.run("--revisit", "all")
    assert again.counts["revisits"] == 6028
    assert again.counts["not_modified"] == 6028 + 302
    assert (again.counts["posts_new"], again.counts["posts_changed"], again.counts["failed"]) == (0, 0, 0)


@pytest.mark.parametrize("options", [("--flaky", "0.1"), ("--encoding", "gb18030")])
def test_flaky_and_gb18030_boards_are_exact(tmp_path: Path, options: tuple[str, ...]) -> None:
    with replay_board(*options) as board:
        site = Site.make(tmp_path / "p", board_yaml(board.url, native="p.meta span.no"))
        ended = site.run()
    assert ended.last["outcome"] == "finished", ended.last
    check_all(site, "2020-02-01")


@pytest.mark.parametrize("walk", ["all", "known"])
def test_days_go_by(tmp_path: Path, walk: str) -> None:
    """From one clock to the next: exactly the new messages; with walk=all exactly the new replies too."""
    with replay_board("--now", "2019-08-20") as board:
        source = board_yaml(board.url, native="p.meta span.no", walk=walk)
        site = Site.make(tmp_path / "p", source)
        site.run()
        before = "2019-08-20"
        for clock in ("2019-08-21", "2019-09-01"):
            board.set_clock(clock)
            ended = site.run("--revisit", "none")
            start, end = (datetime.fromisoformat(day).replace(tzinfo=CST) for day in (before, clock))
            new = sum(start < at(row["published"]) <= end for row in rows())
            answered = sum(
                at(row["published"]) <= start < at(row["replied"]) <= end for row in rows() if row.get("reply")
            )
            assert ended.counts["posts_new"] == new
            if walk == "all":
                assert ended.counts["posts_changed"] == answered
                check_all(site, clock)
            before = clock


def small_data(folder: Path) -> list[str]:
    """Options for a board of 300 messages."""
    chosen = random.Random(5).sample(rows(), 300)
    parts = {"messages": [r for r in chosen if not r.get("reply")], "replied": [r for r in chosen if r.get("reply")]}
    options = []
    for name, part in parts.items():
        path = folder / f"{name}.jsonl.gz"
        with gzip.open(path, "wt", encoding="utf-8") as out:
            out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in part)
        options += [f"--{name}", str(path)]
    return options


def comparable(site: Site) -> dict[str, dict[str, Any]]:
    """The posts without what differs from run to run."""
    apart = {"collected_ms", "landed_seq", "page_id", "author"}
    return {row["id"]: {k: v for k, v in row.items() if k not in apart} for row in site.rows("SELECT * FROM post")}


def test_killed_at_twenty_instants_loses_and_doubles_nothing(tmp_path: Path) -> None:
    chance = random.Random(20)
    with replay_board(*small_data(tmp_path), "--latency-ms", "5") as board:
        source = board_yaml(board.url, native="p.meta span.no", concurrency=4)
        calm = Site.make(tmp_path / "calm", source)
        assert calm.run().last["outcome"] == "finished"
        wild = Site.make(tmp_path / "wild", source)
        for _ in range(20):
            crawl = wild.start()
            try:
                crawl.wait(chance.uniform(0.3, 1.6))
            except subprocess.TimeoutExpired:
                crawl.send_signal(signal.SIGKILL)
            crawl.communicate()
        assert wild.run().last["outcome"] == "finished"
        assert comparable(wild) == comparable(calm)
        assert len(comparable(wild)) == 300
        assert wild.rows("SELECT count(*) AS n FROM page WHERE state = 'pending'") == [{"n": 0}]
        assert wild.rows("SELECT count(*) AS n FROM revision") == [{"n": 0}]
