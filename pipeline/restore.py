"""`qingyu restore`: a project out of a backup. Everything is taken out beside and checked before anything is replaced;
what was there is moved aside, never deleted."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.errors import ConfigError, QingyuError, StageError
from config.locks import take
from config.project import Project, open_project
from config.settings import Paths
from config.text import tr
from config.yamlfile import read_yaml
from crawlers.store import HEAD
from pipeline.backup import Facts, facts_of, only_embedded
from pipeline.backup_archive import SECRETS_ROOM, STORE, Archive, Manifest, damaged, opened
from pipeline.process import rebuild_index
from pipeline.query.layer import QueryLayer, Question

logger = logging.getLogger(__name__)
_STAGED = ".restore-"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored. posts: in the store; indexed: in the new index; key: whether the project has a key of
    pseudonyms; aside: what was there before, moved; left_out: secret files that the backup does not hold."""

    root: Path
    made_at: str
    posts: int
    indexed: int
    key: bool
    aside: tuple[Path, ...]
    left_out: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "root": str(self.root), "aside": [str(path) for path in self.aside]}


def check_backup(path: Path) -> Manifest:
    """The manifest of a backup every byte of which was read. Raises StageError where it is damaged."""
    with opened(path) as archive:
        _known_version(archive.manifest)
        archive.check()
        return archive.manifest


def restore(
    path: Path, root: Path, *, force: bool = False, progress: Callable[[int, int | None], None] | None = None
) -> Restored:
    """Make `root` the project of the backup at `path`, and its index anew from it.

    Raises StageError for a damaged backup, for a folder that is not empty (unless `force`), and while the project at `root`
    is in use; ConfigError where its settings name a PostgreSQL. Until the checks are done nothing is touched.
    """
    _empty(root, force=force)
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
    with opened(path) as archive, _staging(root, stamp) as staged:
        _known_version(archive.manifest)
        _take_out(archive, staged)
        _sound(staged / STORE, archive.manifest)
        project, aside = _put_in_place(staged, root, stamp, force=force)
    if project.key_file.is_file():
        project.key_file.chmod(0o600)
    posts, indexed = _rebuilt(project, archive.manifest, progress)
    logger.info("restored posts=%s indexed=%s", posts, indexed)
    manifest = archive.manifest
    return Restored(root, manifest.made_at, posts, indexed, project.key_file.is_file(), aside, manifest.left_out)


def _empty(root: Path, *, force: bool) -> None:
    # What a restore that was killed had taken out is none of anyone's.
    if force or not root.exists() or all(path.name.startswith(_STAGED) for path in root.iterdir()):
        return
    message = tr(
        "{p} 不是空目录；换一个目录（--project），或用 --force 替换其中的项目（原有的会移到一旁）",
        "{p} is not empty; name another folder (--project), or replace the project in it by --force (it is moved aside)",
        p=root,
    )
    raise StageError(message)


def _known_version(manifest: Manifest) -> None:
    if manifest.schema > HEAD:
        message = tr(
            "备份由更新的程序写成（数据库 {v}）；请先升级程序",
            "the backup was made by a newer program (store {v}); update this one first",
            v=manifest.schema,
        )
        raise StageError(message)


@contextmanager
def _staging(root: Path, stamp: str) -> Iterator[Path]:
    """A folder in `root` for what is taken out; removed in the end, with `root` where that was made for it."""
    new = not root.exists()
    for left in root.glob(f"{_STAGED}*"):
        shutil.rmtree(left, ignore_errors=True)
    staged = root / f"{_STAGED}{stamp}"
    staged.mkdir(parents=True, mode=0o700)
    try:
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)
        if new:
            with suppress(OSError):  # it is not empty: the project is in it
                root.rmdir()


def _take_out(archive: Archive, staged: Path) -> None:
    for name in archive.manifest.files:
        archive.take_out(name, staged / name)


def _sound(database: Path, manifest: Manifest) -> None:
    """Raises StageError unless the store that was taken out is sound and holds what the manifest says."""
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        facts = facts_of(database)
    except (sqlite3.Error, TypeError) as error:
        raise damaged(tr("其中的数据库读不了", "the store in it cannot be read")) from error
    if found != "ok" or facts != Facts(manifest.schema, dict(manifest.counts), manifest.indexed):
        raise damaged(tr("其中的数据库与清单不符", "the store in it does not agree with the manifest"))


class _Places:
    """Puts files where they belong. What was there is moved aside; `undo` puts all back as it was."""

    def __init__(self, stamp: str) -> None:
        self._stamp, self._undo = stamp, ExitStack()
        self.aside: list[Path] = []

    def put(self, new: Path, old: Path) -> None:
        self.clear(old)
        old.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(new, old)
        self._undo.callback(_away, old)

    def clear(self, old: Path) -> None:
        if old.exists():
            moved = old.with_name(f"{old.name}.before-{self._stamp}")
            old.replace(moved)
            self._undo.callback(moved.replace, old)
            self.aside.append(moved)

    def undo(self) -> None:
        self._undo.close()


def _put_in_place(staged: Path, root: Path, stamp: str, *, force: bool) -> tuple[Project, tuple[Path, ...]]:
    """Move what was taken out to where it belongs; what fails in between is undone."""
    places = _Places(stamp)
    (staged / "config" / "sources").mkdir(parents=True, exist_ok=True)
    with ExitStack() as locks:
        held = _Locks(locks)
        if (root / "config" / "settings.yaml").is_file():
            with suppress(ConfigError):  # what cannot be opened cannot be in use by us
                held.take(open_project(root))
        try:
            places.put(staged / "config", root / "config")
            # The settings may name secret files that are in the backup too.
            _put_secrets(places, staged / SECRETS_ROOM, root)
            project = open_project(root)
            database = only_embedded(project)
            _fits(project, database, force=force)
            held.take(project)
            # A log of the old store beside the new one would be taken for its own.
            for beside in ("-wal", "-shm"):
                places.clear(Path(f"{database}{beside}"))
            places.put(staged / STORE, database)
        except BaseException:
            places.undo()
            raise
    for folder in (project.data_dir, project.log_dir):
        folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(project.copies_dir, ignore_errors=True)  # derived from the store before
    return project, tuple(places.aside)


def _put_secrets(places: _Places, staged: Path, root: Path) -> None:
    if not staged.is_dir():
        return
    said = read_yaml(root / "config" / "settings.yaml").data
    paths = said.get("paths") if isinstance(said, dict) else None
    folder = root / str((paths if isinstance(paths, dict) else {}).get("secrets", Paths().secrets))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in sorted(staged.iterdir()):
        places.put(path, folder / path.name)


def _away(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _fits(project: Project, database: Path, *, force: bool) -> None:
    """Settings may name folders outside the project, or a cluster: another project's data may be there."""
    if force:
        return
    if database.exists():
        message = tr(
            "设置里的数据目录 {p} 已有数据库；改备份所属的设置，或用 --force",
            "the settings name {p}, where there is a store already; restore with --force to replace it",
            p=database.parent,
        )
        raise StageError(message)
    if project.settings.index.url:
        from pipeline.index.engines import engine_of

        if engine_of(project).exists():
            message = tr(
                "设置里的 Elasticsearch 别名 {a} 已有索引，恢复会替换它；确定时用 --force，"
                "或以 QINGYU_INDEX__ALIAS 另起一个别名",
                "the alias {a} of the Elasticsearch in the settings has an index, which would be replaced; use --force if "
                "that is meant, or name another by QINGYU_INDEX__ALIAS",
                a=project.settings.index.alias,
            )
            raise StageError(message)


class _Locks:
    """Keeps the schedule of projects from beginning while they are replaced."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack, self._held = stack, set[Path]()

    def take(self, project: Project) -> None:
        """Raises StageError while any process has the store of `project` open."""
        message = tr(
            "这个项目正在使用中（qingyu run、看板或其他命令）；先停下它们再恢复",
            "this project is in use (qingyu run, the dashboard or another command); stop them, then restore",
        )
        lock = (project.data_dir / "run.lock").resolve()
        if lock not in self._held:
            self._stack.callback(take(lock, message).close)
            self._held.add(lock)
        with suppress(ConfigError):  # PostgreSQL: said by whoever wants the file
            _leave_log(only_embedded(project), message)


def _leave_log(database: Path, busy: str) -> None:
    if not database.exists():
        return
    try:
        with closing(sqlite3.connect(database, timeout=1.0)) as connection:
            # Leaving the write-ahead log needs the file for oneself, and leaves one file that is whole.
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        raise StageError(busy) from error
    except sqlite3.DatabaseError:
        return  # damaged: the reason, maybe, why it is to be replaced


def _rebuilt(
    project: Project, manifest: Manifest, progress: Callable[[int, int | None], None] | None
) -> tuple[int, int]:
    """Posts of the store and of the index made anew. Raises StageError where they are not what the manifest says."""
    posts = manifest.counts["post"]
    try:
        put = rebuild_index(project, progress=progress)
        with QueryLayer.open(project, who="restore") as layer:
            indexed = layer.count(Question())
    except QingyuError as error:
        message = tr(
            "数据库已恢复，索引没有建成：{e}",
            "the store is restored, the index could not be made: {e}",
            e=error.message,
        )
        raise StageError(message) from error
    if not put == indexed == manifest.indexed:
        message = tr(
            "数据库已恢复，索引与清单不符（应有 {w}，现有 {i}）；运行 qingyu index rebuild",
            "the store is restored, the index does not agree with the manifest ({w} wanted, {i} found); run qingyu index "
            "rebuild",
            w=manifest.indexed,
            i=indexed,
        )
        raise StageError(message)
    return posts, indexed
