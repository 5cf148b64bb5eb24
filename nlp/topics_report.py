"""How well the taxonomy fits public board messages: `python -m nlp.topics_report --data DIR [--json] [--sample N]`."""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from config.settings import SHIPPED
from nlp.segment import Segmenter
from nlp.taxonomy import Taxonomy, load_taxonomy

# Which of the board's seven categories a topic belongs to; a topic may belong to several.
CATEGORIES: dict[str, tuple[str, ...]] = {
    "water": ("城乡建设",), "drainage": ("城乡建设", "环境保护"), "power": ("城乡建设",), "heating": ("城乡建设",),
    "gas": ("城乡建设",), "roads": ("城乡建设", "交通运输"), "traffic": ("交通运输", "城乡建设"), "transit": ("交通运输",),
    "parking": ("城乡建设", "交通运输"), "school": ("教育文体",), "health": ("卫生计生",), "housing": ("城乡建设",),
    "property": ("城乡建设",), "land": ("城乡建设",), "environment": ("环境保护",), "noise": ("环境保护", "城乡建设"),
    "sanitation": ("城乡建设", "环境保护"), "food": ("商贸旅游",), "labour": ("劳动和社会保障",),
    "social": ("劳动和社会保障",), "care": ("劳动和社会保障",), "safety": ("城乡建设",), "pets": ("城乡建设",),
    "telecom": ("商贸旅游", "交通运输"), "service": (), "rural": (), "culture": ("教育文体", "商贸旅游"),
}  # fmt: skip


def _read(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _topics(row: dict[str, str], segmenter: Segmenter, taxonomy: Taxonomy) -> tuple[str, ...]:
    return taxonomy.match(segmenter.tokens(row["title"]), segmenter.tokens(row["text"]))


def measure(data: Path) -> dict[str, object]:
    """Coverage (share of messages with a topic), messages per topic, and agreement of the first and of any topic with the
    board's category; messages whose topics have no category count as disagreement. data: the folder that holds `board/`."""
    segmenter = Segmenter("rjieba", SHIPPED / "dictionaries" / "user_words.txt")
    taxonomy = load_taxonomy(SHIPPED / "topics.yaml")
    counts: Counter[str] = Counter()
    messages = covered = 0
    for name in ("messages", "replied"):
        for row in _read(data / "board" / f"{name}.jsonl.gz"):
            found = _topics(row, segmenter, taxonomy)
            messages += 1
            covered += bool(found)
            counts.update(found)
    rows = first = anywhere = 0
    for row in _read(data / "board" / "categories.jsonl.gz"):
        found = _topics(row, segmenter, taxonomy)
        wanted = row.get("category") or row["label"]
        rows += 1
        first += bool(found) and wanted in CATEGORIES[found[0]]
        anywhere += any(wanted in CATEGORIES[topic] for topic in found)
    return {
        "messages": messages,
        "coverage": round(covered / messages, 4),
        "topics": dict(counts.most_common()),
        "categorised": rows,
        "first_topic_agrees": round(first / rows, 4),
        "any_topic_agrees": round(anywhere / rows, 4),
    }


def sample(data: Path, count: int, *, seed: int = 1) -> list[tuple[str, str, tuple[str, ...]]]:
    """`count` random messages to be read by eye: title, beginning of the text, topics."""
    segmenter = Segmenter("rjieba", SHIPPED / "dictionaries" / "user_words.txt")
    taxonomy = load_taxonomy(SHIPPED / "topics.yaml")
    rows = random.Random(seed).sample(list(_read(data / "board" / "messages.jsonl.gz")), count)  # noqa: S311 - no secret
    return [(row["title"], row["text"][:80], _topics(row, segmenter, taxonomy)) for row in rows]


def main() -> None:
    """Print the report, or with --sample the messages to read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--sample", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.sample:
        for title, text, topics in sample(arguments.data, arguments.sample):
            print(",".join(topics) or "-", title, text.replace("\n", " "), sep="\t")
        return
    report = measure(arguments.data)
    if arguments.json:
        print(json.dumps(report, ensure_ascii=False))
        return
    for key, value in report.items():
        print(f"{key}\t{value}")


if __name__ == "__main__":
    main()
