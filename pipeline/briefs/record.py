"""What a file carries beside its text: every figure with its origin, as JSON of ASCII signs alone."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any

from config.errors import RecordError
from config.text import tr
from pipeline.briefs.model import Brief, Figure, Origin
from pipeline.briefs.periods import KINDS, Period
from pipeline.query.model import Question

FORMAT = 1
# A brief has some hundred figures; a file that claims a hundred times as many is none of ours.
MOST_FIGURES = 20_000


@dataclass(frozen=True, slots=True)
class Carried:
    """The record out of a file. order: ids of figures as they follow each other in the text."""

    period: Period
    title: str
    year: int
    number: int
    subject: str
    made_at: datetime
    figures: tuple[Figure, ...]
    order: tuple[str, ...] = ()


def dumped(brief: Brief) -> str:
    """The record of a brief; pure ASCII, so that it stands unchanged in XML, HTML and PDF once escaped."""
    whole = {
        "qingyu_brief": FORMAT,
        "kind": brief.period.kind,
        "first_day": brief.period.first_day.isoformat(),
        "last_day": brief.period.last_day.isoformat(),
        "title": brief.title,
        "year": brief.year,
        "number": brief.number,
        "subject": brief.subject,
        "made_at": brief.made_at.astimezone(UTC).isoformat(),
        "figures": [figure_values(figure) for figure in brief.figures()],
        "order": brief.order(),
    }
    return json.dumps(whole, ensure_ascii=True, separators=(",", ":"))


def figure_values(figure: Figure) -> dict[str, Any]:
    """A figure as JSON values."""
    origin = figure.origin
    return {
        "id": figure.id,
        "value": figure.value,
        "shown": figure.shown,
        "form": figure.form,
        "measure": origin.measure,
        "questions": [question_values(q) for q in origin.questions],
        "ids": list(origin.ids),
    }


def question_values(q: Question) -> dict[str, Any]:
    """A question as JSON values, empty parts left out."""
    values: dict[str, Any] = {}
    for one in fields(q):
        value = getattr(q, one.name)
        if isinstance(value, datetime):
            value = value.isoformat()
        elif one.name == "also":
            value = [question_values(inner) for inner in value]
        if value and (one.name, value) != ("language", "qingyu"):
            values[one.name] = list(value) if isinstance(value, tuple) else value
    return values


def question_of(values: dict[str, Any]) -> Question:
    """The question out of its JSON values. Raises KeyError, TypeError, ValueError."""
    made: dict[str, Any] = {}
    for name, value in values.items():
        if name in ("since", "until"):
            made[name] = _aware(value)
        elif name == "also":
            made[name] = tuple(question_of(one) for one in value)
        elif isinstance(value, bool):
            made[name] = value
        else:
            made[name] = tuple(str(one) for one in value) if isinstance(value, list) else str(value)
    return Question(**made)


def loaded(text: str) -> Carried:
    """The record out of what a file carries. Raises RecordError for anything else."""
    try:
        values = json.loads(text)
        if values["qingyu_brief"] != FORMAT or len(values["figures"]) > MOST_FIGURES:
            raise ValueError("format")
        if values["kind"] not in KINDS:
            raise ValueError("kind")
        days = (date.fromisoformat(values[name]) for name in ("first_day", "last_day"))
        return Carried(
            period=Period(values["kind"], *days),
            title=str(values["title"]),
            year=int(values["year"]),
            number=int(values["number"]),
            subject=str(values["subject"]),
            made_at=_aware(values["made_at"]),
            figures=tuple(_figure(one) for one in values["figures"]),
            order=tuple(str(one) for one in values.get("order", ())),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = tr(
            "文件里的数字出处读不了：不是本程序做的，或已损坏",
            "the origins in the file cannot be read: not ours, or damaged",
        )
        raise RecordError(message) from error


def _figure(values: dict[str, Any]) -> Figure:
    questions = tuple(question_of(one) for one in values["questions"])
    origin = Origin(str(values["measure"]), questions, tuple(str(one) for one in values["ids"]))
    return Figure(str(values["id"]), values["value"], str(values["shown"]), values["form"], origin)


def _aware(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("naive")
    return at
