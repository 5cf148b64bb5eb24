"""Who is told: the people and channels of groups, and whether an alert is any of a group's business."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from config.groups import Group, Person
from config.project import Project


@dataclass(frozen=True, slots=True)
class Recipient:
    """A mailbox or a channel. channel: mail or a kind of Channel; address: of mail, else the name of the variable."""

    group: str
    person: str
    channel: str
    address: str

    @property
    def id(self) -> str:
        """The same for the same mailbox or channel, whichever group it is in."""
        return hashlib.sha256(f"{self.channel}\x1f{self.address.lower()}".encode()).hexdigest()[:32]


def person_of(group: str, one: Person) -> Recipient:
    """Someone as a recipient."""
    return Recipient(group, one.name, "mail", one.address)


def people(name: str, group: Group) -> list[Recipient]:
    """The people of a group in the order of escalation."""
    return [person_of(name, one) for one in group.in_order()]


def channels(name: str, group: Group) -> list[Recipient]:
    """The channels of a group."""
    return [Recipient(name, one.env, one.kind, one.env) for one in group.channels]


class Matter:
    """Tells whether topics and places of an alert are among those a group has; names and ids are the same to it."""

    def __init__(self, names: Callable[[], tuple[Mapping[str, str], Mapping[str, frozenset[str]]]]) -> None:
        self._load = names

    @cached_property
    def _names(self) -> tuple[Mapping[str, str], Mapping[str, frozenset[str]]]:
        return self._load()

    def concerns(self, group: Group, topics: Sequence[str], places: Sequence[str]) -> bool:
        """Whether an alert about `topics` and `places` is for `group`.

        A filter of the group counts only where the alert says what it is about: one without any topic (a source that fell
        silent, a reminder) is no other group's business either.
        """
        return self._topics_meet(group.topics, topics) and self._places_meet(group.places, places)

    def _topics_meet(self, wanted: Sequence[str], about: Sequence[str]) -> bool:
        if not (wanted and about):
            return True
        ids = self._names[0]
        return bool({ids.get(t, t) for t in wanted} & {ids.get(t, t) for t in about})

    def _places_meet(self, wanted: Sequence[str], about: Sequence[str]) -> bool:
        """A place of the group holds all that lie in it."""
        if not (wanted and about):
            return True
        within = self._names[1]
        whole = frozenset[str]().union(*(within.get(p, frozenset({p})) for p in wanted))
        return any(within.get(p, frozenset({p})) & whole and not self._wider(p, wanted) for p in about)

    def _wider(self, place: str, wanted: Sequence[str]) -> bool:
        """Whether `place` only holds those wanted: an alert about the whole county is not one about its every village."""
        within = self._names[1]
        mine = within.get(place, frozenset({place}))
        return not any(mine <= within.get(p, frozenset({p})) for p in wanted)

    def unknown(self, group: Group) -> Iterator[tuple[str, str]]:
        """("topics" or "places", name) of each that neither list has."""
        ids, within = self._names
        known = set(ids) | set(ids.values())
        yield from (("topics", one) for one in group.topics if one not in known)
        yield from (("places", one) for one in group.places if one not in within)


def matter_of(project: Project) -> Matter:
    """By the topics and places of `project`, which are read when a group first asks for them."""

    def names() -> tuple[Mapping[str, str], Mapping[str, frozenset[str]]]:
        from nlp.places import load_places
        from nlp.taxonomy import load_taxonomy

        tools = project.settings.nlp
        topics = load_taxonomy(project.file(tools.topics)).topics
        ids = {name: topic.id for topic in topics for name in (topic.zh, topic.en)} | {t.id: t.id for t in topics}
        gazetteer = load_places(project.file(tools.places))
        below: dict[str, set[str]] = {}
        for place in gazetteer.places:
            for above in (place.id, *gazetteer.lineage(place.id)):
                below.setdefault(above, set()).add(place.id)
        within: dict[str, frozenset[str]] = {}
        for place in gazetteer.places:
            for name in (place.id, place.zh, *place.aliases):
                within[name] = within.get(name, frozenset()) | frozenset(below[place.id])
        return ids, within

    return Matter(names)
