"""Posts a second from raw to landed and from landed to searchable, beside jieba + SnowNLP in the same run:
`python -m bench.process [--posts N] [--workers N] [--storm] [--json]`.

The whole stage is timed (loading, annotation, index, store); jieba and SnowNLP only cut and score the same texts.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from bench.texts import pieces
from bench.texts import posts as made_up
from config.project import Project, init_project, open_project
from config.sources import ImportSource
from crawlers.adapters.base import Link, ParsedPage
from crawlers.landing import Landing, PageResult
from crawlers.record import Engagement, Kind, RawPost
from crawlers.store import open_store
from pipeline.process import process
from pipeline.query.layer import QueryLayer, Question

# Posts a page and pages a batch: those of a forum's thread pages and of the spider's batches.
PAGE, BATCH = 20, 50
LENGTH = 48
START = datetime(2026, 1, 1, tzinfo=UTC)


def pages(texts: Sequence[str]) -> Iterator[PageResult]:
    """The texts as pages of posts, one a minute."""
    for first in range(0, len(texts), PAGE):
        raw = [
            RawPost(
                Kind.MESSAGE, f"http://bench.example/{number}", text[:12], text, native_id=str(number),
                author=f"u{number % 977}", published=START + timedelta(minutes=number), engagement=Engagement(likes=number % 7),
            )
            for number, text in enumerate(texts[first : first + PAGE], start=first)
        ]  # fmt: skip
        link = Link(f"http://bench.example/page/{first}", "detail")
        yield PageResult(
            link, "parsed", START + timedelta(days=200), parsed=ParsedPage(posts=raw), body_hash=f"{first:032x}"
        )


def land(project: Project, texts: Sequence[str], run: str) -> float:
    """Posts landed a second."""
    source = ImportSource.model_validate(
        {"name": "bench", "kind": "import", "files": "x.csv", "columns": {"text": "t"}}
    )
    store = open_store(project)
    landing = Landing(store, source, region="", author_key=b"k" * 32, run_id=run, now=lambda: datetime.now(UTC))
    landing.begin()
    made = list(pages(texts))
    began = time.perf_counter()
    batches = iter(made)
    while batch := list(islice(batches, BATCH)):
        landing.land(batch)
    spent = time.perf_counter() - began
    landing.finish(outcome="finished", reason="", walk_complete=True, state={})
    store.dispose()
    return len(texts) / spent


def classic(texts: Sequence[str]) -> float:
    """Texts a second that jieba cuts and SnowNLP scores, after both have loaded."""
    import jieba
    from snownlp import SnowNLP

    jieba.lcut("预热")
    _ = SnowNLP("预热").sentiments
    began = time.perf_counter()
    for text in texts:
        jieba.lcut(text)
        _ = SnowNLP(text).sentiments
    return len(texts) / (time.perf_counter() - began)


def measure(count: int, few: int, workers: int | None, *, storm: bool) -> dict[str, float]:
    """All figures; posts a second unless named otherwise. storm: made-up posts of one wording."""
    texts = made_up(count, 11) if storm else pieces(count, LENGTH) or made_up(count, 11)
    count = len(texts)
    with tempfile.TemporaryDirectory() as folder:
        init_project(Path(folder))
        project = open_project(Path(folder), {})
        new = land(project, texts, "r1")
        unchanged = land(project, texts, "r2")
        began = time.perf_counter()
        report = process(project, workers=workers)
        spent = time.perf_counter() - began
        with QueryLayer.open(project) as layer:
            found = layer.count(Question())
    if found != count or report.indexed != count:
        raise SystemExit(f"{found} of {count} posts are searchable")
    # Before the peers are loaded, which take some 200 MB.
    peaks = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    ours, theirs = count / spent, classic(texts[:few])
    return {
        "posts": count,
        "characters_mean": round(sum(map(len, texts)) / count, 1),
        "landed_new": round(new),
        "landed_unchanged": round(unchanged),
        "landed_to_searchable": round(ours),
        "jieba_and_snownlp": round(theirs),
        "ratio": round(ours / theirs, 1),
        "peak_memory_mb": round(peaks[0]),
        "peak_memory_worker_mb": round(peaks[1]),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=90_000)
    parser.add_argument("--few", type=int, default=400, help="texts for jieba and SnowNLP")
    parser.add_argument("--workers", type=int)
    parser.add_argument(
        "--storm", action="store_true", help="made-up posts of one wording, which all resemble each other"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(options.posts, options.few, options.workers, storm=options.storm)
    print(json.dumps(figures) if options.json else "\n".join(f"{key:24} {value}" for key, value in figures.items()))


if __name__ == "__main__":
    main()
