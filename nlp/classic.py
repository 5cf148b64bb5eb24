"""SnowNLP as the sentiment model, for those who choose it; the only module that imports it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from config.errors import ConfigError
from config.text import tr

# Its time grows faster than the text.
_MAX_CHARS = 500


class SnowSentiment:
    """SnowNLP has no neutral class; scores of .4–.6 count as neutral."""

    def __init__(self) -> None:
        try:
            from snownlp import SnowNLP
        except ImportError as error:
            message = tr(
                "没有安装 snownlp：pip install 'qingyu[classic]'",
                "snownlp is not installed: pip install 'qingyu[classic]'",
            )
            raise ConfigError(message) from error
        self._make = SnowNLP

    def chances(self, batch: Sequence[Sequence[str]]) -> NDArray[np.float64]:
        """Probabilities of negative, neutral, positive, shape (n, 3); certain neutral where no token is left."""
        return np.array([self._one("".join(tokens)[:_MAX_CHARS]) for tokens in batch]).reshape(-1, 3)

    def _one(self, text: str) -> tuple[float, float, float]:
        if not text:
            return 0.0, 1.0, 0.0
        positive = float(self._make(text).sentiments)
        neutral = max(0.0, 1 - abs(positive - 0.5) / 0.2)
        return (1 - positive) * (1 - neutral), neutral, positive * (1 - neutral)
