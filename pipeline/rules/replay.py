"""The past lived through again by rules, tick by tick, with the posts that were known then. Pure but for the asking.

A post is known from when it was collected; one of an imported file, whose time of collection is that of the import, from when
it was published. What is not known any more is today's: annotations, counters and wordings are those of now.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from config.rules import AnyKind, AnyRule
from pipeline.alerts.model import Alert
from pipeline.query.moments import Whole
from pipeline.rules.asking import part_of
from pipeline.rules.firing import Candidate, decide, waiting
from pipeline.rules.memory import Mark, State
from pipeline.rules.windows import Found, Moment, Posts, judge

# How often the rules look, as `qingyu run` lets them.
STEP_MS = 600_000
# Looks at a rule that time alone can fulfil: so many in a window.
_LOOKS = 24


@dataclass(frozen=True, slots=True)
class Told:
    """A firing of the replay. at_ms: when."""

    key: str
    at_ms: int
    found: Found


@dataclass(frozen=True, slots=True)
class Period:
    """From since_ms to before until_ms; began_ms: see `windows.Moment`."""

    since_ms: int
    until_ms: int
    began_ms: int


class Replay:
    """One rule's course through a period; the keys are lived through one after the other, since each has its own silence."""

    def __init__(self, rule: AnyKind, period: Period) -> None:
        self._rule, self._period = rule, period
        self._reach = round(rule.reach_s * 1000)
        self._window, self._late = round(rule.window_s * 1000), round(rule.late * 1000)

    def run(self, key: str, posts: Posts, known: Whole) -> Iterator[Told]:
        """The firings for the posts of one key. known: when each was known, ms."""
        order = np.argsort(known, kind="stable")
        ticks = self._ticks(known)
        state: dict[str, State] = {}
        in_order = known[order]
        # What was known before is told of no more.
        place, before = 0, self._period.since_ms
        while place < len(ticks):
            now = ticks[place]
            low, high = np.searchsorted(in_order, [before, now], side="right")
            candidates = self._candidates(key, posts, known, order[low:high], now)
            told, state = self._decided(key, candidates, state, now)
            yield from told
            held = state.get(key)
            # What waits is told when the silence ends, though nothing comes then.
            if held is not None and held.held and now < held.until_ms < self._period.until_ms:
                insort(ticks, held.until_ms, lo=place + 1)
            place, before = place + 1, now

    def _ticks(self, known: Whole) -> list[int]:
        """When the rule is looked at: behind each arrival, and where time alone can fulfil it at steps."""
        since, until = self._period.since_ms, self._period.until_ms
        ticks = np.unique(-(-known // STEP_MS) * STEP_MS)
        if self._rule.timed:
            steps = np.arange(since, until, max(STEP_MS, self._window // _LOOKS), dtype=np.int64)
            ticks = np.union1d(ticks, steps)
        kept: list[int] = ticks[(ticks >= since) & (ticks < until)].tolist()
        return kept

    def _candidates(self, key: str, posts: Posts, known: Whole, arrived: Whole, now: int) -> Iterator[Candidate]:
        new = arrived[posts.at[arrived] >= now - self._late]
        starts = [int(posts.at[new].min()) - self._reach] if len(new) else []
        ends = [int(posts.at[new].max()) + self._window] if len(new) else []
        if self._rule.timed:
            starts.append(now - self._reach)
            ends.append(now)
        if not starts:
            return
        low, high = np.searchsorted(posts.at, [min(starts), min(max(ends), now)], side="right")
        low = min(low, int(np.searchsorted(posts.at, min(starts), side="left")))
        rows = low + np.flatnonzero(known[low:high] <= now)
        fresh = np.zeros(len(posts.at), dtype=np.bool_)
        fresh[new] = True
        found = judge(self._rule, part_of(replace(posts, new=fresh), rows), Moment(now, self._period.began_ms))
        if found is not None:
            yield Candidate(self._rule, key, found, _nothing)

    def _decided(
        self, key: str, candidates: Iterator[Candidate], state: dict[str, State], now: int
    ) -> tuple[Sequence[Told], dict[str, State]]:
        some = list(candidates)
        if isinstance(self._rule, AnyRule):
            some += [Candidate(self._rule, k, f, _nothing) for k, f in waiting(state, [one.key for one in some])]
        decided = decide(self._rule, some, state, Mark(self._rule.name), now)
        return [Told(key, now, one.found) for one in decided.fire], {**state, **{s.key: s for s in decided.states}}


def _nothing(alert_id: str, found: Found) -> Alert:
    raise NotImplementedError  # a replay raises no alert


def known_at(posts: Posts, collected: Whole, imported: Whole) -> Whole:
    """When each post was known, ms: when it was collected, of those whose keys are `imported` when it was published."""
    return np.where(np.isin(posts.keys, imported), posts.at, np.maximum(posts.at, collected))


def told_singly(rule: AnyKind, subjects: Sequence[tuple[str, Found, int]]) -> list[Told]:
    """The firings for things that are told of one by one, each (key, finding, when): flags, changes, silences."""
    state: dict[str, State] = {}
    told = []
    for key, found, at_ms in sorted(subjects, key=lambda one: one[2]):
        decided = decide(rule, [Candidate(rule, key, found, _nothing)], state, Mark(rule.name), at_ms)
        state |= {one.key: one for one in decided.states}
        told += [Told(key, at_ms, one.found) for one in decided.fire]
    return told
