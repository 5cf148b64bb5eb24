"""规则: each in a sentence with its firings and how right it was; one rule (`?rule=`); a draft with its back-test (`?draft=`)."""

from __future__ import annotations

from typing import Any

import streamlit as st

from config.errors import QingyuError
from dashboard import asking, parts, rule_form, rule_parts, rule_trial
from dashboard.display import label, shown
from dashboard.rule_form import Form
from dashboard.rule_values import values_of
from dashboard.texts import t
from pipeline.access.model import Action
from pipeline.desk import rules as verbs
from pipeline.desk.rules import Drafted, Seen

_NEW = "new"


def whole_list(found: list[Seen]) -> None:
    """Every rule, those that are on first."""
    on = [one for one in found if one.rule.enabled]
    off = [one for one in found if not one.rule.enabled]
    if asking.may(Action.DRAFT_RULES):
        rule_parts.rules_link(t("rl_new"), key="new", icon="add", draft=_NEW)
    parts.heading(t("rl_list_on", n=len(on)))
    if not on:
        st.info(t("rl_list_none"))
    for one in on:
        _row(one)
    parts.heading(t("rl_list_off", n=len(off)), help_=t("rl_off_help"))
    for one in off:
        _row(one)


def _row(one: Seen) -> None:
    left, right = st.columns([8, 1], vertical_alignment="center")
    with left:
        st.html(rule_parts.rule_card(one))
    with right:
        rule_parts.rules_link(t("rl_open"), key=one.rule.name, rule=one.rule.name)


def one_rule(found: list[Seen], name: str) -> None:
    """The rule in the address."""
    rule_parts.rules_link(t("rl_back"), key="back", icon="arrow_back")
    seen = next((one for one in found if one.rule.name == name), None)
    if seen is None:
        st.warning(t("rl_gone", r=label(name[:60])))
        return
    st.html(rule_parts.rule_card(seen))
    rule_parts.acts(seen)
    left, right = st.columns(2, gap="medium")
    with left:
        rule_parts.firings_part(name)
    with right:
        rule_trial.part(seen.rule, values_of(seen.rule))


def start_values(found: list[Seen], draft: str, like: str) -> dict[str, Any]:
    """What the form begins with: what this session wrote, the draft in the file, the rule it is like, or a few words."""
    if (written := rule_form.kept(f"{draft}|{like}")) is not None:
        return written
    seen = next((one for one in found if one.rule.name == (like if draft == _NEW else draft)), None)
    if seen is None:
        return {"kind": "frequency", **rule_form.begin_with("frequency", {})}
    values = values_of(seen.rule)
    return values if draft != _NEW else {**values, "name": ""}


def one_draft(found: list[Seen], draft: str) -> None:
    """The form on the left; on the right the sentence it makes, and its back-test."""
    rule_parts.rules_link(t("rl_back"), key="back", icon="arrow_back")
    fixed = draft != _NEW
    if fixed and not any(one.rule.name == draft and one.drafted and not one.rule.enabled for one in found):
        st.warning(t("rl_not_here"))
        return
    like = st.query_params.get("like", "")[:60] if draft == _NEW else ""
    place, before = f"{draft}|{like}", start_values(found, draft, like)
    left, right = st.columns([5, 6], gap="large")
    with left:
        parts.heading(t("rl_draft"))
        kind = rule_form.kind_field(place, before, fixed=fixed)
        form = Form(place, kind, rule_form.begin_with(kind, before), _names(), fixed=fixed)
        values = rule_form.fields(form)
        form.below[""] = st.empty()
    with right:
        pressed = st.button(t("rl_keep"), key="draft-keep", icon=":material/save:")
    rule_form.keep(place, values)
    # What it says, and would have done, can be seen before it has a name.
    drafted = verbs.draft(asking.desk(), {**values, "name": values["name"] or _NEW})
    unnamed = {} if values["name"] else {"name": t("rl_name_help")}
    rule_form.complain(form, {**drafted.faults, **unnamed}, eager=pressed, values=values)
    with right:
        _beside(drafted, values, place, pressed=pressed, found=found)


def _names() -> dict[str, dict[str, str]]:
    return {"groups": {name: name for name in verbs.groups(asking.desk())}, "sources": asking.source_titles()}


def _beside(drafted: Drafted, values: dict[str, Any], place: str, *, pressed: bool, found: list[Seen]) -> None:
    parts.heading(t("rl_sentence"))
    if drafted.rule is None:
        st.html(f'<div class="qy-card qy-dim">{shown(t("rl_unfinished"))}</div>')
        return
    st.html(f'<div class="qy-card" id="rl-sentence">{shown(drafted.sentence)}</div>')
    if pressed and values["name"]:
        _keep(values, place)
    rule_trial.part(drafted.rule, {**values, "name": drafted.rule.name})
    stored = next((one for one in found if one.rule.name == values["name"]), None)
    if stored is None or values_of(stored.rule) != values_of(drafted.rule):
        st.caption(t("rl_keep_first"))
    elif asking.may(Action.SWITCH_RULES):
        rule_parts.switching(stored.rule.name, on=stored.rule.enabled, tested=stored.tested)
        if not stored.tested:
            st.caption(t("rl_untested"))


def _keep(values: dict[str, Any], place: str) -> None:
    draft = place.partition("|")[0]
    try:
        name = verbs.keep_draft(asking.desk(), values, instead_of="" if draft == _NEW else draft)
    except QingyuError as error:
        parts.complain(error)
        return
    rule_form.forget(place)
    st.session_state["rule-said"] = t("rl_kept", r=name)
    st.query_params.from_dict({"draft": name})
    st.rerun()


def show() -> None:
    """The page."""
    # A link within the page changes what is shown but not the address bar, and the next run reads that: say it anew.
    st.query_params.from_dict(st.query_params.to_dict())
    if said := st.session_state.pop("rule-said", ""):
        st.success(label(said))
    found = verbs.listed(asking.desk())
    if draft := st.query_params.get("draft", ""):
        one_draft(found, draft[:60])
    elif name := st.query_params.get("rule", ""):
        one_rule(found, name)
    else:
        whole_list(found)


show()
