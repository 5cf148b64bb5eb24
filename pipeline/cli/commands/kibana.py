"""`qingyu kibana …`: dashboards to Kibana and from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from config.dashboards import Dashboard, Language, UnsupportedPanel
from config.errors import ConfigError
from config.project import Project
from config.text import tr
from pipeline.cli.app import app
from pipeline.cli.options import invocation
from pipeline.cli.output import PIECES, note, say

kibana_app = typer.Typer(
    help=tr("与 Kibana 交换面板", "dashboards to and from Kibana"), no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(kibana_app, name="kibana")


@kibana_app.command(
    "export", help=tr("把面板写成 Kibana 9 能导入的 NDJSON", "write dashboards as NDJSON that Kibana 9 imports")
)
def export(
    context: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME…] FILE.ndjson",
            help=tr("面板的名字或标题（不写则全部），最后是文件", "names or titles (none: all), then the file"),
        ),
    ],
) -> None:
    """Write saved objects."""
    from pipeline.kibana.exporting import exported, ndjson

    *names, file = words
    if not file.endswith(".ndjson"):
        raise ConfigError(
            tr("最后应是 .ndjson 文件，现为 {f}", "the last word must be a .ndjson file, got {f}", f=file)
        )
    project = invocation(context).project()
    chosen = dict(map(project.dashboard, names)) if names else project.dashboards
    relative = [f"{n}: {q}" for n, d in chosen.items() for q in _queries(d) if "now" in q]
    objects = exported(chosen, index=project.settings.index.alias, to_kql=_to_kql(project))
    Path(file).write_text(ndjson(objects), encoding="utf-8")
    for query in relative:
        note(tr("相对时间已按现在算定：{q}", "relative times were fixed as of now: {q}", q=query))
    say(
        tr(
            "{n} 个面板，{o} 个对象 → {f}",
            "{n} dashboards, {o} objects → {f}",
            n=len(chosen),
            o=len(objects) - 1,
            f=file,
        )
    )


def _queries(dashboard: Dashboard) -> list[str]:
    return [dashboard.query, *(panel.query for panel in dashboard.panels)]


def _to_kql(project: Project) -> Callable[[str, Language], str]:
    """(query, language) → KQL, names of topics and places as their ids."""
    from pipeline.query.asked import Asked
    from pipeline.query.kql_writing import write_kql
    from pipeline.query.model import Question

    now = datetime.now(UTC)
    asked = Asked(project, lambda: now)
    return lambda query, language: write_kql(asked.words(Question(query, language=language)))


@kibana_app.command(
    "import",
    help=tr("把 Kibana 导出的面板写成本项目的 config/dashboards", "dashboards made in Kibana into config/dashboards"),
)
def import_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.ndjson", help=tr("Kibana 导出的文件", "what Kibana exported"))],
    out: Annotated[
        Path | None,
        typer.Option("--out", help=tr("目录，默认项目的 config/dashboards", "folder; else config/dashboards")),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help=tr("覆盖同名的文件", "replace files of the same name"))
    ] = False,
) -> None:
    """Read saved objects."""
    from pipeline.kibana.importing import imported
    from pipeline.kibana.yaml_out import yaml_of

    project = invocation(context).project()
    found = imported(file, index=project.settings.index.alias, now=datetime.now(UTC))
    folder = out or project.config_dir / "dashboards"
    paths = {one.name: folder / f"{one.name}.yaml" for one in found}
    if not replace and (there := [str(path) for path in paths.values() if path.exists()]):
        known = "、".join(there)
        raise ConfigError(tr("已有 {p}；加 --replace 覆盖", "{p} is there already; --replace replaces it", p=known))
    folder.mkdir(parents=True, exist_ok=True)
    missing = 0
    for one in found:
        comment = tr("由 {f} 导入", "imported from {f}", f=file.name)
        paths[one.name].write_text(yaml_of(one.dashboard, comment=comment), encoding="utf-8")
        missing += _tell(one.dashboard, paths[one.name])
    if missing:
        raise typer.Exit(PIECES)


def _tell(dashboard: Dashboard, path: Path) -> int:
    """Says what was written and what cannot be drawn; returns how many panels cannot."""
    say(tr("{t}：{n} 个面板 → {p}", "{t}: {n} panels → {p}", t=dashboard.title, n=len(dashboard.panels), p=path))
    missing = [panel for panel in dashboard.panels if isinstance(panel, UnsupportedPanel)]
    for panel in missing:
        note(tr("  画不出：{t}：{r}", "  not drawn: {t}: {r}", t=panel.title or "—", r=panel.reason))
    for one in dashboard.panels:
        if one.note:
            note(tr("  有出入：{t}：{r}", "  differs: {t}: {r}", t=one.title or "—", r=one.note))
    return len(missing)
