"""`qingyu dashboards …`: the dashboards there are, and their figures."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from config.dashboards import AnyPanel, Chart, SavedSearchPanel, UnsupportedPanel
from config.errors import ConfigError, QueryError
from config.text import tr
from pipeline.cli.app import app
from pipeline.cli.options import Json, Since, Until, day, invocation
from pipeline.cli.output import PIECES, SHANGHAI, complain, emit_json, emit_table, say
from pipeline.panels.filling import Filled, Period, asking, fill, last_days, question_of
from pipeline.panels.naming import Naming, figure_name, figure_text, group_name
from pipeline.query.layer import QueryLayer

dashboards_app = typer.Typer(help=tr("面板", "dashboards"), no_args_is_help=True, rich_markup_mode=None)
app.add_typer(dashboards_app, name="dashboards")


@dashboards_app.command("list", help=tr("列出面板", "list the dashboards"))
def list_dashboards(context: typer.Context, json: Json = False) -> None:
    """List the dashboards."""
    found = invocation(context).project().dashboards
    if json:
        facts = [
            {"name": name, "title": d.title, "description": d.description, "panels": len(d.panels)}
            for name, d in found.items()
        ]
        emit_json(facts)
        return
    columns = [tr("名字", "name"), tr("标题", "title"), tr("说明", "description"), tr("面板数", "panels")]
    emit_table("", columns, [(n, d.title, d.description, len(d.panels)) for n, d in found.items()], right=(3,))


@dashboards_app.command("show", help=tr("一个面板的数字", "the figures of a dashboard"))
def show_dashboard(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=tr("名字或标题", "name or title"))],
    since: Since = "",
    until: Until = "",
    json: Json = False,
) -> None:
    """The figures of a dashboard."""
    project = invocation(context).project()
    key, dashboard = project.dashboard(name)
    period = _period(last_days(dashboard, datetime.now(SHANGHAI).date()), since, until)
    with QueryLayer.open(project) as layer:
        filled = [
            _filled(panel, question_of(panel, dashboard, period), layer)
            if not isinstance(panel, UnsupportedPanel)
            else panel.reason
            for panel in dashboard.panels
        ]
    if json:
        panels = [_values(panel, one) for panel, one in zip(dashboard.panels, filled, strict=True)]
        emit_json({"name": key, "title": dashboard.title, "from": period.first, "to": period.last, "panels": panels})
    else:
        naming = Naming(project)
        say(f"{dashboard.title}  {period.first} – {period.last}")
        for panel, one in zip(dashboard.panels, filled, strict=True):
            _show(panel, one, naming)
    if any(isinstance(one, str) for one in filled):
        raise typer.Exit(PIECES)


def _period(usual: Period, since: str, until: str) -> Period:
    last = day(until, "--to") or usual.last
    first = day(since, "--from") or last - (usual.last - usual.first)
    if first > last:
        raise ConfigError(tr("--from 晚于 --to", "--from lies after --to"))
    return Period(first, last)


def _filled(panel: AnyPanel, asked: Any, layer: QueryLayer) -> Filled | str:
    """The panel's figures, or why there are none: one faulty panel does not take the others along."""
    try:
        return fill(panel, asked, asking(layer))
    except QueryError as error:
        return error.message


def _values(panel: AnyPanel, one: Filled | str) -> dict[str, Any]:
    head = {"title": panel.title, "kind": panel.kind}
    if isinstance(one, str):
        return {**head, "problem": one}
    figures = panel.figures if isinstance(panel, Chart) else ("count",)
    rows = [{"keys": row.keys, **dict(zip(figures, row.figures, strict=True))} for row in one.rows]
    return {**head, "groups": _groups(panel), "rows": rows}


def _groups(panel: AnyPanel) -> list[str]:
    """The fields and the interval that the keys of the rows are values of."""
    if not isinstance(panel, Chart):
        return []
    return [*panel.by, *([panel.interval] if panel.interval else [])]


def _show(panel: AnyPanel, one: Filled | str, naming: Naming) -> None:
    say("")
    if isinstance(one, str):
        complain(f"{panel.title}{tr('：', ': ')}{one}")
        return
    if isinstance(panel, SavedSearchPanel):
        say(tr("{t}：{n} 条", "{t}: {n} posts", t=panel.title, n=int(one.rows[0].figures[0] or 0)))
        return
    assert isinstance(panel, Chart)  # the one kind left
    groups = _groups(panel)
    columns = [*map(group_name, groups), *map(figure_name, panel.figures)]
    rows = [
        (
            *(naming.value(field, key) for field, key in zip(groups, row.keys, strict=True)),
            *(figure_text(figure, value) for figure, value in zip(panel.figures, row.figures, strict=True)),
        )
        for row in one.rows
        if not groups or any(row.figures)  # days without posts are only for the eye of a chart
    ]
    say(panel.title)
    emit_table("", columns, rows, right=tuple(range(len(groups), len(columns))))
