"""How long a daily brief takes: `python -m bench.briefs [--posts N] [--runs R] [--json]`.

A day of N posts and as many on each of the eight same weekdays before it, all imported and annotated as always; five flagged
events of a fiftieth of them each. The command is timed as a person starts it, from nothing to files, a new process each time; then
`qingyu brief verify` of each file.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path

from sqlalchemy import insert, select

from bench.texts import pieces
from config.project import Project, init_project, open_project
from crawlers.schema import post
from crawlers.store import opened, read, write
from pipeline.crawl import crawl
from pipeline.events.model import Event, Flag
from pipeline.events.rows import event_row, flag_row
from pipeline.events.tables import event, event_post, flag
from pipeline.process import process
from pipeline.query.times import SHANGHAI

DAY = date(2026, 11, 19)
WEEKS, EVENTS, LENGTH = 8, 5, 80
SOURCE = """
name: lines
title: 留言板
kind: import
files: [lines.jsonl]
post_kind: message
columns: {id: id, title: title, text: text, published: at, author: who, reply_text: reply, reply_unit: unit, reply_time: replied}
"""


def lines(posts: int) -> Iterator[str]:
    """Posts of the days, a tenth of them answered the day after."""
    texts = pieces(posts * (WEEKS + 1), LENGTH)
    for week in range(WEEKS + 1):
        start = datetime.combine(DAY - timedelta(days=7 * week), clock(), SHANGHAI)
        for n in range(posts):
            text, at = texts[(week * posts + n) % len(texts)], start + timedelta(seconds=86_000 * n / posts)
            reply = {
                "reply": "已转办",
                "unit": f"第{n % 12}局",
                "replied": (at + timedelta(days=1 + n % 9)).isoformat(),
            }
            answered = n % 10 == 0 and week > 1
            yield json.dumps(
                {"id": f"{week}-{n}", "title": text[:16], "text": text, "at": at.isoformat(), "who": f"w{n % 7000}",
                 **(reply if answered else dict.fromkeys(reply, ""))}, ensure_ascii=False,
            )  # fmt: skip


def made(root: Path, posts: int) -> Project:
    """A project with everything in it."""
    init_project(root, region="云水县")
    (root / "config" / "sources" / "lines.yaml").write_text(SOURCE, encoding="utf-8")
    (root / "lines.jsonl").write_text("\n".join(lines(posts)), encoding="utf-8")
    project = open_project(root, {})
    crawl(project, [project.source("lines")])
    process(project)
    since = datetime.combine(DAY, clock(), SHANGHAI)
    with opened(project) as engine:
        with read(engine) as connection:
            asked = (
                select(post.c.id).where(post.c.published_ms >= since.timestamp() * 1000).order_by(post.c.published_ms)
            )
            ids = list(connection.execute(asked).scalars())
        with write(engine) as connection:
            for n in range(EVENTS):
                mine = ids[n * posts // 50 : (n + 1) * posts // 50]
                connection.execute(insert(event).values(event_row(_event(n, mine, since), {})))
                connection.execute(insert(event_post), [{"post_id": one, "event_id": f"{n:032x}"} for one in mine])
                connection.execute(insert(flag).values(flag_row(_flag(n, mine, since + timedelta(hours=20)))))
    return project


def _event(n: int, ids: Sequence[str], at: datetime) -> Event:
    return Event(
        f"{n:032x}", f"事件 {n}", "growing", at.astimezone(UTC), at.astimezone(UTC) + timedelta(hours=20), len(ids), len(ids), len(ids),
        0.8, 0, (), (), (), "", ("搅拌站", "噪音"), ids[0], tuple(ids[:2]), ((DAY, len(ids)),),
    )  # fmt: skip


def _flag(n: int, ids: Sequence[str], at: datetime) -> Flag:
    return Flag(
        f"{n:032x}", "event", f"{n:032x}", f"事件 {n}", f"event:{n:032x}", DAY - timedelta(days=6), DAY, len(ids), 0.1, 1e-9, 1e-7,
        len(ids), 0.8, ("搅拌站",), "orange", "橙：10 个以上声音", at.astimezone(UTC), f"{n:032x}", tuple(ids[:5]), (), "",
    )  # fmt: skip


def seconds(project: Project, *arguments: str) -> tuple[float, float]:
    """How long a command takes, and of that the processor: on a busy machine the first says little. Raises where it fails."""
    root = Path(__file__).resolve().parents[1]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "--project", str(project.root), *arguments],
        check=True, capture_output=True, env=environment, cwd=root,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - started, used


def main(argv: Sequence[str] | None = None) -> None:
    """Print the seconds of each format (the best of the runs) and of its check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=10_000, help="of the day")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    found: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory(prefix="qingyu-bench-") as folder:
        project = made(Path(folder), asked.posts)
        for formats in ("docx", "html", "pdf", "docx,html,pdf"):
            command = ("brief", "daily", "--day", DAY.isoformat(), "--format", formats)
            found[formats] = min(seconds(project, *command) for _ in range(asked.runs))
        for path in sorted((project.root / "briefs").iterdir()):
            found[f"verify {path.suffix[1:]}"] = seconds(project, "brief", "verify", str(path))
    if asked.json:
        told = {name: {"wall_s": round(wall, 2), "cpu_s": round(cpu, 2)} for name, (wall, cpu) in found.items()}
        print(json.dumps(told))
        return
    for name, (wall, cpu) in found.items():
        print(f"{name:>16}: {wall:.2f} s, of the processor {cpu:.2f} s")


if __name__ == "__main__":
    main()
