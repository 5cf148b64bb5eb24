"""Sentiment by a linear model over hashed n-grams, with numpy alone."""

from __future__ import annotations

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
from nlp.linear import F64, load_weights, softmax, told

CLASSES: tuple[Sentiment, Sentiment, Sentiment] = ("negative", "neutral", "positive")
ARTEFACT = Path(__file__).resolve().parent / "models" / "sentiment.npz"

Verdict = tuple[Sentiment, float, float]

# So many texts at a time: their arrays stay within the processor's cache, and memory is bounded.
_BATCH = 512


class SentimentModel(Protocol):
    """What the annotator takes: a version of at most 16 characters, the confidence below which a verdict is unsure, and a
    verdict a text."""

    version: str
    unsure_below: float

    def score(self, texts: Sequence[str], tokens: Sequence[Sequence[str]]) -> list[Verdict]:
        """(class, score −1 … 1, confidence 0 … 1 of the class) of each text, in order; never raises for a text.

        texts: title, line feed, text, as redacted; tokens: the segmenter's tokens of the same text.
        A text without a token is neutral, 0, 0.
        """
        ...


# Sets of texts that speak differently; the model guesses of each text which of them it is like.
STYLES = ("shopping", "takeaway", "weibo2018", "weibo_general", "weibo_epidemic", "service", "board")
_TWO = len(STYLES) - 1  # the board has next to no praise, so no polarity of its own: it takes that of service
# Columns of the table.
NEGATIVE, POSITIVE, POLARITY = 0, 1, 2
OWN = slice(3, 3 + _TWO)
STYLE = slice(3 + _TWO, 3 + _TWO + len(STYLES))
PUBLIC = slice(STYLE.stop, STYLE.stop + 2)
HEADS = PUBLIC.stop
POLAR = 3 * _TWO
FELT = 2 + _TWO + 4 + 1


@dataclass(frozen=True)
class Weights:
    """What is saved. table: int16, (buckets, HEADS): negative and positive against neutral, polarity of all texts, of
    each style's own, how much a text is like each style, and negative and positive against neutral in public matters;
    scale: (HEADS,), what one step of the table is worth; bias: (HEADS,); style: (styles, styles + 1), polarity: (POLAR + 1,),
    feeling: (3, FELT + 1): logistic models over margins, see `styles`, `polarity` and `feelings`, the last column is added;
    band: (2,), confidence below which a verdict is unsure: among three classes, among two."""

    table: NDArray[np.int16]
    scale: F64
    bias: F64
    style: F64
    polarity: F64
    feeling: F64
    band: F64


class LinearSentiment:
    """Linear heads whose weights are added up by running sums. Heads trained on single styles of talk count as much as
    the text is like that style (a mixture of experts, Jacobs et al. 1991). Source of the features: Wang & Manning 2012."""

    def __init__(self, weights: Weights, version: str = "unsaved") -> None:
        self.version = version
        self.weights = weights
        self.unsure_below = float(weights.band[0])
        self._table = np.ascontiguousarray(weights.table)

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
        """What each head says, (n, HEADS): sums of weights over the square root of the number of n-grams, and bias."""
        grams = (features.characters(texts), features.words(tokens))
        length = np.maximum(sum(one.counts() for one in grams), 1)
        raw = sum(_sums(self._table, one) for one in grams)
        return np.asarray(raw * self.weights.scale / np.sqrt(length)[:, None] + self.weights.bias, np.float64)


def _sums(table: NDArray[np.int16], grams: Grams) -> NDArray[np.int64]:
    """Sums of the heads' weights over each text, (n, HEADS): of whole numbers, so that no figure depends on the rest of a
    batch. All heads of a bucket lie side by side: one look into memory an n-gram."""
    # Buckets are in range by construction; without the check that numpy makes by default a look is six times as fast.
    total = table.take(grams.buckets[0], axis=0, mode="clip").astype(np.int32)
    for bucket in grams.buckets[1:]:
        total += table.take(bucket, axis=0, mode="clip")
    total[~grams.counted] = 0
    running = np.zeros((len(total) + 1, total.shape[1]), np.int64)
    np.cumsum(total, axis=0, out=running[1:])
    return np.asarray(running[grams.ends] - running[grams.starts])


def styles(margins: F64, weights: Weights) -> F64:
    """How likely each text is of each of STYLES, shape (n, styles)."""
    return softmax(told(margins[:, STYLE], weights.style))


def polarity(margins: F64, weights: Weights) -> F64:
    """Probability of positive for texts known not to be neutral, shape (n,)."""
    logit = told(_polar(margins, styles(margins, weights)), weights.polarity[None])[:, 0]
    return np.asarray(1 / (1 + np.exp(-np.clip(logit, -30, 30))), np.float64)


def combine(margins: F64, weights: Weights) -> F64:
    """Probabilities of CLASSES from the margins of the heads: three classes say how much is neutral, polarity how the
    rest is shared. margins: (n, HEADS); returns (n, 3)."""
    like = styles(margins, weights)
    felt = 1 - softmax(told(felt_by(margins, like), weights.feeling))[:, 1]
    positive = polarity(margins, weights)
    return np.stack([felt * (1 - positive), 1 - felt, felt * positive], axis=1)


def _polar(margins: F64, like: F64) -> F64:
    """What polarity is told from, (n, POLAR): styles, and both kinds of heads as far as the style is theirs."""
    like = _with_public(like)
    return np.hstack([like, like * margins[:, OWN], like * margins[:, POLARITY, None]])


def polar(margins: F64, weights: Weights) -> F64:
    """See `_polar`; for training."""
    return _polar(margins, styles(margins, weights))


def felt_by(margins: F64, like: F64) -> F64:
    """What feeling is told from, (n, FELT): the three-class heads, styles, and those of public matters as far as it is one."""
    heads, like = margins[:, [NEGATIVE, POSITIVE]], _with_public(like)
    public = like[:, -1:] * np.hstack([heads, margins[:, PUBLIC]])
    return np.hstack([heads, like, public, np.abs(margins[:, POLARITY, None])])


def _with_public(like: F64) -> F64:
    """The styles, the last two of them as one, (n, styles - 1): board and service are of public matters, and the board alone
    has too little praise to learn from."""
    return np.hstack([like[:, :-2], like[:, -2:].sum(axis=1, keepdims=True)])


def _verdicts(rows: F64, tokens: Iterable[Sequence[str]]) -> Iterator[Verdict]:
    best = rows.argmax(axis=1)
    sure = np.round(rows.max(axis=1), 4).tolist()
    score = np.round(rows[:, 2] - rows[:, 0], 4).tolist()
    for words, label, tone, confidence in zip(tokens, best.tolist(), score, sure, strict=True):
        yield (CLASSES[label], tone, confidence) if words else ("neutral", 0.0, 0.0)


def load_linear(path: Path = ARTEFACT) -> LinearSentiment:
    """The trained model. Raises ConfigError when the file is missing or is not such a model."""
    return LinearSentiment(*load_weights(Weights, path, HEADS))


def load_sentiment(kind: Literal["linear", "snownlp"]) -> SentimentModel:
    """The model of that kind. Raises ConfigError when its file or package is missing, or the kind is unknown."""
    if kind == "snownlp":
        from nlp.snownlp_score import SnowSentiment

        return SnowSentiment()
    if kind == "linear":
        return load_linear()
    raise ConfigError(tr("没有叫 {k} 的情感模型", "there is no sentiment model called {k}", k=kind))
