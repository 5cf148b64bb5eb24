"""The parts of 规则: a rule in a sentence with how right it was, its firings, silence, switching."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from functools import partial

import streamlit as st

from config.errors import QingyuError
from dashboard import asking, parts
from dashboard.display import SHANGHAI, label, moment, number, shown
from dashboard.rule_trial import posts_of
from dashboard.texts import LEVELS, VERDICTS, t, word
from dashboard.wording.rules import RULE_KINDS
from pipeline.access.model import Action
from pipeline.desk import rules as verbs
from pipeline.desk.rules import Seen
from pipeline.events.verdicts import SAID
from pipeline.rules.fired import Fired

RULES = "views/rules.py"
# With fewer verdicts the share says little, whatever its interval.
FEW_JUDGED = 10
_FIRINGS = 20


def rule_card(seen: Seen) -> str:
    """A rule as HTML: on or off by shape and word, what it does, how right it was, when it last looked and fired."""
    rule, stands = seen.rule, seen.standing
    state = t("rl_on") if rule.enabled else t("rl_off")
    tags = [word(RULE_KINDS, rule.kind)] + [t("rl_shipped")] * (not seen.own)
    lines = [shown(" · ".join(_standing_said(seen)))]
    if stands.silenced_till:
        silent = t(
            "rl_silenced", t=moment(stands.silenced_till), w=stands.silenced_by or "—", y=stands.silenced_why or "—"
        )
        lines.append(f"<b>{shown(silent)}</b>")
    elif stands.silent_till and rule.enabled:
        lines.append(shown(t("rl_resting", t=moment(stands.silent_till))))
    if stands.fault:
        lines.append(f'<span class="qy-above">{shown(t("rl_fault", f=stands.fault.splitlines()[0]))}</span>')
    marks = "".join(f' <span class="qy-tag">{shown(one)}</span>' for one in tags)
    return (
        f'<div class="qy-card"><b>{shown(state)}</b> <b>{shown(rule.told)}</b> <span class="qy-dim">{shown(rule.name)}</span>{marks}'
        f'<div>{shown(seen.sentence)}</div><div class="qy-dim">{"<br>".join(lines)}</div></div>'
    )


def _standing_said(seen: Seen) -> list[str]:
    """When it fired, when it looked, how right it was; of one that is off whether it was tested."""
    rule, stands = seen.rule, seen.standing
    fired = t("rl_fired", t=moment(stands.fired_at), n=number(stands.firings)) if stands.fired_at else t("rl_never")
    if not rule.enabled:
        return [fired] * bool(stands.fired_at) + [t("rl_tested") if seen.tested else t("rt_none")]
    looked = t("rl_looked", t=moment(stands.evaluated_at)) if stands.evaluated_at else t("rl_not_looked")
    return [fired, looked, precision_said(seen)]


def precision_said(seen: Seen) -> str:
    """How right its alerts were by what people said: share, interval, n."""
    record = seen.record
    if not record.judged or seen.interval is None:
        return t("rl_not_judged")
    low, high = seen.interval
    said = t("rl_right", n=record.judged, p=record.right / record.judged, l=low, h=high)
    return said if record.judged >= FEW_JUDGED else f"{said}（{t('rl_few_judged')}）"


def rules_link(wording: str, *, key: str, icon: str = "arrow_forward", **params: str) -> None:
    """A link within this page. params: of the address, none for the list."""
    with st.container(key=f"link-row-rule-{key}", width="content"):
        st.page_link(RULES, label=wording, icon=f":material/{icon}:", query_params=params or {"rule": ""})


def acts(seen: Seen) -> None:
    """What a person may do with it: silence, switch, change or remove a draft."""
    rule = seen.rule
    with st.container(horizontal=True, vertical_alignment="center", key="rule-acts"):
        if asking.may(Action.SILENCE_RULES) and rule.enabled:
            _silencing(seen)
        if asking.may(Action.SWITCH_RULES):
            switching(seen.rule.name, on=rule.enabled, tested=seen.tested)
        if asking.may(Action.DRAFT_RULES):
            if seen.drafted and not rule.enabled:
                rules_link(t("rl_change"), key="change", icon="edit", draft=rule.name)
                _discarding(rule.name)
            rules_link(t("rl_copy"), key="copy", icon="content_copy", draft="new", like=rule.name)
    if not rule.enabled and not seen.tested:
        st.caption(t("rl_untested"))


def switching(name: str, *, on: bool, tested: bool) -> None:
    """The button that switches a rule on or off; on only where it was back-tested as it stands."""
    wording = t("rl_switch_off") if on else t("rl_switch_on")
    help_ = None if on or tested else t("rl_untested")
    if st.button(
        wording, key=f"switch-{name}", disabled=not (on or tested), help=help_, type="secondary" if on else "primary"
    ):
        done = t("rl_now_off", r=name) if on else t("rl_now_on", r=name)
        do(lambda: verbs.switch(asking.desk(), name, not on), done, to={"rule": name})


def _silencing(seen: Seen) -> None:
    name = seen.rule.name
    if seen.standing.silenced_till and st.button(t("rl_unsilence"), key=f"unsilence-{name}"):
        do(lambda: verbs.unsilence(asking.desk(), name), t("rl_loud", r=name))
    with st.popover(t("rl_silence"), icon=":material/notifications_off:"):
        today = asking.now().astimezone(SHANGHAI)
        day = st.date_input(
            t("rl_until_day"), today.date() + timedelta(days=1), format="YYYY-MM-DD", key=f"until-day-{name}"
        )
        at = st.time_input(t("rl_until_time"), time(8), key=f"until-time-{name}", step=900)
        why = st.text_input(t("rl_why"), max_chars=200, key=f"silence-why-{name}")
        if st.button(t("rl_silence_do"), key=f"silence-{name}") and day is not None and at is not None:
            until = datetime.combine(day, at, SHANGHAI)
            do(lambda: verbs.silence(asking.desk(), name, until, why), t("rl_quiet", r=name, t=moment(until)))


def _discarding(name: str) -> None:
    with st.popover(t("rl_discard"), icon=":material/delete:"):
        st.write(t("rl_discard_sure"))
        if st.button(t("rl_discard_do"), key=f"discard-{name}"):
            do(lambda: verbs.discard(asking.desk(), name), t("rl_discarded", r=name), to={})


def do(act: Callable[[], object], done: str, *, to: Mapping[str, str] | None = None) -> None:
    """Do it, say so on the page drawn anew (to: its address, None for the same), or what stands in the way."""
    try:
        act()
    except QingyuError as error:
        parts.complain(error)
        return
    st.session_state["rule-said"] = done
    if to is not None:
        st.query_params.from_dict(dict(to))
    st.rerun()


def firings_part(name: str) -> None:
    """What it raised last, each with the way to its posts and what people say of it."""
    parts.heading(t("rl_firings"), help_=t("rl_firings_help"))
    found = verbs.fired(asking.desk(), name, size=_FIRINGS)
    if not found:
        st.caption(t("rl_never"))
    for one in found:
        _firing_row(one)


def _firing_row(one: Fired) -> None:
    verdict = (
        f' <span class="qy-tag">{shown(t("flag_judged", v=word(VERDICTS, one.verdict)))}</span>' if one.verdict else ""
    )
    title = one.title or t("rl_forgotten", n=one.posts)
    why = "；".join(one.reason)
    st.html(
        f'<div class="qy-card"><span class="qy-level {shown(one.level)}">{shown(word(LEVELS, one.level))}</span> '
        f'<b>{shown(title)}</b>{verdict}<div class="qy-dim">{moment(one.at)} · {shown(why)}</div></div>'
    )
    with st.container(horizontal=True, vertical_alignment="center", key=f"link-firing-{one.id}"):
        if one.title:
            parts.posts_link(posts_of(one), key=f"row-firing-{one.id}")
            with st.container(key=f"link-row-alert-{one.id}", width="content"):
                st.page_link(
                    parts.FLAGS, label=t("alert_open"), icon=":material/arrow_forward:", query_params={"alert": one.id}
                )
        for said in SAID if asking.may(Action.JUDGE_FLAGS) else ():
            if st.button(word(VERDICTS, said), key=f"judge-{one.id}-{said}", help=t("judge", l=label(title))):
                done = t("judged_now", l=title, v=word(VERDICTS, said))
                do(partial(verbs.judge, asking.desk(), one.id, said), done)
