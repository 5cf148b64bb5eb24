"""An alert as a rule makes it: what happened, why, and who is to know. The outbox delivers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Level = Literal["blue", "yellow", "orange", "red"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an alert reaches people.

    groups: names in groups.yaml; digest: "" for at once, a duration ("2h") for all of that time together, or a schedule as
    five fields of cron ("0 8 * * 1-5"); quiet: "22:00-07:00" of Asia/Shanghai, held back then and sent together after it, ""
    for never; escalate_after_s: how long the first person has to acknowledge before the next is told, 0 for never.
    """

    groups: Sequence[str]
    digest: str = ""
    quiet: str = ""
    escalate_after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Alert:
    """What a rule found.

    id: the same for the same firing (rule, query key and window), so that a rule evaluated twice makes one alert; rule: its
    name; key: the value of the rule's query_key, "" without; title: one line; reason: sentences, why it fired; figures: (name,
    value) as shown; query: in the query language, finds the posts between since and until (until exclusive); posts: ids of
    representatives, the earliest first; event_id, flag_id: where it came from one; topics, places: what it is about, for
    groups that have their own; made_at: aware.
    """

    id: str
    rule: str
    key: str
    level: Level
    title: str
    reason: Sequence[str]
    figures: Sequence[tuple[str, str]]
    query: str
    since: datetime
    until: datetime
    posts: Sequence[str]
    topics: Sequence[str]
    places: Sequence[str]
    made_at: datetime
    delivery: Delivery
    event_id: str = ""
    flag_id: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a letter. media_type: such as "application/pdf"."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """Something made elsewhere that goes to groups by mail as it is: a brief, a list of cases that run out of time.

    id: the same for the same letter, so that sending it twice sends it once; subject: one line; paragraphs: plain text;
    attachments: files; groups: names in groups.yaml; made_at: aware.
    """

    id: str
    subject: str
    paragraphs: Sequence[str]
    attachments: Sequence[Attachment]
    groups: Sequence[str]
    made_at: datetime
