"""From the changes of a case to the case: pure, so that the rows of `cases` can be made anew at any time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from crawlers.rows import from_ms, to_ms
from pipeline.cases.model import WAITING, Case, Change, Linked

_TIMES = {"started_at", "deadline_at", "answered_at", "proposed_at"}
_ASIDE = {"posts", "text"}


def recorded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a case as they stand in the record of a change."""
    return {key: to_ms(value) if isinstance(value, datetime) else value for key, value in values.items()}


def link_record(links: Iterable[Linked]) -> list[dict[str, Any]]:
    """Links as they stand in the record of a change."""
    return [recorded(asdict(link)) for link in links]


def after(case: Case | None, change: Change) -> Case:
    """The case after a change. case: before it, None for the opening."""
    fields = {key: _read(key, value) for key, value in change.record.items() if key not in _ASIDE}
    links = [_link(one) for one in change.record.get("posts", ())]
    if case is None:
        return Case(
            number=change.number,
            state=change.state,
            opened_at=change.at,
            version=change.version,
            updated_at=change.at,
            posts=tuple(links),
            **fields,
        )
    stamps = _stamps(case, change)
    posts = _linked(case.posts, links)
    return replace(
        case, **{**stamps, **fields}, state=change.state, version=change.version, updated_at=change.at, posts=posts
    )


def course(changes: Iterable[Change]) -> Case | None:
    """The case after all its changes, given in order; None for none."""
    case = None
    for change in changes:
        case = after(case, change)
    return case


def _stamps(case: Case, change: Change) -> dict[str, Any]:
    """What a change of state means for the times; a proposal is settled by any."""
    if change.state == case.state:
        return {}
    stamps: dict[str, Any] = {"proposed": "", "proposed_at": None}
    if change.state in WAITING:
        return stamps | {"answered_at": None, "finished_at": None, "ended_at": None}
    name = {"answered": "answered_at", "finished": "finished_at", "closed": "ended_at", "declined": "ended_at"}
    return stamps | {name[change.state]: change.at}


def _linked(before: Sequence[Linked], links: Sequence[Linked]) -> tuple[Linked, ...]:
    known = {one.id: one for one in before}
    known.update({one.id: one for one in links})
    return tuple(known.values())


def _link(values: Mapping[str, Any]) -> Linked:
    return Linked(**{**values, "replied_at": from_ms(values["replied_at"])})


def _read(key: str, value: Any) -> Any:
    return from_ms(value) if key in _TIMES else value
