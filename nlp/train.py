"""Trains the linear sentiment model: `python -m nlp.train [--data DIR] [--out DIR]` (scikit-learn is needed here only)."""

from __future__ import annotations

import argparse
import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, f1_score

from nlp.features import BUCKETS, features
from nlp.segment import Segmenter
from nlp.sentiment import CLASSES, LinearSentiment

DOMAINS = ("shopping", "takeaway", "weibo2018", "weibo_general", "weibo_epidemic")
THREE = ("weibo_general", "weibo_epidemic")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent / "models")
    options = parser.parse_args()
    segmenter = Segmenter("rjieba", None)
    rows = {d: _read(options.data / "sentiment" / f"{d}.jsonl.gz", segmenter) for d in DOMAINS}
    kept = {d: [r for r in rows[d] if not r[2]] for d in DOMAINS}
    three = [r for d in THREE for r in kept[d]]
    two = [r for d in DOMAINS for r in kept[d] if r[1] != "neutral"]
    heads = [_fit(three, [label == c for _, label, _ in three]) for c in CLASSES]
    heads.append(_fit(two, [label == "positive" for _, label, _ in two]))
    weights = np.stack([h.coef_[0] for h in heads])
    scale = np.abs(weights).max(axis=1) / 127
    bias = np.array([h.intercept_[0] for h in heads], np.float32)
    path = options.out / "sentiment.npz"
    quantised = np.rint(weights / scale[:, None]).astype(np.int8)
    np.savez_compressed(path, weights=quantised, scale=scale.astype(np.float32), bias=bias)
    _report(LinearSentiment(path), rows)


def _read(path: Path, segmenter: Segmenter) -> list[tuple[list[str], str, bool]]:
    """(tokens, label, held out) of each distinct text; a fifth is held out by the hash of the text."""
    found = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            held = zlib.crc32(row["text"].strip().encode()) % 5 == 0
            found[row["text"].strip()] = (segmenter.tokens(row["text"]), row["label"], held)
    return list(found.values())


def _fit(rows: list[Any], positive: list[bool]) -> Any:
    doc, bucket = features([r[0] for r in rows])
    share = 1 / np.sqrt(np.maximum(np.bincount(doc, minlength=len(rows)), 1))
    matrix = csr_matrix((share[doc], (doc, bucket)), shape=(len(rows), BUCKETS))
    model = SGDClassifier(loss="log_loss", alpha=3e-6, max_iter=12, tol=None, average=True, random_state=7)
    return model.fit(matrix, np.array(positive))


def _report(model: LinearSentiment, rows: dict[str, list[tuple[list[str], str, bool]]]) -> None:
    print("domain classes n accuracy macro-F1 ECE")
    for domain, all_rows in rows.items():
        held = [r for r in all_rows if r[2]]
        for classes in (3, 2) if domain in THREE else (2,):
            use = held if classes == 3 else [r for r in held if r[1] != "neutral"]
            chances = model.chances([r[0] for r in use])
            if classes == 2:
                chances = chances * np.array([1, 0, 1])
                chances /= chances.sum(axis=1, keepdims=True)
            best, sure = chances.argmax(axis=1), chances.max(axis=1)
            truth = np.array([CLASSES.index(r[1]) for r in use])
            f1 = f1_score(truth, best, average="macro")
            bins = np.minimum((sure * 10).astype(int), 9)
            right = best == truth
            ece = sum(abs(right[bins == b].mean() - sure[bins == b].mean()) * (bins == b).mean() for b in set(bins))
            print(f"{domain} {classes} {len(use)} {accuracy_score(truth, best):.3f} {f1:.3f} {ece:.3f}")


if __name__ == "__main__":
    main()
