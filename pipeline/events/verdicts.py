"""What analysts say of flags, and how right each kind of flag was by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import Connection

from config.errors import ConfigError
from config.project import Project
from config.text import tr
from crawlers.rows import to_ms
from crawlers.store import insert_rows, opened, write
from pipeline.audit import append_audit
from pipeline.events.model import Flag
from pipeline.events.reading import flag_by_id, flags
from pipeline.events.tables import verdict

Said = Literal["true", "noise", "known"]
SAID: tuple[Said, ...] = get_args(Said)


def judge(project: Project, flag_id: str, said: str, *, who: str, now: datetime, why: str = "") -> Flag:
    """Keep what a person says of a flag; the flag with it. Raises ConfigError for an unknown flag or verdict."""
    if said not in SAID:
        raise ConfigError(
            tr(
                "判断不能是 {s}；可用：{k}",
                "a verdict cannot be {s}; known: {k}",
                s=said[:20],
                k="、".join(SAID),
            )
        )
    with opened(project) as store:
        with write(store) as connection:
            if flag_by_id(connection, flag_id) is None:
                raise ConfigError(tr("没有编号为 {i} 的预警", "there is no flag {i}", i=flag_id[:64]))
            row = {"flag_id": flag_id, "verdict": said, "who": who[:80], "why": why[:2000], "at_ms": to_ms(now)}
            insert_rows(connection, verdict, [row])
            found = flag_by_id(connection, flag_id)
        append_audit(store, who, "verdict", f"{flag_id} {said}", 0)
    assert found is not None  # it was there a line above, and flags are never taken away
    return found


@dataclass(frozen=True, slots=True)
class Precision:
    """How right flags of a rule were. raised: all; judged: with a verdict; right: true or known; share: right of judged,
    None where none was judged."""

    rule: str
    raised: int
    judged: int
    right: int
    share: float | None


def precision(connection: Connection) -> list[Precision]:
    """Of each rule that raised a flag, by name. A flag that was known already is right, if late."""
    by_rule: dict[str, list[Flag]] = {}
    for one in flags(connection):
        by_rule.setdefault(one.rule, []).append(one)
    return [_precision(rule, some) for rule, some in sorted(by_rule.items())]


def _precision(rule: str, some: Sequence[Flag]) -> Precision:
    judged = [one for one in some if one.verdict]
    right = sum(one.verdict != "noise" for one in judged)
    return Precision(rule, len(some), len(judged), right, right / len(judged) if judged else None)
