"""我的账户: who is signed in, what the roles allow, the ways to change the password and to sign out."""

from __future__ import annotations

import streamlit as st

from dashboard import asking, parts, plain_table
from dashboard.display import shown
from dashboard.texts import t
from pipeline.access.model import GRANTS, Action, Role, action_name, role_name


def show() -> None:
    """The page."""
    person = asking.person()
    parts.heading(person.name)
    if person.open_:
        st.info(t("open_mode"))
        return
    # Routes of the server, not pages: an ordinary link leaves the page.
    st.html(
        f'<div class="qy-row"><a href="/password" target="_self">{shown(t("me_password"))}</a> · '
        f'<a href="/signout" target="_self">{shown(t("me_out"))}</a></div>'
    )
    mine = [role for role in Role if role in person.roles]
    rows = [[role_name(role), "、".join(action_name(one) for one in Action if one in GRANTS[role])] for role in mine]
    plain_table.show([t("us_role"), t("us_may")], rows, name=t("me_roles"))


show()
