"""The jars of Elasticsearch: fetched once, kept in a cache, every digest checked at each start."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from config.errors import StageError
from config.text import tr

VERSION = "9.2.0"
_MANIFEST = Path(__file__).with_name("artefacts.sha256")


def cache_folder() -> Path:
    """Where the jars are kept; shared by all checkouts of a user."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "qingyu" / "elasticsearch" / VERSION


def manifest() -> dict[str, str]:
    """Name → SHA-256 of each jar, as committed."""
    rows = (line.split() for line in _MANIFEST.read_text(encoding="ascii").splitlines())
    return {name: digest for digest, name in rows}


def verify(folder: Path, wanted: Mapping[str, str]) -> None:
    """Return when `folder` holds the jars of the manifest and no others (41 MB take .1 s to read).

    Raises: StageError that names the jars at fault and says what to do.
    """
    wrong = differing(folder, wanted)
    if wrong:
        raise StageError(
            tr(
                "{folder} 里有 {n} 个文件与清单 artefacts.sha256 不符（{which}）。删除这个目录再运行一次，会重新下载",
                "{n} files in {folder} differ from the manifest artefacts.sha256 ({which}). "
                "Remove that folder and run again: they are fetched anew",
                folder=folder,
                n=len(wrong),
                which=", ".join(wrong[:3]),
            ),
            folder=str(folder),
            jars=wrong,
        )


def differing(folder: Path, wanted: Mapping[str, str]) -> list[str]:
    """Names of jars that are missing, of other content, or too many; sorted."""
    held = {path.name: path for path in folder.glob("*.jar")}
    wrong = {name for name, digest in wanted.items() if name not in held or _digest(held[name]) != digest}
    return sorted(wrong | (held.keys() - wanted.keys()))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
