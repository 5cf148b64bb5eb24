"""The root of the command line: global options, error texts and exit codes."""

from __future__ import annotations

import io
import os
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from config.errors import ConfigError, QingyuError, QueryError
from config.logs import configure_logs
from config.project import Project, find_root, open_project
from config.text import set_language, tr
from crawlers.store import translated
from pipeline.cli.output import FAILED, USAGE, complain

INTERRUPTED = 130
_ORDER = ("init", "doctor", "sources", "crawl", "process", "run", "health", "jobs", "search", "trend", "topics", "show")


class Commands(TyperGroup):
    """The commands in the order of use; those not named come last."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names, as `--help` lists them."""
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))


app = typer.Typer(
    name="qingyu",
    cls=Commands,
    help=tr("晴雨：民意的晴雨表。公开信息的采集、分析与检索。", "qingyu: a barometer of public opinion."),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@dataclass
class Invocation:
    """What was said before the command. project_option: the value of --project; run: id of this run in the logs."""

    project_option: Path | None
    run: str

    def project(self) -> Project:
        """The project asked for, with logs and language set up. Raises ConfigError."""
        project = open_project(find_root(self.project_option, os.environ, Path.cwd()))
        if "QINGYU_LANGUAGE" not in os.environ:
            set_language(project.settings.language)
        log = project.settings.log
        configure_logs(level=log.level, style=log.format, run=self.run, file=project.log_dir / "qingyu.log")
        return project


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("qingyu"))
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    project: Annotated[
        Path | None,
        typer.Option(
            "--project",
            help=tr(
                "项目目录；也可用环境变量 QINGYU_PROJECT，否则取当前目录",
                "project directory; or the variable QINGYU_PROJECT, else the current folder",
            ),
        ),
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help=tr("显示版本", "show the version"))
    ] = False,
) -> None:
    """Keep the global options for the command."""
    context.obj = Invocation(project_option=project, run=secrets.token_hex(6))


def _hoisted(arguments: Sequence[str]) -> list[str]:
    """`--project DIR` is global; people also write it behind the command, so it is brought to the front."""
    front: list[str] = []
    rest: list[str] = []
    index = 0
    while index < len(arguments):
        word = arguments[index]
        if word == "--":
            rest.extend(arguments[index:])
            break
        if word == "--project" and index + 1 < len(arguments):
            front += [word, arguments[index + 1]]
            index += 2
            continue
        (front if word.startswith("--project=") else rest).append(word)
        index += 1
    return front + rest


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 failed, 2 usage or settings, 3 finished with pieces set aside."""
    import pipeline.cli.commands  # noqa: F401 - registers the commands on `app`

    for stream in (sys.stdout, sys.stderr):
        # A terminal that is not UTF-8 shows "?" for what it lacks, rather than ending the command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with translated():
            app(args=_hoisted(words))
    except QueryError as error:
        complain(f"{error.message}\n{error.pointer()}" if error.query.strip() else error.message)
        sys.exit(USAGE)
    except ConfigError as error:
        complain(error.message)
        sys.exit(USAGE)
    except QingyuError as error:
        complain(error.message)
        sys.exit(FAILED)
    except BrokenPipeError:
        # The reader (head, less) has enough; the usual silent end of a filter.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except OSError as error:
        name = error.filename if isinstance(error.filename, str) else ""
        complain(
            tr(
                "{n}读写失败：{e}",
                "{n}reading or writing failed: {e}",
                n=name and f"{name}: ",
                e=error.strerror or error,
            )
        )
        sys.exit(FAILED)
    except SystemExit as error:
        if error.code == INTERRUPTED:  # what Typer makes of Ctrl-C
            complain(
                tr(
                    "已中断；已完成的部分保留，再运行一次即可继续",
                    "interrupted; what was done is kept, run it again to go on",
                )
            )
        raise
