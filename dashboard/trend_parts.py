"""The parts of 趋势: what is chosen, what is drawn, the table beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Any, cast

import streamlit as st

from dashboard import asking, filter_bar, parts, plain_table, trend_charts
from dashboard.address import View, start_of
from dashboard.charts import PICK
from dashboard.course import (
    FIGURES,
    STEPS,
    Compared,
    Known,
    Line,
    Period,
    behind,
    holidays,
    known_days,
    narrowed_to,
    shifted,
    step_of,
)
from dashboard.display import SHANGHAI, number, shown, visible
from dashboard.figures import FEW
from dashboard.texts import t
from pipeline.access.model import Action
from pipeline.desk import morning
from pipeline.desk.events import begun
from pipeline.events.model import Event
from pipeline.export import defused
from pipeline.panels.naming import group_name
from pipeline.query.breaking import Figure

# What lines may be split by, in the order of the choice; authors are none of it.
FIELDS = ("topic", "category", "sector", "place", "source", "kind", "region", "sentiment", "intent", "duty")
SHOWS = ("curve", "heat", "small")
# Values looked at, drawn where none are chosen, and at most.
LOOKED, FIRST, MOST = 60, 5, 8
HEAT, SMALL = 24, 12
_ROWS, _MARKS = 120, 6
_CIRCLED = "①②③④⑤⑥⑦⑧⑨"


@dataclass(frozen=True, slots=True)
class Choice:
    """field: what is split by, "" for nothing; values: which of it, empty for those with most posts; step: "" for one that
    fits; compared: with what; show: of SHOWS; figure: of FIGURES; same: small charts of one scale."""

    field: str = ""
    values: tuple[str, ...] = ()
    step: str = ""
    compared: Compared = ""
    show: str = "curve"
    figure: Figure = "count"
    same: bool = False

    def to_params(self) -> dict[str, str]:
        """The page's own part of the address."""
        found = {
            "by": self.field,
            "v": "\n".join(self.values),
            "step": self.step,
            "with": self.compared,
            "show": "" if self.show == "curve" else self.show,
            "figure": "" if self.figure == "count" else self.figure,
            "same": "1" if self.same else "",
        }
        return {key: value for key, value in found.items() if value}


def choice_of(params: Mapping[str, str]) -> Choice:
    """What an address asks for; what cannot be read is passed over."""

    def one(key: str, known: Sequence[str], usual: str = "") -> str:
        value = params.get(key, usual)
        return value if value in known else usual

    field = one("by", FIELDS)
    values = [v for v in params.get("v", "")[:2_000].split("\n") if v][:MOST] if field else []
    return Choice(
        field=field,
        values=tuple(dict.fromkeys(values)),
        step=one("step", STEPS),
        compared=cast(Compared, one("with", ("before", "year"))),
        show=one("show", SHOWS, "curve"),
        figure=cast(Figure, one("figure", FIGURES, "count")),
        same=params.get("same") == "1",
    )


def choose(choice: Choice, period: Period, values: Sequence[str]) -> Choice:
    """The choice as the reader changed it now. values: of the field, those with most posts first."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="trend-bar"):
        field = _select("tr_by", ("", *FIELDS), choice.field, _field_name, width=170)
        picked = choice.values
        if choice.field:
            picked = filter_values(choice, values)
        step = _select("tr_step", ("", *STEPS), choice.step, partial(_step_name, period), width=130)
        show, figure, compared, same = choice.show, choice.figure, choice.compared, choice.same
        if choice.field:
            show = _select("tr_show", SHOWS, choice.show, lambda one: t(f"tr_show_{one}"), width=120)
            figure = cast(
                Figure, _select("tr_figure", FIGURES, choice.figure, lambda one: t(f"tr_fig_{one}"), width=130)
            )
            if choice.show == "small":
                same = st.toggle(t("tr_same_scale"), choice.same, key="trend-same")
        else:
            compared = cast(
                Compared,
                _select("tr_with", ("", "before", "year"), choice.compared, lambda one: t(f"tr_with_{one}"), width=150),
            )
    if field != choice.field:
        return Choice(field=field, step=step)
    return replace(
        choice, values=tuple(picked), step=step, show=show, figure=figure, compared=compared, same=bool(same)
    )


def filter_values(choice: Choice, values: Sequence[str]) -> tuple[str, ...]:
    """Which values, of those with posts; what the address names is offered in any case."""
    options = list(dict.fromkeys([*values, *choice.values]))
    picked = st.multiselect(
        t("tr_values", n=FIRST),
        options,
        list(choice.values),
        format_func=partial(value_name, choice.field),
        max_selections=MOST,
        placeholder=t("all"),
        key=f"trend-values|{choice.field}|{'|'.join(choice.values)}",
        width=360,
    )
    return tuple(str(one) for one in picked)


def _select(key: str, options: Sequence[str], chosen: str, name: Any, *, width: int) -> str:
    found = st.selectbox(
        t(key),
        list(options),
        list(options).index(chosen),
        format_func=name,
        key=f"trend-{key}|{chosen}",
        width=width,
    )
    return str(found)


def _field_name(field: str) -> str:
    return group_name(field) if field else t("tr_all")


def _step_name(period: Period, step: str) -> str:
    return group_name(step) if step else t("tr_step_auto", s=group_name(period.step))


def value_name(field: str, key: str) -> str:
    """The name of a value, for a chart or a widget that takes plain text."""
    return visible(asking.naming().value(field, key)) if field else t("tr_all")


def view_of_value(view: View, field: str, key: str) -> View:
    """The view narrowed to one value of the field."""
    lists = {
        "topic": "topics",
        "place": "places",
        "source": "sources",
        "kind": "kinds",
        "region": "regions",
        "sentiment": "sentiments",
        "category": "categories",
        "intent": "intents",
        "sector": "sectors",
        "duty": "duties",
        "answered": "answered",
    }
    if not field:
        return view
    only: dict[str, tuple[str, ...]] = {lists[field]: (key,)}
    return replace(view, **only, after="", post="")  # type: ignore[arg-type]


def move(period: Period, today: date, first_day: date | None) -> tuple[date, date] | None:
    """Buttons that move the period, for hands without a mouse; the days chosen, None for none."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="trend-move"):
        for way, sign in (("earlier", "◀"), ("later", "▶"), ("wider", "⇔"), ("closer", "⇥⇤")):
            dead = (way == "later" and period.last >= today) or (way == "closer" and period.days < 2)
            if st.button(f"{sign} {t(f'tr_move_{way}')}", key=f"trend-{way}", disabled=dead):
                return shifted(period, way, today)  # type: ignore[arg-type]
        if first_day and st.button(t("tr_whole"), key="trend-whole"):
            return first_day, today
    return None


def total_line(
    line: Line, period: Period, compared: tuple[Period, int | None, str] | None, gaps: tuple[int, int]
) -> None:
    """The period's total in a sentence, against what it is compared with; days without data are said."""
    originals = sum(point.originals or 0 for point in line.points)
    said = [t("tr_total", a=period.first, b=period.last, n=number(line.total), o=number(originals))]
    if compared is not None:
        other, count, name = compared
        n = parts.count(count)
        said.append(t("tr_total_compared", w=name, a=other.first, b=other.last, n=n, d=difference(line.total, count)))
    if gaps[0]:
        said.append(t("tr_gap", n=gaps[0]))
    if compared is not None and gaps[1]:
        said.append(t("tr_gap_compared", n=gaps[1]))
    st.html(f'<div class="qy-since" id="trend-total">{"<br>".join(shown(one) for one in said)}</div>')


def difference(count: int, before: int | None) -> str:
    """How much more or less, in per cent, by sign and word."""
    if not before:
        return t("tr_no_base")
    change = (count - before) / before
    if abs(change) < 0.005:
        return t("tr_same")
    return t("tr_more" if change > 0 else "tr_less", p=f"{abs(change):.0%}")


def marked(period: Period, view: View) -> tuple[dict[str, str], list[tuple[str, Event]], int]:
    """Events that began in the period: their marks by step, each with its mark, and how many there are in all."""
    if not asking.may(Action.SEE_FLAGS):
        return {}, [], 0
    found = begun(asking.desk(), period.first, period.last, view.topics)
    if view.places:
        found = [one for one in found if set(one.places) & set(view.places)]
    first = sorted(found[:_MARKS], key=lambda one: one.first_at)
    each = list(zip(_CIRCLED, first, strict=False))
    marks: dict[str, str] = {}
    for mark, event in each:
        at = step_of(event.first_at, period)
        marks[at] = marks.get(at, "") + mark
    return marks, each, len(found)


def events_part(each: Sequence[tuple[str, Event]], total: int) -> None:
    """The events marked, each with the way to its page."""
    parts.heading(t("tr_events"))
    if not each:
        st.caption(t("tr_events_none"))
    for mark, event in each:
        day = f"{event.first_at.astimezone(SHANGHAI):%m-%d}"
        wording = t("tr_event_row", m=mark, d=day, t=event.title, n=number(event.posts))
        parts.event_link(event.id, key=f"tight-trend-{event.id}", wording=wording)
    if total > len(each):
        st.caption(t("tr_events_more", n=len(each)))


def curve_part(line: Line, period: Period, view: View, field: str) -> None:
    """One line: bars before their usual, holidays and events marked; then the share of negative posts."""
    marks, each, total = marked(period, view)
    names: dict[str, str] = {}
    for at, name in holidays(period):
        names[at] = f"{names[at]} {name}" if at in names else name
    picked = st.altair_chart(
        trend_charts.bars(line, marks=marks, holidays=names),
        on_select="rerun",
        selection_mode=[PICK],
        key=f"trend-bars|{period}|{hash(view)}",
        alt=t("trends"),
    )
    st.caption(t("tr_curve_help", u=t(f"tr_usual_{period.step}")))
    to_posts(picked, view_of_value(view, field, line.key), period)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        parts.heading(t("tr_share_head"))
        chosen = st.altair_chart(
            trend_charts.shares(line),
            on_select="rerun",
            selection_mode=[PICK],
            key=f"trend-share|{period}|{hash(view)}",
            alt=t("tr_share_head"),
        )
        st.caption(t("tr_share_help", n=FEW))
        to_posts(chosen, replace(view_of_value(view, field, line.key), sentiments=("negative",)), period)
    with right:
        if asking.may(Action.SEE_FLAGS):
            events_part(each, total)


def lines_part(lines: Sequence[Line], choice: Choice, period: Period, view: View) -> None:
    """Several values: curves, a heat map, or small charts."""
    name = partial(value_name, choice.field)
    few = t("tr_lines_few", n=FEW) if choice.figure == "negative_share" else ""
    if choice.show == "small":
        small_part(lines[:SMALL], choice, period, view)
        return
    chart = (
        trend_charts.heat(lines[:HEAT], choice.figure, name)
        if choice.show == "heat"
        else trend_charts.curves(lines[:MOST], choice.figure, name)
    )
    picked = st.altair_chart(
        chart,
        on_select="rerun",
        selection_mode=[PICK],
        key=f"trend-{choice.show}|{choice.figure}|{period}|{hash(view)}|{hash(choice)}",
        alt=t("trends"),
    )
    st.caption(t("tr_heat_help" if choice.show == "heat" else "tr_lines_help", s=few))
    to_posts(picked, view, period, choice.field)


def small_part(lines: Sequence[Line], choice: Choice, period: Period, view: View) -> None:
    """A small chart for each value, each with the way to its posts."""
    top = max((p.value(choice.figure) or 0 for line in lines for p in line.points), default=0) if choice.same else 0
    for start in range(0, len(lines), 3):
        for column, line in zip(st.columns(3, gap="medium"), lines[start : start + 3], strict=False):
            with column:
                name = value_name(choice.field, line.key)
                parts.heading(f"{name} · {number(line.total)}")
                narrowed = view_of_value(view, choice.field, line.key)
                picked = st.altair_chart(
                    trend_charts.small(line, choice.figure, top=top or None),
                    on_select="rerun",
                    selection_mode=[PICK],
                    key=f"trend-small|{line.key}|{period}|{hash(view)}|{choice.figure}|{choice.same}",
                    alt=name,
                )
                to_posts(picked, narrowed, period)
                if asking.may(Action.READ_POSTS):
                    within = replace(narrowed, first=period.first, last=period.last)
                    parts.posts_link(within, key=f"tight-trend-{line.key}")


def to_posts(picked: Any, view: View, period: Period, field: str = "") -> None:
    """Go to the posts of the step (and value) that was clicked."""
    rows = picked.selection.get(PICK) if picked else None
    if not rows or not asking.may(Action.READ_POSTS):
        return
    row = rows[0]
    target = narrowed_to(view, str(row.get("at", "")), period)
    if target is not None:
        st.switch_page(parts.SEARCH, query_params=view_of_value(target, field, str(row.get("key", ""))).to_params())


def overview_part(weeks: Sequence[tuple[str, int]], period: Period) -> tuple[date, date] | None:
    """All that is known by week, with two handles that keys move too; the days between them where they were moved, else None."""
    if len(weeks) < 6:
        return None
    mondays = [at for at, _ in weeks]
    inside = [
        at for at in mondays if date.fromisoformat(at) + timedelta(days=6) >= period.first and at <= f"{period.last}"
    ]
    st.altair_chart(trend_charts.whole(weeks, inside), key=f"trend-whole|{period}", alt=t("tr_overview"))
    ends = (inside[0], inside[-1]) if inside else (mondays[0], mondays[-1])
    moved = st.select_slider(t("tr_overview"), mondays, value=ends, key=f"trend-ends|{period}|{len(weeks)}")
    first, last = (str(one) for one in moved)
    if (first, last) == ends:
        return None
    return date.fromisoformat(first), date.fromisoformat(last) + timedelta(days=6)


def table_part(lines: Sequence[Line], choice: Choice, period: Period) -> None:
    """The figures drawn, as a table to read and a file to keep."""
    heads = [t("tr_step_tip")] + ([t("tr_value_col")] if choice.field else [])
    heads += [t("tr_fig_count"), t("tr_fig_originals"), t("tr_fig_voices"), t("tr_fig_negative_share")]
    heads += [t("tr_interval_col"), t("tr_state_col")]
    single = not choice.field
    if single:
        heads += [t("tr_usual_col")] + ([t("tr_compared_tip")] if choice.compared else [])
    rows = [_cells(line, n, choice) for n in range(len(lines[0].points)) for line in lines]
    name = t("tr_table_name", a=period.first, b=period.last, s=group_name(period.step))
    with st.expander(t("tr_table"), icon=":material/table:"):
        if len(rows) > _ROWS:
            st.caption(t("tr_table_cut", n=_ROWS))
        lead = 2 if choice.field else 1
        plain_table.show(heads, rows[-_ROWS:], name=name, right=tuple(range(lead, lead + 5)))
        file_name = f"qingyu-trend-{period.first}-{period.last}.csv"
        st.download_button(
            t("tr_table_csv"), csv_of(heads, rows), file_name, "text/csv", key="trend-csv", on_click="ignore"
        )


def _cells(line: Line, n: int, choice: Choice) -> list[str]:
    point = line.points[n]
    cells = [point.at.replace("T", " ")] + ([value_name(choice.field, line.key)] if choice.field else [])
    cells += [parts.count(point.count), parts.count(point.originals), parts.count(point.voices)]
    share = point.value("negative_share")
    cells.append(parts.share(share))
    cells.append("–".join(f"{v:.0%}" for v in point.interval) if point.interval and share is not None else "—")
    cells.append(t("no_data") if not point.known else t("tr_state_known" if point.whole else "tr_state_part"))
    if not choice.field:
        u = point.usual
        cells.append(f"{number(u.median)}（{number(u.low)}–{number(u.high)}）" if u else t("too_little"))
        if choice.compared:
            cells.append(parts.count(point.before))
    return cells


def csv_of(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """The table as CSV that spreadsheets read as UTF-8, no cell a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(heads)
    writer.writerows([defused(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def known_of(period: Period) -> Known:
    """What is known of the days of the period and of those that tell what is usual there."""
    since = behind(period)
    _, crawled, last_ok = morning.coverage(asking.desk(), since=start_of(since))
    return known_days(asking.ask, since, period.last, crawled=crawled, last_ok=last_ok)


def gaps_of(known: Known, period: Period) -> int:
    """Days of the period of which nothing is known."""
    return sum(not known.day(period.first + timedelta(days=n)) for n in range(period.days))


def keep(view: View, choice: Choice) -> None:
    """Write it into the address."""
    filter_bar.say(view, **choice.to_params())
