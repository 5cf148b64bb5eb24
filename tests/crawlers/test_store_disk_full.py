"""A disk that is full in the midst of a landing: said in a sentence, nothing of the batch kept, on again when there is room."""

import subprocess
import sys
from pathlib import Path

import pytest

# Run in a mount namespace of its own, where FOLDER becomes a disk of 3 MB; nothing is left mounted afterwards.
PROGRAM = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from sqlalchemy import func, select
from config.errors import StageError
from config.sources import ImportSource
from crawlers.adapters.base import Link, ParsedPage
from crawlers.landing import Landing, PageResult
from crawlers.record import Kind, RawPost
from crawlers.schema import page, post
from crawlers.store import open_url, read

folder, now = Path(sys.argv[1]), datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
source = ImportSource.model_validate({"name": "s", "kind": "import", "files": "x", "columns": {"text": "t"}})

def batch(number):
    posts = [RawPost(Kind.MESSAGE, f"http://h/{number}/{n}", "", f"{number} {n} " + "字" * 30_000, native_id=f"{number}-{n}") for n in range(4)]
    return [PageResult(Link(f"http://h/{number}", "detail"), "parsed", now, parsed=ParsedPage(posts=posts))]

def count():
    with read(store) as connection:
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (post, page)]

store = open_url(f"sqlite:///{folder / 'q.db'}")
landing = Landing(store, source, region="", author_key=b"k" * 32, run_id="r", now=lambda: now)
landing.begin()
landed = 0
try:
    while True:
        landing.land(batch(landed))
        landed += 1
except StageError as error:
    print(error.message)
assert 0 < landed < 20, landed
assert landing.counts.posts_new == 4 * landed
assert landing.known(f"http://h/{landed}") is None, "the page that did not land is not known"
store.dispose()
(folder / "other").unlink()
store = open_url(f"sqlite:///{folder / 'q.db'}")
assert count() == [4 * landed, landed], count()
with store.connect() as connection:
    assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
landing = Landing(store, source, region="", author_key=b"k" * 32, run_id="r2", now=lambda: now)
landing.begin()
landing.land(batch(landed))
assert count() == [4 * landed + 4, landed + 1], count()
print("on again")
"""
SCRIPT = """
set -e
mount -t tmpfs -o size=6m none "$1"
head -c 2500000 /dev/zero > "$1/other"
exec "$2" -c "$3" "$1"
"""


def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path) -> None:
    own = ["unshare", "--mount", "--map-root-user"]
    try:
        probe = subprocess.run([*own, "mount", "-t", "tmpfs", "none", str(tmp_path)], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("no unshare here")
    if probe.returncode:
        pytest.skip("no mount namespace may be made here")
    command = [*own, "sh", "-c", SCRIPT, "sh", str(tmp_path), sys.executable, PROGRAM]
    run = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).resolve().parents[2]
    )
    assert run.returncode == 0, run.stderr
    said, on = run.stdout.strip().splitlines()
    assert "磁盘已满" in said
    assert "再运行一次" in said
    assert on == "on again"
    assert not list(tmp_path.iterdir()), "nothing is left mounted"
