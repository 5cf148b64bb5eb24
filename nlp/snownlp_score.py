"""SnowNLP's score behind the same interface as our own model: to compare with, or to keep figures comparable."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from config.errors import ConfigError
from config.text import tr
from nlp.annotation import Sentiment

# SnowNLP knows no neutral: within this band of its probability we say neutral.
_BAND = (0.4, 0.6)
# Its time grows faster than the text; the beginning of a long post decides.
_MAX_CHARACTERS = 500


class SnowSentiment:
    """SnowNLP as shipped (trained on shop and hotel reviews). Loads its model, some 3 s, when built.

    Raises ConfigError when the package is not installed.
    """

    def __init__(self) -> None:
        try:
            from snownlp import SnowNLP
        except ImportError as error:
            message = tr(
                "没有安装 SnowNLP：pip install 'qingyu[classic]'",
                "SnowNLP is not installed: pip install 'qingyu[classic]'",
            )
            raise ConfigError(message) from error
        self._open = SnowNLP
        # Its confidence is no probability: only what is called neutral is unsure.
        self.unsure_below = 2 * _BAND[1] - 1
        self.version = f"snownlp-{version('snownlp')}"[:16]

    def score(self, texts: Sequence[str], tokens: Sequence[Sequence[str]]) -> list[tuple[Sentiment, float, float]]:
        """(class, score −1 … 1, confidence 0 … 1 = |score|) of each text; neutral, 0, 0 where no token is left."""
        return [self._one(text) if words else ("neutral", 0.0, 0.0) for text, words in zip(texts, tokens, strict=True)]

    def _one(self, text: str) -> tuple[Sentiment, float, float]:
        chance = self.chance(text)
        score = round(2 * chance - 1, 4)
        label: Sentiment = "neutral"
        if not _BAND[0] <= chance <= _BAND[1]:
            label = "positive" if chance > _BAND[1] else "negative"
        return label, score, abs(score)

    def chance(self, text: str) -> float:
        """SnowNLP's probability that `text` is positive; .5 for text it can do nothing with."""
        text = text[:_MAX_CHARACTERS].strip()
        if not text:
            return 0.5
        try:
            return min(1.0, max(0.0, float(self._open(text).sentiments)))
        except (ZeroDivisionError, ValueError, KeyError, IndexError, OverflowError):
            # Texts without a single word it knows make its arithmetic fail.
            return 0.5
