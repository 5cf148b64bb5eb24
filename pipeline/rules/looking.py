"""One look of all rules: what is needed of whom is gathered, asked once, and judged."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection, Engine

from config.errors import QingyuError
from config.project import Project
from config.rules import AnyKind, ChangeRule, EventRule, SourceSilentRule
from crawlers.store import read
from pipeline.events.reading import events
from pipeline.index.document import KEY_BITS
from pipeline.panels.naming import Naming
from pipeline.query.layer import QueryLayer
from pipeline.query.moments import Whole
from pipeline.query.times import milliseconds
from pipeline.rules.arrivals import NOTHING, arrivals_after
from pipeline.rules.asking import Asked, Asker, asked_by, moment
from pipeline.rules.changed import changed
from pipeline.rules.firing import Candidate
from pipeline.rules.flagged import flagged
from pipeline.rules.memory import Mark, marks
from pipeline.rules.raising import Raising
from pipeline.rules.silent import silent
from pipeline.rules.windows import Flags, Moment, judge
from pipeline.sources_view import health_of

logger = logging.getLogger(__name__)
# Health of sources whose silence may be the public's.
_READ = ("fine", "new", "disabled")


class Look:
    """A look at `now`, from the state the store has now. Use: `candidates`, once."""

    def __init__(self, project: Project, store: Engine, layer: QueryLayer, now: datetime) -> None:
        self._project, self._store, self._layer, self._now = project, store, layer, now
        self._now_ms = milliseconds(now)
        self._asker = Asker(layer, self._events)
        self.raising = Raising(layer, Naming(project), now, lambda: self._unread)
        with read(store) as connection:
            self._marks = marks(connection)
        self._arrivals = NOTHING

    def mark(self, rule: AnyKind) -> Mark:
        """How far the rule had looked."""
        return self._marks.get(rule.name) or Mark(rule.name)

    def looked(self, rule: AnyKind, fault: str = "") -> Mark:
        """How far it has looked now; with a fault no farther than before."""
        mark = self.mark(rule)
        arrived = mark.arrived if fault else max(mark.arrived, self._arrivals.last)
        evaluated_ms = mark.evaluated_ms if fault else self._now_ms
        return Mark(rule.name, arrived, evaluated_ms, mark.silenced_ms, mark.version + 1, fault[:2_000])

    def candidates(self, rules: Sequence[AnyKind]) -> Iterator[tuple[AnyKind, list[Candidate], str]]:
        """What fits each rule, with "", or nothing with why it could not be judged."""
        with read(self._store) as connection:
            self._arrivals = arrivals_after(connection, self._lowest(rules))
        groups: defaultdict[Asked, list[AnyKind]] = defaultdict(list)
        for rule in rules:
            if not isinstance(rule, EventRule | ChangeRule | SourceSilentRule):
                groups[asked_by(rule)].append(rule)
        faults = {asked: self._need(asked, some) for asked, some in groups.items()}
        for asked, some in groups.items():
            for rule in some:
                yield rule, *self._tried(rule, faults[asked])
            self._asker.forget(asked)
        for rule in rules:
            if isinstance(rule, EventRule | ChangeRule | SourceSilentRule):
                yield rule, *self._tried(rule, "")

    def _tried(self, rule: AnyKind, fault: str) -> tuple[list[Candidate], str]:
        if fault:
            return [], fault
        try:
            return list(self._found(rule)), ""
        except QingyuError as error:
            logger.warning("rule not judged rule=%s error=%s", rule.name, type(error).__name__)
            return [], error.message

    def _lowest(self, rules: Sequence[AnyKind]) -> int:
        """Behind which arrivals any rule wants; one that was never judged looks through all that is remembered."""
        return min((self.mark(rule).arrived for rule in rules), default=0)

    def _need(self, asked: Asked, rules: Sequence[AnyKind]) -> str:
        """Say what the rules of one question need; returns why the question cannot be asked, "" where it can."""
        keys = self._arrivals.keys[:0]
        if len(self._arrivals.keys):
            first = int(self._arrivals.at.min())
            try:
                keys = self._asker.matching(asked, first, self._now_ms + 1, self._arrivals.landed_from)
            except QingyuError as error:
                return error.message
        for rule in rules:
            self._need_of(rule, keys)
        return ""

    def _need_of(self, rule: AnyKind, keys: Whole) -> None:
        at = keys[self._new(rule, keys)] >> KEY_BITS
        reach, window = round(rule.reach_s * 1000), round(rule.window_s * 1000)
        if len(at):
            until = min(int(at.max()) + window, self._now_ms) + 1
            self._asker.need(rule, int(at.min()) - reach, until)
        if rule.timed:
            self._asker.need(rule, self._now_ms - reach, self._now_ms + 1)

    def _new(self, rule: AnyKind, keys: Whole) -> Flags:
        """Which of `keys` the rule was not judged with yet. One that was never judged looks back for its window."""
        mark = self.mark(rule)
        back_s = rule.late if mark.evaluated_ms else min(rule.window_s, rule.late)
        return self._arrivals.new(keys, mark.arrived, self._now_ms - round(back_s * 1000))

    def _found(self, rule: AnyKind) -> Iterator[Candidate]:
        if isinstance(rule, EventRule | ChangeRule | SourceSilentRule):
            with read(self._store) as connection:
                yield from self._of_store(connection, rule)
            return
        if not self._asker.needs(rule):
            return
        when = Moment(self._now_ms, self._began_ms)
        for key, posts in self._asker.posts(rule, lambda keys: self._new(rule, keys)):
            found = judge(rule, posts, when)
            if found is not None:
                yield self.raising.candidate(rule, key, found)

    def _of_store(self, connection: Connection, rule: EventRule | ChangeRule | SourceSilentRule) -> Iterator[Candidate]:
        if isinstance(rule, EventRule):
            return flagged(connection, rule, self.mark(rule), self.raising, now=self._now)
        if isinstance(rule, ChangeRule):
            return changed(connection, rule, self.mark(rule), self.raising, now=self._now)
        return silent(connection, rule, self._project.sources, self.raising, now=self._now)

    @cached_property
    def _began_ms(self) -> int:
        began = self._layer.began()
        return self._now_ms if began is None else began

    @cached_property
    def _unread(self) -> Sequence[str]:
        """Titles of sources that were not read as they should be."""
        return [one.title for one in health_of(self._project, now=self._now) if one.health not in _READ]

    def _events(self, since_ms: int, until_ms: int) -> Sequence[str]:
        with read(self._store) as connection:
            found = events(connection, since=moment(since_ms), until=moment(until_ms))
        return [one.id for one in found]
