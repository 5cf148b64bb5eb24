"""Counts in how many public messages each word stands: `python -m nlp.document_frequency --data DIR`, part of `make model`."""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from pathlib import Path

from config.settings import SHIPPED
from nlp.segment import Segmenter

# A word in fewer messages may name one person's matter; it is not kept.
_LEAST = 5


def count(data: Path) -> tuple[Counter[str], int]:
    """Document frequencies of the words in the board messages under `data`, and how many messages there are."""
    segmenter = Segmenter("rjieba", SHIPPED / "dictionaries" / "user_words.txt")
    counts: Counter[str] = Counter()
    documents = 0
    for name in ("messages", "replied"):
        with gzip.open(data / "board" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
            for line in file:
                message = json.loads(line)
                counts.update({w for w in segmenter.tokens(f"{message['title']}\n{message['text']}") if len(w) > 1})
                documents += 1
    return counts, documents


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent / "models")
    arguments = parser.parse_args()
    counts, documents = count(arguments.data)
    kept = sorted((word, n) for word, n in counts.items() if n >= _LEAST and not any(c.isdigit() for c in word))
    lines = [f"#documents\t{documents}", *(f"{word}\t{n}" for word, n in kept)]
    target: Path = arguments.out / "document_frequency.tsv"
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(kept)} words of {documents} messages → {target.name}")  # noqa: T201 - it is a command


if __name__ == "__main__":
    main()
