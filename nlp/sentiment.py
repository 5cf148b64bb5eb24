"""Sentiment by a linear model over hashed n-grams, with numpy alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nlp.annotation import Sentiment
from nlp.features import features

CLASSES: tuple[Sentiment, Sentiment, Sentiment] = ("negative", "neutral", "positive")
# Of a very long post the first tokens decide; this bounds time and memory.
MAX_TOKENS = 2_000


class LinearSentiment:
    """Four heads: negative, neutral, positive (each against the rest, from three-class sets) and polarity (from all)."""

    def __init__(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as saved:
            self._table = np.ascontiguousarray(saved["weights"].astype(np.float32) * saved["scale"][:, None])
            self._bias = saved["bias"]

    def chances(self, batch: Sequence[Sequence[str]]) -> NDArray[np.float64]:
        """Probabilities of CLASSES for tokenised texts, shape (n, 3); certain neutral where no token is left."""
        doc, bucket = features([tokens[:MAX_TOKENS] for tokens in batch])
        count = np.bincount(doc, minlength=len(batch))
        sums = np.stack([np.bincount(doc, head[bucket], len(batch)) for head in self._table], axis=1)
        margin = sums / np.sqrt(np.maximum(count, 1))[:, None] + self._bias
        each = 1 / (1 + np.exp(-np.clip(margin, -30, 30)))
        three = each[:, :3] / each[:, :3].sum(axis=1, keepdims=True)
        # Where three-class sets and all sets differ on the direction, both have half a say.
        toward = (three[:, 2] / (three[:, 0] + three[:, 2]) + each[:, 3]) / 2
        felt = 1 - three[:, 1]
        found: NDArray[np.float64] = np.stack([felt * (1 - toward), three[:, 1], felt * toward], axis=1)
        found[count == 0] = (0, 1, 0)
        return found


class Chances(Protocol):
    """Gives the probabilities of CLASSES for tokenised texts, shape (n, 3)."""

    def chances(self, batch: Sequence[Sequence[str]]) -> NDArray[np.float64]: ...


@dataclass(frozen=True)
class SentimentModel:
    """A model with its version."""

    model: Chances
    version: str

    def score(self, texts: Sequence[str], tokens: Sequence[Sequence[str]]) -> list[tuple[Sentiment, float, float]]:
        """(class, score −1 … 1, confidence 0 … 1) of each text, in order; neutral, 0, 0 where no token is left."""
        rows = self.model.chances(tokens).tolist() if tokens else []
        return [_verdict(row, words) for row, words in zip(rows, tokens, strict=True)]


def _verdict(row: list[float], words: Sequence[str]) -> tuple[Sentiment, float, float]:
    if not words:
        return "neutral", 0.0, 0.0
    best = row.index(max(row))
    return CLASSES[best], round(row[2] - row[0], 4), round(row[best], 4)


def load_sentiment(kind: str) -> SentimentModel:
    """The model called `kind` ("linear" or "snownlp"). Raises ConfigError when its package is not installed."""
    if kind == "snownlp":
        from nlp.classic import SnowSentiment

        return SentimentModel(SnowSentiment(), "snownlp")
    path = Path(__file__).resolve().parent / "models" / "sentiment.npz"
    return SentimentModel(LinearSentiment(path), hashlib.sha256(path.read_bytes()).hexdigest()[:16])
