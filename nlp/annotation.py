"""What nlp says about a post."""

from __future__ import annotations

from typing import Literal, NamedTuple

Sentiment = Literal["negative", "neutral", "positive"]


class Annotation(NamedTuple):
    """title_tokens, text_tokens: the segmenter's tokens joined by one space, lower case, half width, stop words kept
    (the index and every query are cut the same way); sentiment: the class; score: −1 negative … 1 positive; confidence:
    0 … 1, of the class; topics: ids of the taxonomy, best first; keyphrases: at most 8, best first; unsure: the sentiment
    had better be left out of figures; intent: one of `nlp.matters.INTENTS`; appeal: something is asked to be done;
    sectors: of `nlp.matters.CATEGORIES`, best first, none where unsure; places: ids of the gazetteer; duty: the unit that
    usually answers such posts, "" where no rule says; copy_keys: 128 bytes by which copies are found (`nlp.copies`)."""

    title_tokens: str
    text_tokens: str
    sentiment: Sentiment
    score: float
    confidence: float
    topics: tuple[str, ...]
    keyphrases: tuple[str, ...]
    unsure: bool = False
    intent: str = ""
    appeal: bool = False
    sectors: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    duty: str = ""
    copy_keys: bytes = b""
