"""The one filter bar: time, place, topic, source, copies. It stands on every page with figures, keeps what was chosen from
page to page, and writes it into the address, so that a copied link shows a colleague the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import streamlit as st

from dashboard import asking
from dashboard.address import View, view_of
from dashboard.display import SHANGHAI, label, visible
from dashboard.texts import t

_KEPT = "common-filters"
# An address with nothing but these says nothing of what to look at: the filters of the page before are taken over.
_SILENT = {"day", "name", "by", "v", "step", "with", "show", "figure", "same"}
_PERIODS = (1, 7, 30, 90, 365)
_CHIP_CHARS = 16


def current() -> View:
    """The view of the address; where it says nothing (a click in the navigation), with the filters of the page before."""
    view = view_of({key: st.query_params.get_all(key) for key in st.query_params})
    if set(st.query_params) <= _SILENT and isinstance(kept := st.session_state.get(_KEPT), View):
        view = view.with_common(kept)
    st.session_state[_KEPT] = view.common()
    return view


def go(view: View, **others: str) -> None:
    """Show another view on this page: its address first (others: parameters of the page's own), then the page anew."""
    st.session_state[_KEPT] = view.common()
    st.query_params.from_dict({**view.to_params(), **others})
    st.rerun()


def say(view: View, **others: str) -> None:
    """Write the view into the address, so that it can be passed on. others: parameters of the page's own, "" for none."""
    st.query_params.from_dict({**view.to_params(), **{key: value for key, value in others.items() if value}})


def bar(view: View, *, period: bool = True, choices: bool = True) -> View:
    """The bar, as the view has it; returns what the reader chose now. period: with the days; choices: with the filters."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="filter-bar", width="content"):
        chosen = _period(view) if period else view
        if not choices:
            return chosen
        count = sum(len(v) for v in (view.places, view.topics, view.sources)) + view.originals
        with st.popover(f"{t('filters')} {count}" if count else t("filters"), icon=":material/filter_alt:"):
            chosen = _choices(chosen)
        without = _chips(view)
    if without is not None:
        return without
    return chosen if chosen == view else replace(chosen, after="", post="")


def _period(view: View) -> View:
    first, last = _date("from", view.first), _date("to", view.last)
    today = asking.now().astimezone(SHANGHAI).date()
    with st.popover(t("period"), icon=":material/calendar_month:"):
        for days in _PERIODS:
            if st.button(t("period_last", n=days), key=f"period-{days}", width="stretch"):
                first, last = today - timedelta(days=days - 1), today
        if st.button(t("period_all"), key="period-all", width="stretch"):
            first, last = None, None
    if first and last and last < first:
        first, last = last, first
    return replace(view, first=first, last=last)


def _date(key: str, value: date | None) -> date | None:
    # Keys carry the value of the address: when the address changes, the widget is a new one that shows it.
    chosen = st.date_input(t(key), value=value, format="YYYY-MM-DD", key=f"bar-{key}|{value}", width=150)
    return chosen if isinstance(chosen, date) else None


def _choices(view: View) -> View:
    return replace(
        view,
        places=choose("place", view.places, asking.places()),
        topics=choose("topic", view.topics, asking.topics()),
        sources=choose("source", view.sources, asking.source_titles()),
        originals=not st.toggle(t("with_copies"), value=not view.originals, key=f"bar-copies|{view.originals}"),
    )


def choose(key: str, chosen: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """A filter; what the address names is offered even where nothing has it, so that a link never loses a filter."""
    options = list(dict.fromkeys([*names, *chosen]))
    picked = st.multiselect(
        t(key),
        options,
        list(chosen),
        format_func=lambda o: visible(names.get(o, o)),
        placeholder=t("all"),
        key=f"bar-{key}|{'|'.join(chosen)}",
    )
    return tuple(str(p) for p in picked)


def _chips(view: View) -> View | None:
    """What is narrowed to, each with a button that lifts it; the view without it where one was pressed."""
    names = {"places": asking.places(), "topics": asking.topics(), "sources": asking.source_titles()}
    for field, known in names.items():
        for value in getattr(view, field):
            wording = visible(known.get(value, value))[:_CHIP_CHARS]
            if st.button(f"✕ {label(wording)}", key=f"chip-{field}-{value}", help=t("lift", w=label(wording))):
                rest = tuple(one for one in getattr(view, field) if one != value)
                lifted: dict[str, tuple[str, ...]] = {field: rest}
                return replace(view, **lifted, after="", post="")  # type: ignore[arg-type]
    if view.originals and st.button(f"✕ {t('no_copies')}", key="chip-copies", help=t("lift", w=t("no_copies"))):
        return replace(view, originals=False, after="", post="")
    return None
