"""The planted stories: a burst, a slow rise, a wave of praise, and something fresh in the last two days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipeline.demo.compose import Draft, Writer

# Names of sheets; when their posts come is told by `_plan`.
WATER_CUT, HEATING, OUTAGE = "story_water_cut", "story_heating", "story_outage"
SCHOOL_BUS, NEW_BUS_LINE, CANTEEN = "story_school_bus", "story_bus_line", "story_canteen"
_NIGHT = {0, 1, 2, 3, 4, 5}


def fresh_story(anchor: datetime) -> str:
    """What is rising when the town is opened: cold radiators in the cold months, power cuts in the others."""
    return HEATING if anchor.month in {11, 12, 1, 2, 3} else OUTAGE


def add_stories(writer: Writer, anchor: datetime) -> list[Draft]:
    """All posts of the planted stories."""
    drafts: list[Draft] = []
    for name, moments in _plan(writer, anchor):
        sheet = writer.sheets[name]
        notices = list(sheet.sections.get("通报", ()))
        for at in moments:
            if writer.rng.random() < 0.55:
                drafts.append(writer.message(at, sheet, story=name))
                continue
            thread, *_ = made = writer.discussion(at, sheet, story=name)
            # Talk about a story is denser and quicker than everyday talk.
            for reply in made[1:]:
                reply.at = thread.at + (reply.at - thread.at) / 4
            drafts += made
        drafts += [
            writer.article(moments[0] + timedelta(hours=3 + 20 * n), line, story=name) for n, line in enumerate(notices)
        ]
    return drafts


def _plan(writer: Writer, anchor: datetime) -> Iterator[tuple[str, list[datetime]]]:
    midnight = anchor.replace(hour=0, minute=0, second=0)
    rng = writer.rng
    burst = midnight - timedelta(days=11) + timedelta(hours=6)
    yield WATER_CUT, _between(writer, burst, burst + timedelta(days=3), 44, early=1.6)
    yield SCHOOL_BUS, sorted(_slow_rise(writer, anchor))
    line = midnight - timedelta(days=19) + timedelta(hours=9)
    yield NEW_BUS_LINE, _between(writer, line, line + timedelta(days=7), 20, early=1.5)
    canteen = midnight - timedelta(days=8) + timedelta(hours=9)
    yield CANTEEN, _between(writer, canteen, canteen + timedelta(days=6), 20, early=1.4)
    # The last forty hours, more and more towards the end; then three days in which it calms down.
    rising = [anchor - timedelta(hours=40 * rng.random() ** 1.7, minutes=2) for _ in range(42)]
    after = [anchor + timedelta(hours=72 * rng.random() ** 1.6) for _ in range(36)]
    yield fresh_story(anchor), sorted(rising + after)


def _between(writer: Writer, start: datetime, end: datetime, count: int, *, early: float) -> list[datetime]:
    """`count` moments of waking hours; `early` over 1 puts more of them near the start."""
    moments: list[datetime] = []
    while len(moments) < count:
        at = start + (end - start) * writer.rng.random() ** early
        if at.hour not in _NIGHT:
            moments.append(at.replace(microsecond=0))
    return sorted(moments)


def _slow_rise(writer: Writer, anchor: datetime) -> Iterator[datetime]:
    for week, count in enumerate((2, 5, 9, 14)):
        start = anchor - timedelta(days=28 - 7 * week)
        yield from _between(writer, start, start + timedelta(days=7), count, early=1.0)
    yield from _between(writer, anchor, anchor + timedelta(days=7), 12, early=1.0)
