"""What is known of a post after annotation, in its three forms: as made, as a row of the store, as a document of the index."""

from __future__ import annotations

from typing import Any, NamedTuple

from nlp.annotation import Annotation
from pipeline.annotating import Done
from pipeline.index.document import IndexDocument

_SEPARATOR = "\x1f"


class Copy(NamedTuple):
    """cluster: id of the copies a post is one of, "" for none; duplicate_of: their original, "" for the original itself."""

    cluster: str = ""
    duplicate_of: str = ""


def stored_annotation(row: dict[str, Any]) -> Done:
    """What the store keeps of an annotation."""
    kept = Annotation(
        title_tokens=row["title_tokens"],
        text_tokens=row["text_tokens"],
        sentiment=row["sentiment"],
        score=row["score"],
        confidence=row["confidence"],
        topics=tuple(row["topics"].split()),
        keyphrases=_split(row["keyphrases"]),
        unsure=bool(row["unsure"]),
        intent=row["intent"],
        appeal=bool(row["appeal"]),
        sectors=tuple(row["sectors"].split()),
        places=_split(row["places"]),
        duty=row["duty"],
    )
    return Done(row["post_id"], kept, tuple(row["words"].split()), row["official_tokens"])


def _split(joined: str) -> tuple[str, ...]:
    return tuple(joined.split(_SEPARATOR)) if joined else ()


def document(row: dict[str, Any], done: Done, copy: Copy) -> IndexDocument:
    """The index document of a row of table `post` and its annotation."""
    found = done.annotation
    assert found is not None  # posts without one are set aside, never indexed
    return IndexDocument(
        id=row["id"],
        landed_seq=row["landed_seq"],
        source=row["source"],
        kind=row["kind"],
        region=row["region"],
        category=row["category"],
        topics=found.topics,
        sentiment=found.sentiment,
        score=found.score,
        confidence=found.confidence,
        published_ms=row["published_ms"] if row["published_ms"] is not None else row["collected_ms"],
        collected_ms=row["collected_ms"],
        title_tokens=found.title_tokens,
        text_tokens=found.text_tokens,
        words=done.words,
        keyphrases=found.keyphrases,
        thread=row["thread_url"] or row["url"],
        voice=row["author"],
        answered=row["official_text"] is not None,
        official_unit=row["official_unit"] or "",
        official_tokens=done.official_tokens,
        views=row["views"] or 0,
        likes=row["likes"] or 0,
        replies=row["replies"] or 0,
        unsure=found.unsure,
        intent=found.intent,
        appeal=found.appeal,
        sectors=found.sectors,
        places=found.places,
        duty=found.duty,
        copy_cluster=copy.cluster,
        duplicate_of=copy.duplicate_of,
        url=row["url"],
        shown_title=row["title"],
        shown_text=row["text"],
    )


def annotation_row(row: dict[str, Any], done: Done, copy: Copy, *, model: str, now_ms: int) -> dict[str, Any]:
    """The row of table `annotation`."""
    found = done.annotation
    return {
        "post_id": row["id"],
        "landed_seq": row["landed_seq"],
        "model": model,
        "status": "indexed" if found else "set_aside",
        "content_hash": row["content_hash"],
        "title_tokens": found.title_tokens if found else "",
        "text_tokens": found.text_tokens if found else "",
        "official_tokens": done.official_tokens,
        "words": " ".join(done.words),
        "sentiment": found.sentiment if found else "",
        "score": found.score if found else None,
        "confidence": found.confidence if found else None,
        "topics": " ".join(found.topics) if found else "",
        "keyphrases": _SEPARATOR.join(found.keyphrases) if found else "",
        "unsure": int(found.unsure) if found else 0,
        "intent": found.intent if found else "",
        "appeal": int(found.appeal) if found else 0,
        "sectors": " ".join(found.sectors) if found else "",
        "places": _SEPARATOR.join(found.places) if found else "",
        "duty": found.duty if found else "",
        "copy_cluster": copy.cluster,
        "duplicate_of": copy.duplicate_of,
        "annotated_ms": now_ms,
    }
