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
from config.settings import Settings
from config.sources import KINDS
from pipeline.panels.naming import FIGURE_NAMES, group_name
from pipeline.query.breaking import GROUPINGS

_HEAD = "<!-- 由 make docs 生成，请勿手改 / made by `make docs`, do not edit -->\n"


def pages() -> dict[str, str]:
    """File name → text of each reference page."""
    return {
        "cli.md": cli_page(),
        "settings.md": settings_page(),
        "sources.md": sources_page(),
        "dashboards.md": dashboards_page(),
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
