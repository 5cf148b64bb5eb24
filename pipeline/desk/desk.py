"""A person's desk: the project, the query layer that audits in the person's name, and the mark that a verb needs a right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Engine

from config.errors import AccessError
from config.project import Project
from config.text import tr
from pipeline.access.model import Action, Person, action_name
from pipeline.audit import append_audit
from pipeline.query.layer import QueryLayer

P = ParamSpec("P")
R = TypeVar("R")
_SHOWN = 2_000


@dataclass(frozen=True, slots=True)
class Desk:
    """layer: speaks for the person in the audit; store: an engine shared by all desks; now: the clock, aware."""

    project: Project
    person: Person
    layer: QueryLayer
    store: Engine
    now: Callable[[], datetime]

    def may(self, action: Action) -> bool:
        """Whether the person may do this; pages ask it to leave out what would be refused."""
        return self.person.may(action)

    def require(self, action: Action, what: str = "") -> None:
        """Nothing where the person may do this. Raises AccessError, audited, where not. what: the verb, for the audit."""
        if self.person.may(action):
            return
        self.audit("refused", f"{action} {what}".strip())
        message = tr(
            "您的账户（{n}）没有“{a}”的权限；需要时请管理员在 设置 → 用户 里给您相应的角色",
            "your account ({n}) may not {a}; where you need it, ask an administrator for the role (settings, users)",
            n=self.person.name,
            a=action_name(action),
        )
        raise AccessError(message, action=str(action))

    def audit(self, action: str, detail: str, posts: int = 0) -> None:
        """Write an audit row in the person's name. Raises TransientError, StageError where the store does not take it."""
        append_audit(self.store, self.person.name, action, detail, posts)


@dataclass(frozen=True, slots=True)
class Verb:
    """A function that acts for a person. changes: it leaves something behind, and an audit row of its name."""

    name: str
    action: Action
    changes: bool
    call: Callable[..., object]


VERBS: dict[str, Verb] = {}


def verb(
    action: Action, *, changes: bool = False
) -> Callable[[Callable[Concatenate[Desk, P], R]], Callable[Concatenate[Desk, P], R]]:
    """Marks a function of a desk: refused without `action`, before anything is looked at; where it `changes` something,
    audited before it is done with the plain values it was given."""

    def marked(function: Callable[Concatenate[Desk, P], R]) -> Callable[Concatenate[Desk, P], R]:
        name = f"{function.__module__.rsplit('.', 1)[-1]}.{function.__name__}"

        @wraps(function)
        def guarded(desk: Desk, /, *args: P.args, **kwargs: P.kwargs) -> R:
            desk.require(action, name)
            if changes:
                desk.audit(function.__name__, _said(args, kwargs))
            return function(desk, *args, **kwargs)

        VERBS[name] = Verb(name, action, changes, guarded)
        return guarded

    return marked


def _said(args: tuple[object, ...], kwargs: dict[str, object]) -> str:
    """The values given, as the audit keeps them."""
    values = [_plain(one) for one in args] + [f"{name}={_plain(one)}" for name, one in kwargs.items()]
    return " · ".join(values)[:_SHOWN]


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
