"""`qingyu sources …`: which places are read, how they are, and how to add one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from config.text import tr
from pipeline.cli.app import app
from pipeline.cli.check_shown import show_check
from pipeline.cli.options import Json, invocation
from pipeline.cli.output import FAILED, complain, emit_json, emit_table, local_time, note, say
from pipeline.cli.words import HEALTH, SOURCE_KINDS, STAGES, word

sources_app = typer.Typer(help=tr("来源", "the sources"), no_args_is_help=True, rich_markup_mode=None)
app.add_typer(sources_app, name="sources")
# Characters shown of the (redacted) text around what was set aside.
_EVIDENCE = 80
Name = Annotated[str, typer.Argument(help=tr("来源的名字", "name of the source"))]


@sources_app.command("list", help=tr("列出来源", "list the sources"))
def list_sources(context: typer.Context, json: Json = False) -> None:
    """List the sources."""
    sources = invocation(context).project().sources
    if not sources and not json:
        say(
            tr(
                "还没有来源；用 qingyu sources add 网址 加一个",
                "there is no source yet; qingyu sources add URL adds one",
            )
        )
        return
    facts: list[dict[str, Any]] = [
        {
            "name": s.name,
            "kind": s.kind,
            "title": s.title,
            "enabled": s.enabled,
            "every_s": s.every,
            "urls": list(s.start_urls()),
        }
        for s in sources
    ]
    if json:
        emit_json(facts)
        return
    columns = [tr("名字", "name"), tr("种类", "kind"), tr("名称", "title"), tr("启用", "enabled"), tr("起始", "start")]
    rows = [
        (
            f["name"],
            word(SOURCE_KINDS, f["kind"]),
            f["title"],
            tr("是", "yes") if f["enabled"] else tr("否", "no"),
            f["urls"][0] if f["urls"] else "",
        )
        for f in facts
    ]
    emit_table("", columns, rows)


@sources_app.command("health", help=tr("各来源的状况与最近一次采集", "how each source is, and its last run"))
def health(context: typer.Context, json: Json = False) -> None:
    """How each source is."""
    from pipeline.sources_view import health_of

    found = health_of(invocation(context).project(), now=datetime.now(UTC))
    if json:
        emit_json([item.to_dict() for item in found])
        return
    columns = [
        tr("来源", "source"),
        tr("状况", "health"),
        tr("最近成功", "last success"),
        tr("新帖", "new"),
        tr("变更", "changed"),
        tr("搁置", "set aside"),
    ]
    rows = [
        (
            h.name,
            word(HEALTH, h.health),
            local_time(h.last_ok),
            h.counts.get("posts_new", 0),
            h.counts.get("posts_changed", 0),
            h.counts.get("set_aside", 0),
        )
        for h in found
    ]
    emit_table("", columns, rows, right=(3, 4, 5))
    for item in found:
        if item.reason:
            say(f"{item.name}{tr('：', ': ')}{item.reason}")


@sources_app.command("aside", help=tr("搁置的页面与帖子及其原因", "what was set aside, and why"))
def aside(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help=tr("只看这个来源", "only this source"))] = None,
    size: Annotated[int, typer.Option(min=1, max=1000, help=tr("最多条数", "at most"))] = 50,
    json: Json = False,
) -> None:
    """What was set aside."""
    from pipeline.sources_view import set_aside_of

    pieces = set_aside_of(invocation(context).project(), source=name, size=size)
    if json:
        emit_json([piece.to_dict() for piece in pieces])
        return
    if not pieces:
        say(tr("没有搁置的内容", "nothing was set aside"))
    for piece in pieces:
        say(f"{local_time(piece.at)}  {piece.source}  {word(STAGES, piece.stage)}  {piece.reason}")
        say(f"    {piece.url or piece.post_id}")
        if evidence := " ".join(piece.evidence.split()):
            say(f"    {evidence if len(evidence) <= _EVIDENCE else evidence[:_EVIDENCE] + '…'}")


@sources_app.command(
    "check",
    help=tr("每种页面取一页，逐项显示会取到什么；不写入", "fetch a page of each kind and show what would be taken"),
)
def check(context: typer.Context, name: Name, json: Json = False) -> None:
    """What would be taken from a source."""
    from pipeline.crawl import check_source

    project = invocation(context).project()
    report = check_source(project, project.source(name))
    if json:
        emit_json(report)
    else:
        show_check(report)
    if not report.get("ok", True):
        raise typer.Exit(FAILED)


@sources_app.command(
    "add", help=tr("看一眼网址，认出种类并给出来源声明", "look at an address, recognise its kind and propose the YAML")
)
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help=tr("网址", "address"))],
    name: Annotated[str, typer.Option(help=tr("来源的名字；不写则由主机名得出", "name; else made from the host"))] = "",
    write: Annotated[
        bool, typer.Option("--write", help=tr("写入 config/sources/名字.yaml", "write config/sources/NAME.yaml"))
    ] = False,
    allow_private: Annotated[
        bool, typer.Option(help=tr("允许内网或本机地址", "allow private and loopback addresses"))
    ] = False,
    json: Json = False,
) -> None:
    """Recognise an address."""
    from pipeline.sources_add import propose, write_source

    project = invocation(context).project()
    proposals = propose(project, url, name=name, allow_private=allow_private)
    if json:
        emit_json([proposal.to_dict() for proposal in proposals])
    else:
        for proposal in proposals:
            head = tr("# {k}：{w}（把握 {c:.0%}）", "# {k}: {w} (confidence {c:.0%})")
            say(head.format(k=word(SOURCE_KINDS, proposal.kind), w=proposal.why, c=proposal.confidence))
            say(proposal.yaml)
    if not proposals:
        complain(
            tr(
                "没有认出这个页面：不是订阅、网站地图、Discuz! 论坛、WordPress，也没有看到列表；"
                "可换成列表页的网址再试，或照 docs/how-to/board.md 手写选择器",
                "not recognised: no feed, sitemap, Discuz! forum or WordPress, and no list was seen; "
                "try the address of a list page, or write selectors as docs/how-to/board.md shows",
            )
        )
        raise typer.Exit(FAILED)
    if write:
        path = write_source(project, proposals[0])
        told = tr("已写入 {p}；下一步：qingyu sources check {n}", "written to {p}; next: qingyu sources check {n}")
        (note if json else say)(told.format(p=path, n=proposals[0].name))
    elif not json:
        say(tr("加上 --write 写入第一个", "--write writes the first one down"))
