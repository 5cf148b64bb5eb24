"""Who sits before the screen of a session."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import streamlit as st
from sqlalchemy import Engine

from config.errors import AccessError
from config.project import Project
from config.text import tr
from pipeline.access.accounts import any_account
from pipeline.access.model import Person
from pipeline.access.sessions import who

# The cookie with the token of the session.
SESSION = "qy_session"
_KEPT = "who-is-here"
# One run of a page asks many times; whoever loses a role loses it within that time, seconds.
_KEEP_S = 1.0


class SignInNeededError(AccessError):
    """The session has ended, or there was none."""


def needed(project: Project, store: Engine) -> bool:
    """Whether people have to sign in: as soon as there is an account or an identity provider."""
    return bool(project.settings.oidc.discovery) or any_account(store)


def person(project: Project, store: Engine) -> Person:
    """The person of this session. Where nobody has to sign in, the dashboard is served on loopback only, to whoever uses this
    machine. Raises SignInNeededError where the session has ended; AccessError where a password has to be changed first."""
    kept = st.session_state.get(_KEPT)
    if kept is not None and time.monotonic() - kept[0] < _KEEP_S:
        found: Person = kept[1]
        return found
    found = _person(project, store)
    st.session_state[_KEPT] = (time.monotonic(), found)
    return found


def _person(project: Project, store: Engine) -> Person:
    if not needed(project, store):
        return Person(tr("本机", "this machine"), open_=True)
    found = who(store, project.settings.access, st.context.cookies.get(SESSION, ""), now=datetime.now(UTC))
    if found is None:
        raise SignInNeededError(tr("登录已结束，请重新登录", "the session has ended: sign in again"))
    if found.must_change:
        raise SignInNeededError(tr("请先改密码", "change your password first"))
    return Person(found.name, found.roles)
