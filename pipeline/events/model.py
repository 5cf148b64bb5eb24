"""What is found among the posts: events that grow and fade, and flags that say why something is worth a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Level = Literal["blue", "yellow", "orange", "red"]
LEVELS: tuple[Level, ...] = ("blue", "yellow", "orange", "red")
State = Literal["growing", "fading", "over"]
Verdict = Literal["", "true", "noise", "known"]
# What is counted: posts of one matter; of a topic, category, place or phrase; the mood of a topic; a source.
Kind = Literal["event", "topic", "sector", "place", "phrase", "sentiment", "source"]


@dataclass(frozen=True, slots=True)
class Event:
    """Posts of one matter.

    id: of its first flag-worthy making, kept through mergers; title: from its phrases; state: growing (posts in the latest
    week), fading (in the latest month), over; posts: all, copies among them; originals: without copies; voices: distinct
    authors; negative_share: 0 … 1 of the posts whose sentiment is sure, None where there are none; topics, sectors, places,
    duty: of most of its posts, most frequent first (ids as in the annotation; duty: the unit that usually answers);
    phrases: that set it apart; first_post: id; representatives: ids of posts that say best what it is about; answered: posts
    with an official reply; curve: posts by day, days without any left out; merged_into: id of the event it became part of.
    """

    id: str
    title: str
    state: State
    first_at: datetime
    last_at: datetime
    posts: int
    originals: int
    voices: int
    negative_share: float | None
    answered: int
    topics: Sequence[str]
    sectors: Sequence[str]
    places: Sequence[str]
    duty: str
    phrases: Sequence[str]
    first_post: str
    representatives: Sequence[str]
    curve: Sequence[tuple[date, int]]
    merged_into: str = ""


@dataclass(frozen=True, slots=True)
class Flag:
    """Why something is worth a look, as it was known at flagged_at.

    series: what was counted, such as "water" of kind topic; label: the same for people; query: in the query language, finds
    the posts with the window (since_day … until_day, both included); count: posts in the window without copies; expected: by
    the season and trend of the series; probability: of as many or more by chance; adjusted: the same after all series looked
    at (false discovery rate, Benjamini & Hochberg 1995); rule: what made the level, in a sentence; similar: ids of earlier
    events with like phrases; posts: ids of representatives, first the earliest; verdict: of the analyst, "" before any.
    """

    id: str
    kind: Kind
    series: str
    label: str
    query: str
    since_day: date
    until_day: date
    count: int
    expected: float
    probability: float
    adjusted: float
    voices: int
    negative_share: float | None
    phrases: Sequence[str]
    level: Level
    rule: str
    flagged_at: datetime
    event_id: str
    posts: Sequence[str]
    similar: Sequence[str]
    duty: str
    verdict: Verdict = ""
