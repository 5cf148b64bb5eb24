"""What rules remember, in the store: how far they looked, how long they are silent, what they raised."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from crawlers.store import insert_rows, upsert
from pipeline.alerts.model import Alert
from pipeline.query.times import milliseconds
from pipeline.rules.tables import rule_firing, rule_mark, rule_seen, rule_state

# What a person said of a rule's silence; evaluations leave it alone.
_OF_PEOPLE = ("silenced_ms", "silenced_why", "silenced_by")


def identity(*parts: str) -> str:
    """A digest of 32 characters that is the same for the same parts."""
    joined = "\x1f".join(parts).encode("utf-8", "replace")
    return hashlib.blake2b(joined, digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a rule has looked; see `tables.rule_mark`. evaluated_ms: 0 for never."""

    rule: str
    arrived: int = 0
    evaluated_ms: int = 0
    silenced_ms: int = 0
    version: int = 0
    fault: str = ""
    silenced_why: str = ""
    silenced_by: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """The silence of a rule for a value of its query key; see `tables.rule_state`. fired_ms: 0 for never."""

    rule: str
    key: str
    fired_ms: int = 0
    until_ms: int = 0
    exponent: int = 0
    held: int = 0
    held_since_ms: int = 0
    held_until_ms: int = 0

    def holding(self, count: int, since_ms: int, until_ms: int) -> State:
        """With so many posts more that wait for the silence to end."""
        return replace(
            self,
            held=self.held + count,
            held_since_ms=min(self.held_since_ms, since_ms) if self.held else since_ms,
            held_until_ms=max(self.held_until_ms, until_ms),
        )


def marks(connection: Connection) -> dict[str, Mark]:
    """How far each rule has looked, by name."""
    return {row.rule: Mark(**row._mapping) for row in connection.execute(select(rule_mark))}


def mark_of(connection: Connection, rule: str) -> Mark:
    """How far one rule has looked."""
    row = connection.execute(select(rule_mark).where(rule_mark.c.rule == rule)).first()
    return Mark(**row._mapping) if row is not None else Mark(rule)


def states(connection: Connection, rule: str | None = None) -> dict[tuple[str, str], State]:
    """The silence of each rule and key; rule: of that one alone."""
    columns = [c for c in rule_state.c if c.name != "id"]
    asked = select(*columns) if rule is None else select(*columns).where(rule_state.c.rule == rule)
    found = (State(**row._mapping) for row in connection.execute(asked))
    return {(one.rule, one.key): one for one in found}


def keep_states(connection: Connection, some: Iterable[State]) -> None:
    """Remember them."""
    upsert(connection, rule_state, [{"id": identity(s.rule, s.key), **_columns(s)} for s in some])


def keep_marks(connection: Connection, some: Iterable[Mark]) -> None:
    """Remember them, but for what a person said of silence."""
    upsert(connection, rule_mark, [_columns(one) for one in some], key="rule", keep=_OF_PEOPLE)


def silence(connection: Connection, rule: str, until_ms: int, *, why: str = "", who: str = "") -> None:
    """Let a rule be silent until then, for that reason; 0 ends that."""
    row = _columns(Mark(rule, silenced_ms=until_ms, silenced_why=why[:2_000], silenced_by=who[:80]))
    kept = tuple(name for name in row if name != "rule" and name not in _OF_PEOPLE)
    upsert(connection, rule_mark, [row], key="rule", keep=kept)


def _columns(one: Mark | State) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__slots__}


def seen(connection: Connection, rule: str) -> frozenset[str]:
    """Subjects the rule has told of or passed over."""
    return frozenset(connection.execute(select(rule_seen.c.subject).where(rule_seen.c.rule == rule)).scalars())


def note_seen(connection: Connection, rule: str, subjects: Mapping[str, int]) -> None:
    """Remember subjects, each with its time (ms)."""
    if not subjects:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    rows = [{"rule": rule, "subject": subject, "at_ms": at} for subject, at in subjects.items()]
    connection.execute(dialect.insert(rule_seen).on_conflict_do_nothing(), rows)


def fired(connection: Connection, ids: Collection[str]) -> frozenset[str]:
    """Those of the alerts that were raised before."""
    asked = select(rule_firing.c.id).where(rule_firing.c.id.in_(list(ids)))
    return frozenset(connection.execute(asked).scalars())


def note_fired(connection: Connection, alerts: Sequence[Alert], posts: Mapping[str, int]) -> None:
    """Remember alerts that are raised in this transaction. posts: how many each is about, by id."""
    rows = [
        {
            "id": a.id, "rule": a.rule, "key": a.key, "level": a.level, "since_ms": milliseconds(a.since),
            "until_ms": milliseconds(a.until), "fired_ms": milliseconds(a.made_at), "posts": posts[a.id],
        }
        for a in alerts
    ]  # fmt: skip
    insert_rows(connection, rule_firing, rows)
