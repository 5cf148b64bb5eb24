"""A real Elasticsearch of one to three nodes, and what our worker and query layer cost beside its bare client:
`python -m bench.elastic [--posts N,N,…] [--nodes N,N,…] [--json]`.

Each row: posts a second through our writer and through `helpers.parallel_bulk` of the same bodies (a tenth of the posts,
turn about), bytes a post on one copy, and p50 and p95 of three questions through our layer and through the bare client. The
cost of a question over posts is fitted as a·n^b.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import islice
from math import log
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from elasticsearch import Elasticsearch, helpers

from bench.search import MINUTE_MS, SAME, START_MS, documents
from config.project import init_project, open_project
from config.settings import Index
from pipeline.index.elastic_document import body_of, mapping, settings
from pipeline.index.elastic_engine import ElasticEngine
from pipeline.index.elastic_query import aggregation, translate
from pipeline.index.engine import Reader
from pipeline.local_elasticsearch.cluster import ClusterPlan, LocalCluster
from pipeline.query.layer import QueryLayer, Question
from pipeline.query.nodes import Words

PART = 5_000
QUESTIONS = 200
_ROUNDS = 3


def vocabulary() -> list[str]:
    """20,000 made-up words, by rank."""
    dice = random.Random(3)
    return [
        "".join(chr(0x4E00 + dice.randrange(3000)) for _ in range(dice.choice([1, 2, 2, 3]))) for _ in range(20_000)
    ]


def bulk_ratio(cluster: LocalCluster, folder: Path, posts: int, words: Sequence[str]) -> tuple[float, float]:
    """Posts a second through our writer, and through `parallel_bulk` of the same bodies: medians of turns in one run."""
    client = Elasticsearch(cluster.urls, request_timeout=60)
    ours, bare = [], []
    for number in range(_ROUNDS):
        made = list(documents(posts, list(words)))
        engine = ElasticEngine(_index(cluster, f"a{number}"), folder / f"lock-{number}")
        with engine.writer() as writer:
            # As with the other, the index is there before.
            writer.put(made[:1])
            writer.commit()
            began = time.perf_counter()
            writer.put(made)
            writer.commit()
        ours.append(posts / (time.perf_counter() - began))
        engine.elastic.drop(list(engine.elastic.indices(f"a{number}-*")))
        name = f"bare-{number}"
        client.indices.create(index=name, mappings=mapping(), settings=settings(shards=1, replicas=_replicas(cluster)))
        began = time.perf_counter()
        actions = ({"_index": name, "_id": one.id, "_source": body_of(one)} for one in made)
        for good, answer in helpers.parallel_bulk(client, actions, thread_count=2, chunk_size=500):
            assert good, answer
        client.indices.refresh(index=name)
        bare.append(posts / (time.perf_counter() - began))
        client.indices.delete(index=name)
    client.close()
    return median(ours), median(bare)


def _replicas(cluster: LocalCluster) -> int:
    return min(1, len(cluster.urls) - 1)


def _index(cluster: LocalCluster, alias: str) -> Index:
    return Index(url=",".join(cluster.urls), alias=alias, replicas=_replicas(cluster), timeout_s=60)


def spread_ms(works: Sequence[Callable[[str], object]], words: Sequence[str]) -> list[tuple[float, float]]:
    """Median and 95th percentile of each of `works`, ms; they take turns at each word, so that both meet the same weather."""
    times: list[list[float]] = [[] for _ in works]
    for number, word in enumerate(words):
        order = list(range(len(works)))
        for which in order if number % 2 else order[::-1]:
            began = time.perf_counter()
            works[which](word)
            times[which].append((time.perf_counter() - began) * 1000)
    return [(quantiles(some, n=20)[9], quantiles(some, n=20)[18]) for some in times]


def question_times(cluster: LocalCluster, alias: str, posts: int, words: Sequence[str]) -> dict[str, float]:
    """Through the layer and bare, of: a page of results (ids), the trend by day, figures by topic."""
    client = Elasticsearch(cluster.urls, request_timeout=60)
    last = date.fromtimestamp((START_MS + posts * MINUTE_MS) / 1000)
    span = {"since_day": date(2019, 8, 1), "until_day": last}
    terms = {"field": "topic", "size": 50, "shard_size": 20_000}
    means: dict[str, Any] = {name: {"avg": {"field": name}} for name in ("score", "negative")}
    days: dict[str, Any] = dict(SAME["d"])
    with tempfile.TemporaryDirectory() as folder:
        init_project(Path(folder))
        urls = ",".join(cluster.urls)
        project = open_project(Path(folder), {"QINGYU_INDEX__URL": urls, "QINGYU_INDEX__ALIAS": alias})
        with QueryLayer.open(project) as layer:
            reader: Reader = layer._reader

            def bare(word: str, body: dict[str, Any]) -> Any:
                query = translate(Words("", word))
                return client.search(index=alias, query=query, allow_partial_search_results=False, **body)

            page = {"sort": [{"sort_published": "desc"}, {"id": "desc"}], "size": 20, "_source": False}
            trend = {"d": {**days, "aggs": {**days["aggs"], "copies": {"sum": {"field": "copy"}}}}}
            pairs: dict[str, tuple[Callable[[str], object], Callable[[str], object]]] = {
                "page": (
                    lambda word: reader.search(Words("", word), sort="-published", size=20),
                    lambda word: bare(word, {**page, "track_total_hits": True}),
                ),
                "trend": (
                    lambda word: layer.by_day(Question(word), **span),
                    lambda word: bare(word, {"size": 0, "aggs": aggregation(trend), "track_total_hits": False}),
                ),
                "topics": (
                    lambda word: layer.by(Question(word), "topic"),
                    lambda word: bare(
                        word, {"size": 0, "aggs": {"of": {"terms": terms, "aggs": means}}, "track_total_hits": False}
                    ),
                ),
            }
            dice = random.Random(4)
            asked = [word for word in dice.sample(list(words[:4000]), 2 * QUESTIONS) if len(word) > 1][:QUESTIONS]
            found: dict[str, float] = {}
            for name, works in pairs.items():
                spread_ms(works, asked[:40])
                (p50, p95), (bare50, bare95) = spread_ms(works, asked)
                found |= {f"{name}_p50_ms": p50, f"{name}_p95_ms": p95, f"{name}_bare_p50_ms": bare50}
                found |= {f"{name}_bare_p95_ms": bare95, f"{name}_p95_ratio": p95 / bare95}
    client.close()
    return found


def bytes_a_post(cluster: LocalCluster, alias: str) -> float:
    """On disk, of the first copies."""
    client = Elasticsearch(cluster.urls)
    primaries = client.indices.stats(index=alias)["_all"]["primaries"]
    client.close()
    return float(primaries["store"]["size_in_bytes"]) / float(primaries["docs"]["count"])


def measured(nodes: int, sizes: Sequence[int]) -> Iterator[dict[str, float]]:
    """A row for each size, growing one index."""
    words = vocabulary()
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(ClusterPlan(folder=Path(folder) / "es", nodes=nodes, heap_mb=1024)) as cluster,
    ):
        ours, bare = bulk_ratio(cluster, Path(folder), 4 * PART, words)
        engine = ElasticEngine(_index(cluster, "bench"), Path(folder))
        made, held = documents(max(sizes), words), 0
        for size in sorted(sizes):
            began, before = time.perf_counter(), held
            with engine.writer() as writer:
                while held < size and (some := list(islice(made, min(PART, size - held)))):
                    writer.put(some)
                    held += len(some)
                writer.commit()
            spent = time.perf_counter() - began
            yield {
                "nodes": nodes,
                "posts": size,
                "docs_s": (size - before) / spent,
                "writer_docs_s": ours,
                "parallel_bulk_docs_s": bare,
                "writer_ratio": ours / bare,
                "bytes_a_post": bytes_a_post(cluster, "bench"),
                **question_times(cluster, "bench", size, words),
            }


def exponent(rows: Sequence[dict[str, float]], name: str) -> float:
    """b of time = a·posts^b, by least squares on logarithms."""
    points = [(log(row["posts"]), log(row[name])) for row in rows]
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    return float(sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", default="100000")
    parser.add_argument("--nodes", default="1")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sizes = [int(one) for one in options.posts.split(",")]
    for nodes in map(int, options.nodes.split(",")):
        rows = []
        for row in measured(nodes, sizes):
            rows.append(row)
            shown = {name: round(value, 2) for name, value in row.items()}
            print(json.dumps(shown) if options.json else "  ".join(f"{k}={v}" for k, v in shown.items()), flush=True)
        if len(rows) > 1:
            fits = {name: round(exponent(rows, f"{name}_p50_ms"), 2) for name in ("page", "trend", "topics")}
            print(json.dumps({"nodes": nodes, "exponent": fits}), flush=True)


if __name__ == "__main__":
    main()
