"""`python -m crawlers run|check|recognise`: the entry the pipeline starts as a subprocess.

Standard output carries JSON lines; logs go to the project's log folder. Exit codes: 0 done, 1 failed, 2 configuration,
3 finished with pieces set aside.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from config.errors import ConfigError, QingyuError
from config.logs import configure_logs
from config.project import Project, find_root, open_project
from config.text import set_language


def main(argv: Sequence[str] | None = None) -> int:
    """Run or check one source, or recognise an address. Returns the exit code."""
    options = _options(argv)
    try:
        project = open_project(find_root(options.project, os.environ, Path.cwd()))
        if "QINGYU_LANGUAGE" not in os.environ:
            set_language(project.settings.language)
        return _run(project, options)
    except ConfigError as error:
        sys.stderr.write(error.message + "\n")
        return 2
    except QingyuError as error:
        sys.stderr.write(error.message + "\n")
        return 1


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m crawlers", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("run", "check"):
        sub = verbs.add_parser(verb)
        sub.add_argument("--project", type=Path)
        sub.add_argument("--source", required=True)
        if verb == "run":
            sub.add_argument("--run-id", default="")
            sub.add_argument("--revisit", choices=("due", "all", "none"), default="due")
            sub.add_argument("--at", type=datetime.fromisoformat, help="what time it is taken to be now (replays)")
    sub = verbs.add_parser("recognise")
    sub.add_argument("--project", type=Path)
    sub.add_argument("--url", required=True)
    sub.add_argument("--name", default="")
    sub.add_argument("--allow-private", action="store_true")
    return parser.parse_args(argv)


def _run(project: Project, options: argparse.Namespace) -> int:
    run_id = getattr(options, "run_id", "") or secrets.token_hex(8)
    log = project.settings.log
    if options.verb == "recognise":
        from crawlers.recognising import recognise_url

        configure_logs(level=log.level, style=log.format, run=run_id, file=project.log_dir / "crawl.log")
        return recognise_url(project, options.url, name=options.name, allow_private=options.allow_private)
    source = project.source(options.source)
    configure_logs(level=log.level, style=log.format, run=run_id, file=project.log_dir / "crawl.log")
    if options.verb == "check":
        from crawlers.check import check_source

        return check_source(project, source)
    from crawlers.running import Events, run_source

    return run_source(project, source, run_id=run_id, revisit=options.revisit, events=Events(), at=options.at)


if __name__ == "__main__":
    sys.exit(main())
