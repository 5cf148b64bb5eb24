"""The post: the one record that all rooms share.

`RawPost` is what a page parser takes from a page: it holds personal data and lives in memory only.
`Post` is what is written: redacted, its author a keyed pseudonym. `crawlers.landing` turns one into the other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a post is."""

    ARTICLE = "article"  # a news article or notice
    THREAD = "thread"  # the first floor of a forum thread
    REPLY = "reply"  # a later floor
    COMMENT = "comment"  # a comment below an article
    MESSAGE = "message"  # a message to a government board or hotline
    OFFICIAL_REPLY = "official_reply"  # an official answer that stands as a post of its own (a floor, a comment)


@dataclass(frozen=True, slots=True)
class Engagement:
    """Counters shown beside a post; None where the page shows none."""

    views: int | None = None
    likes: int | None = None
    dislikes: int | None = None
    replies: int | None = None


@dataclass(frozen=True, slots=True)
class Official:
    """The official answer to a message. unit: who answered; replied: when (UTC); text: redacted in a Post."""

    unit: str = ""
    replied: datetime | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class RawPost:
    """A post as it stands on the page, before redaction. Never written, never logged.

    native_id: the site's own id where it has one (unique in the source), else "" and the canonical `url` identifies;
    floor: tells posts of one URL apart, "" for the first; parent_native: native_id of the post this one answers.
    author: the name or account shown; only its keyed pseudonym is kept. Times are aware; None where the page shows none.
    """

    kind: Kind
    url: str
    title: str
    text: str
    native_id: str = ""
    floor: str = ""
    thread_url: str = ""
    parent_native: str = ""
    author: str = ""
    published: datetime | None = None
    edited: datetime | None = None
    region: str = ""
    category: str = ""
    engagement: Engagement = field(default_factory=Engagement)
    official: Official | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """A landed post. Times are aware UTC; `text`, `title` and `official.text` are redacted; `author` is a pseudonym.

    published: None where the source shows no time (then `collected` is what is known); category: as the source says.
    """

    id: str
    source: str
    kind: Kind
    url: str
    thread_url: str
    parent_id: str
    title: str
    text: str
    author: str
    published: datetime | None
    collected: datetime
    edited: datetime | None
    region: str
    category: str
    engagement: Engagement
    official: Official | None

    def content_hash(self) -> str:
        """Digest of what a reader would call the post's content; counters and times of collection are not in it."""
        official = self.official
        parts = [
            self.title,
            self.text,
            self.category,
            _iso(self.published) or "",
            *((official.unit, _iso(official.replied) or "", official.text) if official else ()),
        ]
        return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """The record as JSON values: times as ISO 8601 in UTC, absent values as None."""
        # Written out: this stands in the path of every search, and dataclasses.asdict copies deeply.
        shown, official = self.engagement, self.official
        return {
            "id": self.id,
            "source": self.source,
            "kind": str(self.kind),
            "url": self.url,
            "thread_url": self.thread_url,
            "parent_id": self.parent_id,
            "title": self.title,
            "text": self.text,
            "author": self.author,
            "published": _iso(self.published),
            "collected": _iso(self.collected),
            "edited": _iso(self.edited),
            "region": self.region,
            "category": self.category,
            "engagement": {
                "views": shown.views,
                "likes": shown.likes,
                "dislikes": shown.dislikes,
                "replies": shown.replies,
            },
            "official": None
            if official is None
            else {"unit": official.unit, "replied": _iso(official.replied), "text": official.text},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Post:
        """The record of a dict made by `to_dict`; further keys (annotations) are passed over."""
        values: dict[str, Any] = {f.name: data.get(f.name) for f in fields(cls)}
        official = data.get("official")
        values["kind"] = Kind(data["kind"])
        for name in ("published", "collected", "edited"):
            values[name] = _time(data.get(name))
        values["engagement"] = Engagement(**(data.get("engagement") or {}))
        values["official"] = (
            Official(unit=official["unit"], replied=_time(official["replied"]), text=official["text"])
            if official
            else None
        )
        return cls(**values)


def post_id(source: str, native_id: str, url: str, floor: str = "") -> str:
    """The id of a post, 32 hex digits: the same post always gets the same id, in every run and on every machine.

    native_id decides where the site has one; else the canonical url and the floor do.
    """
    key = f"{source}\x1fn\x1f{native_id}" if native_id else f"{source}\x1fu\x1f{url}\x1f{floor}"
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _iso(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None


def _time(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) and value else None


def to_json(post: Post) -> str:
    """One JSON line, keys in the record's order."""
    return json.dumps(post.to_dict(), ensure_ascii=False)
