"""Rules written back into their YAML files: what a person wrote beside them, comments and order, stays."""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from config.errors import ConfigError
from config.rules import NAME
from config.text import tr

# Files of rules that were drafted on the dashboard begin so: they never take the place of one that ships.
OWN = "own-"
_HEAD = "在看板的“规则”页起草；也可以在这里改，改后运行 qingyu rules check。"


def path_of(folder: Path, name: str) -> Path:
    """The file of a rule that is drafted on the dashboard. Raises ConfigError for a name that is none."""
    if not NAME.fullmatch(name):
        raise ConfigError(tr("规则的名字只用字母、汉字、数字、- 和 _", "a rule is named with letters, digits, - and _"))
    return folder / f"{OWN}{name}.yaml"


def new_text(values: Mapping[str, Any]) -> str:
    """A file with one rule. values: by key in the file."""
    made = CommentedMap(values)
    made.yaml_set_start_comment(_HEAD)
    return _dumped(made)


def with_values(text: str, name: str, values: Mapping[str, Any]) -> str:
    """The file with the keys of one of its rules set anew: keys that `values` lacks are taken out. Raises ConfigError."""

    def change(rule: CommentedMap) -> None:
        for key in [key for key in rule if key not in values]:
            del rule[key]
        for key, value in values.items():
            if rule.get(key) != value:
                rule[key] = value

    return _changed(text, name, change)


def with_enabled(text: str, name: str, on: bool) -> str:
    """The file with one of its rules switched on or off. Raises ConfigError where it has no such rule."""

    def change(rule: CommentedMap) -> None:
        key = "is_enabled" if "is_enabled" in rule else "enabled"
        if key in rule:
            rule[key] = on
        else:
            rule.insert(list(rule).index("name") + 1, key, on)

    return _changed(text, name, change)


def put(path: Path, text: str) -> None:
    """Write the file whole: a reader sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            part.chmod(path.stat().st_mode & 0o777)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _changed(text: str, name: str, change: Callable[[CommentedMap], None]) -> str:
    try:
        whole = _yaml().load(text)
    except YAMLError as error:
        raise ConfigError(tr("文件不是有效的 YAML", "the file is no valid YAML")) from error
    some = whole if isinstance(whole, list) else [whole]
    rule = next((one for one in some if isinstance(one, CommentedMap) and one.get("name") == name), None)
    if rule is None:
        raise ConfigError(tr("文件里没有规则 {n} 了，请刷新", "the file has no rule {n} any more; reload", n=name))
    change(rule)
    return _dumped(whole)


def _yaml() -> YAML:
    made = YAML()
    made.preserve_quotes = True
    made.width = 10_000  # lines stay as they were written
    return made


def _dumped(whole: Any) -> str:
    out = io.StringIO()
    _yaml().dump(whole, out)
    return out.getvalue()
