"""简报: those that were made, one to look at, check and send (`?brief=`), and making one for any period or topic."""

from __future__ import annotations

import streamlit as st

from dashboard import asking, brief_parts, parts
from dashboard.display import label
from dashboard.texts import t
from pipeline.access.model import Action
from pipeline.desk import briefs as verbs
from pipeline.desk.briefs import Shelved


def shelf(found: list[Shelved]) -> None:
    """Every brief, the latest first."""
    if asking.may(Action.MAKE_BRIEFS):
        brief_parts.making_part()
    parts.heading(t("br_shelf", n=len(found)))
    if not found:
        st.info(t("br_none"))
    for one in found:
        left, right = st.columns([8, 1], vertical_alignment="center")
        with left:
            st.html(brief_parts.brief_card(one))
        with right:
            brief_parts.brief_link(one.brief.id, key=one.brief.id)


def one_brief(found: list[Shelved], brief_id: str) -> None:
    """The brief in the address."""
    st.page_link(brief_parts.BRIEFS, label=t("br_back"), icon=":material/arrow_back:", query_params={"brief": ""})
    one = next((each for each in found if each.brief.id == brief_id), None)
    if one is None:
        st.warning(t("br_gone"))
        return
    st.html(brief_parts.brief_card(one))
    if not one.formats:
        st.warning(t("br_files_gone"))
        return
    brief_parts.files_part(one)
    brief_parts.verify_part(one)
    if asking.may(Action.SEND_BRIEFS):
        brief_parts.sending_part(one)
    brief_parts.preview_part(one)


def show() -> None:
    """The page."""
    # A link within the page changes what is shown but not the address bar, and the next run reads that: say it anew.
    st.query_params.from_dict(st.query_params.to_dict())
    if said := st.session_state.pop("brief-said", ""):
        st.success(label(said))
    found = verbs.listed(asking.desk())
    if brief_id := st.query_params.get("brief", ""):
        one_brief(found, brief_id)
    else:
        shelf(found)


show()
