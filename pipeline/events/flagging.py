"""From a burst to a flag that says why."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.events.heard import DAY_MS, Heard
from pipeline.events.matters import Raised
from pipeline.events.model import Event, Flag

SHANGHAI = ZoneInfo("Asia/Shanghai")
_SIMILAR, _POSTS = 3, 5


def flag_of_burst(
    raised: Raised,
    event: Event,
    members: Sequence[Heard],
    past: Sequence[Event],
    *,
    flagged_at: datetime,
    until_ms: int,
) -> Flag:
    """The flag of an event. members: its posts; past: events to find like ones among; until_ms: end of the window."""
    since_ms = until_ms - raised.burst.days * DAY_MS
    inside = sorted((p for p in members if since_ms < p.published_ms <= until_ms), key=lambda p: (p.published_ms, p.id))
    sure = [p.negative for p in inside if p.negative is not None]
    return Flag(
        id=flag_id("event", raised.event_id, raised.level, raised.post_id),
        kind="event",
        series=raised.event_id,
        label=event.title,
        query=f"event:{raised.event_id}",
        since_day=day_of(since_ms + 1),
        until_day=day_of(until_ms),
        count=sum(p.original == "" or not p.repost for p in inside),
        expected=round(raised.burst.expected, 4),
        probability=raised.burst.probability,
        adjusted=raised.burst.adjusted,
        voices=raised.burst.count,
        negative_share=sum(sure) / len(sure) if sure else None,
        phrases=list(event.phrases),
        level=raised.level,
        rule=raised.rule,
        flagged_at=flagged_at,
        event_id=raised.event_id,
        posts=[p.id for p in inside[:_POSTS]],
        similar=similar_to(event, past),
        duty=event.duty,
    )


def flag_id(*parts: str) -> str:
    """The same for the same parts."""
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def similar_to(event: Event, past: Sequence[Event]) -> list[str]:
    """Ids of earlier events that share phrases, those that share most first."""
    mine = set(event.phrases)
    scored = [
        (len(mine & set(one.phrases)), one.last_at, one.id)
        for one in past
        if one.id != event.id and one.last_at < event.last_at - timedelta(days=1)
    ]
    return [one_id for shared, _, one_id in sorted(scored, reverse=True) if shared >= 1][:_SIMILAR]


def day_of(ms: int) -> date:
    """The day of Asia/Shanghai."""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(SHANGHAI).date()
