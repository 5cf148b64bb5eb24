"""The file of a backup: a zip archive with a manifest that names every file in it with length and SHA-256.

Member names are fixed (`store/qingyu.db`, `config/…`, `secrets/NAME`), so that none can lead outside the folder it
is taken out into. The checksums show damage; they are no proof against someone who may write the archive.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from config.errors import StageError
from config.text import tr

FORMAT = 1
MANIFEST, STORE, SECRETS_ROOM = "manifest.json", "store/qingyu.db", "secrets/"
_CHUNK = 1 << 20
# A manifest of some thousand files; more is none of ours.
_MANIFEST_BYTES = 4_000_000
_CONFIG = re.compile(r"config(/[^/\\\x00-\x1f\ud800-\udfff]{1,200}){1,12}")
_SECRET = re.compile(r"secrets/[A-Za-z0-9_-][A-Za-z0-9._-]{0,100}")


@dataclass(frozen=True, slots=True)
class Held:
    """A file in the archive. bytes: its length."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. made_at: UTC, ISO; schema: newest migration of the store; instance: identity of the data
    folder it was made of; counts: rows a table; indexed: posts that stood in the index; left_out: secret files that are
    not in it."""

    format: int
    made_at: str
    program: str
    schema: str
    instance: str
    counts: Mapping[str, int]
    indexed: int
    secrets: bool
    left_out: tuple[str, ...] = ()
    files: dict[str, Held] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """As it stands in the archive."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1).encode()


def damaged(reason: str) -> StageError:
    """What to raise where an archive is not what it should be."""
    message = tr("备份不可用：{r}；请用另一份", "the backup cannot be used: {r}; use another one", r=reason)
    return StageError(message, reason=reason)


def add_file(archive: zipfile.ZipFile, name: str, path: Path, between: Callable[[], None]) -> Held:
    """Put a file into the archive; returns what was put. between: called now and then, may raise to stop."""
    digest, length = hashlib.sha256(), 0
    with path.open("rb") as source, archive.open(_member(name), "w", force_zip64=True) as target:
        while piece := source.read(_CHUNK):
            digest.update(piece)
            length += len(piece)
            target.write(piece)
            between()
    return Held(digest.hexdigest(), length)


def add_manifest(archive: zipfile.ZipFile, manifest: Manifest) -> None:
    """The last member."""
    archive.writestr(_member(MANIFEST), manifest.to_json())


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (stat.S_IFREG | 0o600) << 16
    return info


class Archive:
    """A backup that is read. Get it from `opened`."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.manifest = _manifest(archive)
        _agree(archive, self.manifest)

    def check(self) -> None:
        """Read every file to its end. Raises StageError for the first that is not as the manifest says."""
        for name in self.manifest.files:
            for _ in self._pieces(name):
                pass

    def take_out(self, name: str, target: Path) -> None:
        """Write a member to `target`, which must not exist. Raises StageError where it is not as the manifest says."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            target.chmod(0o600)
            for piece in self._pieces(name):
                file.write(piece)

    def _pieces(self, name: str) -> Iterator[bytes]:
        held, digest, length = self.manifest.files[name], hashlib.sha256(), 0
        with _unreadable(), self._archive.open(name) as member:
            while piece := _read(member, held.bytes - length, name):
                digest.update(piece)
                length += len(piece)
                yield piece
        if length != held.bytes or digest.hexdigest() != held.sha256:
            raise damaged(tr("{n} 与清单不符", "{n} does not agree with the manifest", n=name))


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """The backup at `path`, its manifest and names checked. Raises StageError where it is damaged or none of ours."""
    with _unreadable():
        archive = zipfile.ZipFile(path)
    with archive:
        yield Archive(archive)


@contextmanager
def _unreadable() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise damaged(tr("文件残缺或被改动", "the file is cut off or was changed")) from error
    except OSError as error:
        if error.filename is not None:  # the archive itself cannot be opened
            raise
        raise damaged(str(error)) from error


def _read(member: IO[bytes], left: int, name: str) -> bytes:
    """The next piece; raises where there is more than the manifest says, so that nothing swells up."""
    piece = member.read(min(_CHUNK, left + 1))
    if len(piece) > left:
        raise damaged(tr("{n} 与清单不符", "{n} does not agree with the manifest", n=name))
    return piece


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    try:
        info = archive.getinfo(MANIFEST)
    except KeyError as error:
        raise damaged(tr("没有清单", "it has no manifest")) from error
    if info.file_size > _MANIFEST_BYTES:
        raise damaged(tr("清单过长", "its manifest is too long"))
    with _unreadable():
        raw = archive.read(info)
    try:
        said: dict[str, Any] = json.loads(raw)
        if said["format"] != FORMAT:
            raise damaged(tr("由另一版本的程序写成", "it was written by another version of the program"))
        files = {str(name): Held(str(one["sha256"]), int(one["bytes"])) for name, one in said["files"].items()}
        counts = {str(name): int(count) for name, count in said["counts"].items()}
        return Manifest(**{**said, "files": files, "counts": counts, "left_out": tuple(said["left_out"])})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise damaged(tr("清单读不懂", "its manifest cannot be read")) from error


def _agree(archive: zipfile.ZipFile, manifest: Manifest) -> None:
    """Exactly the files of the manifest, plain ones, at places that are allowed."""
    infos = archive.infolist()
    for info in infos:
        if info.filename != MANIFEST and not allowed(info.filename):
            raise damaged(tr("里面有不该有的文件 {n!r}", "it holds {n!r}, which it must not", n=info.filename[:200]))
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            raise damaged(tr("{n} 不是普通文件", "{n} is no plain file", n=info.filename))
    names = [info.filename for info in infos]
    if sorted(names) != sorted([*manifest.files, MANIFEST]) or STORE not in names:
        raise damaged(tr("所含文件与清单不符", "its files do not agree with the manifest"))


def allowed(name: str) -> bool:
    """Whether a member may be called so: it then lies in the folder it is taken out into."""
    if name == STORE or _SECRET.fullmatch(name):
        return True
    return bool(_CONFIG.fullmatch(name)) and not any(part in (".", "..") for part in name.split("/"))
