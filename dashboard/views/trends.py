"""趋势: posts over any period, in steps of an hour to a month, split by a field, against the usual, the period or the year before.
All that is chosen stands in the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import streamlit as st

from dashboard import asking, course, filter_bar, trend_parts
from dashboard.address import View
from dashboard.course import Known, Line, Period
from dashboard.display import SHANGHAI
from dashboard.texts import t
from dashboard.trend_parts import FIRST, HEAT, LOOKED, MOST, SMALL, Choice
from pipeline.panels.naming import group_name
from pipeline.query.breaking import Split

# Where no period is chosen.
_DAYS = 30


def weeks_of(view: View) -> list[tuple[str, int]]:
    """Posts of every week from the first to the last with any, as the filters narrow them."""
    asked = replace(view, first=None, last=None).question()
    rows = asking.ask("breakdown", asked, split=Split(interval="week"), figures=("count",))
    return course.every_week({row.keys[-1]: int(row.figures[0] or 0) for row in rows})


def one_line(line: Line, view: View, choice: Choice, period: Period, known: Known) -> None:
    """All posts as one line."""
    asked = view.question()
    line = course.with_usual(asking.ask, asked, line, period, known)
    compared, missing = None, 0
    if choice.compared:
        other = course.compared_period(period, choice.compared)
        before = trend_parts.known_of(other)
        line = course.with_before(asking.ask, asked, line, period, choice.compared, before)
        counts = [point.before for point in line.points]
        n = sum(one or 0 for one in counts) if any(one is not None for one in counts) else None
        compared, missing = (other, n, t(f"tr_with_{choice.compared}")), trend_parts.gaps_of(before, other)
    trend_parts.total_line(line, period, compared, (trend_parts.gaps_of(known, period), missing))
    trend_parts.curve_part(line, period, view, "")
    trend_parts.table_part([line], choice, period)


def several(lines: Sequence[Line], view: View, choice: Choice, period: Period) -> None:
    """A line for each value."""
    most = {"heat": HEAT, "small": SMALL}.get(choice.show, FIRST)
    chosen = [line for line in lines if line.key in choice.values] if choice.values else list(lines[:most])
    if not chosen:
        st.info(t("tr_few"))
        return
    trend_parts.lines_part(chosen, choice, period, view)
    trend_parts.table_part(chosen[:MOST] if choice.show == "curve" else chosen, choice, period)


def show() -> None:
    """The page."""
    today = asking.now().astimezone(SHANGHAI).date()
    view, choice = filter_bar.current(), trend_parts.choice_of(st.query_params)
    chosen = filter_bar.bar(view)
    if chosen != view:
        filter_bar.go(chosen, **choice.to_params())
    view = replace(view, query="", after="", post="")
    period = course.period_of(view, today, days=_DAYS, wanted=choice.step)
    known = trend_parts.known_of(period)
    lines = course.lines(asking.ask, view.question(), period, known, field=choice.field, size=LOOKED)
    values = [line.key for line in lines]
    changed = trend_parts.choose(choice, period, values if choice.field else [])
    if changed != choice:
        filter_bar.go(view, **changed.to_params())
    filter_bar.say(view, **choice.to_params())
    weeks = weeks_of(view)
    if not weeks and not known.counts:
        st.info(t("tr_none"))
        return
    moved = trend_parts.move(period, today, date.fromisoformat(weeks[0][0]) if weeks else None)
    if choice.step and choice.step != period.step:
        st.caption(t("tr_step_longer", s=group_name(period.step)))
    if not (view.first or view.last):
        st.caption(t("tr_default", n=_DAYS))
    if choice.field:
        several(lines, view, choice, period)
    else:
        one_line(lines[0], view, choice, period, known)
    moved = moved or trend_parts.overview_part(weeks, period)
    if moved is not None:
        filter_bar.go(replace(view, first=moved[0], last=min(moved[1], today)), **choice.to_params())


show()
