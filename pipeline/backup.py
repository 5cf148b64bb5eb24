"""`qingyu backup`: the store as it is at one instant, with the configuration, in one file, while everything goes on.

The index and the index of copies are derived: they are left out, and made anew when the backup is restored.
"""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from config.errors import ConfigError, StageError
from config.locks import take
from config.project import Project
from config.settings import SECRETS
from config.text import tr
from pipeline.backup_archive import FORMAT, SECRETS_ROOM, STORE, Held, Manifest, add_file, add_manifest, allowed, opened
from pipeline.state import metadata
from pipeline.workers import machine_of

logger = logging.getLogger(__name__)
# Pages of 4 kB copied between two looks whether to stop: 32 MB.
_PAGES = 8_192
# Rows of processes at work are of no meaning elsewhere.
_PASSING = {"worker"}
# The snapshot, and the archive beside it, which is smaller.
_ROOM = 1.6


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made. bytes: length of the file; removed: older ones that were taken away."""

    path: Path
    bytes: int
    manifest: Manifest
    removed: tuple[Path, ...] = ()

    def sentence(self) -> str:
        """What was done, in a line."""
        return tr(
            "备份完成并核对：{p}，{n} 条帖子，{m:.1f} MB",
            "backed up and verified: {p}, {n} posts, {m:.1f} MB",
            p=self.path.name,
            n=self.manifest.counts.get("post", 0),
            m=self.bytes / 1e6,
        )


def back_up(
    project: Project,
    target: Path,
    *,
    keep: int | None = None,
    with_secrets: bool = False,
    between: Callable[[], None] = lambda: None,
) -> Backup:
    """Write a backup of `project` into the folder `target`, read it again to its end, and only then give it its name.

    keep: how many of this project's to leave there; None: all. between: called now and then, may raise to stop. Raises
    ConfigError for a store that is not the embedded one, StageError where there is no room or another backup is at work.
    """
    database = only_embedded(project)
    if not database.is_file():
        raise StageError(tr("还没有数据库，没有可备份的", "there is no store yet, nothing to back up"))
    instance = machine_of(project.data_dir).rpartition(" ")[2]
    busy = tr("另一个备份正在进行", "another backup is at work")
    with take(project.data_dir / "backup.lock", busy), _full_disk():
        target.mkdir(parents=True, exist_ok=True)
        for left in target.glob(f".qingyu-{instance}-*.part"):  # of one that was killed
            shutil.rmtree(left, ignore_errors=True)
        _room(database, target)
        stamp = datetime.now(UTC)
        name = f"qingyu-{instance}-{stamp:%Y%m%dT%H%M%S}{stamp.microsecond // 1000:03d}Z"
        work = target / f".{name}.part"
        work.mkdir(mode=0o700)
        try:
            made, manifest = _write(project, database, work, stamp, with_secrets, between)
            _verify(made, manifest)
            final = target / f"{name}.zip"
            made.replace(final)
            _flush(target)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    removed = _prune(target, instance, keep) if keep is not None else ()
    backup = Backup(final, final.stat().st_size, manifest, removed)
    logger.info("backup bytes=%s posts=%s removed=%s", backup.bytes, manifest.counts.get("post"), len(removed))
    return backup


def only_embedded(project: Project) -> Path:
    """The file of the store. Raises ConfigError, with the command to use instead, where it is PostgreSQL."""
    url = make_url(project.store_url)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        return Path(url.database)
    message = tr(
        "qingyu backup 只备份内嵌数据库；PostgreSQL 请用它自己的工具：\n  {d}\n恢复：\n  {r}\n"
        "密码放在 ~/.pgpass，不要写在命令里；config/ 与 secrets/author.key 另行复制",
        "qingyu backup is for the embedded store; use PostgreSQL's own tools:\n  {d}\nto restore:\n  {r}\n"
        "keep the password in ~/.pgpass, not on the command line; copy config/ and secrets/author.key besides",
        d=dump_command(url),
        r=restore_command(url),
    )
    raise ConfigError(message)


def dump_command(url: URL) -> str:
    """The command line that backs up the database at `url`; without its password."""
    return shlex.join(
        ["pg_dump", "--format=custom", "--file=qingyu.dump", *_connection(url), f"--dbname={url.database}"]
    )


def restore_command(url: URL) -> str:
    """The command line that restores what `dump_command` wrote."""
    options = ["--clean", "--if-exists", *_connection(url), f"--dbname={url.database}"]
    return shlex.join(["pg_restore", *options, "qingyu.dump"])


def _connection(url: URL) -> Iterator[str]:
    host = url.host or url.query.get("host")
    if host:
        yield f"--host={host if isinstance(host, str) else host[0]}"
    if url.port:
        yield f"--port={url.port}"
    if url.username:
        yield f"--username={url.username}"


def _write(
    project: Project, database: Path, work: Path, now: datetime, with_secrets: bool, between: Callable[[], None]
) -> tuple[Path, Manifest]:
    snapshot, made = work / "qingyu.db", work / "backup.zip"
    copy_store(database, snapshot, between)
    facts = facts_of(snapshot)
    inside, left_out = _configuration(project, with_secrets=with_secrets)
    files: dict[str, Held] = {}
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, path in {STORE: snapshot, **inside}.items():
                files[name] = add_file(archive, name, path, between)
            manifest = Manifest(
                format=FORMAT,
                made_at=now.isoformat(timespec="seconds"),
                program=version("qingyu"),
                schema=facts.schema,
                instance=machine_of(project.data_dir).rpartition(" ")[2],
                counts=facts.counts,
                indexed=facts.indexed,
                secrets=with_secrets,
                left_out=tuple(left_out),
                files=files,
            )
            add_manifest(archive, manifest)
        file.flush()
        os.fsync(file.fileno())
    return made, manifest


def copy_store(database: Path, snapshot: Path, between: Callable[[], None]) -> None:
    """The store at one instant, as one sound file; others go on writing meanwhile."""

    def step(status: int, remaining: int, total: int) -> None:
        between()

    with closing(_connected(f"{database.resolve().as_uri()}?mode=rw", timeout=30)) as source:
        # A read that is held keeps the copy to one state; without it each write of another would begin the copy anew.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with closing(_connected(snapshot.as_uri())) as copy:
            source.backup(copy, pages=_PAGES, progress=step)
        source.execute("ROLLBACK")
    with closing(_connected(snapshot.as_uri())) as copy:
        copy.execute("PRAGMA journal_mode=DELETE")
        if copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'worker'").fetchone():
            copy.execute("DELETE FROM worker")
        found = str(copy.execute("PRAGMA quick_check(1)").fetchone()[0])
    if found != "ok":
        message = tr(
            "数据库文件已损坏，没有备份（旧备份保留）：{f}；运行 qingyu doctor",
            "the store's file is damaged, no backup was made (older ones are kept): {f}; run qingyu doctor",
            f=found.splitlines()[-1][:200],
        )
        raise StageError(message)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a store holds. schema: its newest migration; counts: rows a table; indexed: posts that stand in the index."""

    schema: str
    counts: dict[str, int]
    indexed: int


def facts_of(database: Path) -> Facts:
    """What a store that nobody writes holds. Raises sqlite3.Error where it is none of ours."""
    with closing(_connected(f"{database.resolve().as_uri()}?mode=ro")) as connection:
        schema = str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])
        found = {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        names = sorted(found & set(metadata.tables) - _PASSING)
        counts = {name: int(connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]) for name in names}  # noqa: S608 - our own tables
        joined = "SELECT count(*) FROM annotation a JOIN post p ON p.id = a.post_id WHERE a.status = 'indexed'"
        return Facts(schema, counts, int(connection.execute(joined).fetchone()[0]))


def _connected(uri: str, *, timeout: float = 5.0) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=timeout)


def _configuration(project: Project, *, with_secrets: bool) -> tuple[dict[str, Path], list[str]]:
    """Member name → file of the configuration and, if wanted, the key; and which files are left out: secret ones (of those
    that lie elsewhere, the name alone), and those whose names no archive should hold."""
    named = {_secret_file(project, str(room), str(name)) for room, name in SECRETS}
    secret = {path for path in named if path is not None and path.is_file()}
    plain = {f"config/{path.relative_to(project.config_dir).as_posix()}": path for path in _files(project.config_dir)}
    inside = {name: path for name, path in plain.items() if allowed(name)}
    if project.key_file.is_file():
        secret.add(project.key_file.resolve())
    room = project.key_file.parent.resolve()
    kept = {f"{SECRETS_ROOM}{path.name}": path for path in secret if path.parent == room}
    inside |= {name: path for name, path in kept.items() if allowed(name)}
    held = {path.resolve() for path in inside.values()}
    left_out = [path.name for path in secret - held]
    left_out += [name.encode("utf-8", "replace").decode("utf-8") for name in plain if not allowed(name)]
    if not with_secrets:
        left_out += [name for name, path in inside.items() if path.resolve() in secret]
        inside = {name: path for name, path in inside.items() if path.resolve() not in secret}
    return inside, sorted(left_out)


def _files(folder: Path) -> Iterator[Path]:
    """The plain files below a folder, through links too, each folder once."""
    seen = set[str]()
    for at, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(name for name in folders if os.path.realpath(Path(at, name)) not in seen)
        seen.update(os.path.realpath(Path(at, name)) for name in folders)
        yield from (path for name in sorted(names) if (path := Path(at, name)).is_file())


def _secret_file(project: Project, room: str, name: str) -> Path | None:
    said = getattr(getattr(project.settings, room), f"{name}_file")
    return (project.config_dir / said).resolve() if said else None


def _verify(made: Path, manifest: Manifest) -> None:
    """Read back what was written."""
    with opened(made) as archive:
        if archive.manifest != manifest:
            raise StageError(tr("备份的清单读回来不一样", "the manifest of the backup does not read back the same"))
        archive.check()


def _room(database: Path, target: Path) -> None:
    size = sum(path.stat().st_size for path in (database, Path(f"{database}-wal")) if path.exists())
    free, need = shutil.disk_usage(target).free, int(size * _ROOM) + 1_000_000
    if free < need:
        message = tr(
            "备份目录所在磁盘剩余 {f:.2f} GB，约需 {n:.2f} GB；腾出空间或换一个目录",
            "{f:.2f} GB are free on the disk of the backups, about {n:.2f} GB are needed; free some or take another folder",
            f=free / 1e9,
            n=need / 1e9,
        )
        raise StageError(message)


@contextmanager
def _full_disk() -> Iterator[None]:
    """A disk that runs full in between, and the like, as one sentence; what was begun is taken away by then."""
    try:
        yield
    except sqlite3.Error as error:
        raise _failed(str(error)) from error
    except OSError as error:
        raise _failed(error.strerror or str(error)) from error


def _failed(reason: str) -> StageError:
    message = tr(
        "备份没有写成（{r}）；早先的备份都在，腾出空间或换一个目录后再运行",
        "the backup could not be written ({r}); earlier ones are kept; free some space or take another folder",
        r=reason,
    )
    return StageError(message, reason=reason)


def _flush(folder: Path) -> None:
    """The new name survives power loss."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _prune(target: Path, instance: str, keep: int) -> tuple[Path, ...]:
    """Remove all but the newest `keep` of this project's; names sort by time."""
    mine = sorted(target.glob(f"qingyu-{instance}-*.zip"))
    old = mine[: max(0, len(mine) - max(1, keep))]
    for path in old:
        path.unlink(missing_ok=True)
    return tuple(old)
