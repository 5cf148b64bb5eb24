"""Accounts: made, changed, switched off. Who has signed in is asked of `pipeline.access.sessions`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, select

from config.errors import ConfigError
from config.text import tr
from crawlers.store import insert_rows, read, take_turn, write
from pipeline.access.model import Role
from pipeline.access.passwords import check, hashed
from pipeline.access.tables import account, session
from pipeline.query.times import milliseconds

_NAME = re.compile(r"[\w.@-]{1,40}")
_TURN = "accounts"


@dataclass(frozen=True, slots=True)
class Account:
    """name: to sign in with; shown: of the person; password: whether it has one; must_change: given by somebody else."""

    name: str
    shown: str
    roles: frozenset[Role]
    active: bool
    password: bool
    must_change: bool
    created_at: datetime
    changed_at: datetime


def accounts(engine: Engine) -> list[Account]:
    """All of them, by name."""
    with read(engine) as connection:
        return [_account(row) for row in connection.execute(select(account).order_by(account.c.name))]


def account_named(connection: Connection, name: str) -> Account | None:
    """The account; None for none of that name."""
    row = connection.execute(select(account).where(account.c.name == name)).first()
    return None if row is None else _account(row)


def any_account(engine: Engine) -> bool:
    """Whether there is one: then whoever comes has to sign in."""
    with read(engine) as connection:
        return connection.execute(select(account.c.name).limit(1)).first() is not None


def add(
    engine: Engine,
    name: str,
    roles: Sequence[Role],
    *,
    password: str | None,
    least: int,
    now: datetime,
    shown: str = "",
    must_change: bool = False,
) -> Account:
    """A new account. password: None for one who signs in at the identity provider only; least: its least length.

    Raises ConfigError: a name that cannot be one or is taken, no role, a password that is guessed easily; the first account
    must be an administrator's.
    """
    if not _NAME.fullmatch(name):
        message = tr(
            "账户名用字母、数字、汉字、. _ @ -，最多 40 个：{n}",
            "a name is made of letters, digits and . _ @ -, 40 at most: {n}",
            n=name[:60],
        )
        raise ConfigError(message)
    if password is not None:
        check(password, name=name, least=least)
    _some(roles)
    row = {
        "name": name,
        "shown": (shown.strip() or name)[:40],
        "hash": hashed(password) if password is not None else "",
        "roles": _joined(roles),
        "active": 1,
        "must_change": int(must_change),
        "created_ms": milliseconds(now),
        "changed_ms": milliseconds(now),
    }
    with write(engine) as connection:
        take_turn(connection, _TURN)
        if account_named(connection, name) is not None:
            raise ConfigError(tr("已有账户 {n}", "there is an account {n} already", n=name))
        if Role.ADMIN not in roles and not _admins(connection, without=""):
            message = tr(
                "第一个账户必须是管理员：加上 --role admin",
                "the first account must be an administrator's: add --role admin",
            )
            raise ConfigError(message)
        insert_rows(connection, account, [row])
        made = account_named(connection, name)
    assert made is not None
    return made


def set_password(engine: Engine, name: str, password: str, *, least: int, now: datetime, must_change: bool) -> None:
    """A new password; whoever is signed in with the account has to sign in again. Raises ConfigError."""
    check(password, name=name, least=least)
    _change(engine, name, now, hash=hashed(password), must_change=int(must_change))


def set_roles(engine: Engine, name: str, roles: Sequence[Role], *, now: datetime) -> None:
    """Other roles, at once. Raises ConfigError for none, an unknown account, and where no administrator would be left."""
    _some(roles)
    _change(engine, name, now, last_admin=Role.ADMIN not in roles, roles=_joined(roles))


def switch(engine: Engine, name: str, *, active: bool, now: datetime) -> None:
    """Off: who is signed in is so no longer. Raises ConfigError for an unknown account and for the last administrator."""
    _change(engine, name, now, last_admin=not active, active=int(active))


def _change(engine: Engine, name: str, now: datetime, *, last_admin: bool = False, **values: object) -> None:
    with write(engine) as connection:
        take_turn(connection, _TURN)
        found = account_named(connection, name)
        if found is None:
            raise ConfigError(tr("没有账户 {n}", "there is no account {n}", n=name))
        if last_admin and Role.ADMIN in found.roles and not _admins(connection, without=name):
            message = tr(
                "{n} 是最后一个管理员，不能停用，也不能去掉这个角色；先让另一个账户成为管理员",
                "{n} is the last administrator: make another account one first",
                n=name,
            )
            raise ConfigError(message)
        changed = {**values, "changed_ms": milliseconds(now)}
        connection.execute(account.update().where(account.c.name == name).values(changed))
        connection.execute(delete(session).where(session.c.account == name))


def _admins(connection: Connection, *, without: str) -> list[str]:
    rows = connection.execute(select(account.c.name, account.c.roles).where(account.c.active == 1))
    return [row.name for row in rows if row.name != without and Role.ADMIN in row.roles.split()]


def _some(roles: Iterable[Role]) -> None:
    if not list(roles):
        known = " ".join(Role)
        raise ConfigError(tr("至少给一个角色：{k}", "give it a role at least: {k}", k=known))


def _joined(roles: Iterable[Role]) -> str:
    return " ".join(sorted(set(roles)))


def _account(row: object) -> Account:
    values = row._mapping  # type: ignore[attr-defined]
    roles = frozenset(Role(one) for one in values["roles"].split())
    return Account(
        name=values["name"],
        shown=values["shown"],
        roles=roles,
        active=bool(values["active"]),
        password=bool(values["hash"]),
        must_change=bool(values["must_change"]),
        created_at=datetime.fromtimestamp(values["created_ms"] / 1000, UTC),
        changed_at=datetime.fromtimestamp(values["changed_ms"] / 1000, UTC),
    )
