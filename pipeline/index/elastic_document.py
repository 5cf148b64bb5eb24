"""The Elasticsearch mapping, made from the one field list, and how a post becomes a document of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pipeline.index.document import KEYWORDS, REAL, SORT_FIELDS, TEXTS, TIMES, WHOLE, IndexDocument, values_of

# Raise with each change of the mapping or of `values_of`: indices of another version are refused, not misread.
SCHEMA_VERSION = "2"
# Java takes the control characters that mark pairs and fences for white space; here private characters stand for them.
_PRIVATE = (("\x1d", "\ue002"), ("\x1e", "\ue001"), ("\x1f", "\ue000"))
# For people who read the index with Kibana; `title`, `text`, `official` hold tokens.
SHOWN = ("url", "shown_title", "shown_text")
# Not given back with a document: tokens nobody can read, keys to sort by, and what only counts voices.
_HIDDEN = (*TEXTS, "words", "voice", "published_ms", "collected_ms", "negative", *SORT_FIELDS.values())
# The longest term Lucene takes has 32,766 bytes.
_LONGEST = 8_191
# The longest token of the white-space analyser; it cuts longer ones.
LONGEST_TOKEN = 255


def private(text: str) -> str:
    """`text` of tokens as the index holds it."""
    for control, letter in _PRIVATE:  # three times faster than str.translate
        text = text.replace(control, letter)
    return text.lower()


def mapping() -> dict[str, Any]:
    """The mapping: every field explicit, an unknown one refused."""
    fields: dict[str, Any] = {"id": {"type": "keyword"}}
    fields |= {name: {"type": "text", "analyzer": "whitespace"} for name in TEXTS}
    fields |= {name: {"type": "keyword", "ignore_above": _LONGEST} for name in KEYWORDS}
    fields |= {name: {"type": "long"} for name in WHOLE}
    fields |= {name: {"type": "double"} for name in REAL}
    fields |= {name: {"type": "date", "format": "strict_date_optional_time||epoch_millis"} for name in TIMES}
    fields |= {name: {"type": "long", "index": False} for name in SORT_FIELDS.values()}
    fields |= {name: {"type": "keyword", "index": False, "doc_values": False} for name in SHOWN}
    return {
        "dynamic": "strict",
        "_source": {"excludes": list(_HIDDEN)},
        "_meta": {"schema_version": SCHEMA_VERSION},
        "properties": fields,
    }


def settings(*, shards: int, replicas: int) -> dict[str, Any]:
    """Settings of an index. Nothing is seen before a refresh, which each commit asks for."""
    return {
        "number_of_shards": shards,
        "auto_expand_replicas": f"0-{replicas}",
        "refresh_interval": "-1",
        # As deep as results sorted by relevance go; others have no end.
        "max_result_window": 10_000,
        # A pattern is as long as a query may be.
        "max_regex_length": 20_000,
    }


def body_of(post: IndexDocument) -> dict[str, Any]:
    """The document of a post."""
    values = values_of(post)
    for name in TEXTS:
        values[name] = private(values[name])
    values["url"], values["shown_title"], values["shown_text"] = post.url, post.shown_title, post.shown_text
    return values


def month_of(post: IndexDocument) -> str:
    """The month of publication (UTC), "2026.11": the end of the name of the index that holds the post."""
    seconds = min(max(post.published_ms // 1000, _FIRST), _LAST)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y.%m")


# Sites date posts wrongly: what lies far off shares an index instead of having one of its own.
_FIRST = int(datetime(1990, 1, 1, tzinfo=UTC).timestamp())
_LAST = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
