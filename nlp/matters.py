"""What a post is about (seven categories), what it wants (intent) and whether it asks someone to act (appeal): numpy alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp import features
from nlp.features import Grams
from nlp.linear import F64, load_weights, logistic, softmax, told

# 城乡建设 环境保护 交通运输 教育文体 劳动和社会保障 商贸旅游 卫生计生
CATEGORIES = ("construction", "environment", "transport", "education", "labour", "commerce", "health")
INTENTS = ("complaint", "help", "inquiry", "suggestion", "report", "praise", "other")
ARTEFACT = Path(__file__).resolve().parent / "models" / "matters.npz"


# Columns of the table: 16 numbers of two bytes are half a cache line, so that one look into memory serves all heads.
CATEGORY = slice(0, 7)
INTENT = slice(7, 14)
APPEAL = 14
PUBLIC = 15
HEADS = 16
# A title counts as if it were written twice.
TITLE_WEIGHT = 2

# So many posts at a time: their arrays stay within the processor's cache, and memory is bounded.
_BATCH = 128


@dataclass(frozen=True, slots=True)
class Matter:
    """categories: of CATEGORIES, best first: none where unsure, two where the second is nearly as likely; intent: of
    INTENTS; appeal: whether someone is asked to do something; confidences: 0 … 1, calibrated."""

    categories: tuple[str, ...]
    category_confidence: float
    intent: str
    intent_confidence: float
    appeal: bool
    appeal_confidence: float


NOTHING = Matter((), 0.0, "other", 0.0, False, 0.0)


@dataclass(frozen=True)
class Weights:
    """What is saved. table: int16, (buckets, HEADS); scale: (HEADS,), what one step of the table is worth;
    bias: (HEADS,); category: (7, 7 + 1), public: (1, 1 + 1), intent: (7, 8 + 1), appeal: (1, 8 + 1): logistic models over
    margins, the last column is added; band: (2,), confidence from which a category is said, and from which a second."""

    table: NDArray[np.int16]
    scale: F64
    bias: F64
    category: F64
    public: F64
    intent: F64
    appeal: F64
    band: F64


class Matters:
    """Linear heads over hashed n-grams of title and text. Source of the features: Wang & Manning 2012."""

    def __init__(self, weights: Weights, version: str = "unsaved") -> None:
        self.version = version
        self.weights = weights
        self._table = np.ascontiguousarray(weights.table)

    def judge(
        self,
        titles: Sequence[str],
        texts: Sequence[str],
        title_tokens: Sequence[Sequence[str]],
        text_tokens: Sequence[Sequence[str]],
    ) -> list[Matter]:
        """What is said of each post, in order; never raises for a text. All four: n long, empty strings allowed.

        A post without a token is in no category and asks for nothing, with confidences 0.
        """
        found: list[Matter] = []
        for start in range(0, len(titles), _BATCH):
            part = slice(start, start + _BATCH)
            words = (title_tokens[part], text_tokens[part])
            margins = self.margins(titles[part], texts[part], *words)
            some = [bool(title or text) for title, text in zip(*words, strict=True)]
            found.extend(_matters(margins, self.weights, some))
        return found

    def margins(
        self,
        titles: Sequence[str],
        texts: Sequence[str],
        title_tokens: Sequence[Sequence[str]],
        text_tokens: Sequence[Sequence[str]],
    ) -> F64:
        """What each head says, (n, HEADS): sums of weights over the square root of the number of n-grams, and bias; those of
        the title are taken twice. What a post is about, title and text say with one voice each, however long they are."""
        grams = (features.characters([*titles, *texts]), features.words([*title_tokens, *text_tokens]))
        length, raw = _added([one.counts() for one in grams]), _added([_sums(self._table, one) for one in grams])
        found = both(raw) / np.sqrt(np.maximum(both(length), 1))[:, None]
        found[:, CATEGORY] = by_voice(raw[:, CATEGORY], length)
        return np.asarray(found * self.weights.scale + self.weights.bias, np.float64)


def _added(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    total = parts[0].copy()
    for part in parts[1:]:
        total += part
    return total


def both(parts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sums of posts from those of n titles followed by those of n texts, (2n, …) to (n, …)."""
    half = len(parts) // 2
    return TITLE_WEIGHT * parts[:half] + parts[half:]


def by_voice(parts: NDArray[np.int64], length: NDArray[np.int64]) -> F64:
    """Sums of n titles followed by those of n texts, (2n, k), over the square root of their numbers of n-grams (2n,), added:
    (n, k). Over the root of two where both say something, so that it is as large as that of one.

    Of a message, ten characters of title say more about the matter than three hundred of text."""
    shares = parts / np.sqrt(np.maximum(length, 1))[:, None]
    half = len(parts) // 2
    voices = np.maximum((length[:half] > 0).astype(np.int64) + (length[half:] > 0), 1)
    return np.asarray((np.sqrt(TITLE_WEIGHT) * shares[:half] + shares[half:]) / np.sqrt(voices)[:, None], np.float64)


def _sums(table: NDArray[np.int16], grams: Grams) -> NDArray[np.int64]:
    """Sums of the heads' weights over each text, (n, HEADS): of whole numbers, so that no figure depends on the rest of a
    batch."""
    # Three or two weights of at most 511 fit two bytes; a text has at most 2,000 positions, so that differences of sums fit
    # four bytes even where the sum of the whole batch has wrapped around.
    # `take` that clips copies whole rows: six times as fast as an index, and buckets are never out of range.
    total = table.take(grams.buckets[0], axis=0, mode="clip")
    for bucket in grams.buckets[1:]:
        total += table.take(bucket, axis=0, mode="clip")
    total[~grams.counted] = 0
    running = np.zeros((len(total) + 1, HEADS), np.int32)
    np.cumsum(total, axis=0, dtype=np.int32, out=running[1:])
    return (running[grams.ends] - running[grams.starts]).astype(np.int64)


def categories(margins: F64, weights: Weights) -> F64:
    """Probability of each of CATEGORIES, (n, 7): they sum to the probability that the post is about a public matter at all."""
    public = logistic(told(margins[:, [PUBLIC]], weights.public))
    return softmax(told(margins[:, CATEGORY], weights.category)) * public


def intents(margins: F64, weights: Weights) -> F64:
    """Probability of each of INTENTS, (n, 7)."""
    return softmax(told(wanted_by(margins), weights.intent))


def appeals(margins: F64, weights: Weights) -> F64:
    """Probability that someone is asked to do something, (n,)."""
    return logistic(told(wanted_by(margins), weights.appeal))[:, 0]


def wanted_by(margins: F64) -> F64:
    """What intent and appeal are told from, (n, 8): the heads of both."""
    return margins[:, INTENT.start : APPEAL + 1]


def _matters(margins: F64, weights: Weights, some: Sequence[bool]) -> list[Matter]:
    """Verdicts of one batch. some: whether the post has a token."""
    about, wants, asks = categories(margins, weights), intents(margins, weights), appeals(margins, weights)
    order = np.argsort(-about, axis=1, kind="stable")[:, :2]
    ranked = np.round(np.take_along_axis(about, order, axis=1), 4).tolist()
    intent, sure = wants.argmax(axis=1).tolist(), np.round(wants.max(axis=1), 4).tolist()
    appeal = np.round(asks, 4).tolist()
    first, second = weights.band.tolist()
    return [
        Matter(
            tuple(CATEGORIES[i] for i in best[: (p[0] >= first) + (p[0] >= first and p[1] >= second)]),
            p[0],
            INTENTS[want],
            confidence,
            ask >= 0.5,
            max(ask, round(1 - ask, 4)),
        )
        if there
        else NOTHING
        for there, best, p, want, confidence, ask in zip(
            some, order.tolist(), ranked, intent, sure, appeal, strict=True
        )
    ]


def load_matters(path: Path = ARTEFACT) -> Matters:
    """The trained model. Raises ConfigError when the file is missing or is not such a model."""
    return Matters(*load_weights(Weights, path, HEADS))
