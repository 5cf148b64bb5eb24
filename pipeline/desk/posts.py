"""A post under the lamp: why it was scored so, what people set right in it, what says the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import select

from crawlers.schema import correction
from crawlers.store import read
from nlp.explain import Explanation, explain
from nlp.segment import Segmenter
from nlp.sentiment import LinearSentiment, load_linear
from pipeline.access.model import Action
from pipeline.corrections import VALUES, accuracy_by_source
from pipeline.corrections import correct as corrected
from pipeline.desk.asking import post as post_of
from pipeline.desk.desk import Desk, verb
from pipeline.query.model import Hit, Question

LABELS = tuple(VALUES)
_LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Correction:
    """What somebody set right. field: of LABELS; said: what the model had said then."""

    field: str
    value: str
    said: str
    who: str
    at: datetime


@verb(Action.READ_POSTS)
def explained(desk: Desk, /, post_id: str) -> Explanation | None:
    """What moved the sentiment of a post, word by word, by the linear model whose parts add up; None where there is none."""
    view = post_of(desk, post_id)
    if view is None:
        return None
    nlp = desk.project.settings.nlp
    segmenter = _segmenter(nlp.segmenter, desk.project.file(nlp.user_words))
    title, text = str(view.post["title"] or ""), str(view.post["text"] or "")[:_LONGEST]
    tokens = segmenter.tokens(title) + segmenter.tokens(text)
    return explain(_model(), f"{title}\n{text}" if title else text, tokens)


@verb(Action.READ_POSTS)
def corrections(desk: Desk, /, post_id: str) -> list[Correction]:
    """What people set right in a post, the newest first."""
    asked = select(correction).where(correction.c.post_id == post_id[:32]).order_by(correction.c.id.desc())
    with read(desk.store) as connection:
        rows = connection.execute(asked).all()
    return [
        Correction(row.field, row.value, row.said, row.who, datetime.fromtimestamp(row.at_ms / 1000, UTC))
        for row in rows
    ]


@verb(Action.CORRECT_LABELS, changes=True)
def correct(desk: Desk, /, post_id: str, values: Mapping[str, str]) -> Mapping[str, str]:
    """Set labels right; what the model had said, by field. Raises ConfigError."""
    return corrected(desk.project, post_id, values, desk.person.name)


@verb(Action.SEE_FIGURES)
def accuracy(desk: Desk, /) -> Sequence[Mapping[str, Any]]:
    """How often the model had said what people say, by source and label."""
    return accuracy_by_source(desk.project)


@verb(Action.READ_POSTS)
def copies(desk: Desk, /, cluster: str, size: int) -> tuple[int, list[Hit]]:
    """How many posts say the same as those of the cluster, and the earliest of them."""
    found = desk.layer.search(Question(query=f'copies:"{cluster}"'), sort="published", size=size)
    return found.total, found.hits


@lru_cache(maxsize=1)
def _model() -> LinearSentiment:
    return load_linear()


@lru_cache(maxsize=4)
def _segmenter(name: Literal["rjieba", "jieba"], words: Path) -> Segmenter:
    return Segmenter(name, words)
