"""Rules of kind `event`: flags of the detection that a rule has not told of. Which it has is remembered by id: a flag on late
posts bears an earlier time than the last look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection

from config.rules import EventRule
from pipeline.events.model import LEVELS, Flag
from pipeline.events.reading import event_by_id, flags
from pipeline.query.asked import midnight
from pipeline.query.layer import QueryLayer, Question
from pipeline.rules.firing import Candidate
from pipeline.rules.memory import Mark, seen
from pipeline.rules.raising import Raising


def flagged(
    connection: Connection, rule: EventRule, mark: Mark, raising: Raising, *, now: datetime
) -> Iterator[Candidate]:
    """What `rule` has to tell, the highest level first. A rule that was never judged looks back for an hour."""
    back_s = rule.late if mark.evaluated_ms else rule.window_s
    recent = flags(connection, since=now - timedelta(seconds=back_s), at_least=rule.level)
    known = seen(connection, rule.name)
    new = [one for one in recent if one.id not in known and (not rule.flags or one.kind in rule.flags)]
    for one in sorted(new, key=lambda f: (-LEVELS.index(f.level), f.flagged_at, f.id)):
        if matches(raising.layer, rule, one):
            key = (one.event_id or one.series) if rule.query_key else ""
            yield raising.of_flag(rule, key, one, _about(connection, one))


def matches(layer: QueryLayer, rule: EventRule, flag: Flag) -> bool:
    """Whether posts of the flag match the rule's query."""
    if not rule.query:
        return True
    own = Question(rule.query, language=rule.language)
    span = Question(flag.query, since=midnight(flag.since_day), until=midnight(flag.until_day, 1), also=(own,))
    return layer.count(span) > 0


def _about(connection: Connection, flag: Flag) -> tuple[list[str], list[str]]:
    """Topics and places: of its event, or what the series is."""
    event = event_by_id(connection, flag.event_id) if flag.event_id else None
    if event is not None:
        return list(event.topics), list(event.places)
    return [flag.series] * (flag.kind == "topic"), [flag.series] * (flag.kind == "place")
