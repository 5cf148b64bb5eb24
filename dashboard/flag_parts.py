"""The parts of 预警: a flag with its reason and the verdict."""

from __future__ import annotations

import streamlit as st

from config.errors import QingyuError
from dashboard import asking, parts
from dashboard.address import View
from dashboard.display import label, moment, shown
from dashboard.texts import FLAG_KINDS, LEVELS, VERDICTS, t, word
from pipeline.access.model import Action
from pipeline.desk.flags import judge
from pipeline.events.model import Flag
from pipeline.events.verdicts import SAID
from pipeline.events.wording import why


def flag_card(flag: Flag) -> str:
    """A flag as HTML: its level by shape and word, what it is about, why, and what is known beside."""
    beside = [t("flag_raised", t=moment(flag.flagged_at)), word(FLAG_KINDS, flag.kind)]
    if flag.negative_share is not None:
        beside.append(t("flag_negative", p=parts.share(flag.negative_share)))
    if flag.duty:
        beside.append(t("flag_duty", u=flag.duty))
    phrases = [one for one in flag.phrases if one not in flag.label]
    drivers = t("flag_drivers", p="、".join(phrases)) if phrases else ""
    verdict = f' <span class="qy-tag">{shown(t("flag_judged", v=word(VERDICTS, flag.verdict)))}</span>'
    return (
        f'<div class="qy-card"><span class="qy-level {shown(flag.level)}">{shown(word(LEVELS, flag.level))}</span> '
        f"<b>{shown(flag.label)}</b>{verdict if flag.verdict else ''}<br>{shown(why(flag))}"
        f'<div class="qy-dim">{shown(" · ".join(beside))}{"<br>" + shown(drivers) if drivers else ""}</div></div>'
    )


def view_of_flag(flag: Flag) -> View:
    """Its posts in 检索."""
    return View(query=flag.query, first=flag.since_day, last=flag.until_day)


def flag_row(flag: Flag, *, alone: bool = False) -> None:
    """A flag, its ways on, and the verdict of whoever reads it. alone: on the page of its event, which needs no way to it."""
    st.html(flag_card(flag))
    with st.container(horizontal=True, vertical_alignment="center", key=f"link-flag-{flag.id}"):
        parts.posts_link(view_of_flag(flag), key=f"row-flag-{flag.id}")
        if flag.event_id and not alone:
            parts.event_link(flag.event_id, key=flag.id)
        for said in SAID if asking.may(Action.JUDGE_FLAGS) else ():
            if st.button(word(VERDICTS, said), key=f"judge-{flag.id}-{said}", help=t("judge", l=label(flag.label))):
                _judge(flag, said)


def _judge(flag: Flag, said: str) -> None:
    try:
        judge(asking.desk(), flag.id, said)
    except QingyuError as error:
        parts.complain(error)
        return
    st.session_state["judged"] = t("judged_now", l=flag.label, v=word(VERDICTS, said))
    st.rerun()
