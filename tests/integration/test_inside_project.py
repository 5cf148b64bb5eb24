"""People work inside their project directory, whose folders are called like our rooms."""

import subprocess
import sys
from pathlib import Path

from tests.pipeline.commanding import environment, qingyu

SOURCE = """
name: lines
title: 表格
kind: import
files: [lines.jsonl]
post_kind: message
columns: {id: id, title: title, text: text, published: at}
"""


def inside(project: Path, *arguments: str) -> str:
    # As the installed command is: the folder it is started in is not on its path of modules.
    command = [sys.executable, "-P", "-m", "pipeline.cli", *arguments]
    done = subprocess.run(
        command,
        cwd=project,
        capture_output=True,
        text=True,
        env=environment(PWD=str(project)),
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_commands_work_from_inside_the_project(tmp_path: Path) -> None:
    qingyu("init", str(tmp_path))
    (tmp_path / "config" / "sources" / "lines.yaml").write_text(SOURCE, encoding="utf-8")
    row = '{"id": 1, "title": "路灯不亮", "text": "人民路的路灯坏了一周", "at": "2026-11-01T08:00:00+08:00"}\n'
    (tmp_path / "lines.jsonl").write_text(row, encoding="utf-8")
    assert "新帖 1" in inside(tmp_path, "crawl")
    assert "入索引 1" in inside(tmp_path, "process")
    assert "路灯不亮" in inside(tmp_path, "search", "路灯")
