"""YAML files whose errors name file and line.

A document is read twice from one parse: as plain values, and as a map from path (`("crawl", "delay_s")`) to line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from config.errors import ConfigError
from config.text import tr

KeyPath = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)
# A settings file is written by hand; anything larger is a mistake (or an attempt to exhaust memory by aliases).
MAX_BYTES = 4_000_000


@dataclass(frozen=True)
class YamlFile:
    """A parsed file. data: plain values; lines: 1-based line of each key path; name: how errors call the file."""

    name: str
    data: Any
    lines: dict[KeyPath, int] = field(default_factory=dict)

    def line_of(self, path: KeyPath) -> int:
        """1-based line of `path`, or of the nearest parent that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(path: Path, *, shown_as: str | None = None) -> YamlFile:
    """The file as values with lines. Raises ConfigError when it is unreadable, not UTF-8, or no valid YAML."""
    name = shown_as or str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(tr("{f}：读不了（{e}）", "{f}: cannot be read ({e})", f=name, e=error.strerror)) from error
    if len(raw) > MAX_BYTES:
        raise ConfigError(
            tr("{f}：文件太大（上限 {m} 字节）", "{f}: too large (at most {m} bytes)", f=name, m=MAX_BYTES)
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = tr(
            "{f}：不是 UTF-8 编码（第 {b} 字节），请另存为 UTF-8",
            "{f}: not UTF-8 (byte {b}); save the file as UTF-8",
            f=name,
            b=error.start,
        )
        raise ConfigError(message) from error
    return parse_yaml(text, name=name)


def parse_yaml(text: str, *, name: str) -> YamlFile:
    """`text` as values with lines. Raises ConfigError with the line for bad YAML and for a key that stands twice."""
    loader = None
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        lines: dict[KeyPath, int] = {}
        if node is not None:
            _collect_lines(node, (), lines, name, set())
        data = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        message = tr(
            "{f}:{n}: YAML 写法有误（{p}）；请检查缩进、冒号后的空格和引号",
            "{f}:{n}: not valid YAML ({p}); check indentation, the space after colons, and quotes",
            f=name,
            n=line,
            p=error.problem or "?",
        )
        raise ConfigError(message) from error
    except yaml.YAMLError as error:
        reason = str(error).splitlines()[0]
        message = tr("{f}：YAML 读不了（{p}）", "{f}: YAML cannot be read ({p})", f=name, p=reason)
        raise ConfigError(message) from error
    except RecursionError as error:
        raise ConfigError(tr("{f}：嵌套太深", "{f}: nested too deeply", f=name)) from error
    finally:
        if loader is not None:
            loader.dispose()
    return YamlFile(name=name, data=data, lines=lines)


def _collect_lines(node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int], name: str, seen: set[int]) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if id(node) in seen:  # an alias: walked where it is anchored, so that aliases of aliases cannot run on for ever
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            at = (*path, str(key.value))
            if at in lines:
                message = tr(
                    "{f}:{n}: “{k}” 写了两次（第一次在第 {o} 行），请删去一处",
                    "{f}:{n}: {k} stands twice (first on line {o}); remove one",
                    f=name,
                    n=key.start_mark.line + 1,
                    k=key.value,
                    o=lines[at],
                )
                raise ConfigError(message)
            lines[at] = key.start_mark.line + 1
            _collect_lines(value, at, lines, name, seen)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _collect_lines(value, (*path, index), lines, name, seen)


def validate(model: type[M], file: YamlFile, data: Any = None, *, prefix: KeyPath = ()) -> M:
    """`data` (default: the whole file) as a `model`. Raises ConfigError that lists each fault with file, line, remedy."""
    values = file.data if data is None else data
    try:
        return model.model_validate({} if values is None else values)
    except ValidationError as error:
        raise config_error(error, model, [file], prefix=prefix) from error


def config_error(
    error: ValidationError, model: type[BaseModel], files: Iterable[YamlFile], *, prefix: KeyPath = ()
) -> ConfigError:
    """One ConfigError for all faults pydantic found; each line says `file:line: key problem`, and what to write."""
    faults = []
    for path, problem in problems(error, model, prefix=prefix):
        holder = next((f for f in files if path in f.lines), None) or next(iter(files), None)
        where = f"{holder.name}:{holder.line_of(path)}: " if holder else ""
        faults.append(f"{where}{show_path(path)} {problem}")
    return ConfigError("\n".join(faults), faults=len(faults))


def problems(error: ValidationError, model: type[BaseModel], *, prefix: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Each fault that pydantic found: where, and what to write instead."""
    for item in error.errors(include_url=False):
        path = prefix + tuple(part for part in item["loc"] if not _is_union_tag(part))
        yield path, _explain(item, model, path[len(prefix) :])


def _is_union_tag(part: str | int) -> bool:
    return isinstance(part, str) and (part.startswith("tag:") or part in {"function-after", "function-before"})


def show_path(path: KeyPath) -> str:
    """`topics[3].threshold` for ("topics", 3, "threshold")."""
    shown = ""
    for part in path:
        shown += f"[{part}]" if isinstance(part, int) else f"{'.' if shown else ''}{part}"
    return shown or tr("整个文件", "the file")


def _explain(item: Any, model: type[BaseModel], path: KeyPath) -> str:
    kind, context = item["type"], item.get("ctx", {})
    got = repr(item.get("input"))
    got = got if len(got) < 60 else got[:57] + "…"
    if kind == "extra_forbidden":
        return _unknown_key(model, path)
    if kind == "missing":
        return tr("必须填写", "is required")
    bounds = {"greater_than": ">", "greater_than_equal": "≥", "less_than": "<", "less_than_equal": "≤"}
    if kind in bounds:
        limit = context.get("gt", context.get("ge", context.get("lt", context.get("le"))))
        return tr("必须 {o} {b}，现为 {g}", "must be {o} {b}, got {g}", o=bounds[kind], b=limit, g=got)
    if kind == "literal_error":
        return tr("必须是 {e} 之一，现为 {g}", "must be one of {e}, got {g}", e=context.get("expected"), g=got)
    reason = context["error"] if kind == "value_error" and "error" in context else item["msg"]
    return tr("{r}（现为 {g}）", "{r} (got {g})", r=reason, g=got)


def _unknown_key(model: type[BaseModel], path: KeyPath) -> str:
    known = _keys_at(model, path[:-1])
    near = difflib.get_close_matches(str(path[-1]), known, n=1)
    if near:
        return tr("没有这一项；是不是 {n}？", "is not a known key; did you mean {n}?", n=near[0])
    listed = ", ".join(sorted(known)) or "-"
    return tr("没有这一项；可用的有：{k}", "is not a known key; known here: {k}", k=listed)


def _keys_at(model: type[BaseModel], path: KeyPath) -> list[str]:
    current: type[BaseModel] | None = model
    named = False  # the next part is a name people gave: the key of a mapping
    for part in path:
        if current is None or isinstance(part, int) or named:
            named = False
            continue
        info = current.model_fields.get(part)
        named = info is not None and getattr(info.annotation, "__origin__", None) is dict
        current = _model_within(info.annotation) if info else None
    return list(current.model_fields) if current else []


def _model_within(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if found := _model_within(inner):
            return found
    return None
