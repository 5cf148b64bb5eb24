"""2019 lived through in minutes: `python -m bench.schedule_2019 [--from 2019-01-01] [--to 2020-01-01] [--every 24] [--json]`.

The schedule of `qingyu run` under a simulated clock crawls the replay board of ../shared, whose clock goes with it: real
crawls as subprocesses over HTTP, processing, detection, purging and backups, all when they are due. At the end the store is
held against what the board has published, and the events and flags against those of one detection over the same posts.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select

from config.project import Project, init_project, open_project
from crawlers.rows import to_ms
from crawlers.schema import post
from crawlers.store import opened, read, write
from pipeline.events.detect import detect
from pipeline.events.tables import event, event_post, event_seen, flag
from pipeline.jobs import JobState
from pipeline.schedule import Schedule
from pipeline.schedule.clock import SimulatedClock
from pipeline.schedule.plan import SHANGHAI

SHARED = Path(__file__).resolve().parents[2] / "shared"
BOARD, DATA = SHARED / "replay" / "board.py", SHARED / "data" / "board"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_SOURCE = """
name: board
kind: board
urls: {url}
allow_private: [127.0.0.1]
every: {every:g}h
pace: {{delay_s: 0, concurrency: 8}}
list: {{row: table.list tr, link: td.title a, state: td.state, next: a.next, walk: all}}
detail:
  id: p.meta span.no
  title: h2.subject
  text: div.content
  published: .time
  author: span.user
  likes: span.likes
  reply: {{block: div.reply, text: div.reply-content, unit: span.unit, time: span.reply-time}}
"""


_BEATS = ("process", "detect", "rules", "link", "remind", "deliver", "escalate", "briefs")


@dataclass(frozen=True)
class Span:
    """What is lived through, from the first instant of a day to the first of another. every_h: between two
    crawls, hours; known_from: the board has no messages from before, None for all."""

    start: datetime
    end: datetime
    every_h: float = 24.0
    known_from: datetime | None = None

    def before(self) -> datetime:
        """When the last crawl of the span began."""
        step = timedelta(hours=self.every_h)
        return self.start + (self.end - self.start - timedelta(milliseconds=1)) // step * step


@dataclass
class Lived:
    """What came of it. published, replied: by the board until the last crawl; missing, twice, unlike: messages of these that
    are not in the store, more than once, or with another reply; jobs: of each how often it was done, expected; straight:
    events and flags of one detection over the same posts, beside those of the days lived through."""

    published: int = 0
    replied: int = 0
    stored: int = 0
    missing: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)
    jobs: dict[str, tuple[int, int]] = field(default_factory=dict)
    spent: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    lived: Counter[str] = field(default_factory=Counter)
    straight: Counter[str] = field(default_factory=Counter)
    same_groups: float = 0.0
    seconds: float = 0.0


def live(span: Span, root: Path) -> Lived:
    """Live through `span` in a new project at `root`."""
    began = time.monotonic()
    found = Lived()
    shown = messages(span.known_from)
    with board(root.parent, shown if span.known_from else None) as (url, set_clock):
        project = _project(root, url, span)
        clock = SimulatedClock(span.start, moved=set_clock)
        schedule = Schedule(project, on_event=lambda job, said: None, clock=clock)
        schedule.run(until=span.end)
    _jobs(found, schedule.jobs.states(), span)
    _posts(found, project, span, shown)
    _events(found, project, span)
    found.seconds = time.monotonic() - began
    return found


def _project(root: Path, url: str, span: Span) -> Project:
    init_project(root, region="A市", name="回放", contact="replay@example.org")
    source = _SOURCE.format(url=url, every=span.every_h)
    (root / "config" / "sources" / "board.yaml").write_text(source, encoding="utf-8")
    every = str(int(span.every_h * 3600))
    return open_project(
        root,
        {
            "QINGYU_SCHEDULE__PROCESS_EVERY_S": every,
            "QINGYU_SCHEDULE__DELIVER_EVERY_S": every,
            "QINGYU_SCHEDULE__BACKUP_AT": "02:30",
            "QINGYU_BACKUP__KEEP": "2",
            "QINGYU_PROCESS__WORKERS": "1",
            "QINGYU_RETENTION__POSTS_DAYS": "7300",  # the board has messages of 2011, which a purge would take away
        },
    )


def _jobs(found: Lived, states: Any, span: Span) -> None:
    """How often each was done, beside how often it should have been."""
    beats = -(-(span.end - span.start) // timedelta(hours=span.every_h))
    days = (span.end - span.start).days
    wanted = dict.fromkeys(("crawl board", *_BEATS), beats) | {"purge": days, "backup": days}
    known: dict[str, JobState] = {state.name: state for state in states}
    found.spent = {name: round(known[name].seconds_total, 1) for name in wanted}
    found.jobs = {name: (known[name].runs, number) for name, number in wanted.items()}
    found.failures = [f"{one.name}: {one.failures} × {one.said}" for one in known.values() if one.failures]


def _posts(found: Lived, project: Project, span: Span, rows_shown: Sequence[Mapping[str, Any]]) -> None:
    """The store beside what the board had published and replied by the time of the last crawl."""
    until = span.before()
    shown = {str(row["id"]): row for row in rows_shown if _at(row["published"]) <= until}
    replies = {
        key: _at(row["replied"]) for key, row in shown.items() if row.get("reply") and _at(row["replied"]) <= until
    }
    with opened(project) as store, read(store) as connection:
        rows = connection.execute(select(post.c.url, post.c.official_replied_ms, post.c.official_text)).all()
    stored = {re.findall(r"/msg/(\d+)\.html", url)[0]: (replied, text) for url, replied, text in rows}
    found.published, found.replied, found.stored = len(shown), len(replies), len(rows)
    found.missing = sorted(shown.keys() - stored.keys())
    found.unlike = sorted(
        key
        for key in shown.keys() & stored.keys()
        if stored[key][0] != (to_ms(replies[key].replace(microsecond=0)) if key in replies else None)
        or bool(stored[key][1]) != (key in replies)
    )


def _events(found: Lived, project: Project, span: Span) -> None:
    """Events and flags as they came day by day, beside those of one detection over all posts."""
    before = _groups(project)
    found.lived = _counted(project)
    with opened(project) as store, write(store) as connection:
        for table in (event, event_post, event_seen, flag):
            connection.execute(delete(table))
    detect(project, now=span.end)
    found.straight = _counted(project)
    after = _groups(project)
    found.same_groups = len(before & after) / max(1, len(before | after))


def _counted(project: Project) -> Counter[str]:
    with opened(project) as store, read(store) as connection:
        return Counter(
            events=len(connection.execute(select(event.c.id)).all()),
            posts_in_events=len(connection.execute(select(event_post.c.post_id)).all()),
            flags_of_events=len(connection.execute(select(flag.c.id).where(flag.c.event_id != "")).all()),
            flags_of_series=len(connection.execute(select(flag.c.id).where(flag.c.event_id == "")).all()),
        )


def _groups(project: Project) -> set[frozenset[str]]:
    """The events as the posts they hold."""
    groups: dict[str, set[str]] = {}
    with opened(project) as store, read(store) as connection:
        for one, of in connection.execute(select(event_post.c.post_id, event_post.c.event_id)):
            groups.setdefault(of, set()).add(one)
    return {frozenset(group) for group in groups.values()}


def messages(since: datetime | None) -> list[Mapping[str, Any]]:
    """What the board shows, from its own files. since: without those published before."""
    found: list[Mapping[str, Any]] = []
    for name in ("messages", "replied"):
        with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            found += [json.loads(line) for line in lines]
    return [row for row in found if since is None or _at(row["published"]) >= since]


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@contextmanager
def board(folder: Path, rows: Sequence[Mapping[str, Any]] | None) -> Iterator[tuple[str, Callable[[datetime], None]]]:
    """The replay board on a free port: its address, and what sets its clock. rows: its messages, None for all; they are
    written into `folder`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"

    def set_clock(now: datetime) -> None:
        body = json.dumps({"now": now.astimezone(SHANGHAI).isoformat()}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{url}__clock", data=body, method="POST")) as answer:
            answer.read()

    options = [] if rows is None else _data(folder, rows)
    child = subprocess.Popen([sys.executable, str(BOARD), "--port", str(port), *options], stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        yield url, set_clock
    finally:
        child.terminate()
        child.wait(10)


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def _data(folder: Path, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    options: list[str] = []
    for name, replied in (("messages", False), ("replied", True)):
        path = folder / f"{name}.jsonl.gz"
        with gzip.open(path, "wt", encoding="utf-8") as out:
            wanted = [row for row in rows if bool(row.get("reply")) == replied]
            out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in wanted)
        options += [f"--{name}", str(path)]
    return options


def main() -> None:
    """Print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m bench.schedule_2019", description="2019 in minutes.")
    parser.add_argument("--from", dest="start", default="2019-01-01")
    parser.add_argument("--to", dest="end", default="2020-01-01")
    parser.add_argument("--every", type=float, default=24.0, help="hours between two crawls")
    parser.add_argument("--known-from", default="", help="the board has no messages from before this day")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    start, end = _day(options.start), _day(options.end)
    known = _day(options.known_from) if options.known_from else None
    with tempfile.TemporaryDirectory() as folder:
        found = live(Span(start, end, options.every, known), Path(folder) / "p")
    if options.json:
        print(json.dumps(asdict(found), ensure_ascii=False))
        return
    print(f"{options.start} … {options.end}, a crawl each {options.every:g} h: lived through in {found.seconds:.0f} s")
    print(f"messages published {found.published}, in the store {found.stored}, missing {len(found.missing)}")
    print(f"replies given {found.replied}, stored otherwise {len(found.unlike)}")
    for name, (done, wanted) in found.jobs.items():
        print(f"{name:<12} expected {wanted:>5}  done {done:>5}  {found.spent[name]:>7.1f} s")
    for line in found.failures:
        print(f"failed  {line}")
    print(
        f"events: day by day {dict(found.lived)}; at once {dict(found.straight)}; same groups {found.same_groups:.3f}"
    )


if __name__ == "__main__":
    main()
