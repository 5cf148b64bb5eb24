"""A node dies by kill -9 while posts are indexed into three: `python -m bench.faults [--posts N] [--master] [--json]`.

Says how many of the posts are found and how many twice, and how long it took until the writer was at 80 % of its speed
before. The nodes run on this machine, on free ports, and are ended.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from elasticsearch import Elasticsearch

from bench.search import documents
from config.settings import Index
from pipeline.index.document import IndexDocument
from pipeline.index.elastic_engine import ElasticEngine
from pipeline.index.engine import IndexEngine
from pipeline.local_elasticsearch.cluster import ClusterPlan, LocalCluster
from pipeline.query.nodes import All

# The writer has several requests of 500 under way; a stretch of as many shows its speed, not its bursts.
PORTION = 500
STRETCH = 4_000
ENOUGH = 0.8


@dataclass(slots=True)
class Progress:
    """When how many posts were handed over. at: monotonic s; posts: so far."""

    marks: list[tuple[float, int]] = field(default_factory=list)

    def note(self, posts: int) -> None:
        """So many were handed over by now."""
        self.marks.append((time.monotonic(), posts))

    def speeds(self) -> Iterator[tuple[float, float, float]]:
        """Begin, end and posts a second of each stretch."""
        first = 0
        for at, posts in self.marks:
            while posts - self.marks[first + 1][1] >= STRETCH if first + 1 < len(self.marks) else False:
                first += 1
            begin, before = self.marks[first]
            if posts - before >= STRETCH:
                yield begin, at, (posts - before) / max(at - begin, 1e-6)

    def back_after(self, fault: float) -> float | None:
        """Seconds from `fault` until a stretch begun after it was as quick as ENOUGH of the median before; None: never."""
        before = [speed for _, end, speed in self.speeds() if end <= fault]
        wanted = ENOUGH * median(before)
        return next((begin - fault for begin, _, speed in self.speeds() if begin >= fault and speed >= wanted), None)

    def longest_pause(self) -> float:
        """Seconds between two portions, at most."""
        return max(b[0] - a[0] for a, b in zip(self.marks, self.marks[1:], strict=False))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the posts. back_s: until the speed was back, None for never within the run."""

    posts: int
    found: int
    doubled: int
    back_s: float | None
    longest_pause_s: float
    seconds: float


def index_while(
    engine: IndexEngine, posts: Sequence[IndexDocument], fault: Callable[[], None], *, at: float = 0.4, commits: int = 5
) -> Outcome:
    """Index `posts` with a fault after `at` of them; commits: how many, evenly."""
    progress, began, fault_at = Progress(), time.monotonic(), 0.0
    sent, each = 0, max(1, len(posts) // commits)
    with engine.writer() as writer:
        progress.note(0)
        for portion in (posts[n : n + PORTION] for n in range(0, len(posts), PORTION)):
            if not fault_at and sent >= at * len(posts):
                fault_at = time.monotonic()
                fault()
            writer.put(portion)
            if sent // each != (sent + len(portion)) // each:
                writer.commit()
            sent += len(portion)
            progress.note(sent)
        writer.commit()
        refused = writer.refused()
    if refused:
        raise SystemExit(f"{len(refused)} refused: {next(iter(refused.values()))}")
    found, doubled = held(engine)
    back = progress.back_after(fault_at)
    return Outcome(
        len(posts), found, doubled, None if back is None else round(back, 1),
        round(progress.longest_pause(), 1), round(time.monotonic() - began, 1),
    )  # fmt: skip


def held(engine: IndexEngine) -> tuple[int, int]:
    """How many distinct posts readers find, and how many more than once."""
    reader = engine.reader()
    ids = [one for some in reader.iterate(All()) for one in some]
    distinct = len(set(ids))
    counted = reader.count(All())
    return distinct, max(len(ids), counted) - distinct


def master_of(urls: Sequence[str]) -> str:
    """The name of the elected master."""
    with Elasticsearch(list(urls), retry_on_timeout=True, request_timeout=20) as client:
        state = client.cluster.state(metric="master_node,nodes")
        return str(state["nodes"][state["master_node"]]["name"])


def busiest(urls: Sequence[str], names: Sequence[str]) -> str:
    """Which of the nodes `names` holds most primaries."""
    with Elasticsearch(list(urls), retry_on_timeout=True, request_timeout=20) as client:
        rows = client.cat.shards(format="json", h="node,prirep")
    primaries = Counter(row["node"] for row in rows if row["prirep"] == "p")
    return max(names, key=lambda name: primaries[name])


def engine_at(
    urls: Sequence[str], folder: Path, *, told: Callable[[str], None] = lambda note: None, **settings: Any
) -> ElasticEngine:
    """An engine that knows all nodes, with one replica."""
    made = {"url": ",".join(urls), "replicas": 1, "timeout_s": 20, **settings}
    return ElasticEngine(Index.model_validate(made), folder, told=told)


def warm_up(urls: Sequence[str], posts: Sequence[IndexDocument], folder: Path) -> None:
    """Index `posts` under another name and drop them: a new JVM is slow until its code is compiled."""
    engine = engine_at(urls, folder, alias="warm")
    with engine.writer() as writer:
        writer.put(posts)
        writer.commit()
    engine.elastic.drop(list(engine.elastic.indices("warm-*")))
    engine.elastic.close()


def mixed(count: int) -> list[IndexDocument]:
    """Posts of several months, in no order of time: every index is written to all along."""
    posts = list(documents(count, [f"词{n}" for n in range(5_000)]))
    random.Random(7).shuffle(posts)
    return posts


def measure(count: int, *, master: bool) -> dict[str, object]:
    """All figures. master: whether the elected master dies, else another."""
    posts = mixed(count)
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(ClusterPlan(folder=Path(folder) / "nodes", nodes=3)) as cluster,
    ):
        warm_up(cluster.urls, posts, Path(folder))
        engine = engine_at(cluster.urls, Path(folder))
        elected = master_of(cluster.urls)
        others = [name for name in cluster.nodes if name != elected]
        outcome = index_while(engine, posts, lambda: cluster.kill(elected if master else busiest(cluster.urls, others)))
        engine.elastic.close()
    return {"victim": "master" if master else "data node", **asdict(outcome)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=50_000)
    parser.add_argument("--master", action="store_true", help="kill the elected master")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(options.posts, master=options.master)
    print(json.dumps(figures) if options.json else "\n".join(f"{key:24} {value}" for key, value in figures.items()))
    if figures["found"] != options.posts or figures["doubled"]:
        raise SystemExit("posts were lost or doubled")


if __name__ == "__main__":
    main()
