"""用户: accounts of the dashboard, by administrators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from config.errors import ConfigError
from config.text import tr
from pipeline.access import accounts, passwords
from pipeline.access.accounts import Account
from pipeline.access.model import Action, Role
from pipeline.access.sessions import end_all, open_sessions
from pipeline.desk.desk import Desk, verb


@dataclass(frozen=True, slots=True)
class Listed:
    """An account, and how many sessions of it are open."""

    account: Account
    sessions: int


@verb(Action.MANAGE_USERS)
def listed(desk: Desk, /) -> list[Listed]:
    """All accounts, by name."""
    open_ = open_sessions(desk.store, desk.project.settings.access, now=desk.now())
    return [Listed(one, open_.get(one.name, 0)) for one in accounts.accounts(desk.store)]


@verb(Action.MANAGE_USERS, changes=True)
def add(desk: Desk, /, name: str, shown: str, roles: Sequence[Role], *, provider: bool = False) -> str:
    """A new account; the password for its first sign-in, which must be changed then. provider: it signs in at the identity
    provider and has none: "". Raises ConfigError."""
    least = desk.project.settings.access.password_length
    password = None if provider else _made(least)
    accounts.add(
        desk.store, name, roles, shown=shown, password=password, least=least, now=desk.now(), must_change=not provider
    )
    return password or ""


@verb(Action.MANAGE_USERS, changes=True)
def set_roles(desk: Desk, /, name: str, roles: Sequence[Role]) -> None:
    """Other roles, at once; open sessions end. Raises ConfigError."""
    accounts.set_roles(desk.store, name, roles, now=desk.now())


@verb(Action.MANAGE_USERS, changes=True)
def switch(desk: Desk, /, name: str, *, active: bool) -> None:
    """On or off; open sessions end. Raises ConfigError; for oneself too: another administrator has to do it."""
    if name == desk.person.name and not active:
        raise ConfigError(tr("不能停用自己的账户", "you cannot switch off your own account"))
    accounts.switch(desk.store, name, active=active, now=desk.now())


@verb(Action.MANAGE_USERS, changes=True)
def reset_password(desk: Desk, /, name: str) -> str:
    """A new password for the next sign-in, which must be changed then; open sessions end. Raises ConfigError."""
    least = desk.project.settings.access.password_length
    password = _made(least)
    accounts.set_password(desk.store, name, password, least=least, now=desk.now(), must_change=True)
    return password


@verb(Action.MANAGE_USERS, changes=True)
def end_sessions(desk: Desk, /, name: str) -> int:
    """End all sessions of an account; how many there were."""
    return end_all(desk.store, name)


def _made(least: int) -> str:
    password = passwords.made()
    while len(password) < least:
        password += "-" + passwords.made()
    return password
