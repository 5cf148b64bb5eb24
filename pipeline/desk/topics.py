"""What is said about a topic or an event: originals that stand for the rest, official answers, the course of an event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from pipeline.access.model import Action
from pipeline.desk.desk import Desk, verb
from pipeline.events.model import Event, Flag
from pipeline.query.model import Hit, Question
from pipeline.query.times import SHANGHAI

# Candidates of which the representatives are chosen, for each of them.
_CANDIDATES = 8
_PER_SOURCE = 2
_TOLD = 200
Happening = Literal["first", "source", "copy", "flag", "peak", "answer", "latest"]


@dataclass(frozen=True, slots=True)
class Happened:
    """Something in the course of an event. what: of Happening; text: a title, a unit, the reason of a flag; name: of the
    source, or the level of a flag; post_id: "" where it is of no single post; count: posts of the peak."""

    at: datetime
    what: Happening
    text: str = ""
    name: str = ""
    post_id: str = ""
    count: int = 0


@verb(Action.READ_POSTS)
def representatives(desk: Desk, /, asked: Question, words: Sequence[str], size: int) -> list[Hit]:
    """Originals that say what the others say, each verbatim: those that match the words which set the posts apart best (BM25
    over `words`), at most one of a thread and two of a source and day, so that one loud thread does not speak for all.

    Without words the newest. Reading them is audited in the person's name.
    """
    if not size:
        return []
    originals = replace(asked, originals=True)
    sort = "-published"
    if words:
        query = " OR ".join(_quoted(word) for word in words)
        originals = replace(originals, also=(*asked.also, Question(query=query)))
        sort = "relevance"
    found = desk.layer.search(originals, sort=sort, size=size * _CANDIDATES).hits
    threads: Counter[str] = Counter()
    places: Counter[tuple[str, str]] = Counter()
    chosen = []
    for hit in found:
        thread = str(hit.post.get("thread_url") or hit.post["url"])
        place = (str(hit.post["source"]), str(hit.post.get("published") or "")[:10])
        if threads[thread] or places[place] >= _PER_SOURCE:
            continue
        threads[thread] += 1
        places[place] += 1
        chosen.append(hit)
    return chosen[:size]


def _quoted(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


@verb(Action.READ_POSTS)
def answered(desk: Desk, /, asked: Question, size: int) -> tuple[int, list[Hit]]:
    """How many of these posts have an official reply, and the newest of them."""
    with_reply = replace(asked, also=(*asked.also, Question(query="answered:1")))
    found = desk.layer.search(with_reply, sort="-published", size=max(1, size))
    return found.total, found.hits[:size]


@verb(Action.READ_POSTS)
def happened(desk: Desk, /, event: Event, flags: Sequence[Flag]) -> list[Happened]:
    """The course of an event, oldest first: its first post, the first of each further source and the first copy, its flags, the
    day of most posts, the first official reply, the latest post."""
    asked = Question(query=f"event:{event.id}")
    posts = [hit.post for hit in desk.layer.search(asked, sort="published", size=_TOLD).hits]
    found: list[Happened] = []
    seen: set[str] = set()
    copied = False
    for post in posts:
        at = _at(post)
        if at is None:
            continue
        if post["source"] not in seen:
            what: Happening = "source" if seen else "first"
            found.append(Happened(at, what, post["title"], post["source"], post["id"]))
            seen.add(post["source"])
        elif post.get("duplicate_of") and not copied:
            found.append(Happened(at, "copy", post["title"], post["source"], post["id"]))
        copied = copied or bool(post.get("duplicate_of"))
    replies = [
        (one, str(official["replied"])) for one in posts if (official := one.get("official") or {}).get("replied")
    ]
    if replies:
        post, replied = min(replies, key=lambda one: one[1])
        unit = str(post["official"].get("unit") or "")
        found.append(Happened(datetime.fromisoformat(replied), "answer", unit, post["source"], post["id"]))
    found += [Happened(flag.flagged_at, "flag", flag.label, flag.level) for flag in flags]
    if len(event.curve) > 1:
        day, count = max(event.curve, key=lambda one: (one[1], one[0]))
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI)
        found.append(Happened(noon, "peak", count=count))
    if event.posts > 1:
        found.append(Happened(event.last_at, "latest"))
    return sorted(found, key=lambda one: one.at)


def _at(post: dict[str, object]) -> datetime | None:
    at = post.get("published")
    return datetime.fromisoformat(str(at)) if at else None
