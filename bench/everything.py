"""Everything on: a post's whole way through nlp on one core, beside SnowNLP's score alone in the same run.

`python -m bench.everything [--data DIR] [--json]`: redaction, segmentation, sentiment, category, intent, places, units,
5,000 topic words, keyphrases and copies of posts of 50 characters; then start and memory of a scoring process.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.texts import DATA, pieces, posts
from config.settings import SHIPPED, Nlp
from nlp.annotator import Annotator, load_annotator
from nlp.copies import BANDS
from nlp.copy_clusters import REFUSALS, Cluster, Held, Post, place
from nlp.frequencies import read_frequencies
from nlp.redact import redact
from nlp.sentiment import load_sentiment
from nlp.taxonomy import Taxonomy, load_taxonomy
from pipeline.copy_index import CopyIndex

_LENGTH = 50
_BATCH = 2_000
_RULES = 5_000
_A_TOPIC = 10
_SNOW = 400
_MODELS = Path(__file__).resolve().parents[1] / "nlp" / "models"

START = """
import re, time
began = time.perf_counter()
from config.settings import SHIPPED, Nlp
from nlp.annotator import load_annotator
annotator = load_annotator(Nlp(), lambda name: SHIPPED / name)
annotator.annotate([("", "小区停水三天没人管")])
spent = time.perf_counter() - began
# Not by getrusage: its peak is that of the process that began this one.
peak = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())
print(spent, int(peak[1]) / 1024)
"""


def texts_of(data: Path, count: int) -> tuple[list[str], str]:
    """So many posts of 50 characters, and what they are."""
    if found := pieces(count, _LENGTH, data=data):
        return found, "pieces of real posts"
    return posts(count, 7), "made-up posts (no data sets at hand), which repeat each other"


def many_rules(folder: Path) -> Taxonomy:
    """A taxonomy of 500 topics with ten words each: common ones, as people would list them."""
    frequencies, _ = read_frequencies()
    words = sorted((w for w in frequencies if len(w) > 1), key=lambda w: (-frequencies[w], w))[50 : 50 + _RULES]
    topics = [
        {"id": f"t{at}", "zh": f"话题{at}", "en": f"topic {at}", "strong": words[at : at + _A_TOPIC]}
        for at in range(0, len(words), _A_TOPIC)
    ]
    path = folder / "topics.yaml"
    path.write_text(json.dumps({"topics": topics}, ensure_ascii=False), encoding="utf-8")
    return load_taxonomy(path)


class Everything:
    """The whole way of a batch, with seconds by part."""

    def __init__(self, annotator: Annotator, index: CopyIndex) -> None:
        self.annotator, self.index = annotator, index
        self.held: dict[str, Held] = {}
        self.clusters: dict[str, Cluster] = {}
        self.seconds = {"redact": 0.0, "annotate": 0.0, "copies": 0.0}

    def __call__(self, texts: Sequence[str], first: int) -> None:
        """Redacts, annotates and groups `texts`, posts number `first` and on."""
        began = time.perf_counter()
        clean = [redact(text) for text in texts]
        told = time.perf_counter()
        found = self.annotator.annotate([("", text) for text in clean])
        annotated = time.perf_counter()
        self._group(clean, [one.copy_keys for one in found], first)
        done = time.perf_counter()
        spent = zip(self.seconds, (told - began, annotated - told, done - annotated), strict=True)
        self.seconds = {name: self.seconds[name] + seconds for name, seconds in spent}

    def _group(self, texts: Sequence[str], keys: Sequence[bytes], first: int) -> None:
        ids = [hashlib.blake2b(f"{first + n}".encode(), digest_size=16).digest() for n in range(len(texts))]
        matrix = np.frombuffer(b"".join(keys), np.uint32).reshape(len(ids), BANDS)
        self.index.add(ids, matrix)
        near = {
            one.hex(): [other.hex() for other in others]
            for one, others in zip(ids, self.index.candidates(ids, matrix), strict=True)
            if others
        }
        new = [Post(one.hex(), text, first + n) for n, (one, text) in enumerate(zip(ids, texts, strict=True))]
        placed = place(new, near, self.held, self.clusters, seen=first, refusals=REFUSALS)
        self.clusters |= placed.clusters
        self.held |= {post.id: Held(post.text, placed.posts[post.id].cluster) for post in new}
        self.index.commit()


def measure(data: Path, count: int) -> dict[str, object]:
    """Posts a second of everything and of SnowNLP, and what starting costs."""
    texts, what = texts_of(data, count)
    annotator = load_annotator(Nlp(), lambda name: SHIPPED / name)
    with tempfile.TemporaryDirectory() as folder:
        annotator = replace(annotator, taxonomy=many_rules(Path(folder)))
        annotator.annotate([("", text) for text in texts[:500]])
        with CopyIndex(Path(folder) / "copies") as index:
            work = Everything(annotator, index)
            for at in range(0, len(texts), _BATCH):
                work(texts[at : at + _BATCH], at)
    spent = sum(work.seconds.values())
    snow = _snow(texts[:_SNOW])
    started = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True).stdout.split()
    return {
        "texts": len(texts),
        "what": what,
        "microseconds": {name: round(s / len(texts) * 1e6, 1) for name, s in work.seconds.items()},
        "posts_per_s": round(len(texts) / spent),
        "snownlp_per_s": round(snow),
        "times_snownlp": round(len(texts) / spent / snow, 1),
        "start_s": round(float(started[0]), 2),
        "memory_mb": round(float(started[1])),
        "artefacts_mb": round(sum(path.stat().st_size for path in _MODELS.iterdir()) / 1e6, 1),
    }


def _snow(texts: Sequence[str]) -> float:
    snow: Callable[[str], float] = load_sentiment("snownlp").chance  # type: ignore[attr-defined]
    snow("热身")
    began = time.perf_counter()
    for text in texts:
        snow(text)
    return len(texts) / (time.perf_counter() - began)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures on one core and prints."""
    parser = argparse.ArgumentParser(prog="python -m bench.everything", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    found = measure(options.data, options.count)
    if options.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return
    for name, value in found.items():
        print(f"{name:16} {value}")


if __name__ == "__main__":
    main()
