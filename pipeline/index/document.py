"""What of a post stands in the index: the one field list that every engine's mapping is made from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from pipeline.query.grams import NOTHING, indexed

# Fields of running text: tokens and pairs, see `pipeline.query.grams`.
TEXTS = ("title", "text", "official")
KEYWORDS = (
    "source", "kind", "region", "category", "topic", "sentiment", "official_unit", "keyphrase", "thread",
    "intent", "sector", "place", "duty", "copy_cluster", "words", "duplicate_of",
)  # fmt: skip
WHOLE = (
    "likes", "views", "replies", "answered", "negative", "landed_seq", "voice", "published_ms", "collected_ms",
    "appeal", "unsure", "copy",
)  # fmt: skip
REAL = ("score", "confidence")
# An engine may keep dates to the second: they serve the histograms, the *_ms beside them the ranges.
TIMES = ("published", "collected")
SORT_FIELDS = {name: f"sort_{name}" for name in ("published", "likes", "views", "replies", "score")}
# The farthest a time may lie so that 22 bits of the id fit beside it: the year 2039 would need 41 bits, 2109 42.
_MOST_MS = (1 << 41) - 1
# Of the id, in the key that posts are ordered by.
KEY_BITS = 22


class IndexDocument(NamedTuple):
    """A post as the engines take it.

    *_ms: milliseconds since 1970 UTC; published_ms falls back to collected_ms where the source shows no time.
    *_tokens: whitespace-joined tokens of the segmenter. words: distinct content words (no stop words), for significant
    words. voice: the author's pseudonym, only ever counted (cardinality): it can be neither searched, sorted by nor
    listed. landed_seq: version of the post; a lower one never overwrites a higher one. The rest as in `nlp.annotation`;
    copy_cluster: of the posts that say the same; duplicate_of: their original, "" for the original itself. url, shown_*:
    for people who read the index with other tools (Kibana); an engine that none reads so leaves them out.
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
    url: str = ""
    shown_title: str = ""
    shown_text: str = ""


def values_of(post: IndexDocument) -> dict[str, Any]:
    """The fields of a post's document, empty ones left out; times as ms since 1970.

    voice becomes a number that only counts: the pseudonym itself is in no index.
    """
    tie = _tie(post.id)
    low32 = tie & 0xFFFFFFFF
    values: dict[str, Any] = {
        "id": post.id,
        "title": indexed(post.title_tokens) or NOTHING,
        "text": indexed(post.text_tokens) or NOTHING,
        "official": indexed(post.official_tokens) or NOTHING,
        "source": post.source,
        "kind": post.kind,
        "sentiment": post.sentiment,
        # −0.0 is 0 to a reader, and below it to an index.
        "score": post.score + 0.0,
        "confidence": post.confidence,
        "published": post.published_ms,
        "collected": post.collected_ms,
        "published_ms": post.published_ms,
        "collected_ms": post.collected_ms,
        "likes": post.likes,
        "views": post.views,
        "replies": post.replies,
        "answered": int(post.answered),
        "negative": int(post.sentiment == "negative"),
        "appeal": int(post.appeal),
        "unsure": int(post.unsure),
        "copy": int(post.duplicate_of != ""),
        "landed_seq": post.landed_seq,
        "sort_published": published_key(post.id, post.published_ms),
        "sort_likes": _count_key(post.likes) << 32 | low32,
        "sort_views": _count_key(post.views) << 32 | low32,
        "sort_replies": _count_key(post.replies) << 32 | low32,
        "sort_score": int((min(max(post.score, -1.0), 1.0) + 1) * 1e9) << 32 | low32,
    }
    optional = {
        "region": post.region,
        "category": post.category,
        "official_unit": post.official_unit,
        "thread": post.thread,
        "intent": post.intent,
        "duty": post.duty,
        # Most posts are alone in theirs, which has their id: a term for each would be of no use (see `query.values`).
        "copy_cluster": post.copy_cluster if post.copy_cluster != post.id else "",
        "duplicate_of": post.duplicate_of,
        "sector": list(post.sectors),
        "place": list(post.places),
        "topic": list(post.topics),
        "words": list(post.words),
        "keyphrase": list(post.keyphrases),
    }
    values.update((name, value) for name, value in optional.items() if value)
    if post.voice:
        values["voice"] = _digits(post.voice) >> 1
    return values


def published_key(post_id: str, published_ms: int) -> int:
    """What posts are ordered by: the time of publication, then 22 bits of the id. Two posts of one millisecond have the same
    one in four million times."""
    return min(max(published_ms, 0), _MOST_MS) << KEY_BITS | (_tie(post_id) & ((1 << KEY_BITS) - 1))


def _digits(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def _tie(post_id: str) -> int:
    """A number that parts posts of one sort key: the end of the id, which is a digest itself."""
    try:
        return int(post_id[-16:], 16)
    except ValueError:
        return _digits(post_id)


def _count_key(count: int) -> int:
    return min(max(count, 0), 0x7FFFFFFE)
