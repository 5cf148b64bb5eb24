"""A dashboard as the YAML a person would write."""

from __future__ import annotations

from typing import Any

import yaml

from config.dashboards import AnyPanel, Dashboard


class _Dumper(yaml.SafeDumper):
    """Lists of plain values on one line."""

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> Any:
        plain = all(isinstance(item, str | int | float) for item in sequence)
        return super().represent_sequence(tag, sequence, flow_style=plain or flow_style)


def yaml_of(dashboard: Dashboard, *, comment: str = "") -> str:
    """The file of a dashboard, what stands at its default left out; comment: its first line."""
    head = dashboard.model_dump(exclude={"panels"}, exclude_defaults=True)
    values = {"title": dashboard.title, **head, "panels": [_panel(panel) for panel in dashboard.panels]}
    text = yaml.dump(values, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)
    return f"# {' '.join(comment.split())}\n{text}" if comment else text


def _panel(panel: AnyPanel) -> dict[str, Any]:
    values = panel.model_dump(mode="json", exclude_defaults=True)
    return {"kind": panel.kind, "title": panel.title} | {k: _short(v) for k, v in values.items()}


def _short(value: Any) -> Any:
    """A list of one as its member."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value
