"""The reference pages, made from the commands, the settings and the source kinds themselves: `python -m pipeline.reference DIR`.

A test makes them anew and compares, so a command or a setting without its line cannot land.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config.dashboards import PANELS, Chart, Dashboard, Figure, Grouping, Panel
from config.rule_words import KINDS_RENAMED, RENAMED
from config.rules import KINDS as RULE_KINDS
from config.rules import Match, Rule
from config.settings import Settings
from config.sources import KINDS
from pipeline.panels.naming import FIGURE_NAMES, group_name
from pipeline.query.breaking import GROUPINGS
from pipeline.rules.saying import span

_HEAD = "<!-- 由 make docs 生成，请勿手改 / made by `make docs`, do not edit -->\n"


def pages() -> dict[str, str]:
    """File name → text of each reference page."""
    return {
        "cli.md": cli_page(),
        "settings.md": settings_page(),
        "sources.md": sources_page(),
        "dashboards.md": dashboards_page(),
        "rules.md": rules_page(),
    }


def cli_page() -> str:
    """Every command with its arguments and options."""
    import pipeline.cli.commands  # noqa: F401 - registers the commands
    from pipeline.cli.app import app

    intro = (
        "# 命令\n\n退出码：0 完成；1 失败；2 用法或设置有误；3 完成但有搁置。带 `--json` 的命令在标准输出上只写 JSON。"
        "`--project DIR` 写在命令前后都可以。\n"
    )
    return _HEAD + intro + "\n".join(_command(typer.main.get_command(app), "qingyu"))


def _command(command: Any, path: str) -> Iterator[str]:
    yield f"\n## `{path}`\n\n{command.help or ''}\n"
    rows = [_parameter(parameter) for parameter in command.params if not getattr(parameter, "hidden", False)]
    if rows:
        yield "| 参数 | 说明 | 默认 |\n|---|---|---|\n" + "\n".join(rows) + "\n"
    for name, child in sorted(getattr(command, "commands", {}).items()):
        yield from _command(child, f"{path} {name}")


def _parameter(parameter: Any) -> str:
    names = parameter.opts + parameter.secondary_opts
    if parameter.param_type_name != "option":
        names = [parameter.metavar or parameter.name.upper()]
    shown = " / ".join(f"`{name}`" for name in names)
    default = parameter.default
    plain = default is None or default is False or default == "" or callable(default)
    said = "" if plain else f"`{getattr(default, 'value', default)}`"
    return f"| {shown} | {getattr(parameter, 'help', '') or ''} | {said} |"


def settings_page() -> str:
    """Every setting with type, default and meaning."""
    intro = (
        "# 设置\n\n次序：程序默认 < 程序的 `config/settings.yaml` < 项目的 `config/settings.yaml` < 环境变量。"
        "`QINGYU_CRAWL__PACE__DELAY_S=5` 即 `crawl.pace.delay_s: 5`。"
        "机密（`store.url`、`mail.password`）只能由环境变量或文件给出。\n\n| 设置 | 类型 | 默认 | 含义 |\n|---|---|---|---|\n"
    )
    return _HEAD + intro + "\n".join(_fields(Settings, "")) + "\n"


def sources_page() -> str:
    """Every kind of source with its keys."""
    parts = [
        _HEAD + "# 来源的写法\n\n每个来源一份 `config/sources/*.yaml`。robots.txt 一律遵守，没有可关闭它的设置。\n"
    ]
    for name, model in KINDS.items():
        parts.append(
            f"\n## kind: {name}\n\n| 项 | 类型 | 默认 | 含义 |\n|---|---|---|---|\n"
            + "\n".join(_fields(model, ""))
            + "\n"
        )
    return "".join(parts)


def dashboards_page() -> str:
    """Dashboards and every kind of panel with its keys."""
    intro = (
        "# 面板的写法\n\n每个面板集一份 `config/dashboards/名字.yaml`，项目里的同名文件代替程序自带的。"
        "没有按作者分组的写法。见[看板](../how-to/dashboard.md)与[与 Kibana 交换](../how-to/kibana.md)。\n\n"
        f"`by` 可用：{'、'.join(f'{g}（{group_name(g)}）' for g in GROUPINGS)}。\n\n"
        f"`figures` 可用：{'、'.join(f'{k}（{v[0]}）' for k, v in FIGURE_NAMES.items())}。\n"
    )
    own = [_table("面板集", _panel_fields(Dashboard, skip=("panels",)))]
    own.append("| `panels` | 一列 | 必填 | 面板，从左到右、从上到下 |\n")
    own.append(_table("所有面板", _panel_fields(Panel)))
    own.append(_table("有数字的面板", _panel_fields(Chart, skip=tuple(Panel.model_fields))))
    for name, model in PANELS.items():
        above = Chart if issubclass(model, Chart) else Panel
        same = [key for key, info in above.model_fields.items() if _default(model.model_fields[key]) == _default(info)]
        own.append(_table(f"kind: {name}", _panel_fields(model, skip=tuple(same))))
    return _HEAD + intro + "".join(own)


def rules_page() -> str:
    """Every kind of rule with its keys, and what elastalert2 calls them."""
    intro = (
        "# 规则的写法\n\n一份 `config/rules/*.yaml` 写一条规则，或一列规则。用法见[规则](../how-to/rules.md)。"
        "时长写作 `90`（秒）、`30m`、`2h`、`1d`、`2w`，或 elastalert2 的 `{hours: 2}`。没有按作者分的写法。\n"
    )
    parts = [_table("所有规则", _rule_fields(Rule)), _table("match", _rule_fields(Match))]
    for name, model in RULE_KINDS.items():
        same = [key for key, info in Rule.model_fields.items() if _same(model.model_fields[key], info)]
        parts.append(_table(f"kind: {name}", _rule_fields(model, skip=tuple(same))))
    rows = "".join(f"| {theirs} | {ours} |\n" for theirs, ours in {**RENAMED, **KINDS_RENAMED}.items())
    theirs = (
        "\n## 从 elastalert2 搬来\n\n这些名称照写也认；没有列出的同名（`num_events`、`spike_height`、`spike_type`、"
        "`threshold`、`threshold_ref`、`threshold_cur`、`alert_on_new_data`、`query_key`、`realert`、`exponential_realert`、"
        "`max_percentage` 等）含义相同。`filter` 写成 `query`，`alert`、`email` 写成 `groups`；`index` 等用不着的会被指出。\n\n"
        "| elastalert2 | 这里 |\n|---|---|\n" + rows
    )
    return _HEAD + intro + "".join(parts) + theirs


def _rule_fields(model: type[BaseModel], *, skip: tuple[str, ...] = ()) -> Iterator[str]:
    for name, info in model.model_fields.items():
        if name not in skip:
            shown = _RULE_TYPES.get(name) or _rule_type(info)
            default = _default(info)
            if shown == "时长" and not info.is_required() and info.default:
                default = f"`{span(info.default)}`"
            yield f"| `{info.alias or name}` | {shown} | {'' if name == 'match' else default} | {info.description or ''} |"


def _same(info: FieldInfo, other: FieldInfo) -> bool:
    return info.description == other.description and _default(info) == _default(other)


# Durations and patterns are read from text into numbers and tuples; people write text.
_RULE_TYPES = {
    "window": "时长", "realert": "时长", "exponential_realert": "时长", "late": "时长", "escalate_after": "时长",
    "digest": "时长或时间表", "quiet": "时段", "match": "见 match", "title": "正则表达式，一个或一列",
    "text": "正则表达式，一个或一列", "groups": "组名，一个或一列", "sources": "来源名，一个或一列",
}  # fmt: skip
_PLAIN_TYPES = {int: "整数", float: "数", str: "文字", bool: "是否"}


def _rule_type(info: FieldInfo) -> str:
    """The type in a reader's words: the values, or what it is."""
    choices = re.findall(r"'([\w-]+)'", str(info.annotation)) if "Literal" in str(info.annotation) else []
    if choices:
        return "、".join(choices)
    parts = [info.annotation, *getattr(info.annotation, "__args__", ())]
    return next((_PLAIN_TYPES[p] for one in parts if (p := getattr(one, "__origin__", one)) in _PLAIN_TYPES), "文字")


def _table(title: str, rows: Iterator[str]) -> str:
    return f"\n## {title}\n\n| 项 | 类型 | 默认 | 含义 |\n|---|---|---|---|\n" + "".join(f"{row}\n" for row in rows)


def _panel_fields(model: type[BaseModel], *, skip: tuple[str, ...] = ()) -> Iterator[str]:
    for name, info in model.model_fields.items():
        if name not in skip:
            yield f"| `{name}` | {_panel_type(info)} | {_default(info)} | {info.description or ''} |"


def _panel_type(info: FieldInfo) -> str:
    """The type in a reader's words: `字段，一个或一列`."""
    shown = str(info.annotation).replace(str(Grouping), "字段").replace(str(Figure), "数字")
    shown = re.sub(r"typing\.Annotated\[int, FieldInfo\(.*?\)\]\)\]", "整数", shown)
    shown = re.sub(r"tuple\[(\S+), \.\.\.\]", r"\1，一个或一列", shown)
    shown = re.sub(r"typing\.(?:Optional|Union)\[(.*)\]$", r"\1", shown)
    names = {"<class 'str'>": "文字", "<class 'int'>": "整数", "<class 'bool'>": "是否"}
    return names.get(shown) or re.sub(
        r"typing\.Literal\[(.*?)\]", lambda m: m[1].replace("'", "").replace(", ", "、"), shown
    )


def _fields(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, info in model.model_fields.items():
        inner = _inner_model(info)
        if inner is not None and not prefix.count(".") > 3:
            required = "必填" if info.is_required() else ""
            yield f"| `{prefix}{name}` | 一节 | {required} | {info.description or ''} |"
            yield from _fields(inner, f"{prefix}{name}.")
        else:
            yield f"| `{prefix}{name}` | {_type(info)} | {_default(info)} | {info.description or ''} |"


def _inner_model(info: FieldInfo) -> type[BaseModel] | None:
    candidates = [info.annotation, *getattr(info.annotation, "__args__", ())]
    found = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
    # A selector is written as one string in nearly all cases; its own keys are described once in the how-to.
    return found[0] if found and found[0].__name__ != "Pick" else None


def _type(info: FieldInfo) -> str:
    shown = str(info.annotation).replace("typing.", "").replace("config.sources.", "")
    if isinstance(info.annotation, type):
        shown = info.annotation.__name__
    shown = shown.replace("Pick", "选择器").replace(" | None", "")
    return shown.replace("|", "\\|")


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "必填"
    value = info.get_default(call_default_factory=True) if not info.default_factory else info.default_factory()  # type: ignore[call-arg]
    return "" if value in (None, "", ()) else f"`{value}`"


def main(folder: Path) -> None:
    """Write the pages into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
