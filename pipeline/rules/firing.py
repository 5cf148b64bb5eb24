"""From what fits a rule to what is raised: silence, back-off, and posts that wait for the silence to end. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from config.rules import AnyKind, AnyRule
from pipeline.alerts.model import Alert
from pipeline.rules.memory import Mark, State, identity
from pipeline.rules.silence import next_exponent, silent_s
from pipeline.rules.windows import Found


@dataclass(frozen=True, slots=True)
class Candidate:
    """What fits a rule. key: value of its query key, "" without; make: the alert, from the id and what it is about; subjects:
    flags or changes it tells of, each with its time (ms): they are told once."""

    rule: AnyKind
    key: str
    found: Found
    make: Callable[[str, Found], Alert]
    subjects: Mapping[str, int] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Of the alert: the same whenever the same is found."""
        return identity("rule", self.rule.name, self.key, self.found.anchor)


@dataclass(frozen=True, slots=True)
class Decided:
    """What is to be done. fire: raised now; states: silence of each key that changed; held: found, but silent."""

    fire: Sequence[Candidate]
    states: Sequence[State]
    held: int


def decide(
    rule: AnyKind, candidates: Iterable[Candidate], known: Mapping[str, State], mark: Mark, now_ms: int
) -> Decided:
    """What of `candidates` is raised at `now_ms`. known: the silence of each key."""
    states: dict[str, State] = {}
    fire, held = [], 0
    for one in candidates:
        state = states.get(one.key) or known.get(one.key) or State(rule.name, one.key)
        if max(mark.silenced_ms, state.until_ms) > now_ms:
            held += 1
            if isinstance(rule, AnyRule):  # each post matters: it waits
                states[one.key] = _holding(state, one.found)
            continue
        fire.append(_with_held(one, state))
        states[one.key] = fired(rule, state, now_ms)
    return Decided(fire, list(states.values()), held)


def waiting(known: Mapping[str, State], taken: Iterable[str]) -> list[tuple[str, Found]]:
    """Key and window of what waited for a silence to end, but of the keys `taken`, for which something new was found."""
    busy = set(taken)
    return [
        (key, Found(state.held_since_ms, state.held_until_ms, f"h{state.held_since_ms:x}", 0, 0.0))
        for key, state in known.items()
        if state.held and key not in busy
    ]


def _holding(state: State, found: Found) -> State:
    return state.holding(found.count, found.since_ms, found.until_ms) if found.count else state


def _with_held(one: Candidate, state: State) -> Candidate:
    if not state.held:
        return one
    count = one.found.count + state.held
    found = replace(
        one.found,
        since_ms=min(one.found.since_ms, state.held_since_ms),
        until_ms=max(one.found.until_ms, state.held_until_ms),
        count=count,
        figure=float(count),
    )
    return replace(one, found=found)


def fired(rule: AnyKind, state: State, now_ms: int) -> State:
    """The silence after a firing at `now_ms`."""
    exponent = 0
    if state.fired_ms:
        since_end_s = max(0.0, (now_ms - state.until_ms) / 1000)
        exponent = next_exponent(rule.realert_s, rule.exponential_realert, state.exponent, since_end_s)
    silent = silent_s(rule.realert_s, rule.exponential_realert, exponent)
    return State(rule.name, state.key, now_ms, now_ms + round(silent * 1000), exponent)
