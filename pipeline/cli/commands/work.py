"""The commands that move data: `crawl`, `process`, `run`."""

from __future__ import annotations

import threading
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from config.errors import ConfigError
from config.project import Project
from config.sources import SourceConfig
from config.text import tr
from pipeline.cli.app import app
from pipeline.cli.options import Json, invocation
from pipeline.cli.output import DONE, FAILED, PIECES, SHANGHAI, USAGE, counts_line, emit_json, progress, say
from pipeline.cli.words import COUNTS, OUTCOMES, STAGES, word
from pipeline.crawl import CrawlResult, crawl


class RevisitChoice(StrEnum):
    """Which known pages are read again."""

    due = "due"
    all = "all"
    none = "none"


def wanted_sources(project: Project, names: list[str]) -> list[SourceConfig]:
    """The sources named, or all enabled ones. Raises ConfigError when there is none."""
    sources = [project.source(name) for name in names] or [s for s in project.sources if s.enabled]
    if not sources:
        message = tr(
            "还没有来源；用 qingyu sources add 网址 加一个",
            "there is no source yet; add one with qingyu sources add URL",
        )
        raise ConfigError(message)
    return sources


@app.command("crawl", help=tr("采集来源一次（不写名字则采集全部）", "read sources once (all when none is named)"))
def crawl_command(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help=tr("来源的名字", "names of sources"))] = None,
    revisit: Annotated[
        RevisitChoice,
        typer.Option(help=tr("复访哪些已知页面：due 到期的，all 全部，none 不复访", "which known pages to read again")),
    ] = RevisitChoice.due,
    json: Json = False,
) -> None:
    """Read sources once."""
    project = invocation(context).project()
    project.author_key()  # said at once rather than by each crawl
    results = crawl_shown(project, wanted_sources(project, names or []), revisit=revisit.value, quiet=json)
    if json:
        emit_json([result.to_dict() for result in results])
    raise typer.Exit(_exit_code(results))


def crawl_shown(
    project: Project, sources: list[SourceConfig], *, revisit: Any = "due", quiet: bool
) -> list[CrawlResult]:
    """Crawl with a progress bar, then a line a source."""
    pages: dict[str, int] = {}
    lock = threading.Lock()
    with progress(tr("采集", "crawl"), quiet=quiet) as tell:

        def on_event(source: str, event: dict[str, Any]) -> None:
            with lock:
                pages[source] = int(event.get("counts", event).get("requested", 0) or 0)
                tell(sum(pages.values()), None)

        results = crawl(project, sources, revisit=revisit, on_event=on_event)
    if not quiet:
        for result in results:
            told = (word(OUTCOMES, result.outcome), counts_line(result.counts, COUNTS), result.reason)
            say(f"{result.source}{tr('：', ': ')}{tr('；', '; ').join(part for part in told if part)}")
    return results


def _exit_code(results: list[CrawlResult]) -> int:
    """Of several sources: failed beats settings, settings beat pieces set aside."""
    codes = {result.exit_code for result in results}
    if codes <= {DONE, PIECES}:
        return PIECES if PIECES in codes else DONE
    return USAGE if codes <= {DONE, PIECES, USAGE} else FAILED


@app.command(help=tr("处理已采集的帖子：分词、情感、话题、关键词、索引", "annotate what has landed and index it"))
def process(
    context: typer.Context,
    workers: Annotated[int | None, typer.Option(help=tr("标注进程数", "number of annotating processes"))] = None,
    json: Json = False,
) -> None:
    """Annotate what has landed and index it."""
    from pipeline.process import process as run_process
    from pipeline.process import put_back

    project = invocation(context).project()
    with progress(tr("处理", "process"), quiet=json) as tell:
        report = run_process(project, progress=tell, workers=workers)
    if json:
        emit_json(report.to_dict())
    else:
        wording = tr(
            "读取 {r}，入索引 {i}，搁置 {s}",
            "read {r}, indexed {i}, set aside {s}",
            r=report.read,
            i=report.indexed,
            s=report.set_aside,
        )
        if report.rebuilt:
            say(put_back(report.rebuilt))
        say(wording)
    raise typer.Exit(PIECES if report.set_aside else DONE)


@app.command(help=tr("按计划采集与处理，直到被停止（Ctrl-C）", "crawl and process on schedule until stopped (Ctrl-C)"))
def run(context: typer.Context) -> None:
    """Crawl and process on schedule."""
    from pipeline.schedule import Schedule

    project = invocation(context).project()
    project.author_key()
    wanted_sources(project, [])
    say(tr("开始值守，按 Ctrl-C 停止；日志在 {p}", "working; Ctrl-C stops; logs are in {p}", p=project.log_dir))
    Schedule(project, on_event=_tell_job).run()
    say(tr("已停下", "stopped"))


def _tell_job(job: str, sentence: str) -> None:
    stage, _, source = job.partition(" ")
    at = datetime.now(SHANGHAI).strftime("%H:%M:%S")
    say(f"{at} {word(STAGES, stage)}{' ' if source else ''}{source}{tr('：', ': ')}{sentence}")
