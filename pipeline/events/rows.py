"""Events and flags as rows of the store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

from crawlers.rows import to_ms
from pipeline.events.model import Event, Flag


def event_row(made: Event, memory: Mapping[str, object]) -> dict[str, object]:
    """The row of an event."""
    record = asdict(made)
    for name in ("id", "state", "first_at", "last_at", "merged_into"):
        del record[name]
    record["curve"] = [(day.isoformat(), count) for day, count in made.curve]
    record["memory"] = dict(memory)
    return {
        "id": made.id,
        "state": made.state,
        "first_ms": to_ms(made.first_at),
        "last_ms": to_ms(made.last_at),
        "merged_into": made.merged_into,
        "record": json.dumps(record, ensure_ascii=False),
    }


def flag_row(made: Flag) -> dict[str, object]:
    """The row of a flag."""
    record = asdict(made)
    for name in ("id", "kind", "level", "event_id", "flagged_at", "verdict"):
        del record[name]
    record["since_day"], record["until_day"] = made.since_day.isoformat(), made.until_day.isoformat()
    return {
        "id": made.id,
        "kind": made.kind,
        "level": made.level,
        "event_id": made.event_id,
        "flagged_ms": to_ms(made.flagged_at),
        "record": json.dumps(record, ensure_ascii=False),
    }
