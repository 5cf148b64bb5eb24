"""A post as the detection takes it."""

from __future__ import annotations

from dataclasses import dataclass

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Heard:
    """What of a post decides. voice: pseudonym of the author (the source's name where there is none), only ever counted;
    *_tokens: of the annotation; original: id of the post this one copies, "" for none; negative: None where the sentiment
    is unsure; answered: it has an official reply; topics, sectors, places, phrases: as in the annotation."""

    id: str
    published_ms: int
    source: str
    kind: str
    voice: str
    thread: str
    title: str
    title_tokens: str
    text_tokens: str
    original: str
    negative: bool | None
    answered: bool
    topics: tuple[str, ...]
    sectors: tuple[str, ...]
    places: tuple[str, ...]
    duty: str
    phrases: tuple[str, ...]

    @property
    def repost(self) -> bool:
        """Whether it only carries on what stands elsewhere: a copied article. A message that many people sign and send
        is a copy too, but each of them speaks."""
        return self.original != "" and self.kind == "article"

    @property
    def opens(self) -> bool:
        """Whether it begins something of its own, and is no answer in a thread or comment."""
        return self.kind not in ("reply", "comment")
