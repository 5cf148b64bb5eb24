"""Every role and every verb that acts for a person: allowed or refused as declared here; every page in the navigation of those
who may see it, and of nobody else."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

import pipeline.desk
from config.errors import AccessError
from config.project import Project, init_project, open_project
from crawlers.schema import audit
from crawlers.store import opened, read
from dashboard.pages import PAGES
from pipeline.access.model import EVERYTHING, GRANTS, Action, Person, Role
from pipeline.desk.desk import VERBS, Desk
from pipeline.query.layer import QueryLayer

for _module in pkgutil.iter_modules(pipeline.desk.__path__):
    importlib.import_module(f"pipeline.desk.{_module.name}")
NOW = datetime(2026, 11, 24, tzinfo=UTC)
# Who may do what, as the design has it: 访 visitor, 值 duty, 研 analyst, 审 reviewer, 管 admin, 计 auditor.
DECLARED = {
    "figures.see": "访值研审管",
    "posts.read": "值研审",
    "posts.export": "研",
    "labels.correct": "研",
    "questions.keep": "研",
    "flags.see": "值研审",
    "flags.judge": "值研",
    "alerts.acknowledge": "值研",
    "rules.silence": "研",
    "rules.draft": "研",
    "rules.switch": "研",
    "cases.see": "值研审",
    "cases.work": "值审",
    "cases.close": "审",
    "briefs.see": "值研审",
    "briefs.make": "审",
    "briefs.send": "审",
    "sources.see": "值研审管",
    "sources.try": "管",
    "settings.see": "管",
    "settings.edit": "管",
    "users.manage": "管",
    "audit.read": "计",
}
LETTERS = dict(zip("访值研审管计", Role, strict=True))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("matrix")
    init_project(root, region="云水县")
    return open_project(root, {})


@pytest.fixture(scope="module")
def desk(project: Project) -> Iterator[Desk]:
    with opened(project) as store, QueryLayer.open(project) as layer:
        yield Desk(project, Person("x"), layer, store, lambda: NOW)


def test_roles_have_the_rights_that_are_declared() -> None:
    assert {action.value for action in Action} == set(DECLARED)
    for action, letters in DECLARED.items():
        declared = {LETTERS[letter] for letter in letters}
        assert {role for role in Role if Action(action) in GRANTS[role]} == declared, action
    assert frozenset(Action) == EVERYTHING


def test_there_are_verbs_for_every_right() -> None:
    assert len(VERBS) > 40
    used = {verb.action for verb in VERBS.values()}
    assert used == set(Action), set(Action) - used


def _refused(desk: Desk) -> int:
    with read(desk.store) as connection:
        rows = connection.execute(
            select(audit.c.id).where(audit.c.who == desk.person.name, audit.c.action == "refused")
        )
        return len(rows.all())


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", sorted(VERBS))
def test_each_verb_is_refused_to_each_role_that_may_not(desk: Desk, role: Role, name: str) -> None:
    verb = VERBS[name]
    sitting = Desk(desk.project, Person(f"{role}-{name}"[:80], frozenset({role})), desk.layer, desk.store, desk.now)
    allowed = role in {LETTERS[letter] for letter in DECLARED[verb.action.value]}
    if allowed:
        sitting.require(verb.action, name)
        assert _refused(sitting) == 0
        return
    with pytest.raises(AccessError, match="没有"):
        verb.call(sitting)
    assert _refused(sitting) == 1


@pytest.mark.parametrize("role", list(Role))
def test_each_role_has_the_pages_of_its_rights(role: Role) -> None:
    person = Person("x", frozenset({role}))
    seen = {page.path for page in PAGES if page.action is None or person.may(page.action)}
    expected = {
        Role.VISITOR: {"today", "trends"},
        Role.ADMIN: {"today", "trends", "sources", "settings", "users"},
        Role.AUDITOR: {"audit"},
    }
    everyday = {page.path for page in PAGES} - {"settings", "users", "audit"}
    assert seen - {"account"} == expected.get(role, everyday - {"account"})


def test_what_views_show_is_had_from_verbs_alone() -> None:
    """No view and no part of one imports what acts: rights would depend on buttons."""
    folder = Path(pipeline.desk.__file__).resolve().parents[2] / "dashboard"
    acting = (
        "pipeline.cases.acting",
        "pipeline.cases.opening",
        "pipeline.access.accounts",
        "pipeline.events.verdicts import judge",
    )
    acting += ("pipeline.rules.memory", "pipeline.audit", "pipeline.cases.importing", "pipeline.briefs.shelf")
    views = [*folder.glob("views/*.py"), *folder.glob("*_parts.py")]
    assert len(views) > 15
    for path in views:
        text = path.read_text(encoding="utf-8")
        for name in acting:
            assert name not in text, f"{path.name}: {name}"
