"""Accounts of people whom an identity provider vouches for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine

from config.access import Oidc
from config.errors import AccessError
from config.text import tr
from crawlers.store import insert_rows, take_turn, write
from pipeline.access.accounts import Account, account_named
from pipeline.access.model import Role
from pipeline.access.tables import account
from pipeline.query.times import milliseconds


def provided(engine: Engine, oidc: Oidc, name: str, shown: str, groups: Sequence[str], *, now: datetime) -> Account:
    """The account of that name, made at the first sign-in where the groups give it a role; its roles follow the groups, or are
    those an administrator gave where no group gives any. An account with a password of its own is not taken over.

    Raises AccessError for who has no role here, is switched off, or has a local password.
    """
    if not 0 < len(name) <= 40:
        raise AccessError(tr("账户名太长：{n}", "the name is too long: {n}", n=name[:60]))
    roles = sorted({Role(oidc.groups[group]) for group in groups if group in oidc.groups})
    at = milliseconds(now)
    with write(engine) as connection:
        take_turn(connection, "accounts")
        found = account_named(connection, name)
        if found is not None and (found.password or not found.active):
            message = tr(
                "账户 {n} 用本地密码登录，或已停用；请找管理员",
                "the account {n} has a local password, or is switched off: ask an administrator",
                n=name,
            )
            raise AccessError(message)
        if found is None and not roles:
            message = tr(
                "{n} 在这里没有角色；请管理员在设置 oidc.groups 里给您的组一个角色，或建同名账户",
                "{n} has no role here: ask an administrator for an account, or a role for one of your groups",
                n=name,
            )
            raise AccessError(message)
        if found is None:
            row = {
                "name": name,
                "shown": shown[:40] or name,
                "hash": "",
                "roles": " ".join(roles),
                "active": 1,
                "must_change": 0,
                "created_ms": at,
                "changed_ms": at,
            }
            insert_rows(connection, account, [row])
        elif roles and frozenset(roles) != found.roles:
            connection.execute(
                account.update().where(account.c.name == name).values(roles=" ".join(roles), changed_ms=at)
            )
        again = account_named(connection, name)
    assert again is not None
    return again
