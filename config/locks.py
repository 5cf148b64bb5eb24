"""One process at a time: locks that the system frees when their holder ends, however it ends."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from config.errors import StageError


def take(path: Path, held: str) -> IO[str]:
    """The open lock file at `path`; closing it frees the lock. Raises StageError with the sentence `held` while another
    process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.open("a", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StageError(held) from error
    return lock
