"""Search and day histogram through the query layer against raw Tantivy: `python -m bench.search [--posts N] [--json]`.

The posts are made from a seeded vocabulary. The layer's search also reads the posts from the store and writes the audit.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from itertools import accumulate
from pathlib import Path
from statistics import quantiles

from sqlalchemy import insert

from config.project import init_project, open_project
from crawlers.schema import post
from crawlers.store import open_store, write
from pipeline.index.document import IndexDocument
from pipeline.index.tantivy_engine import TantivyEngine
from pipeline.index.tantivy_query import translate
from pipeline.query.layer import QueryLayer, Question
from pipeline.query.nodes import Words

START_MS = 1_564_588_800_000
MINUTE_MS = 60_000
_HISTOGRAM = {"date_histogram": {"field": "published", "fixed_interval": "1d", "offset": "-8h"}}
# Counts alone, and what the layer's trend answers: counts, mean sentiment, negative share and voices of each day.
BARE = {"d": _HISTOGRAM}
SAME = {
    "d": {
        **_HISTOGRAM,
        "aggs": {
            "score": {"avg": {"field": "score"}},
            "negative": {"avg": {"field": "negative"}},
            "voices": {"cardinality": {"field": "voice"}},
        },
    }
}


def documents(count: int, words: list[str]) -> Iterator[IndexDocument]:
    """Posts of 20 words, one a minute, words by rank like in language."""
    dice = random.Random(5)
    weights = list(accumulate(1 / (rank + 3) for rank in range(len(words))))
    for n in range(count):
        chosen = dice.choices(words, cum_weights=weights, k=20)
        label = dice.choice(["negative", "neutral", "positive"])
        yield IndexDocument(
            f"{n:032x}", n + 1, f"s{n % 9}", "message", "r", "c", (f"t{n % 12}",), label, dice.uniform(-1, 1), 0.9,
            START_MS + n * MINUTE_MS, START_MS, "", " ".join(chosen), sorted(set(chosen)), (), f"t{n // 9}",
            f"v{n % 5000}", False, "", "", 1, n % 50, 0,
        )  # fmt: skip


def rows(found: list[IndexDocument]) -> list[dict[str, object]]:
    """Rows of the store for the posts."""
    fixed = {"url": "u", "thread_url": "", "title": "", "author": "", "content_hash": "", "revision": 1, "page_id": ""}
    return [
        {**fixed, "id": d.id, "source": d.source, "kind": d.kind, "text": d.text_tokens.replace(" ", ""),
         "collected_ms": START_MS, "published_ms": d.published_ms, "landed_seq": d.landed_seq}
        for d in found
    ]  # fmt: skip


def spread_ms(work: Callable[[str], object], words: list[str]) -> tuple[float, float]:
    """Median and 95th percentile of `work` over `words`, ms."""
    times = []
    for word in words:
        begin = time.perf_counter()
        work(word)
        times.append((time.perf_counter() - begin) * 1000)
    cuts = quantiles(times, n=20)
    return cuts[9], cuts[-1]


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=500_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    dice = random.Random(3)
    words = [
        "".join(chr(0x4E00 + dice.randrange(3000)) for _ in range(dice.choice([1, 2, 2, 3]))) for _ in range(20_000)
    ]
    with tempfile.TemporaryDirectory() as folder:
        init_project(Path(folder))
        project = open_project(Path(folder), {})
        engine, store = TantivyEngine(project.index_dir, 96), open_store(project)
        made, spent = documents(options.posts, words), 0.0
        with engine.rebuild() as writer:
            while batch := [d for _, d in zip(range(5_000), made, strict=False)]:
                begin = time.perf_counter()
                writer.put(batch)
                spent += time.perf_counter() - begin
                with write(store) as connection:
                    connection.execute(insert(post), rows(batch))
        disk = sum(f.stat().st_size for f in project.index_dir.rglob("*") if f.is_file())
        index = engine.open()
        searcher = index.searcher()
        asked = [word for word in dice.sample(words[:4000], 300) if len(word) > 1]

        def raw(word: str, spec: Mapping[str, object]) -> None:
            query = translate(Words("", word))
            hits = searcher.search(query, 20, True, "sort_published").hits
            [searcher.doc(address) for _, address in hits]
            searcher.aggregate(query, dict(spec))

        span = {"since_day": date(2019, 8, 1), "until_day": date(2020, 7, 31)}
        with QueryLayer.open(project) as layer:

            def ours(word: str) -> None:
                layer.search(Question(word))
                layer.by_day(Question(word), **span)

            warm = asked[:50]
            for work in (ours, lambda word: raw(word, SAME)):
                spread_ms(work, warm)
            bare, same = spread_ms(lambda w: raw(w, BARE), asked), spread_ms(lambda w: raw(w, SAME), asked)
            layered = spread_ms(ours, asked)
            trend = spread_ms(lambda w: layer.by_day(Question(w), **span), asked)
            figures = {
                "posts": options.posts,
                "put_docs_s": round(options.posts / spent),
                "index_mb": round(disk / 1e6, 1),
                "raw_counts_only_p50_ms": round(bare[0], 2),
                "raw_counts_only_p95_ms": round(bare[1], 2),
                "raw_same_answer_p50_ms": round(same[0], 2),
                "raw_same_answer_p95_ms": round(same[1], 2),
                "layer_p50_ms": round(layered[0], 2),
                "layer_p95_ms": round(layered[1], 2),
                "layer_to_raw": round(layered[1] / same[1], 2),
                "layer_trend_p50_ms": round(trend[0], 2),
                "layer_trend_p95_ms": round(trend[1], 2),
            }
        store.dispose()
    print(json.dumps(figures) if options.json else "\n".join(f"{k:22} {v}" for k, v in figures.items()))


if __name__ == "__main__":
    main()
