"""Speed of what nlp does to a post, part by part, beside jieba and SnowNLP: `python -m bench.nlp [--json]`."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.texts import posts
from config.settings import Nlp
from nlp.annotator import load_annotator
from nlp.redact import redact
from nlp.segment import Segmenter
from nlp.sentiment import load_sentiment

# SnowNLP is slow: it gets the first so many of the same texts.
_FEW = 150
_CONFIG = Path(__file__).resolve().parents[1] / "config"


def rate(work: Callable[[Sequence[str]], object], texts: Sequence[str], *, rounds: int = 3) -> float:
    """Texts a second in the best of some rounds, the first of which warms up."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        work(texts)
        times.append(time.perf_counter() - started)
    return len(texts) / min(times)


def measure(count: int, seed: int) -> dict[str, float]:
    """Texts a second of each part, and of its peer where there is one."""
    texts = posts(count, seed)
    ours, jieba = Segmenter("rjieba"), Segmenter("jieba")
    linear, snow = load_sentiment("linear"), load_sentiment("snownlp")
    annotator = load_annotator(Nlp(), lambda name: _CONFIG / name)
    tokens = [ours.tokens(text) for text in texts]
    pairs = [("", text) for text in texts]
    return {
        "redact": rate(lambda part: [redact(text) for text in part], texts),
        "segment": rate(lambda part: [ours.tokens(text) for text in part], texts),
        "segment_jieba": rate(lambda part: [jieba.tokens(text) for text in part], texts[: count // 8]),
        "sentiment": rate(lambda part: linear.score(part, tokens), texts),
        "sentiment_snownlp": rate(lambda part: snow.score(part, tokens[: len(part)]), texts[:_FEW], rounds=2),
        "annotate": rate(lambda _: annotator.annotate(pairs), texts),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m bench.nlp", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--count", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(arguments)
    texts = posts(options.count, options.seed)
    found = measure(options.count, options.seed)
    ratios = {
        "segment_to_jieba": found["segment"] / found["segment_jieba"],
        "sentiment_to_snownlp": found["sentiment"] / found["sentiment_snownlp"],
        "annotate_to_snownlp": found["annotate"] / found["sentiment_snownlp"],
    }
    length = sum(map(len, texts)) / len(texts)
    if options.json:
        print(json.dumps({"texts": len(texts), "characters": length, "texts_per_s": found, "ratios": ratios}, indent=1))
        return
    print(f"{len(texts)} texts of {length:.0f} characters, one process")
    for name, speed in found.items():
        print(f"{name:20} {speed:>10,.0f} texts/s")
    for name, ratio in ratios.items():
        print(f"{name:20} × {ratio:,.1f}")


if __name__ == "__main__":
    main()
