"""Backups that were cut off, changed or made by someone else, and disks that run full: said in a sentence, nothing touched."""

import json
import random
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.process import land
from bench.texts import posts as made_up
from config.errors import QingyuError, StageError
from config.project import Project, init_project, open_project
from pipeline.backup import Backup, back_up
from pipeline.backup_archive import MANIFEST
from pipeline.restore import check_backup, restore
from tests.pipeline.commanding import qingyu

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("damage") / "a"
    init_project(root)
    made = open_project(root, {})
    land(made, made_up(400, 7), "r")
    return made


@pytest.fixture(scope="module")
def backup(project: Project) -> Backup:
    return back_up(project, project.root.parent / "k", with_secrets=True)


def refused(path: Path, target: Path, match: str = "备份不可用") -> None:
    for attempt in (lambda: check_backup(path), lambda: restore(path, target)):
        with pytest.raises(StageError, match=match):
            attempt()
    assert not target.exists(), "nothing is left of it"


def test_cut_off_at_any_length(backup: Backup, tmp_path: Path) -> None:
    whole = backup.path.read_bytes()
    dice = random.Random(1)
    for length in [0, 1, 21, len(whole) // 2, len(whole) - 1, *(dice.randrange(len(whole)) for _ in range(12))]:
        cut = tmp_path / "cut.zip"
        cut.write_bytes(whole[:length])
        refused(cut, tmp_path / "b")


def test_a_byte_changed_anywhere(backup: Backup, tmp_path: Path) -> None:
    """Either it is found, or it changed nothing that is restored (flags, times of the archive's own)."""
    whole, dice = backup.path.read_bytes(), random.Random(2)
    changed, found = tmp_path / "changed.zip", 0
    for _ in range(60):
        at = dice.randrange(len(whole))
        changed.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << dice.randrange(8))]) + whole[at + 1 :])
        try:
            assert check_backup(changed) == backup.manifest
        except StageError as error:
            assert "备份不可用" in error.message
            found += 1
    assert found >= 55


def rewritten(backup: Backup, target: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The same archive with other members, well formed."""
    with zipfile.ZipFile(backup.path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    change(members)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in members.items():
            new.writestr(name, content)
    return target


def test_a_member_changed_added_or_taken_away(backup: Backup, tmp_path: Path) -> None:
    def other_settings(members: dict[str, bytes]) -> None:
        members["config/settings.yaml"] = b"region: x\n"

    def longer_store(members: dict[str, bytes]) -> None:
        members["store/qingyu.db"] += b"\0" * 5_000_000

    def other_count(members: dict[str, bytes]) -> None:
        said = json.loads(members[MANIFEST])
        said["counts"]["post"] += 1
        members[MANIFEST] = json.dumps(said).encode()

    changes: list[Callable[[dict[str, bytes]], object]] = [
        other_settings,
        longer_store,
        lambda members: members.update({"config/more.yaml": b""}),
        lambda members: members.pop("config/settings.yaml"),
        lambda members: members.pop("store/qingyu.db"),
        lambda members: members.pop(MANIFEST),
        lambda members: members.update({MANIFEST: b"{"}),
        lambda members: members.update({MANIFEST: b"[]"}),
        lambda members: members.update({MANIFEST: b'{"format": 9}'}),
        lambda members: members.update({MANIFEST: b"{}" + b" " * 5_000_000}),
    ]
    for change in changes:
        refused(rewritten(backup, tmp_path / "x.zip", change), tmp_path / "b")
    path = rewritten(backup, tmp_path / "x.zip", other_count)
    with pytest.raises(StageError, match="不符"):
        restore(path, tmp_path / "b")
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    "name",
    [
        "../evil", "config/../../evil", "/etc/evil", "config/./x", "config//x", "config/", "C:/evil",
        "config\\..\\..\\evil", "config/a\x01b", "secrets/../evil", "secrets/.evil", "secrets/a/evil", "data/qingyu.db", "evil",
    ],
)  # fmt: skip
def test_a_name_that_leads_elsewhere(backup: Backup, tmp_path: Path, name: str) -> None:
    """With a manifest that names it: only the name is at fault."""

    def add(members: dict[str, bytes]) -> None:
        said = json.loads(members[MANIFEST])
        said["files"][name] = said["files"]["config/settings.yaml"]
        members[MANIFEST] = json.dumps(said).encode()
        members[name] = members["config/settings.yaml"]

    folder = tmp_path / "deep" / "er"
    folder.mkdir(parents=True)
    refused(rewritten(backup, folder / "x.zip", add), folder / "b")
    assert [path.name for path in tmp_path.rglob("*evil*")] == []


def test_a_link_and_a_name_twice(backup: Backup, tmp_path: Path) -> None:
    path = rewritten(backup, tmp_path / "x.zip", lambda members: members.pop("config/settings.yaml"))
    info = zipfile.ZipInfo("config/settings.yaml")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, "/etc/passwd")
    refused(path, tmp_path / "b", "不是普通文件")
    path = shutil.copy(backup.path, tmp_path / "y.zip")
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("config/settings.yaml", b"region: x\n")
    refused(path, tmp_path / "b", "清单不符")


def test_other_files_are_no_backups(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\x05\x06" + b"\0" * 18)
    refused(tmp_path / "x.zip", tmp_path / "b")
    (tmp_path / "y.zip").write_text("备份", encoding="utf-8")
    assert "备份不可用" in qingyu("restore", str(tmp_path / "y.zip"), project=tmp_path / "b", code=1).stderr
    assert qingyu("restore", str(tmp_path), project=tmp_path / "b", code=1).stderr


def test_a_newer_backup_wants_a_newer_program(backup: Backup, tmp_path: Path) -> None:
    def newer(members: dict[str, bytes]) -> None:
        members[MANIFEST] = json.dumps(json.loads(members[MANIFEST]) | {"schema": "9999"}).encode()

    refused(rewritten(backup, tmp_path / "x.zip", newer), tmp_path / "b", "升级程序")


LIMITED = """
import resource, signal, sys
from pathlib import Path
from config.errors import StageError
from config.project import open_project
from pipeline.backup import back_up
project, target, limit = open_project(Path(sys.argv[1]), {}), Path(sys.argv[2]), int(sys.argv[3])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    back_up(project, target, keep=1)
except StageError as error:
    sys.exit(f"told: {error.message}")
"""


def test_a_disk_that_runs_full_in_between(project: Project, tmp_path: Path, limit: int = 100_000) -> None:
    """No file may grow beyond a limit, which shows to a program much as a full disk does."""
    good = back_up(project, tmp_path, keep=1)
    database = (project.data_dir / "qingyu.db").stat().st_size
    assert limit < database
    argv = [sys.executable, "-c", LIMITED, str(project.root), str(tmp_path), str(limit)]
    env = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "PATH": "/usr/bin:/bin"}
    run = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 1, run.stderr
    assert "told: 备份没有写成" in run.stderr
    assert "早先的备份都在" in run.stderr
    assert [path.name for path in tmp_path.iterdir()] == [good.path.name]
    check_backup(good.path)


SMALL = """
set -e
mount -t tmpfs -o size=$4 none "$1"
exec "$2" -c "$3" "$5" "$1" "$6"
"""
ON_SMALL = """
import shutil, sys
from pathlib import Path
from config.errors import QingyuError
from config.project import open_project
from pipeline import backup
from pipeline.restore import restore
small = Path(sys.argv[2])
if sys.argv[3] == "restore":
    attempt = lambda: restore(Path(sys.argv[1]), small / "b")
else:
    if sys.argv[3] == "unseen":
        backup._room = lambda *_: None
    attempt = lambda: backup.back_up(open_project(Path(sys.argv[1]), {}), small)
try:
    attempt()
except (QingyuError, OSError) as error:
    print(getattr(error, "message", error.args))
else:
    sys.exit("it was done")
print(sorted(path.name for path in small.rglob("*")))
"""


@pytest.mark.parametrize(
    ("work", "said"), [("seen", "腾出空间"), ("unseen", "备份没有写成"), ("restore", "No space left")]
)
def test_a_small_disk(project: Project, backup: Backup, tmp_path: Path, work: str, said: str) -> None:
    own = ["unshare", "--mount", "--map-root-user"]
    try:
        probe = subprocess.run([*own, "mount", "-t", "tmpfs", "none", str(tmp_path)], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("no unshare here")
    if probe.returncode:
        pytest.skip("no mount namespace may be made here")
    given = backup.path if work == "restore" else project.root
    command = [*own, "sh", "-c", SMALL, "sh", str(tmp_path), sys.executable, ON_SMALL, "300k", str(given), work]
    env = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
    run = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr
    message, left = run.stdout.strip().rsplit("\n", 1)
    assert said in message
    assert left == "[]", "nothing half-made stays"


def test_errors_are_ours(tmp_path: Path) -> None:
    """Not there at all: as any other file that is not there."""
    with pytest.raises((QingyuError, FileNotFoundError)):
        check_backup(tmp_path / "nothing.zip")
