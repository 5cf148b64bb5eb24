"""`evaluate_rules`: each rule held against what arrived since it was last judged, and against time; what fits is raised.

    arrivals numbered → questions of all rules gathered, asked once each → judged → one transaction a rule: alerts handed over,
    firing, silence and how far it looked, all or nothing

Killed anywhere, the next evaluation does what was not done: a rule's number of the last arrival moves only with what it
raised. Two processes may judge at once; the version of a rule's mark lets one of them count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Engine

from config.errors import QingyuError
from config.project import Project
from config.rules import AnyKind, AnyRule
from config.text import tr
from crawlers.store import opened, read, take_turn, write
from pipeline.alerts.model import Alert
from pipeline.query.layer import QueryLayer
from pipeline.query.times import milliseconds
from pipeline.rules.arrivals import note_arrivals
from pipeline.rules.firing import Candidate, Decided, decide, waiting
from pipeline.rules.looking import Look
from pipeline.rules.memory import (
    Mark,
    State,
    fired,
    keep_marks,
    keep_states,
    mark_of,
    marks,
    note_fired,
    note_seen,
    states,
)
from pipeline.rules.reading import rules_of

Send = Callable[[Connection, Sequence[Alert]], None]
_TURN = "rules"


@dataclass(slots=True)
class Report:
    """What an evaluation did. held: found, but the rule was silent; faults: rules that could not be judged, with why; errors:
    of transactions that were not kept."""

    judged: int = 0
    alerts: list[Alert] = field(default_factory=list)
    held: int = 0
    faults: dict[str, str] = field(default_factory=dict)
    errors: list[QingyuError] = field(default_factory=list)


def evaluate_rules(project: Project, *, now: datetime, send: Send) -> str:
    """Hold every rule against what arrived since; returns a sentence of what was raised, "" for nothing.

    send: takes the alerts of a rule inside the transaction that marks them as raised. Raises ConfigError for faulty rules, and
    the first error of a transaction that was not kept, after the other rules had their turn.
    """
    report = evaluate(project, [one.rule for one in rules_of(project, project.groups)], now=now, send=send)
    if report.errors:
        raise report.errors[0]
    return sentence(report)


def sentence(report: Report) -> str:
    """What was raised, and what could not be judged; "" for nothing."""
    said = []
    if report.alerts:
        names = tr("、", ", ").join(dict.fromkeys(alert.rule for alert in report.alerts))
        said.append(tr("规则报出 {n} 条告警：{r}", "rules raised {n} alerts: {r}", n=len(report.alerts), r=names))
    if report.faults:
        names = tr("、", ", ").join(report.faults)
        said.append(tr("{n} 条规则没能判断：{r}", "{n} rules could not be judged: {r}", n=len(report.faults), r=names))
    return tr("；", "; ").join(said)


def evaluate(project: Project, rules: Sequence[AnyKind], *, now: datetime, send: Send, dry: bool = False) -> Report:
    """Hold those of `rules` that are enabled; dry: nothing is handed over, nor kept but which posts have arrived."""
    wanted = [rule for rule in rules if rule.enabled]
    report = Report()
    if not wanted:
        return report
    with opened(project) as store:
        with write(store) as connection:
            note_arrivals(connection, now=now, kept_days=project.settings.retention.posts_days)
        with QueryLayer.open(project, who="rules", now=lambda: now) as layer:
            _Evaluation(store, Look(project, store, layer, now), now, send, report).run(wanted, dry=dry)
    return report


class _Evaluation:
    """What is done with what a look finds."""

    def __init__(self, store: Engine, look: Look, now: datetime, send: Send, report: Report) -> None:
        self._store, self._look, self._now_ms, self._send, self._report = store, look, milliseconds(now), send, report
        self._known: defaultdict[str, dict[str, State]] = defaultdict(dict)
        with read(store) as connection:
            for (rule, key), state in states(connection).items():
                self._known[rule][key] = state
        self._quiet: list[Mark] = []

    def run(self, rules: Sequence[AnyKind], *, dry: bool) -> None:
        """Judge and keep."""
        for rule, candidates, fault in self._look.candidates(rules):
            if fault:
                self._report.faults[rule.name] = fault
                self._quiet.append(self._look.looked(rule, fault))
                continue
            self._report.judged += 1
            self._settle(rule, candidates, dry=dry)
        if not dry:
            self._keep_quiet()

    def _settle(self, rule: AnyKind, candidates: list[Candidate], *, dry: bool) -> None:
        known = self._known[rule.name]
        if isinstance(rule, AnyRule):
            held = waiting(known, [one.key for one in candidates])
            candidates = [*candidates, *(self._look.raising.candidate(rule, key, found) for key, found in held)]
        decided = decide(rule, candidates, known, self._look.mark(rule), self._now_ms)
        self._report.held += decided.held
        if not (decided.fire or decided.states):
            self._quiet.append(self._look.looked(rule))
        elif dry:
            self._report.alerts += [one.make(one.id, one.found) for one in decided.fire]
        else:
            self._raise(rule, decided)

    def _raise(self, rule: AnyKind, decided: Decided) -> None:
        """Hand over and remember, all or nothing; nothing where another process judged the rule meanwhile."""
        alerts = [one.make(one.id, one.found) for one in decided.fire]
        try:
            with write(self._store) as connection:
                raised = self._kept(connection, rule, decided, alerts)
        except QingyuError as error:
            self._report.errors.append(error)
        else:
            self._report.alerts += raised

    def _kept(
        self, connection: Connection, rule: AnyKind, decided: Decided, alerts: Sequence[Alert]
    ) -> Sequence[Alert]:
        take_turn(connection, _TURN)
        if mark_of(connection, rule.name).version != self._look.mark(rule).version:
            return ()
        before = fired(connection, [one.id for one in alerts])
        new = [one for one in alerts if one.id not in before]
        if new:
            self._send(connection, new)
            note_fired(connection, new, {one.id: one.found.count for one in decided.fire})
        for one in decided.fire:
            note_seen(connection, rule.name, one.subjects)
        keep_states(connection, decided.states)
        keep_marks(connection, [self._look.looked(rule)])
        return new

    def _keep_quiet(self) -> None:
        """How far the rules looked that had nothing to tell."""
        with write(self._store) as connection:
            take_turn(connection, _TURN)
            now = marks(connection)
            same = [one for one in self._quiet if now.get(one.rule, Mark(one.rule)).version + 1 == one.version]
            keep_marks(connection, same)
