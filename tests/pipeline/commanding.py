"""What tests of the command line share: the command as a process of its own, started as a person's shell starts it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def environment(**more: str) -> dict[str, str]:
    """This process's environment without its own QINGYU_ variables, Chinese, a wide terminal."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("QINGYU_")}
    # The sites are ours and on loopback, so none needs to be asked gently.
    quick = {"QINGYU_CRAWL__PACE__DELAY_S": "0"}
    return plain | quick | {"QINGYU_LANGUAGE": "zh", "COLUMNS": "200"} | more


def argv(*arguments: str, project: Path | None = None) -> list[str]:
    """The command line of `qingyu …`."""
    return [sys.executable, "-m", "pipeline.cli", *arguments, *(["--project", str(project)] if project else [])]


def qingyu(
    *arguments: str,
    project: Path | None = None,
    code: int = 0,
    language: str = "zh",
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command; its exit code must be `code`, and no traceback may be seen."""
    done = subprocess.run(
        argv(*arguments, project=project),
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment(QINGYU_LANGUAGE=language, **(env or {})),
        timeout=120,
        check=False,
    )
    assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done


def asked(*arguments: str, project: Path, code: int = 0, env: Mapping[str, str] | None = None) -> Any:
    """What a command answers with --json."""
    return json.loads(qingyu(*arguments, "--json", project=project, code=code, env=env).stdout)
