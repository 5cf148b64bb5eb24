"""A case: one matter that somebody has to answer by a time. It is what its changes, in order, make of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from config.cases import Level as Level
from config.errors import StageError
from config.text import tr

State = Literal["pending", "assigned", "working", "answered", "finished", "closed", "declined"]
STATES: tuple[State, ...] = get_args(State)
Origin = Literal["flag", "event", "post", "hand"]
Measure = Literal["hours", "workdays"]
Act = Literal["opened", "moved", "assigned", "extended", "noted", "answered", "replied"]

NAMES: Mapping[str, tuple[str, str]] = {
    "pending": ("待研判", "to be judged"),
    "assigned": ("已交办", "assigned"),
    "working": ("办理中", "in work"),
    "answered": ("已反馈", "answered"),
    "finished": ("已办结", "finished"),
    "closed": ("已销号", "struck off"),
    "declined": ("不予受理", "declined"),
}
# While an answer is awaited the clock runs; open (在办): not finished yet; listed: still on the list.
WAITING: frozenset[State] = frozenset({"pending", "assigned", "working"})
OPEN: frozenset[State] = WAITING | {"answered"}
LISTED: frozenset[State] = OPEN | {"finished"}


@dataclass(frozen=True, slots=True)
class Linked:
    """A post the case is about, by its id. reply: digest of the official reply that was linked with it, "" for none;
    reply_unit, replied_at: who replied and when, as the page said."""

    id: str
    reply: str = ""
    reply_unit: str = ""
    replied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands.

    number: such as 2026-清单-0031; origin: what it was opened from, with its id ("" by hand); event_id: of the event it is
    about, "" for none; category: one of the seven, place: id of the gazetteer, unit: responsible, level: each "" while
    unknown; clock: name of settings.cases.clocks, and what it counts in; started_at: when the clock started (the opening,
    or the last reopening); deadline_at: the answer is on time before it; answered_at: when the answer that stands was
    given; ended_at: struck off or declined; answer: what the unit says was done; proposed: the state a found reply
    suggests, "" for none; version: how many changes it has seen.
    """

    number: str
    title: str
    origin: Origin
    origin_id: str
    event_id: str
    state: State
    category: str
    place: str
    unit: str
    level: str
    clock: str
    measure: Measure
    opened_at: datetime
    started_at: datetime
    deadline_at: datetime
    version: int
    updated_at: datetime
    answered_at: datetime | None = None
    finished_at: datetime | None = None
    ended_at: datetime | None = None
    answer: str = ""
    proposed: str = ""
    proposed_at: datetime | None = None
    posts: tuple[Linked, ...] = ()

    def overdue(self, now: datetime) -> bool:
        """Whether the deadline passed without an answer."""
        return self.state in WAITING and now >= self.deadline_at

    @property
    def on_time(self) -> bool:
        """Whether the answer came before the deadline; False without one."""
        return self.answered_at is not None and self.answered_at < self.deadline_at


@dataclass(frozen=True, slots=True)
class Change:
    """A step in the life of a case, never altered. was: the state before, "" for the opening; record: what else it
    changed, field of Case → new value as JSON (times in milliseconds; posts: a list of links that are added)."""

    number: str
    version: int
    at: datetime
    who: str
    act: Act
    was: str
    state: State
    why: str
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be changed: a Change before it has a place in the order."""

    act: Act
    state: State
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Doing:
    """Who does something with a case, when and why. version: the one they looked at, None where they did not look."""

    who: str
    now: datetime
    why: str = ""
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """new: False where an open case of the same origin was there already; related: other listed cases of the same posts or
    event; earlier: ended ones of the same origin."""

    case: Case
    new: bool
    related: Sequence[str] = ()
    earlier: Sequence[str] = ()


class CaseChangedError(StageError):
    """Somebody else changed the case since it was looked at; nothing was written. case: as it stands now."""

    def __init__(self, case: Case, last: Change) -> None:
        message = tr(
            "{n} 在你看过之后由 {w} 改动了（{a}，现为 {s}）；你的改动没有写入，也没有覆盖对方的。"
            "用 qingyu cases show {n} 看过后再做一次",
            "{n} was changed by {w} since you looked ({a}, now {s}); your change was not written and theirs stands. "
            "Look at qingyu cases show {n} and do it again",
            n=case.number,
            w=last.who,
            a=tr(*ACTS[last.act]),
            s=tr(*NAMES[case.state]),
        )
        super().__init__(message, number=case.number)
        self.case = case


ACTS: Mapping[str, tuple[str, str]] = {
    "opened": ("立项", "opened"),
    "moved": ("状态", "moved"),
    "assigned": ("交办", "assigned"),
    "extended": ("改期", "deadline"),
    "noted": ("记事", "noted"),
    "answered": ("反馈", "answered"),
    "replied": ("官方答复", "official reply"),
}
ORIGINS: Mapping[str, tuple[str, str]] = {
    "flag": ("预警", "flag"),
    "event": ("事件", "event"),
    "post": ("帖子", "post"),
    "hand": ("手工", "by hand"),
}


def state_name(state: str) -> str:
    """The word for a state in the user's language."""
    return tr(*NAMES[state])
