"""The shelf of briefs: numbers given out, makings begun and ended, what was handed on.

A number belongs to a kind, period and subject for good: the same brief made again keeps it. The numbers of a kind begin with 1
in each year (of the last day the brief is about).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select, update

from config.errors import ConfigError
from config.text import tr
from crawlers.rows import to_ms
from crawlers.store import read, take_turn, write
from pipeline.briefs.model import Brief, MadeBrief
from pipeline.briefs.periods import Period
from pipeline.briefs.showing import fit
from pipeline.briefs.tables import brief

# A making takes seconds; one that has not ended after this was killed, and another may begin.
_ABANDONED = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A brief's place on the shelf."""

    id: str
    year: int
    number: int


def id_of(period: Period, subject: str) -> str:
    """The id of the brief of a period about a subject, the same for all who make it."""
    parts = (period.kind, period.first_day.isoformat(), period.last_day.isoformat(), fit(subject))
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def begin(engine: Engine, period: Period, subject: str, now: datetime) -> Numbered:
    """Its place, given now where it had none; the making begins."""
    with write(engine) as connection:
        take_turn(connection, "briefs")
        return _placed(connection, period, subject, now, due=False)


def begin_due(engine: Engine, period: Period, now: datetime) -> Numbered | None:
    """As `begin`, for the schedule: None where it is made already, or is being made by another process."""
    with write(engine) as connection:
        take_turn(connection, "briefs")
        found = connection.execute(select(brief).where(brief.c.id == id_of(period, ""))).first()
        if found is not None:
            fresh = found.claimed_ms > _ms(now - _ABANDONED)
            if (found.state == "made" and found.due) or (found.state == "making" and fresh):
                return None
        return _placed(connection, period, "", now, due=True)


def _placed(connection: Connection, period: Period, subject: str, now: datetime, *, due: bool) -> Numbered:
    made = id_of(period, subject)
    found = connection.execute(select(brief).where(brief.c.id == made)).first()
    if found is not None:
        # One that was made by hand before its time is made again as the settings want it, and then sent.
        again = {"claimed_ms": _ms(now), "due": max(found.due, int(due)), **({"state": "making"} if due else {})}
        connection.execute(update(brief).where(brief.c.id == made).values(**again))
        return Numbered(made, found.year, found.number)
    year = period.last_day.year
    of_year = select(func.max(brief.c.number)).where(brief.c.kind == period.kind, brief.c.year == year)
    number = (connection.execute(of_year).scalar() or 0) + 1
    row = {
        "id": made,
        "kind": period.kind,
        "subject": fit(subject),
        "first_day": period.first_day.isoformat(),
        "last_day": period.last_day.isoformat(),
        "year": year,
        "number": number,
        "state": "making",
        "claimed_ms": _ms(now),
        "record": "{}",
        "due": int(due),
    }
    connection.execute(insert(brief).values(row))
    return Numbered(made, year, number)


def end(engine: Engine, made_id: str, made: Brief, files: Mapping[str, str]) -> None:
    """The files are there. files: format → path relative to the project."""
    with write(engine) as connection:
        take_turn(connection, "briefs")
        old = connection.execute(select(brief.c.record).where(brief.c.id == made_id)).scalar() or "{}"
        kept = {**json.loads(old).get("files", {}), **files}
        record = json.dumps({"title": made.title, "summary": made.summary, "files": kept}, ensure_ascii=False)
        values = {"state": "made", "made_ms": _ms(made.made_at), "record": record}
        connection.execute(update(brief).where(brief.c.id == made_id).values(**values))


def hand_over(connection: Connection, made_id: str, now: datetime) -> bool:
    """Mark a brief as handed to the mails, in the transaction that puts them into the outbox: both are so, or neither.

    Returns False where it was handed over before: then nothing may be put there.
    """
    take_turn(connection, "briefs")
    waiting = (brief.c.id == made_id, brief.c.handed_ms.is_(None))
    return bool(connection.execute(update(brief).where(*waiting).values(handed_ms=_ms(now))).rowcount)


def not_handed(engine: Engine, root: Path, groups: Sequence[str]) -> list[MadeBrief]:
    """Briefs the schedule made that are still to be handed to the mails, the oldest first."""
    asked = select(brief).where(brief.c.due == 1, brief.c.state == "made", brief.c.handed_ms.is_(None))
    with read(engine) as connection:
        rows = connection.execute(asked.order_by(brief.c.made_ms, brief.c.id)).all()
    return [_made(row, root, groups) for row in rows]


def listed(engine: Engine, root: Path, *, size: int = 100) -> list[MadeBrief]:
    """Briefs that were made, the latest first."""
    asked = (
        select(brief)
        .where(brief.c.state == "made")
        .order_by(brief.c.last_day.desc(), brief.c.kind, brief.c.number.desc())
    )
    with read(engine) as connection:
        rows = connection.execute(asked.limit(size)).all()
    return [_made(row, root, ()) for row in rows]


def by_id(engine: Engine, root: Path, made_id: str) -> MadeBrief:
    """A brief that was made, by its id or the beginning of it. Raises ConfigError where there is none, or several."""
    asked = select(brief).where(brief.c.state == "made", brief.c.id.startswith(made_id, autoescape=True)).limit(2)
    with read(engine) as connection:
        rows = connection.execute(asked).all()
    if len(rows) != 1:
        raise ConfigError(
            tr(
                "没有编号为 {i} 的简报，或不止一份；编号见 qingyu brief list",
                "no brief {i}, or more than one; ids are in qingyu brief list",
                i=made_id[:40],
            )
        )
    return _made(rows[0], root, ())


def _made(row: Row[Any], root: Path, groups: Sequence[str]) -> MadeBrief:
    record = json.loads(row.record)
    title = record.get("title", "")
    return MadeBrief(
        id=row.id,
        kind=row.kind,
        year=row.year,
        number=row.number,
        title=title,
        first_day=row.first_day,
        last_day=row.last_day,
        made_at=datetime.fromtimestamp(row.made_ms / 1000, UTC),
        paths={kind: str(root / path) for kind, path in record.get("files", {}).items()},
        subject=f"{title}（〔{row.year}〕第 {row.number} 期）",
        summary=record.get("summary", ""),
        groups=tuple(groups),
    )


def _ms(at: datetime) -> int:
    found = to_ms(at)
    assert found is not None  # of an aware time there is always one
    return found
