"""What nlp says about a post."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Sentiment = Literal["negative", "neutral", "positive"]


@dataclass(frozen=True, slots=True)
class Annotation:
    """title_tokens, text_tokens: the segmenter's tokens joined by one space, lower case, half width, stop words kept
    (the index and every query are cut the same way); sentiment: the class; score: −1 negative … 1 positive; confidence:
    0 … 1, of the class; topics: ids of the taxonomy, best first; keyphrases: at most 8, best first."""

    title_tokens: str
    text_tokens: str
    sentiment: Sentiment
    score: float
    confidence: float
    topics: tuple[str, ...]
    keyphrases: tuple[str, ...]
