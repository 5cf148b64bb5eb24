"""What is asked and what is answered: plain values, so that views can keep and compare them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

Language = Literal["qingyu", "kql"]


@dataclass(frozen=True, slots=True)
class Question:
    """Everything a view, command or rule asks with.

    query: "" for all; language: which it is written in, "kql" is Kibana's; since, until: aware, until exclusive, of the
    time of publication; the tuples of values: any of them, empty for no limit; places: ids or names of the gazetteer, each
    with all that lies in it; originals: without posts that repeat an earlier one; also: questions whose posts alone are
    meant, those of all of them.
    """

    query: str = ""
    since: datetime | None = None
    until: datetime | None = None
    sources: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    sentiments: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    originals: bool = False
    language: Language = "qingyu"
    also: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of raw text (not HTML); marked: the query asked for it."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """A post found. post: as `QueryLayer.export` gives it; title, text: its raw text in pieces, text as an excerpt."""

    post: dict[str, Any]
    title: list[Segment]
    text: list[Segment]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A page of hits; total: of all that match; after: asks for the next page, "" at the end."""

    hits: list[Hit]
    total: int
    after: str


@dataclass(frozen=True, slots=True)
class DayCount:
    """A day of Asia/Shanghai. mean_score: −1 … 1, negative_share: 0 … 1, both None on a day without posts; originals: the
    posts that repeat no earlier one (count: all)."""

    day: date
    count: int
    mean_score: float | None
    negative_share: float | None
    voices: int
    originals: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """The posts of one value of a field; see DayCount."""

    key: str
    count: int
    mean_score: float | None
    negative_share: float | None


@dataclass(frozen=True, slots=True)
class TopicDay:
    """A topic on a day; days without posts are left out."""

    topic: str
    day: date
    count: int
    mean_score: float | None


@dataclass(frozen=True, slots=True)
class ThreadCount:
    """A thread (its URL, the title of its first post), its posts among those that match, and how many voices took part."""

    thread: str
    count: int
    voices: int
    mean_score: float | None
    title: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """A word that stands out. count: posts of the set with it; background: of the others; score: log-likelihood ratio."""

    word: str
    count: int
    background: int
    score: float


@dataclass(frozen=True, slots=True)
class PostView:
    """A post, what it said before (dicts: revision, replaced, record), and the other posts of its thread, oldest first
    (dicts: id, kind, published)."""

    post: dict[str, Any]
    revisions: Sequence[dict[str, Any]]
    thread: Sequence[dict[str, Any]]
