"""How many of the messages that hold a word a search finds, by ways of cutting: `python -m bench.recall [--data DIR]`.

Truth: the word stands in the message's text without white space and punctuation. Words are drawn from the messages' tokens.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import tempfile
from pathlib import Path

from nlp.segment import Segmenter, fold
from pipeline.index.document import IndexDocument
from pipeline.index.tantivy_engine import TantivyEngine
from pipeline.query.nodes import Words

_PLAIN = re.compile(r"[\W_]+")


def has_phrase(tokens: list[str], wanted: list[str]) -> bool:
    """Whether `wanted` stand in `tokens` one after the other."""
    size = len(wanted)
    return any(tokens[at : at + size] == wanted for at in range(len(tokens) - size + 1))


def measure(data: Path, messages: int, words: int) -> dict[str, float]:
    """Recall and precision of phrases of tokens, and of the index."""
    with gzip.open(data / "board" / "messages.jsonl.gz", "rt", encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for _, line in zip(range(messages), file, strict=False)]
    cut = Segmenter()
    tokens = [cut.tokens(text) for text in texts]
    plain = [_PLAIN.sub("", fold(text)) for text in texts]
    vocabulary = sorted(
        {t for row in tokens for t in row if 2 <= len(t) <= 4 and all("\u4e00" <= c <= "\u9fff" for c in t)}
    )
    asked = random.Random(7).sample(vocabulary, words)
    truth = {(w, n) for w in asked for n, text in enumerate(plain) if w in text}
    by_tokens = {(w, n) for w in asked for n, row in enumerate(tokens) if has_phrase(row, cut.tokens(w))}
    with tempfile.TemporaryDirectory() as folder:
        engine = TantivyEngine(Path(folder))
        with engine.writer() as writer:
            writer.put(_document(n, row) for n, row in enumerate(tokens))
            writer.commit()
        reader = engine.reader()
        found = {
            (w, int(one)) for w in asked for one in reader.search(Words("", w), sort="published", size=messages).ids
        }
    return {
        "words": words,
        "matches": len(truth),
        "token_phrase_recall": round(len(by_tokens & truth) / len(truth), 4),
        "token_phrase_precision": round(len(by_tokens & truth) / len(by_tokens), 4),
        "index_recall": round(len(found & truth) / len(truth), 4),
        "index_precision": round(len(found & truth) / len(found), 4),
    }


def _document(number: int, tokens: list[str]) -> IndexDocument:
    return IndexDocument(
        f"{number:032d}", number + 1, "s", "message", "", "", (), "neutral", 0.0, 0.0, number * 1000, 0, "", " ".join(tokens),
        (), (), "t", "", False, "", "", 0, 0, 0,
    )  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--messages", type=int, default=2_000)
    parser.add_argument("--words", type=int, default=500)
    options = parser.parse_args()
    for key, value in measure(options.data, options.messages, options.words).items():
        print(f"{key:24} {value}")


if __name__ == "__main__":
    main()
