"""`qingyu user add|list|passwd|roles|off|on`: accounts of the dashboard."""

from __future__ import annotations

import getpass
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from config.errors import ConfigError
from config.project import Project
from config.text import tr
from crawlers.store import opened
from pipeline.access import accounts
from pipeline.access.model import Role, role_name
from pipeline.audit import append_audit
from pipeline.cli.app import app
from pipeline.cli.options import Json, invocation
from pipeline.cli.output import emit_json, emit_table, local_time, note, say

user_app = typer.Typer(help=tr("看板的账户", "accounts of the dashboard"), no_args_is_help=True, rich_markup_mode=None)
app.add_typer(user_app, name="user")

Name = Annotated[str, typer.Argument(metavar="NAME", help=tr("账户名", "the account"))]
Roles = Annotated[
    list[Role], typer.Option("--role", help=tr("角色，可写几次：{r}", "role, may be repeated: {r}", r=" ".join(Role)))
]
FromStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin", help=tr("从标准输入读密码的第一行", "the password is the first line of standard input")
    ),
]


@user_app.command(
    "add", help=tr("建账户；第一个必须是管理员，此后看板要登录", "add an account; the first must be an administrator's")
)
def user_add(
    context: typer.Context,
    name: Name,
    role: Roles,
    shown: Annotated[str, typer.Option("--shown", help=tr("姓名", "the person's name"))] = "",
    provider: Annotated[
        bool,
        typer.Option(
            "--provider", help=tr("只用身份提供方登录，没有本地密码", "signs in at the identity provider only")
        ),
    ] = False,
    password_stdin: FromStdin = False,
) -> None:
    """Add an account. The password is never an argument: others could read it in the list of processes."""
    project = invocation(context).project()
    password = None if provider else _password(project, name, from_stdin=password_stdin)
    least = project.settings.access.password_length
    with opened(project) as store:
        made = accounts.add(store, name, role, password=password, least=least, now=_now(), shown=shown)
        append_audit(store, getpass.getuser(), "add", f"{name} {' '.join(sorted(made.roles))}", 0)
    say(
        tr(
            "已建账户 {n}（{r}）",
            "account {n} was added ({r})",
            n=name,
            r="、".join(role_name(r) for r in sorted(made.roles)),
        )
    )


@user_app.command("list", help=tr("全部账户", "all accounts"))
def user_list(context: typer.Context, json: Json = False) -> None:
    """List the accounts."""
    with opened(invocation(context).project()) as store:
        found = accounts.accounts(store)
    if json:
        emit_json(
            [
                {
                    "name": one.name,
                    "shown": one.shown,
                    "roles": sorted(one.roles),
                    "active": one.active,
                    "password": one.password,
                    "must_change": one.must_change,
                    "created": one.created_at.isoformat(),
                }
                for one in found
            ]
        )
        return
    if not found:
        note(
            tr(
                "还没有账户：qingyu user add 名字 --role admin",
                "there is no account: qingyu user add NAME --role admin",
            )
        )
        return
    emit_table(
        tr("账户", "accounts"),
        [tr("账户", "account"), tr("姓名", "name"), tr("角色", "roles"), tr("状态", "state"), tr("建于", "since")],
        [
            [
                one.name,
                one.shown,
                "、".join(role_name(r) for r in sorted(one.roles)),
                tr("启用", "on") if one.active else tr("停用", "off"),
                local_time(one.created_at),
            ]
            for one in found
        ],
    )


@user_app.command("passwd", help=tr("换密码；已登录的要重新登录", "another password; open sessions end"))
def user_passwd(context: typer.Context, name: Name, password_stdin: FromStdin = False) -> None:
    """Set a password."""
    project = invocation(context).project()
    password = _password(project, name, from_stdin=password_stdin)
    least = project.settings.access.password_length
    with opened(project) as store:
        accounts.set_password(store, name, password, least=least, now=_now(), must_change=False)
        append_audit(store, getpass.getuser(), "reset_password", name, 0)
    say(tr("{n} 的密码已换", "{n} has another password", n=name))


@user_app.command("roles", help=tr("改角色，立即生效", "other roles, at once"))
def user_roles(context: typer.Context, name: Name, role: Roles) -> None:
    """Set the roles."""
    with opened(invocation(context).project()) as store:
        accounts.set_roles(store, name, role, now=_now())
        append_audit(store, getpass.getuser(), "set_roles", f"{name} {' '.join(sorted(set(role)))}", 0)
    say(tr("{n} 现在是：{r}", "{n} is now: {r}", n=name, r="、".join(role_name(r) for r in sorted(set(role)))))


@user_app.command("off", help=tr("停用，已登录的立即退出", "switch off; open sessions end at once"))
def user_off(context: typer.Context, name: Name) -> None:
    """Switch an account off."""
    _switch(context, name, active=False)


@user_app.command("on", help=tr("重新启用", "switch on again"))
def user_on(context: typer.Context, name: Name) -> None:
    """Switch an account on."""
    _switch(context, name, active=True)


def _switch(context: typer.Context, name: str, *, active: bool) -> None:
    with opened(invocation(context).project()) as store:
        accounts.switch(store, name, active=active, now=_now())
        append_audit(store, getpass.getuser(), "switch", f"{name} active={active}", 0)
    say(tr("{n} 已启用", "{n} is on", n=name) if active else tr("{n} 已停用", "{n} is off", n=name))


def _password(project: Project, name: str, *, from_stdin: bool) -> str:
    """The password, typed twice without being shown, or a line of standard input."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        message = tr(
            "没有终端可以输入密码；用 --password-stdin 从标准输入给",
            "there is no terminal to type a password: give it by --password-stdin",
        )
        raise ConfigError(message)
    least = project.settings.access.password_length
    first = getpass.getpass(
        tr("{n} 的密码（至少 {k} 个字符）：", "password of {n} ({k} characters at least): ", n=name, k=least)
    )
    if getpass.getpass(tr("再输一次：", "again: ")) != first:
        raise ConfigError(tr("两次输入的不一样", "the two differ"))
    return first


def _now() -> datetime:
    return datetime.now(UTC)
