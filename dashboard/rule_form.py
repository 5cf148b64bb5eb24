"""The form of a rule's draft: a field for each key of its kind, what is wrong said below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from config.rules import KINDS
from dashboard.display import label, visible
from dashboard.rule_values import (
    PATTERNS,
    beginning,
    default_of,
    fields_of,
    how,
    optional,
    options_of,
    put_together,
    taken_apart,
)
from dashboard.texts import LEVELS, t, word
from dashboard.wording.rules import CHOICES, FIELDS, RULE_KINDS, UNITS

_DRAFTS = "rule-drafts"


@dataclass(slots=True)
class Form:
    """A form being filled. draft: whose widgets these are; values: to begin with; names: what may be chosen by key (groups,
    sources); below: where each key's fault is said."""

    draft: str
    kind: str
    values: Mapping[str, Any]
    names: Mapping[str, Mapping[str, str]]
    fixed: bool = False
    below: dict[str, Any] = field(default_factory=dict)

    def key(self, name: str) -> str:
        """The widget of a field; that of another kind is another."""
        return f"rf-{self.draft}-{self.kind}-{name}"

    def begin(self, name: str) -> Any:
        """The value a field begins with."""
        return self.values.get(name)


def kept(draft: str) -> dict[str, Any] | None:
    """What this session wrote into a draft; None for nothing yet."""
    found = st.session_state.get(_DRAFTS, {}).get(draft)
    return dict(found) if found is not None else None


def keep(draft: str, values: Mapping[str, Any]) -> None:
    """Keep what is written, so that the page can be left."""
    st.session_state.setdefault(_DRAFTS, {})[draft] = dict(values)


def forget(draft: str) -> None:
    """Let go of it."""
    st.session_state.get(_DRAFTS, {}).pop(draft, None)


def kind_field(draft: str, values: Mapping[str, Any], *, fixed: bool) -> str:
    """Which kind of rule; of one that stands in a file it is fixed."""
    kinds = list(KINDS)
    at = kinds.index(str(values["kind"])) if values.get("kind") in KINDS else 1
    chosen = st.selectbox(
        t("rl_kind"),
        kinds,
        at,
        format_func=lambda one: word(RULE_KINDS, one),
        key=f"rf-{draft}-kind",
        disabled=fixed,
    )
    return str(chosen)


def fields(form: Form) -> dict[str, Any]:
    """What the form holds now, as a file would have it: what is empty, or at its default, is left out."""
    looks, telling, seldom = fields_of(form.kind)
    values: dict[str, Any] = {"name": _name(form), "kind": form.kind}
    for name in looks:
        _take(form, name, values)
    st.caption(t("rl_telling"))
    for name in telling:
        _take(form, name, values)
    with st.expander(t("rl_seldom"), expanded=any(form.begin(name) is not None for name in seldom)):
        for name in seldom:
            _take(form, name, values)
    return values


def complain(form: Form, faults: Mapping[str, str], *, eager: bool, values: Mapping[str, Any]) -> None:
    """What is wrong, each below its field; of fields still empty only once the person wants to go on (eager)."""
    for name, problem in faults.items():
        if not eager and not values.get(name) and name in ("name", "match_query"):
            continue
        place = form.below.get("match_title" if name == "match" else name) or form.below[""]
        place.error(label(problem), icon=":material/error:")


def _name(form: Form) -> str:
    wording = word(FIELDS, "name")
    given = st.text_input(
        wording,
        str(form.begin("name") or ""),
        max_chars=60,
        key=form.key("name"),
        disabled=form.fixed,
        help=t("rl_name_help"),
    )
    form.below["name"] = st.empty()
    return given.strip()


def _take(form: Form, name: str, values: dict[str, Any]) -> None:
    """Ask for a field and put what is given into `values`."""
    given = _asked(form, name)
    form.below[name] = st.empty()
    if name in PATTERNS:
        if given:
            values.setdefault("match", {})[PATTERNS[name]] = given
    elif given not in (None, "", []) and (given != default_of(form.kind, name) or form.begin(name) is not None):
        values[name] = given


def _asked(form: Form, name: str) -> Any:
    wording, key, begin = word(FIELDS, name), form.key(name), form.begin(name)
    way = how(form.kind, name)
    if way == "duration":
        return _duration(form, name)
    if way == "choice":
        return _choice(form, name)
    if way in ("choices", "names"):
        known = form.names.get(name) or {one: word(CHOICES, one) for one in options_of(form.kind, name)}
        some = [str(one) for one in begin or ()]
        return _several(wording, key, list(dict.fromkeys([*known, *some])), some, known)
    if way == "patterns":
        lines = (form.begin("match") or {}).get(PATTERNS[name], [])
        given = st.text_area(wording, "\n".join(lines), key=key, height=68)
        return [line.strip() for line in given.splitlines() if line.strip()]
    if way == "query":
        return st.text_area(wording, str(begin or ""), key=key, height=68, placeholder=t("query_hint")).strip()
    if way == "yes":
        return st.checkbox(wording, bool(begin), key=key)
    if way in ("number", "count"):
        return _number(form, name, whole=way == "count")
    return st.text_input(wording, str(begin or ""), max_chars=200, key=key).strip()


def _number(form: Form, name: str, *, whole: bool) -> float | int | None:
    default, begin = default_of(form.kind, name), form.begin(name)
    start = begin if begin is not None else default
    given = st.number_input(
        word(FIELDS, name),
        value=None if start is None else (int(start) if whole else float(start)),
        step=1 if whole else 0.1,
        format="%d" if whole else "%g",
        key=form.key(name),
        placeholder=t("rl_none") if optional(form.kind, name) else None,
    )
    return None if given is None else (int(given) if whole else float(given))


def _duration(form: Form, name: str) -> str | None:
    begin = form.begin(name)
    number, unit = taken_apart(begin, otherwise="m" if name == "escalate_after" else "d")
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    with left:
        given = st.number_input(
            word(FIELDS, name),
            value=number,
            min_value=0.0,
            step=1.0,
            format="%g",
            key=form.key(name),
            placeholder=t("rl_default"),
        )
    with right:
        units = list(UNITS)
        chosen = st.selectbox(
            t("rl_unit", f=word(FIELDS, name).split("（")[0]),
            units,
            units.index(unit),
            format_func=lambda one: word(UNITS, one),
            key=form.key(f"{name}-unit"),
            label_visibility="collapsed",
        )
    return put_together(given, str(chosen))


def _choice(form: Form, name: str) -> str | None:
    known: list[str | None] = list(options_of(form.kind, name))
    if optional(form.kind, name):
        known = [None, *known]
    start = form.begin(name) or default_of(form.kind, name)
    words = LEVELS if name == "level" else CHOICES
    chosen: str | None = st.selectbox(
        word(FIELDS, name),
        known,
        known.index(start) if start in known else 0,
        format_func=lambda one: word(words, one) if one else t("rl_none"),
        key=form.key(name),
    )
    return chosen


def _several(wording: str, key: str, known: Sequence[str], some: Sequence[str], names: Mapping[str, str]) -> list[str]:
    return [
        str(one)
        for one in st.multiselect(
            wording,
            list(known),
            list(some),
            format_func=lambda one: visible(names.get(one, one)),
            key=key,
            placeholder=t("rl_choose"),
        )
    ]


def begin_with(kind: str, before: Mapping[str, Any]) -> dict[str, Any]:
    """Values for a form of that kind: those of before where they are of the same kind, else what is common to both."""
    if before.get("kind") == kind:
        return dict(before)
    return {
        **beginning(kind),
        **{key: before[key] for key in ("name", "description", "query", "groups") if key in before},
    }
