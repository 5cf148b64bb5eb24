"""Sentiment by a linear model over hashed n-grams, with numpy alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from config.errors import ConfigError
from config.text import tr
from nlp import features
from nlp.annotation import Sentiment
from nlp.features import Grams

CLASSES: tuple[Sentiment, Sentiment, Sentiment] = ("negative", "neutral", "positive")
ARTEFACT = Path(__file__).resolve().parent / "models" / "sentiment.npz"

Verdict = tuple[Sentiment, float, float]
F64 = NDArray[np.float64]

# So many texts at a time: their arrays stay within the processor's cache, and memory is bounded.
_BATCH = 512


class SentimentModel(Protocol):
    """What the annotator takes: a version of at most 16 characters and a verdict a text."""

    version: str

    def score(self, texts: Sequence[str], tokens: Sequence[Sequence[str]]) -> list[Verdict]:
        """(class, score −1 … 1, confidence 0 … 1 of the class) of each text, in order; never raises for a text.

        texts: title, line feed, text, as redacted; tokens: the segmenter's tokens of the same text.
        A text without a token is neutral, 0, 0.
        """
        ...


@dataclass(frozen=True)
class Weights:
    """What is saved. table: int16, (3, buckets): negative against neutral, positive against neutral, and polarity;
    scale: (3,), what one step of the table is worth; bias: (3,); neutral: (3,), sharpness of the classes and what is
    added to the first two; direction: (3,), weights of polarity and of the class margin, and what is added."""

    table: NDArray[np.int16]
    scale: F64
    bias: F64
    neutral: F64
    direction: F64


class LinearSentiment:
    """Linear heads whose weights are added up by running sums. The three-class heads say whether there is feeling,
    the polarity head (from many more texts) has the greater say in which. Source: Wang & Manning 2012 (NB features)."""

    def __init__(self, weights: Weights, version: str = "unsaved") -> None:
        self.version = version
        self.weights = weights
        self._heads = [np.ascontiguousarray(head) for head in weights.table]

    def score(self, texts: Sequence[str], tokens: Sequence[Sequence[str]]) -> list[Verdict]:
        """See SentimentModel.score."""
        found: list[Verdict] = []
        for start in range(0, len(texts), _BATCH):
            part = slice(start, start + _BATCH)
            rows = self.chances(texts[part], tokens[part])
            found.extend(_verdicts(rows, tokens[part]))
        return found

    def chances(self, texts: Sequence[str], tokens: Sequence[Sequence[str]]) -> F64:
        """Probabilities of CLASSES, shape (n, 3)."""
        return combine(self.margins(texts, tokens), self.weights)

    def margins(self, texts: Sequence[str], tokens: Sequence[Sequence[str]]) -> F64:
        """What each head says, shape (n, 3): sums of weights over the square root of the number of n-grams, and bias."""
        grams = (features.characters(texts), features.words(tokens))
        length = np.maximum(sum(one.counts() for one in grams), 1)
        raw = np.stack([sum(_sums(head, one) for one in grams) for head in self._heads], axis=1)
        return np.asarray(raw * self.weights.scale / np.sqrt(length)[:, None] + self.weights.bias, np.float64)


def _sums(head: NDArray[np.int16], grams: Grams) -> NDArray[np.int64]:
    """Sum of a head's weights over each text: of whole numbers, so that no figure depends on the rest of a batch."""
    total = head[grams.buckets[0]].astype(np.int64)
    for bucket in grams.buckets[1:]:
        total += head[bucket]
    return grams.sums(total)


def combine(margins: F64, weights: Weights) -> F64:
    """Probabilities of CLASSES from the margins of the heads, shapes (n, 3): three classes say how much is neutral,
    polarity (and a little the class margins) how the rest is shared."""
    sharp, toward_negative, toward_positive = weights.neutral
    feeling = np.exp(np.clip(margins[:, :2] * sharp + (toward_negative, toward_positive), -30, 30)).sum(axis=1)
    felt = feeling / (1 + feeling)
    positive = polarity(margins, weights)
    return np.stack([felt * (1 - positive), 1 - felt, felt * positive], axis=1)


def polarity(margins: F64, weights: Weights) -> F64:
    """Probability of positive for texts known not to be neutral, shape (n,)."""
    by_polarity, by_class, added = weights.direction
    logit = margins[:, 2] * by_polarity + (margins[:, 1] - margins[:, 0]) * by_class + added
    return np.asarray(1 / (1 + np.exp(-np.clip(logit, -30, 30))), np.float64)


def _verdicts(rows: F64, tokens: Iterable[Sequence[str]]) -> Iterator[Verdict]:
    best = rows.argmax(axis=1)
    sure = np.round(rows.max(axis=1), 4).tolist()
    score = np.round(rows[:, 2] - rows[:, 0], 4).tolist()
    for words, label, tone, confidence in zip(tokens, best.tolist(), score, sure, strict=True):
        yield (CLASSES[label], tone, confidence) if words else ("neutral", 0.0, 0.0)


def save(weights: Weights, path: Path) -> None:
    """Writes the artefact; the same weights give the same bytes."""
    np.savez_compressed(
        path,
        table=weights.table,
        scale=weights.scale,
        bias=weights.bias,
        neutral=weights.neutral,
        direction=weights.direction,
    )


def load_linear(path: Path = ARTEFACT) -> LinearSentiment:
    """The trained model. Raises ConfigError when the file is missing or is not such a model."""
    try:
        data = path.read_bytes()
        with np.load(path, allow_pickle=False) as saved:
            weights = Weights(**{name: saved[name] for name in Weights.__dataclass_fields__})
    except (OSError, ValueError, KeyError) as error:
        message = tr(
            "{p}：不是情感模型，请运行 make model（{e}）",
            "{p}: not a sentiment model, run make model ({e})",
            p=path,
            e=error,
        )
        raise ConfigError(message) from error
    if weights.table.shape != (3, features.BUCKETS):
        message = tr(
            "{p}：模型与程序版本不合，请运行 make model", "{p}: made for another version, run make model", p=path
        )
        raise ConfigError(message)
    return LinearSentiment(weights, hashlib.blake2b(data, digest_size=6).hexdigest())


def load_sentiment(kind: Literal["linear", "snownlp"]) -> SentimentModel:
    """The model of that kind. Raises ConfigError when its file or package is missing, or the kind is unknown."""
    if kind == "snownlp":
        from nlp.snownlp_score import SnowSentiment

        return SnowSentiment()
    if kind == "linear":
        return load_linear()
    raise ConfigError(tr("没有叫 {k} 的情感模型", "there is no sentiment model called {k}", k=kind))
