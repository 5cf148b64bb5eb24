"""What rules ask of the query layer. Rules that ask the same share the question: first all say what they need, then each
question is asked once, over the time and with the columns that any of them needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np

from config.patterns import compiled
from config.rules import AnyKind, CardinalityRule, Language, Match, MetricRule, NewTermRule, PercentageRule, Rule
from pipeline.index.document import published_key
from pipeline.query.breaking import Split
from pipeline.query.kql import parse_kql
from pipeline.query.layer import QueryLayer, Question
from pipeline.query.moments import Moments, Real, Whole
from pipeline.query.writing import write
from pipeline.rules.windows import Flags, Posts

# Values of a field that alerts are kept apart by, or that are counted: those with most posts.
_VALUES = 5_000
_COLUMNS = {"mean_sentiment": ("score",), "negative_share": ("negative",), "mean_engagement": ("likes", "replies")}
# What fields are called in queries where that differs from the index.
_NAMES = {"official_unit": "unit"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question without its time: what rules share."""

    query: str
    language: Language
    match: Match

    def question(self, since_ms: int, until_ms: int) -> Question:
        """The same over a time, `until_ms` exclusive; the patterns are no part of it."""
        return Question(query=self.query, language=self.language, since=moment(since_ms), until=moment(until_ms))


@dataclass(slots=True)
class _Need:
    since_ms: int
    until_ms: int
    names: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Membership:
    """Which posts have which values of a field: pairs in the order of keys."""

    keys: Whole
    codes: Whole
    values: Sequence[str]

    def pairs(self, keys: Whole) -> tuple[Whole, Whole]:
        """Places in `keys` and codes of their values, in the order of places."""
        low = np.searchsorted(self.keys, keys, side="left")
        many = np.searchsorted(self.keys, keys, side="right") - low
        rows = np.repeat(np.arange(len(keys)), many)
        behind = np.arange(len(rows)) - np.repeat(np.cumsum(many) - many, many)
        return rows, self.codes[np.repeat(low, many) + behind]


class Asker:
    """Asks for posts. events: ids of the events that have posts between two times (ms).

    Use: `need` for each rule, then `posts`. Answers are kept as long as the asker.
    """

    def __init__(self, layer: QueryLayer, events: Callable[[int, int], Sequence[str]]) -> None:
        self._layer, self._events = layer, events
        self._needs: dict[Asked, _Need] = {}
        self._needing: set[str] = set()
        self._fields: dict[tuple[str, bool], _Need] = {}
        self._found: dict[Asked, Moments] = {}
        self._members: dict[tuple[str, bool], Membership] = {}

    def matching(self, asked: Asked, since_ms: int, until_ms: int, landed_from: int) -> Whole:
        """Keys of posts that match and landed, or changed, from that place on."""
        question = asked.question(since_ms, until_ms)
        if asked.match != Match():
            return self._worded(asked, question, landed_from)
        return self._layer.moments(question, landed_from=landed_from).keys

    def need(self, rule: AnyKind, since_ms: int, until_ms: int, names: Sequence[str] = ()) -> None:
        """Say that `rule` will be judged by the posts of that time. names: other columns that are wanted of them."""
        self._needing.add(rule.name)
        names = (*columns_of(rule), *names)
        _widen(self._needs.setdefault(asked_by(rule), _Need(since_ms, until_ms)), since_ms, until_ms, names)
        if isinstance(rule, PercentageRule):
            _widen(self._needs.setdefault(_other(rule), _Need(since_ms, until_ms)), since_ms, until_ms, ())
        for key in _fields_of(rule):
            _widen(self._fields.setdefault(key, _Need(since_ms, until_ms)), since_ms, until_ms, ())

    def posts(self, rule: AnyKind, new: Callable[[Whole], Flags]) -> Iterator[tuple[str, Posts]]:
        """The posts of each value of the rule's query key ("" without one). new: which of these keys arrived."""
        found = self._moments(asked_by(rule))
        whole = self._described(rule, found, new(found.keys))
        field_name = split_by(rule)
        if field_name is None:
            yield "", whole
            return
        members = self._membership(field_name, exact=False)
        rows, codes = members.pairs(found.keys)
        order = np.argsort(codes, kind="stable")
        rows, codes = rows[order], codes[order]
        if not len(codes):
            return
        starts = np.flatnonzero(np.diff(codes, prepend=-1))
        for start, end in zip(starts, [*starts[1:], len(codes)], strict=True):
            some = rows[start:end]
            if rule.timed or whole.new[some].any():
                yield members.values[codes[start]], part_of(whole, some)

    def needs(self, rule: AnyKind) -> bool:
        """Whether `need` was said for the rule."""
        return rule.name in self._needing

    def forget(self, asked: Asked) -> None:
        """Let go of the posts of a question."""
        self._found.pop(asked, None)

    def column(self, rule: AnyKind, name: str, keys: Whole) -> Real:
        """Another column of those posts of `rule` that have these keys."""
        found = self._moments(asked_by(rule))
        values: Real = found.values[name][np.searchsorted(found.keys, keys)]
        return values

    def _described(self, rule: AnyKind, found: Moments, new: Flags) -> Posts:
        value = matched = None
        rows = codes = np.zeros(0, dtype=np.int64)
        if isinstance(rule, MetricRule):
            value = np.vstack([found.values[name] for name in _COLUMNS[rule.metric]]).sum(axis=0)
        elif isinstance(rule, PercentageRule):
            other = self._moments(_other(rule))
            matched = np.isin(found.keys, other.keys)
        elif isinstance(rule, CardinalityRule) and rule.field == "voices":
            rows, codes = np.arange(len(found.keys)), found.values["voice"].astype(np.int64)
        elif isinstance(rule, CardinalityRule):
            rows, codes = self._membership(rule.field, exact=True).pairs(found.keys)
        return Posts(found.at, found.keys, new, value, matched, rows, codes)

    def _moments(self, asked: Asked) -> Moments:
        if asked not in self._found:
            need = self._needs[asked]
            question = asked.question(need.since_ms, need.until_ms)
            found = self._layer.moments(question, sorted(need.names))
            if asked.match != Match():
                found = _only(found, self._worded(asked, question, None))
            self._found[asked] = found
        return self._found[asked]

    def _worded(self, asked: Asked, question: Question, landed_from: int | None) -> Whole:
        """Keys of the posts whose title and text have the patterns."""
        keys = [
            published_key(post_id, at_ms)
            for post_id, at_ms, title, text in self._layer.wordings(question, landed_from=landed_from)
            if _has(asked.match.title, title) and _has(asked.match.text, text)
        ]
        return np.sort(np.array(keys, dtype=np.int64))

    def _membership(self, name: str, *, exact: bool) -> Membership:
        if (name, exact) not in self._members:
            self._members[name, exact] = self._members_of(name, self._fields[name, exact], exact=exact)
        return self._members[name, exact]

    def _members_of(self, name: str, need: _Need, *, exact: bool) -> Membership:
        span = Question(since=moment(need.since_ms), until=moment(need.until_ms))
        if name == "event":
            values = list(self._events(need.since_ms, need.until_ms))
        else:
            values = [row.keys[0] for row in self._layer.breakdown(span, Split((name,), (_VALUES,)))]
        found = [
            self._layer.moments(span, having=(name, v)).keys if exact else self._of_value(span, name, v) for v in values
        ]
        keys = np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
        codes = np.repeat(np.arange(len(found)), [len(one) for one in found])
        order = np.argsort(keys, kind="stable")
        return Membership(keys[order], codes[order], values)

    def _of_value(self, span: Question, name: str, value: str) -> Whole:
        return self._layer.moments(Question(key_query(name, value), since=span.since, until=span.until)).keys


def _widen(need: _Need, since_ms: int, until_ms: int, names: Sequence[str]) -> None:
    need.since_ms, need.until_ms = min(need.since_ms, since_ms), max(need.until_ms, until_ms)
    need.names.update(names)


def _only(found: Moments, keys: Whole) -> Moments:
    kept = np.isin(found.keys, keys)
    return Moments(found.keys[kept], {name: column[kept] for name, column in found.values.items()})


def _has(patterns: Sequence[str], text: str) -> bool:
    return not patterns or any(compiled(one).search(text) for one in patterns)


def part_of(posts: Posts, rows: Whole) -> Posts:
    """Those posts alone; rows: their places, rising."""
    place = np.full(len(posts.at), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    of_pairs = place[posts.rows]
    kept = of_pairs >= 0
    return Posts(
        at=posts.at[rows],
        keys=posts.keys[rows],
        new=posts.new[rows],
        value=None if posts.value is None else posts.value[rows],
        matched=None if posts.matched is None else posts.matched[rows],
        rows=of_pairs[kept],
        codes=posts.codes[kept],
    )


def moment(ms: int) -> datetime:
    """The aware time of milliseconds since 1970."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def asked_by(rule: AnyKind) -> Asked:
    """The question of a rule."""
    return Asked(rule.query, rule.language, rule.match)


def _other(rule: PercentageRule) -> Asked:
    return Asked(rule.match_query, rule.language, Match())


def split_by(rule: AnyKind) -> str | None:
    """The field whose values are judged apart: of a rule for new values that very field."""
    return rule.field if isinstance(rule, NewTermRule) else rule.query_key


def columns_of(rule: Rule) -> Sequence[str]:
    """Numbers of each post that a rule needs."""
    if isinstance(rule, MetricRule):
        return _COLUMNS[rule.metric]
    return ("voice",) if isinstance(rule, CardinalityRule) and rule.field == "voices" else ()


def _fields_of(rule: AnyKind) -> Iterator[tuple[str, bool]]:
    if (name := split_by(rule)) is not None:
        yield name, False
    if isinstance(rule, CardinalityRule) and rule.field != "voices":
        yield rule.field, True


def key_query(name: str, value: str) -> str:
    """The query for one value of a field."""
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{_NAMES.get(name, name)}:"{quoted}"'


@lru_cache(maxsize=1_000)
def query_of(query: str, language: str, name: str | None, key: str) -> str:
    """A rule's query, for one value of its query key, in our own language. Raises QueryError."""
    own = write(parse_kql(query)) if language == "kql" else query.strip()
    of_key = key_query(name, key) if name and key else ""
    if own and of_key:
        return f"({own}) {of_key}"
    return own or of_key
