"""Reading `config/rules/*.yaml`: every fault with file, line and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from config.errors import ConfigError, QueryError
from config.rule_words import KINDS_RENAMED, RENAMED, foreign, in_our_words
from config.rules import DAY_S, KINDS, AnyKind, SpikeRule
from config.text import tr
from config.yamlfile import KeyPath, YamlFile, config_error, problems, read_yaml, show_path


@dataclass(frozen=True, slots=True)
class Checks:
    """What rules are held against. query: raises QueryError for a query of a language that cannot be read; groups,
    sources: known names, None: not checked; history_days: how long posts are kept."""

    query: Callable[[str, str], object] | None = None
    groups: Collection[str] | None = None
    sources: Collection[str] | None = None
    history_days: int = 1095


@dataclass(frozen=True, slots=True)
class Declared:
    """A rule and where it stands. whole: the file is this rule and no list."""

    rule: AnyKind
    file: str
    line: int
    whole: bool = False


def load_rules(folders: Sequence[Path], checks: Checks | None = None) -> list[Declared]:
    """The rules of `folders`, by name; of two files of one name the later folder's. Raises ConfigError with every fault."""
    return read_rules([read_yaml(path) for _, path in sorted(rule_paths(folders).items())], checks)


def rule_paths(folders: Sequence[Path]) -> dict[str, Path]:
    """The files of `folders` by name without ending; of two of one name the later folder's."""
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.y*ml"))}


def checked(values: Mapping[str, Any], checks: Checks) -> tuple[AnyKind | None, dict[str, str]]:
    """The rule that `values` (by key in the file, `kind` among them) make, or None and what is wrong by key; "" for what
    concerns several keys."""
    model = KINDS.get(str(values.get("kind")))
    if model is None:
        return None, {"kind": _no_kind(values.get("kind"))}
    try:
        made = model.model_validate(dict(values))
    except ValidationError as error:
        wrong: dict[str, str] = {}
        for path, problem in problems(error, model):
            wrong.setdefault(str(path[0]) if path else "", problem)
        return None, wrong
    faults = dict(_against(checks, made))
    return (None, faults) if faults else (made, {})


def read_rules(files: Sequence[YamlFile], checks: Checks | None = None) -> list[Declared]:
    """The rules of parsed files, by name; an empty file has none. Raises ConfigError that lists each fault: file, line, key."""
    faults: list[str] = []
    found: dict[str, Declared] = {}
    for file in files:
        for one in _declared(file, checks or Checks(), faults):
            before = found.setdefault(one.rule.name, one)
            if before is not one:
                faults.append(_twice(one, before))
    if faults:
        raise ConfigError("\n".join(faults), faults=len(faults))
    return [one for _, one in sorted(found.items())]


def _twice(one: Declared, before: Declared) -> str:
    return tr(
        "{f}:{n}: 规则 {r} 已在 {g}:{m} 写过，请换一个名字",
        "{f}:{n}: rule {r} stands in {g}:{m} already; choose another name",
        f=one.file,
        n=one.line,
        r=one.rule.name,
        g=before.file,
        m=before.line,
    )


def _declared(file: YamlFile, checks: Checks, faults: list[str]) -> Iterator[Declared]:
    if file.data is None:
        return
    entries = [((n,), item) for n, item in enumerate(file.data)] if isinstance(file.data, list) else [((), file.data)]
    for prefix, data in entries:
        try:
            made = _rule(file, data, prefix)
        except ConfigError as error:
            faults.append(error.message)
            continue
        lines = _renamed(file, data, prefix)
        wrong = [
            f"{lines.name}:{lines.line_of((*prefix, key))}: {show_path((*prefix, key))} {problem}"
            for key, problem in _against(checks, made)
        ]
        faults += wrong
        if not wrong:
            yield Declared(made, file.name, file.line_of((*prefix, "name")), not prefix)


def _rule(file: YamlFile, data: Any, prefix: KeyPath) -> AnyKind:
    if not isinstance(data, dict):
        raise _fault(file, prefix, tr("应为“键: 值”的形式", "must be a mapping of keys to values"))
    try:
        ours = in_our_words({str(k): v for k, v in data.items()})
    except ValueError as error:
        raise _fault(file, prefix, str(error)) from error
    kind = ours.get("kind", ("kind", None))
    model = KINDS.get(kind[1]) if isinstance(kind[1], str) else None
    if model is None:
        raise _fault(file, (*prefix, kind[0]), _no_kind(kind[1]))
    unknown = [_unknown(file, (*prefix, key), model) for name, (key, _) in ours.items() if name not in _keys(model)]
    values = {name: value for name, (_, value) in ours.items() if name in _keys(model)}
    try:
        made = model.model_validate(values)
    except ValidationError as error:
        raise _all(
            [*unknown, config_error(error, model, [_renamed(file, data, prefix)], prefix=prefix).message]
        ) from error
    if unknown:
        raise _all(unknown)
    return made


def _all(faults: Sequence[str]) -> ConfigError:
    return ConfigError("\n".join(faults), faults=len(faults))


def _fault(file: YamlFile, path: KeyPath, problem: str) -> ConfigError:
    return ConfigError(f"{file.name}:{file.line_of(path)}: {show_path(path)} {problem}")


def _no_kind(got: Any) -> str:
    known = ", ".join(KINDS)
    near = difflib.get_close_matches(str(got), [*KINDS, *KINDS_RENAMED], n=1)
    if near:
        return tr(
            "没有这种规则：{g!r}；是不是 {n}？", "there is no kind {g!r}; did you mean {n}?", g=str(got)[:40], n=near[0]
        )
    return tr("必须是 {k} 之一，现为 {g!r}", "must be one of {k}, got {g!r}", k=known, g=str(got)[:40])


def _keys(model: type[AnyKind]) -> Mapping[str, str]:
    """Key in the file → name of the field."""
    return {info.alias or name: name for name, info in model.model_fields.items()}


def _unknown(file: YamlFile, path: KeyPath, model: type[AnyKind]) -> str:
    key = str(path[-1])
    ours = RENAMED.get(key, key)
    others = [kind for kind, one in KINDS.items() if ours in _keys(one)]
    near = difflib.get_close_matches(key, [*_keys(model), *RENAMED], n=1)
    if key in RENAMED or others:
        problem = tr(
            "不属于这种规则，只用于 {k}", "does not belong to this kind; it goes with {k}", k=", ".join(others) or "-"
        )
    elif foreign(key):
        problem = foreign(key)
    elif near:
        problem = tr("没有这一项；是不是 {n}？", "is not a known key; did you mean {n}?", n=near[0])
    else:
        known = ", ".join(sorted(_keys(model)))
        problem = tr("没有这一项；可用的有：{k}", "is not a known key; known here: {k}", k=known)
    return f"{file.name}:{file.line_of(path)}: {show_path(path)} {problem}"


def _renamed(file: YamlFile, data: Any, prefix: KeyPath) -> YamlFile:
    """The file with the lines of elastalert2's keys under our names for them too."""
    depth = len(prefix)
    lines = dict(file.lines)
    for path, line in file.lines.items():
        if path[:depth] == prefix and len(path) > depth and path[depth] in RENAMED:
            lines.setdefault((*prefix, RENAMED[str(path[depth])], *path[depth + 1 :]), line)
    return YamlFile(file.name, data, lines)


def _against(checks: Checks, rule: AnyKind) -> Iterator[tuple[str, str]]:
    """What is wrong with a rule that is well written: key and problem."""
    if problem := _window(rule, checks.history_days):
        yield "window", problem
    for key in ("query", "match_query"):
        if problem := _query(checks, str(getattr(rule, key, "")), rule.language):
            yield key, problem
    for key, known, names in (
        ("groups", checks.groups, rule.groups),
        ("sources", checks.sources, getattr(rule, "sources", ())),
    ):
        for name in names if known is not None else ():
            if known is not None and name not in known:
                yield key, _missing(name, known)


def _window(rule: AnyKind, history_days: int) -> str:
    history_s = history_days * DAY_S
    if isinstance(rule, SpikeRule) and 2 * rule.window_s > history_s:
        return tr(
            "太长：要比的是两个窗口，至多是保留期限（{d} 天）的一半",
            "is too long: two windows are compared, so half of the retention ({d} days) at most",
            d=history_days,
        )
    if rule.window_s > history_s:
        return tr("长于帖子的保留期限（{d} 天）", "is longer than posts are kept ({d} days)", d=history_days)
    return ""


def _query(checks: Checks, query: str, language: str) -> str:
    if checks.query is None or not query:
        return ""
    try:
        checks.query(query, language)
    except QueryError as error:
        return tr(
            "查询有误，第 {p} 个字：{m}\n{s}", "the query is faulty at character {p}: {m}\n{s}",
            p=error.position + 1, m=error.message, s=error.pointer(),
        )  # fmt: skip
    return ""


def _missing(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    listed = "、".join(sorted(known)[:20]) or tr("（还没有）", "(none yet)")
    if near:
        return tr("没有 {g}；是不是 {n}？", "there is no {g}; did you mean {n}?", g=name, n=near[0])
    return tr("没有 {g}；现有：{k}", "there is no {g}; known: {k}", g=name, k=listed)
