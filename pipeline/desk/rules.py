"""规则: what each says and did, silence, drafts with their back-test, switching on and off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from config.errors import ConfigError
from config.groups import Group, load_groups
from config.locks import take
from config.project import Project
from config.rule_files import Declared, checked
from config.rule_writing import OWN, new_text, path_of, put, with_enabled, with_values
from config.rules import AnyKind
from config.text import tr
from crawlers.store import read, write
from pipeline.access.model import Action
from pipeline.briefs.measures import wilson
from pipeline.desk.desk import Desk, verb
from pipeline.query.times import SHANGHAI, milliseconds
from pipeline.rules.backtest import Manner, backtest
from pipeline.rules.fired import Fired, Record, firings, note_verdict, records
from pipeline.rules.memory import silence as keep_silence
from pipeline.rules.reading import Standing, checks_of, rules_of, rules_with, standings
from pipeline.rules.saying import explain
from pipeline.rules.trials import Made, Trial, digest_of, keep_trial, tested, trial, trial_of
from pipeline.sources_view import first_run_at

MOST_WEEKS = 104
# Told how much of a work is done, and of how much.
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Seen:
    """A rule as people look at it. sentence: what it does; own: it stands in a file of the project, which may be changed;
    tested: this very wording was back-tested; drafted: its file was made on the dashboard and holds it alone."""

    standing: Standing
    sentence: str
    record: Record
    own: bool
    tested: bool
    drafted: bool

    @property
    def rule(self) -> AnyKind:
        """The rule."""
        return self.standing.rule

    @property
    def interval(self) -> tuple[float, float] | None:
        """The interval of 95 % of the share of its firings that were right; None where none was judged."""
        return wilson(self.record.right, self.record.judged) if self.record.judged else None


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft as far as it goes. rule, sentence: None and "" while something is wrong; faults: by key, "" for several."""

    rule: AnyKind | None
    sentence: str
    faults: Mapping[str, str]
    tested: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """The days a back-test lives through: so many weeks that end with last_day (of Asia/Shanghai, included)."""

    weeks: int
    last_day: date

    @property
    def until(self) -> datetime:
        """The first instant behind it."""
        return datetime.combine(self.last_day + timedelta(days=1), time(), SHANGHAI).astimezone(UTC)

    @property
    def since(self) -> datetime:
        """Its first instant."""
        return self.until - timedelta(weeks=self.weeks)


@verb(Action.SEE_FLAGS)
def listed(desk: Desk, /) -> list[Seen]:
    """Every rule, by name, with how it stands. Raises ConfigError for faulty files."""
    project = _fresh(desk)
    found = rules_of(project)
    with read(desk.store) as connection:
        stand = standings(connection, found, now=desk.now())
        known, right = tested(connection), records(firings(connection))
    return [
        Seen(
            standing=one,
            sentence=explain(one.rule),
            record=right.get(one.rule.name, Record()),
            own=_own(project, one.declared),
            tested=digest_of(one.rule) in known,
            drafted=_drafted(project, one.declared),
        )
        for one in stand
    ]


@verb(Action.SEE_FLAGS)
def fired(desk: Desk, /, name: str, *, size: int = 20) -> list[Fired]:
    """What a rule raised last, the newest first."""
    with read(desk.store) as connection:
        return firings(connection, name, size=size)


@verb(Action.SEE_FLAGS)
def last_trial(desk: Desk, /, rule: AnyKind) -> Trial | None:
    """The back-test of this very wording of a rule; None where none was made."""
    with read(desk.store) as connection:
        return trial(connection, rule)


@verb(Action.SEE_FLAGS)
def crawling_since(desk: Desk, /) -> datetime | None:
    """When the first crawl began that is remembered; None for none. What lies before was found later."""
    return first_run_at(desk.project)


@verb(Action.SEE_FLAGS)
def groups(desk: Desk, /) -> dict[str, Group]:
    """The groups that alerts may go to, by name, as the file says now."""
    return load_groups(_fresh(desk).file("groups.yaml"))


@verb(Action.JUDGE_FLAGS, changes=True)
def judge(desk: Desk, /, firing_id: str, said: str) -> None:
    """Keep what the person says of a firing: true, noise, known. Raises ConfigError."""
    with write(desk.store) as connection:
        note_verdict(connection, firing_id, said, who=desk.person.name, now=desk.now())


@verb(Action.SILENCE_RULES, changes=True)
def silence(desk: Desk, /, name: str, until: datetime, why: str) -> None:
    """Let a rule be silent until then. Raises ConfigError for an unknown rule, a time gone by, or no reason."""
    _declared(_fresh(desk), name)
    if until <= desk.now():
        raise ConfigError(
            tr("静默的结束时间已经过去，请选以后的", "the end of the silence has passed; choose a later one")
        )
    if not why.strip():
        raise ConfigError(tr("请写明为什么静默：别人会看到", "say why it shall be silent: others will see it"))
    with write(desk.store) as connection:
        keep_silence(connection, name, milliseconds(until), why=why.strip(), who=desk.person.name)


@verb(Action.SILENCE_RULES, changes=True)
def unsilence(desk: Desk, /, name: str) -> None:
    """End the silence of a rule. Raises ConfigError for an unknown one."""
    _declared(_fresh(desk), name)
    with write(desk.store) as connection:
        keep_silence(connection, name, 0)


@verb(Action.DRAFT_RULES)
def draft(desk: Desk, /, values: Mapping[str, Any]) -> Drafted:
    """What these values (by key in the file) make, in a sentence, or what is wrong with them. Nothing is kept."""
    project = _fresh(desk)
    rule, faults = checked(values, checks_of(project, load_groups(project.file("groups.yaml"))))
    if rule is None:
        return Drafted(None, "", faults)
    with read(desk.store) as connection:
        return Drafted(rule, explain(rule), {}, trial(connection, rule) is not None)


@verb(Action.DRAFT_RULES, changes=True)
def keep_draft(desk: Desk, /, values: Mapping[str, Any], *, instead_of: str = "") -> str:
    """Write a draft into the project's rules, switched off, and return its name. instead_of: the drafted rule that it replaces.

    Raises ConfigError for a draft with faults, a name that is taken, and a rule that is on or was not drafted here.
    """
    project = _fresh(desk)
    name = str(values.get("name", ""))
    path, data = path_of(project.config_dir / "rules", name), {**values, "enabled": False}
    if not instead_of:
        _not_taken(project, name, path)
        _put(project, path, lambda: new_text(data))
        return name
    old = _declared(project, instead_of)
    if not _drafted(project, old) or old.rule.enabled or name != instead_of:
        raise ConfigError(
            tr(
                "只有在看板上起草、没有启用的规则能在这里改，名字也不能换；启用着的先停用",
                "only a rule that was drafted on the dashboard and is off can be changed here, and not its name; switch it off first",
            )
        )
    _put(project, path, lambda: with_values(path.read_text(encoding="utf-8"), name, data))
    return name


@verb(Action.DRAFT_RULES, changes=True)
def discard(desk: Desk, /, name: str) -> None:
    """Remove a rule that was drafted here and is off. Raises ConfigError for any other."""
    project = _fresh(desk)
    one = _declared(project, name)
    if not _drafted(project, one) or one.rule.enabled:
        raise ConfigError(
            tr("只能删去在看板上起草、没有启用的规则", "only a rule that was drafted on the dashboard and is off")
        )
    Path(one.file).unlink()


@verb(Action.DRAFT_RULES, changes=True)
def back_test(desk: Desk, /, values: Mapping[str, Any], past: Past) -> Callable[[Tell], Trial]:
    """The work of a back-test, which takes from seconds to minutes: call it where it can be left. Raises ConfigError for a
    draft with faults."""
    project = _fresh(desk)
    rule, faults = checked(values, checks_of(project))
    if rule is None:
        raise ConfigError("\n".join(faults.values()))
    if not 1 <= past.weeks <= MOST_WEEKS:
        raise ConfigError(tr("回测 1 到 {n} 周", "1 to {n} weeks can be tested", n=MOST_WEEKS))
    return lambda tell: _tested(desk, project, rule, past, tell)


def _tested(desk: Desk, project: Project, rule: AnyKind, past: Past, tell: Tell) -> Trial:
    now = desk.now()
    manner = Manner(looser=True, tell=tell)
    (outcome,) = backtest(project, [rule], since=past.since, until=past.until, now=now, manner=manner)
    found = trial_of(rule, outcome, Made(desk.person.name, past.since, min(past.until, now), now))
    with write(desk.store) as connection:
        keep_trial(connection, found)
    return found


@verb(Action.SWITCH_RULES, changes=True)
def switch(desk: Desk, /, name: str, on: bool) -> None:
    """Switch a rule on or off in its file; of a shipped one a copy of the file in the project. `qingyu run` sees it at its next look.

    Raises ConfigError for an unknown rule, and where one that was not back-tested as it stands should be switched on.
    """
    project = _fresh(desk)
    one = _declared(project, name)
    if on:
        _require_tested(desk, one.rule)
    source = Path(one.file)
    path = source if _own(project, one) else project.config_dir / "rules" / source.name
    _put(project, path, lambda: with_enabled(source.read_text(encoding="utf-8"), name, on))


def _require_tested(desk: Desk, rule: AnyKind) -> None:
    with read(desk.store) as connection:
        if trial(connection, rule) is None:
            raise ConfigError(
                tr(
                    "这条规则照现在的写法还没有回测过，不能启用：先看它在过去会报几次，免得一启用就报个不停或者从来不报",
                    "as it is worded now this rule was not back-tested and cannot be switched on: see first how often it "
                    "would have fired, lest it never stops or never fires",
                )
            )


def _fresh(desk: Desk) -> Project:
    """The project with sources and groups as the files say now."""
    return replace(desk.project)


def _declared(project: Project, name: str) -> Declared:
    for one in rules_of(project):
        if one.rule.name == name:
            return one
    raise ConfigError(tr("没有名为 {n} 的规则，请刷新", "no rule is called {n}; reload", n=name[:60]))


def _own(project: Project, one: Declared) -> bool:
    return Path(one.file).parent == project.config_dir / "rules"


def _drafted(project: Project, one: Declared) -> bool:
    """Whether it stands in a file that was made here; a person who turned that into a list has taken it over."""
    return _own(project, one) and Path(one.file).name == f"{OWN}{one.rule.name}.yaml" and one.whole


def _not_taken(project: Project, name: str, path: Path) -> None:
    if path.exists() or any(one.rule.name == name for one in rules_of(project)):
        raise ConfigError(
            tr("已有名为 {n} 的规则，请换一个名字", "a rule is called {n} already; choose another name", n=name)
        )


def _put(project: Project, path: Path, changed: Callable[[], str]) -> None:
    """Write a file of rules once it is known that all rules hold with it; of two people one after the other. Raises ConfigError,
    StageError while somebody else writes."""
    busy = tr("有人正在改规则，请过几秒再试", "somebody else is changing rules; try again in a few seconds")
    with take(project.data_dir / "rules.lock", busy):
        text = changed()
        rules_with(project, path, text, load_groups(project.file("groups.yaml")))
        put(path, text)
