"""The rules of a project, and how each stands."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, func, select

from config.project import Project
from config.rule_files import Checks, Declared, load_rules, read_rules, rule_paths
from config.rules import AnyKind
from config.settings import SHIPPED
from config.yamlfile import parse_yaml, read_yaml
from pipeline.query.kql import parse_kql
from pipeline.query.language import parse
from pipeline.rules.asking import moment
from pipeline.rules.memory import marks, states
from pipeline.rules.tables import rule_firing


def checks_of(project: Project, groups: Collection[str] | None = None) -> Checks:
    """What the rules of `project` are held against. groups: names that are known, None: not checked."""
    return Checks(
        query=check_query,
        groups=groups,
        sources=[source.name for source in project.sources],
        history_days=project.settings.retention.posts_days,
    )


def check_query(query: str, language: str) -> None:
    """Raises QueryError for a query that cannot be read."""
    (parse_kql if language == "kql" else parse)(query)


def rules_of(project: Project, groups: Collection[str] | None = None) -> list[Declared]:
    """The shipped rules and the project's own, by name; a file of the project replaces the shipped one of its name.

    groups: names that are known, None: not checked. Raises ConfigError that lists every fault.
    """
    return load_rules(_folders(project), checks_of(project, groups))


def rules_with(project: Project, path: Path, text: str, groups: Collection[str] | None = None) -> list[Declared]:
    """The rules as they would be with `text` in that file of the project. Raises as `rules_of`."""
    paths = rule_paths(_folders(project)) | {path.stem: path}
    files = [parse_yaml(text, name=str(one)) if one == path else read_yaml(one) for _, one in sorted(paths.items())]
    return read_rules(files, checks_of(project, groups))


def _folders(project: Project) -> list[Path]:
    return [SHIPPED / "rules", project.config_dir / "rules"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A rule and how it stands. fired_at: last firing, None for none; firings: all that are kept; silenced_till, why,
    by: as a person said; silent_till: of its keys the one that is silent longest; fault: why it could not be judged last."""

    declared: Declared
    evaluated_at: datetime | None
    fired_at: datetime | None
    firings: int
    silenced_till: datetime | None
    silent_till: datetime | None
    fault: str
    silenced_why: str = ""
    silenced_by: str = ""

    @property
    def rule(self) -> AnyKind:
        """The rule."""
        return self.declared.rule


def standings(connection: Connection, rules: Collection[Declared], *, now: datetime) -> list[Standing]:
    """How each of `rules` stands at `now`."""
    looked = marks(connection)
    silent: dict[str, int] = {}
    for state in states(connection).values():
        silent[state.rule] = max(silent.get(state.rule, 0), state.until_ms)
    asked = select(rule_firing.c.rule, func.max(rule_firing.c.fired_ms), func.count()).group_by(rule_firing.c.rule)
    fired = {name: (int(at), int(count)) for name, at, count in connection.execute(asked)}

    def coming(ms: int) -> datetime | None:
        return moment(ms) if ms and moment(ms) > now else None

    found = []
    for one in rules:
        mark = looked.get(one.rule.name)
        at, count = fired.get(one.rule.name, (0, 0))
        found.append(
            Standing(
                declared=one,
                evaluated_at=moment(mark.evaluated_ms) if mark and mark.evaluated_ms else None,
                fired_at=moment(at) if at else None,
                firings=count,
                silenced_till=coming(mark.silenced_ms) if mark else None,
                silent_till=coming(silent.get(one.rule.name, 0)),
                fault=mark.fault if mark else "",
                silenced_why=mark.silenced_why if mark else "",
                silenced_by=mark.silenced_by if mark else "",
            )
        )
    return found
