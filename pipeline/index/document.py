"""What of a post stands in the index: the one field list that every engine's mapping is made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class IndexDocument(NamedTuple):
    """A post as the engines take it.

    *_ms: milliseconds since 1970 UTC; published_ms falls back to collected_ms where the source shows no time.
    *_tokens: whitespace-joined tokens of the segmenter. words: distinct content words (no stop words), for significant
    words. voice: the author's pseudonym, only ever counted (cardinality): it can be neither searched, sorted by nor
    listed. landed_seq: version of the post; a lower one never overwrites a higher one. The rest as in `nlp.annotation`;
    copy_cluster: of the posts that say the same; duplicate_of: their original, "" for the original itself.
    """

    id: str
    landed_seq: int
    source: str
    kind: str
    region: str
    category: str
    topics: Sequence[str]
    sentiment: str
    score: float
    confidence: float
    published_ms: int
    collected_ms: int
    title_tokens: str
    text_tokens: str
    words: Sequence[str]
    keyphrases: Sequence[str]
    thread: str
    voice: str
    answered: bool
    official_unit: str
    official_tokens: str
    views: int
    likes: int
    replies: int
    unsure: bool = False
    intent: str = ""
    appeal: bool = False
    sectors: Sequence[str] = ()
    places: Sequence[str] = ()
    duty: str = ""
    copy_cluster: str = ""
    duplicate_of: str = ""
