"""An index of Elasticsearch made anew while people read it: `python -m bench.rebuild [--posts N] [--json]`.

A reader asks for the number of posts and for a page all the while; every answer must be whole. Exits 1 where one was not.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from bench.elastic import vocabulary
from bench.search import documents
from config.errors import QingyuError
from config.settings import Index
from pipeline.index.elastic_engine import ElasticEngine
from pipeline.index.elastic_writer import ElasticWriter
from pipeline.local_elasticsearch.cluster import ClusterPlan, LocalCluster
from pipeline.query.nodes import All

_PART = 5_000


@dataclass
class Asked:
    """What a reader met: answers, those that were not whole, errors, and the longest wait, seconds."""

    answers: int = 0
    gaps: int = 0
    errors: list[str] = field(default_factory=list)
    longest_s: float = 0.0

    def ask(self, engine: ElasticEngine, posts: int, stop: threading.Event) -> None:
        """Ask until told to stop."""
        reader = engine.reader()
        while not stop.wait(0.02):
            began = time.perf_counter()
            try:
                reader.refresh()
                page = reader.search(All(), sort="-published", size=20)
                self.gaps += (reader.count(All()), page.total, len(page.ids)) != (posts, posts, 20)
            except QingyuError as error:
                self.errors.append(error.message)
            self.longest_s = max(self.longest_s, time.perf_counter() - began)
            self.answers += 1


def fill(writer: ElasticWriter, posts: int) -> None:
    """Put the posts and commit."""
    made = documents(posts, vocabulary())
    while some := list(islice(made, _PART)):
        writer.put(some)
    writer.commit()


def main() -> int:
    """Fill, rebuild, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=500_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(ClusterPlan(folder=Path(folder) / "es", heap_mb=1024)) as cluster,
    ):
        settings = Index(url=cluster.urls[0], alias="rebuilt", replicas=0, timeout_s=60)
        with ElasticEngine(settings, Path(folder) / "a").writer() as writer:
            fill(writer, options.posts)
        asked, stop = Asked(), threading.Event()
        reading = threading.Thread(
            target=asked.ask, args=(ElasticEngine(settings, Path(folder) / "b"), options.posts, stop)
        )
        reading.start()
        began = time.perf_counter()
        with ElasticEngine(settings, Path(folder) / "a").rebuild() as writer:
            fill(writer, options.posts)
        spent = time.perf_counter() - began
        time.sleep(1)
        stop.set()
        reading.join()
    figures = {
        "posts": options.posts,
        "rebuilt_s": round(spent, 1),
        "answers": asked.answers,
        "gaps": asked.gaps,
        "errors": len(asked.errors),
        "longest_answer_s": round(asked.longest_s, 2),
    }
    print(json.dumps(figures) if options.json else figures)
    print(*asked.errors[:3], sep="\n", file=sys.stderr)
    return 1 if asked.gaps or asked.errors else 0


if __name__ == "__main__":
    sys.exit(main())
