"""Many rules over a day of many posts, on the embedded engine: `python -m bench.rules [--rules N] [--posts N] [--looks N] [--json]`.

Posts are made up (20 words each, words by rank like in language, 12 topics, 9 sources, 5,000 voices), published evenly over a
day. Rules are of all kinds that judge posts, each with a word of its own or a topic; a seventh have a query key. Measured, each
in this one process on one core:

- whole: the first look of all rules at the whole day at once;
- looks: a day of looks, one each so many minutes, with what arrived since.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from bench.search import documents
from config.project import Project, init_project, open_project
from config.rule_files import read_rules
from config.rules import AnyKind
from config.yamlfile import YamlFile
from crawlers.schema import annotation, post
from crawlers.store import open_store, write
from pipeline.index.document import IndexDocument
from pipeline.index.tantivy_engine import TantivyEngine
from pipeline.rules.evaluate import evaluate

START = datetime(2026, 11, 19, 16, tzinfo=UTC)
DAY_MS = 86_400_000
_BATCH = 10_000
_KINDS: Sequence[dict[str, object]] = (
    {"kind": "frequency", "num_events": 40, "window": "2h"},
    {"kind": "frequency", "num_events": 25, "window": "1h", "query_key": "topic"},
    {"kind": "spike", "window": "6h", "spike_height": 3, "threshold_cur": 20},
    {"kind": "cardinality", "field": "voices", "window": "4h", "max_cardinality": 60},
    {"kind": "percentage_match", "match_query": "sentiment:negative", "window": "3h", "max_percentage": 70, "min_denominator": 20},
    {"kind": "metric", "metric": "mean_sentiment", "window": "3h", "below": -0.5, "min_denominator": 20},
    {"kind": "flatline", "window": "6h", "threshold": 1},
)  # fmt: skip


def rules(count: int, words: Sequence[str], seed: int) -> list[AnyKind]:
    """`count` rules, words from frequent to rare."""
    dice = random.Random(seed)
    made = []
    for n in range(count):
        query = f"topic:t{n % 12}" if n % 10 == 0 else dice.choice(words[:2_000])
        made.append({"name": f"r{n}", "query": query, "realert": "1h", **_KINDS[n % len(_KINDS)]})
    return [one.rule for one in read_rules([YamlFile("bench", made)])]


def day(count: int, words: list[str]) -> Iterator[IndexDocument]:
    """Posts spread evenly over the day."""
    start_ms = round(START.timestamp() * 1000)
    for n, one in enumerate(documents(count, words)):
        at = start_ms + n * DAY_MS // count
        yield one._replace(published_ms=at, collected_ms=at)


def land(project: Project, found: Sequence[IndexDocument]) -> None:
    """Rows of the store, annotated and indexed."""
    fixed = {"url": "u", "thread_url": "", "title": "", "author": "", "content_hash": "", "revision": 1, "page_id": ""}
    store = open_store(project)
    with write(store) as connection:
        for start in range(0, len(found), _BATCH):
            some = found[start : start + _BATCH]
            connection.execute(
                insert(post),
                [{**fixed, "id": d.id, "source": d.source, "kind": d.kind, "text": "", "collected_ms": d.collected_ms,
                  "published_ms": d.published_ms, "landed_seq": d.landed_seq} for d in some],
            )  # fmt: skip
            connection.execute(
                insert(annotation),
                [{"post_id": d.id, "landed_seq": d.landed_seq, "model": "m", "status": "indexed", "annotated_ms": 0}
                 for d in some],
            )  # fmt: skip
    store.dispose()
    with TantivyEngine(project.index_dir, 96).writer() as writer:
        writer.put(found)
        writer.commit()


def timed(project: Project, wanted: Sequence[AnyKind], now: datetime) -> tuple[float, int]:
    """Seconds of a look, of wall and of processor the larger, and how many alerts it raised."""
    began, busy = time.perf_counter(), time.process_time()
    report = evaluate(project, wanted, now=now, send=lambda connection, alerts: None)
    if report.faults or report.errors:
        raise SystemExit(f"{report.faults} {report.errors}")
    return max(time.perf_counter() - began, time.process_time() - busy), len(report.alerts)


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=1_000)
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--looks", type=int, default=24, help="looks of the day; 0: only the whole day at once")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    dice = random.Random(3)
    words = ["".join(chr(0x4E00 + dice.randrange(3000)) for _ in range(dice.choice([2, 2, 3]))) for _ in range(20_000)]
    made, wanted = list(day(options.posts, words)), rules(options.rules, words, 7)
    figures: dict[str, float] = {"rules": options.rules, "posts": options.posts}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("whole", "looks"):
            init_project(Path(folder) / name)
        whole = open_project(Path(folder) / "whole", {})
        land(whole, made)
        spent, alerts = timed(whole, wanted, START + timedelta(days=1))
        figures |= {
            "whole_s": round(spent, 2),
            "whole_alerts": alerts,
            "a_rule_ms": round(1000 * spent / options.rules, 2),
        }
        again, _ = timed(whole, wanted, START + timedelta(days=1, minutes=1))
        figures["nothing_new_s"] = round(again, 2)
        if options.looks:
            figures |= day_of_looks(open_project(Path(folder) / "looks", {}), made, wanted, options.looks)
    print(json.dumps(figures) if options.json else "\n".join(f"{k:16} {v}" for k, v in figures.items()))


def day_of_looks(
    project: Project, made: Sequence[IndexDocument], wanted: Sequence[AnyKind], looks: int
) -> dict[str, float]:
    """The day as it goes by: posts of a stretch arrive, then all rules look."""
    spent, alerts, longest = 0.0, 0, 0.0
    share = -(-len(made) // looks)
    for n in range(looks):
        land(project, made[n * share : (n + 1) * share])
        seconds, raised = timed(project, wanted, START + timedelta(days=1) * (n + 1) / looks)
        spent, alerts, longest = spent + seconds, alerts + raised, max(longest, seconds)
    return {"looks": looks, "looks_s": round(spent, 2), "longest_look_s": round(longest, 2), "looks_alerts": alerts}


if __name__ == "__main__":
    main()
