"""The Tantivy schema, made from the one field list, and how a post becomes a document of it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import tantivy

from pipeline.index.document import IndexDocument
from pipeline.query.grams import indexed

# Raise with each change of fields, analysers or of `grams.indexed`: an older index is then refused, not misread.
SCHEMA_VERSION = "4"
ANALYSER = "tokens"
KEYWORDS = (
    "source", "kind", "region", "category", "topic", "sentiment", "official_unit", "keyphrase", "thread",
    "intent", "sector", "place", "duty", "copy_cluster",
)  # fmt: skip
WHOLE = (
    "likes", "views", "replies", "answered", "negative", "landed_seq", "voice", "published_ms", "collected_ms",
    "appeal", "unsure", "copy",
)  # fmt: skip
REAL = ("score", "confidence")
# The engine keeps dates to the second: they serve the histograms, the *_ms beside them the ranges.
TIMES = ("published", "collected")
SORT_FIELDS = {name: f"sort_{name}" for name in ("published", "likes", "views", "replies", "score")}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The farthest a time may lie so that 22 bits of the id fit beside it: the year 2039 would need 41 bits, 2109 42.
_MOST_MS = (1 << 41) - 1


def _build() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("title", "text", "official"):
        builder.add_text_field(name, tokenizer_name=ANALYSER, index_option="position")
    for name in (*KEYWORDS, "words", "duplicate_of"):
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for name in WHOLE:
        builder.add_integer_field(name, fast=True)
    for name in REAL:
        builder.add_float_field(name, fast=True)
    for name in TIMES:
        builder.add_date_field(name, fast=True)
    for name in SORT_FIELDS.values():
        builder.add_integer_field(name, fast=True)
    return builder.build()


_SCHEMA = _build()


def schema() -> tantivy.Schema:
    """The schema of this version."""
    return _SCHEMA


def register(index: tantivy.Index) -> None:
    """Make the analyser of token fields known to an opened index: cut at white space, lower case, nothing else."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    index.register_tokenizer(ANALYSER, builder.filter(tantivy.Filter.lowercase()).build())


def _digits(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def _tie(post_id: str) -> int:
    """A number that parts posts of one sort key: the end of the id, which is a digest itself."""
    try:
        return int(post_id[-16:], 16)
    except ValueError:
        return _digits(post_id)


def when(ms: int) -> datetime:
    """A time of ms since 1970."""
    return _EPOCH + timedelta(milliseconds=ms)


def record_of(post: IndexDocument) -> tantivy.Document:
    """The document of a post. voice becomes a number that only counts: the pseudonym itself is not in the index."""
    tie = _tie(post.id)
    low22, low32 = tie & 0x3FFFFF, tie & 0xFFFFFFFF
    values = {
        "id": post.id,
        "title": indexed(post.title_tokens),
        "text": indexed(post.text_tokens),
        "source": post.source,
        "kind": post.kind,
        "sentiment": post.sentiment,
        "score": post.score,
        "confidence": post.confidence,
        "published": when(post.published_ms),
        "collected": when(post.collected_ms),
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
        "sort_published": min(max(post.published_ms, 0), _MOST_MS) << 22 | low22,
        "sort_likes": _count_key(post.likes) << 32 | low32,
        "sort_views": _count_key(post.views) << 32 | low32,
        "sort_replies": _count_key(post.replies) << 32 | low32,
        "sort_score": int((min(max(post.score, -1.0), 1.0) + 1) * 1e9) << 32 | low32,
    }
    optional = {
        "official": indexed(post.official_tokens) if post.official_tokens else "",
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
    return tantivy.Document.from_dict(values, _SCHEMA)


def _count_key(count: int) -> int:
    return min(max(count, 0), 0x7FFFFFFE)
