"""`qingyu brief verify`: every figure of a file recomputed from the question it carries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from config.errors import QueryError, RecordError
from pipeline.briefs.carried import Read
from pipeline.briefs.keeping import changed, purged
from pipeline.briefs.measures import GoneError, Ground
from pipeline.briefs.model import Figure, Origin
from pipeline.briefs.showing import shown
from pipeline.query.model import Question
from pipeline.query.times import milliseconds

State = Literal["same", "late", "changed", "gone", "differs", "altered"]


@dataclass(frozen=True, slots=True)
class Checked:
    """A figure after the check.

    state: same; late (posts collected since make the difference: as known then it is the same); changed (posts were edited,
    answered or read anew since, which may be why it is another); gone (its ground is no longer kept); differs (recomputed it
    is another, and nothing says why); altered (the text shows another than the record).
    now: as it would be shown today; text: what the file shows; why: of changed and gone, and where something stood in the way.
    """

    figure: Figure
    state: State
    now: str
    text: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """All figures checked. absent: ids of figures that no longer stand in the text (a sentence was taken out)."""

    checked: Sequence[Checked]
    absent: Sequence[str]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many figures are in each state."""
        return Counter(one.state for one in self.checked)

    @property
    def whole(self) -> bool:
        """Whether every figure stands in the text and could be had again as it was."""
        return not self.absent and all(one.state in ("same", "late") for one in self.checked)

    @property
    def right(self) -> bool:
        """Whether no figure differs and none was altered."""
        return not any(one.state in ("differs", "altered") for one in self.checked)


def verify(read: Read, ground: Ground) -> Verdict:
    """Every figure of the file against what its question answers now."""
    checked = [_checked(figure, read.shown.get(figure.id, []), ground) for figure in read.record.figures]
    absent = [f.id for f in read.record.figures if f.id not in read.shown and f.form != "series"]
    return Verdict(checked, absent)


def _checked(figure: Figure, texts: Sequence[str], ground: Ground) -> Checked:
    wrong = next((text for text in texts if _plain(text) != _plain(figure.shown)), None)
    text = figure.shown if wrong is None else wrong
    try:
        value = ground.value(figure.origin)
    except GoneError as error:
        return Checked(figure, "gone" if wrong is None else "altered", "", text, error.message)
    except (RecordError, QueryError, ValueError, TypeError, IndexError) as error:
        why = error.message if isinstance(error, RecordError | QueryError) else str(error)
        return Checked(figure, "differs", "", text, why)
    now = shown(value, figure.form)
    if wrong is not None:
        return Checked(figure, "altered", now, wrong)
    if _plain(now) == _plain(shown(figure.value, figure.form)) == _plain(figure.shown):
        return Checked(figure, "same", now, text)
    if _as_known_then(figure, ground):
        return Checked(figure, "late", now, text)
    if why := purged(figure.origin, ground):
        return Checked(figure, "gone", now, text, why)
    if why := changed(figure, value, ground):
        return Checked(figure, "changed", now, text, why)
    return Checked(figure, "differs", now, text)


def _as_known_then(figure: Figure, ground: Ground) -> bool:
    """Whether the figure comes out when only posts are asked that had been collected when the brief was made."""
    known = Question(query=f"采集:<{milliseconds(ground.made_at)}")
    questions = tuple(replace(q, also=(*q.also, known)) for q in figure.origin.questions)
    if not questions:
        return False
    try:
        value = ground.value(Origin(figure.origin.measure, questions, figure.origin.ids))
    except (RecordError, QueryError, ValueError, TypeError):
        return False
    return shown(value, figure.form) == figure.shown


def _plain(text: str) -> str:
    """Without blanks: a line that breaks, or an editor, may add or take some."""
    return "".join(text.split())
