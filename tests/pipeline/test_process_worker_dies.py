"""An annotating process is killed in the midst of the work: the stage says so, ends by itself, and goes on when run again."""

import subprocess
import sys
from pathlib import Path

from bench.process import land
from config.project import init_project, open_project
from pipeline.annotating import CHUNK
from pipeline.process import process
from pipeline.query.layer import QueryLayer, Question

POSTS = 12 * CHUNK
# The processes are killed when the caller has annotated a chunk of its own: then others wait, are with them, or are done.
PROGRAM = """
import multiprocessing, sys
from pathlib import Path
from config.errors import StageError
from config.project import open_project
from pipeline import annotating
from pipeline.process import process

def annotate(annotator, works, *, real=annotating.annotate):
    done = real(annotator, works)
    for child in multiprocessing.active_children():
        child.kill()
    return done

if __name__ == "__main__":
    annotating.annotate = annotate
    try:
        process(open_project(Path(sys.argv[1]), {}), workers=2)
    except StageError as error:
        sys.exit(f"told: {error.message}")
"""


def test_it_is_told_ends_by_itself_and_goes_on(tmp_path: Path) -> None:
    init_project(tmp_path, region="云水县")
    project = open_project(tmp_path, {})
    land(project, [f"第{n}天停水，路灯也不亮" for n in range(POSTS)], "r1")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    # A stage that stood still would be ended here, and the test fail.
    run = subprocess.run(
        [sys.executable, str(program), str(tmp_path)], capture_output=True, text=True, timeout=45, check=False,
        cwd=Path(__file__).resolve().parents[2], env={"PYTHONPATH": ".", "PYTHONUTF8": "1", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert run.returncode == 1, run.stderr
    assert "told: " in run.stderr
    assert "qingyu process" in run.stderr
    assert "Traceback" not in run.stderr
    assert process(project, workers=2).set_aside == 0
    with QueryLayer.open(project) as layer:
        assert layer.count(Question()) == POSTS
