"""Asks for figures and numbers them, for the sections of a brief."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from pipeline.briefs.measures import GoneError, Ground
from pipeline.briefs.model import Figure, Form, Origin, Value
from pipeline.briefs.periods import Period
from pipeline.briefs.showing import FEW, FEW_MARK, shown
from pipeline.briefs.standing import good_runs_between
from pipeline.query.model import Question
from pipeline.sources_view import store_engine

_FORMS: dict[str, Form] = {
    "negative_share": "percent",
    "negative_low": "percent",
    "negative_high": "percent",
    "on_time_share": "percent",
    "change": "change",
    "median_days": "days",
    "flag_expected": "expected",
    "quote": "text",
    "post_time": "text",
    "days": "series",
}


@dataclass
class Asker:
    """One brief's questions. base: what the brief is about (everything, or a topic or query); first_at: of the oldest post
    there is, None without posts; on_time_workdays: within which a reply is on time."""

    ground: Ground
    period: Period
    base: Question
    first_at: datetime | None
    on_time_workdays: int
    _figures: dict[Origin, Figure] = field(default_factory=dict)
    _known: dict[Period, bool] = field(default_factory=dict)

    def figure(self, measure: str, *questions: Question, ids: tuple[str, ...] = ()) -> Figure:
        """The figure; the same one again for the same origin. A value whose ground is gone is none."""
        origin = Origin(measure, questions, ids)
        if origin not in self._figures:
            form = _FORMS.get(measure, "count")
            value: Value
            try:
                value = self.ground.value(origin)
            except GoneError:
                value = None
            self._figures[origin] = Figure(f"f{len(self._figures) + 1}", value, shown(value, form), form, origin)
        return self._figures[origin]

    @property
    def asked(self) -> Question:
        """The posts of the brief's own period."""
        return self.period.asked(self.base)

    def about(self, topic: str) -> Question:
        """The posts of one topic within the period."""
        return Question(topics=(topic,), also=(self.asked,))

    def where(self, query: str) -> Question:
        """Those of the period that a query finds."""
        return Question(query=query, also=(self.asked,))

    def few(self, count: Value) -> str:
        """The mark of figures that stand on few posts, "" where there are enough."""
        return FEW_MARK if isinstance(count, int | float) and 0 < count < FEW else ""

    def known(self, period: Period) -> bool:
        """Whether anything is known of a period: it lies behind the first post, and it has posts or somebody looked."""
        if period not in self._known:
            self._known[period] = self._look(period)
        return self._known[period]

    def _look(self, period: Period) -> bool:
        if self.first_at is None or (period.since < self.first_at and period.until <= self.first_at):
            return False
        if period.days > 1 and period.since.date() < self.first_at.astimezone(period.since.tzinfo).date():
            return False  # only a part of it is known
        if self.ground.counted(period.asked(Question()))[0]:
            return True
        return good_runs_between(store_engine(self.ground.project), period.since, period.until)
