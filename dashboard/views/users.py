"""用户: accounts, their roles, passwords for the first sign-in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from config.errors import QingyuError
from dashboard import asking, parts, plain_table
from dashboard.display import label, moment, shown
from dashboard.texts import t
from pipeline.access.model import GRANTS, Action, Role, action_name, role_name
from pipeline.desk import users
from pipeline.desk.users import Listed

_SAID = "users-said"


def done(act: Callable[[], str]) -> None:
    """Do it and say so after the page is drawn anew; what went wrong is told in place."""
    try:
        said = act()
    except QingyuError as error:
        parts.complain(error)
        return
    st.session_state[_SAID] = said
    st.rerun()


def add_form() -> None:
    """A new account."""
    with st.form("user-add", clear_on_submit=False):
        columns = st.columns([2, 2, 4], vertical_alignment="bottom")
        name = columns[0].text_input(t("us_name"), max_chars=40, help=t("us_name_help"))
        person = columns[1].text_input(t("us_shown"), max_chars=40)
        roles = columns[2].multiselect(t("us_roles"), list(Role), format_func=role_name, placeholder=t("us_roles_none"))
        provider = st.checkbox(t("us_provider"), value=False) if asking.project().settings.oidc.discovery else False
        if st.form_submit_button(t("us_add")):
            done(lambda: _added(name.strip(), person.strip(), roles, provider=provider))


def _added(name: str, person: str, roles: Sequence[Role], *, provider: bool) -> str:
    password = users.add(asking.desk(), name, person, roles, provider=provider)
    return t("us_added", n=name, p=password) if password else t("us_added_provider", n=name)


def one(listed: Listed) -> None:
    """An account with what can be done to it."""
    account = listed.account
    state = t("us_on") if account.active else t("us_off")
    how = t("us_local") if account.password else t("us_by_provider")
    beside = [state, how, t("us_open", n=listed.sessions), t("us_since", d=moment(account.created_at)[:10])]
    beside += [t("us_must_change")] * account.must_change
    st.html(
        f'<div class="qy-row"><div class="grow"><b>{shown(account.shown)}</b> '
        f'<span class="qy-tag">{shown(account.name)}</span><br>'
        f'<span class="qy-dim">{shown(" · ".join(beside))}</span></div></div>'
    )
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"user-{account.name}"):
        key = f"{account.name}|{' '.join(sorted(account.roles))}"
        roles = st.multiselect(
            t("us_roles"),
            list(Role),
            sorted(account.roles, key=list(Role).index),
            format_func=role_name,
            key=f"roles-{key}",
            width=420,
        )
        if frozenset(roles) != account.roles and st.button(t("us_save_roles"), key=f"save-{account.name}"):
            done(lambda: _roles_set(account.name, roles))
        if account.password and st.button(t("us_reset"), key=f"reset-{account.name}"):
            done(lambda: t("us_reset_done", n=account.name, p=users.reset_password(asking.desk(), account.name)))
        if listed.sessions and st.button(t("us_end"), key=f"end-{account.name}"):
            done(lambda: t("us_ended", n=users.end_sessions(asking.desk(), account.name)))
        if st.button(t("us_switch_off" if account.active else "us_switch_on"), key=f"switch-{account.name}"):
            done(lambda: _switched(account.name, active=not account.active))


def _roles_set(name: str, roles: Sequence[Role]) -> str:
    users.set_roles(asking.desk(), name, roles)
    return t("us_roles_saved", n=name, r="、".join(role_name(one) for one in roles))


def _switched(name: str, *, active: bool) -> str:
    users.switch(asking.desk(), name, active=active)
    return t("us_is_on" if active else "us_is_off", n=name)


def roles_part() -> None:
    """What each role may do."""
    with st.expander(t("us_what_roles"), icon=":material/help:"):
        rows = [[role_name(role), "、".join(action_name(one) for one in _ordered(role))] for role in Role]
        plain_table.show([t("us_role"), t("us_may")], rows, name=t("us_what_roles"))


def _ordered(role: Role) -> list[Action]:
    return [one for one in Action if one in GRANTS[role]]


def show() -> None:
    """The page."""
    if said := st.session_state.pop(_SAID, ""):
        st.success(label(said))
    found = users.listed(asking.desk())
    parts.heading(t("us_count", n=len(found)))
    if not found:
        st.info(t("us_none"))
    for listed in found:
        one(listed)
    parts.heading(t("us_new"))
    add_form()
    roles_part()


show()
