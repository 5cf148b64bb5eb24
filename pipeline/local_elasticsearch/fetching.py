"""Fetches the jars of Elasticsearch with jgo, which resolves Maven artefacts without Maven; 15 s once per user."""

from __future__ import annotations

import importlib
import logging
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from config import locks
from config.errors import StageError
from config.text import tr
from pipeline.local_elasticsearch.artefacts import VERSION, cache_folder, manifest, verify

logger = logging.getLogger(__name__)
# How long another fetch is waited for, and how often it is looked at, seconds.
_PATIENCE_S, _LOOK_S = 900.0, 0.5
_ENDPOINT = f"org.elasticsearch:elasticsearch:{VERSION}+org.elasticsearch.plugin:transport-netty4:{VERSION}"


def jars(folder: Path | None = None) -> Path:
    """The folder with exactly the jars of the manifest; the network is asked only where the folder is missing.

    folder: the default is the user's cache.
    Raises: StageError when they cannot be fetched or are not the ones of the manifest.
    """
    folder = folder or cache_folder()
    if not folder.is_dir():
        with _alone(folder):
            if not folder.is_dir():
                _fetch(folder)
    verify(folder, manifest())
    return folder


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Alone with the folder, once another process that fetches into it is done."""
    busy = tr("另一个进程正在下载到 {f}，等它完成", "another process is fetching into {f}; waiting for it", f=folder)
    lock, until = folder.with_name(f".{VERSION}.lock"), time.monotonic() + _PATIENCE_S
    with _within_reach(folder):
        try:
            taken = locks.take(lock, busy)
        except StageError:
            logger.info(busy)
            taken = _waited(lock, busy, until)
    with taken:
        yield


def _waited(lock: Path, busy: str, until: float) -> IO[str]:
    while True:
        try:
            return locks.take(lock, busy)
        except StageError:
            if time.monotonic() > until:
                raise
        time.sleep(_LOOK_S)


@contextmanager
def _within_reach(folder: Path) -> Iterator[None]:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = tr("无法写入缓存目录 {f}：{e}", "cannot write the cache folder {f}: {e}", f=folder.parent, e=error)
        raise StageError(message) from error
    yield


def _fetch(folder: Path) -> None:
    """Fetch beside `folder`, check, and put in its place at one instant: a half-filled cache never exists."""
    logger.info("fetch artefacts=%d folder=%s", len(manifest()), folder)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetching-") as beside:
        made = Path(beside) / "jars"
        made.mkdir()
        for jar in _resolved(Path(beside)):
            shutil.copyfile(jar, made / jar.name)
        verify(made, manifest())
        made.rename(folder)


def _resolved(work: Path) -> list[Path]:
    """The jars jgo finds. Its repository is a fresh one, so that a file broken off in the user's own does no harm."""
    env, maven, settings = (needed(f"jgo.{name}") for name in ("env", "maven", "config"))
    further: dict[str, str] = settings.GlobalSettings.load().repositories
    context = maven.MavenContext(repo_cache=work / "repository")
    context.remote_repos.update(further)
    try:
        env.EnvironmentBuilder(context=context, cache_dir=work / "environments").from_endpoint(_ENDPOINT)
    except Exception as error:
        raise _unreachable(error) from error
    return sorted((work / "environments").rglob("*.jar"))


def _unreachable(error: Exception) -> StageError:
    """jgo raises whatever the network raises, so every exception ends here."""
    return StageError(
        tr(
            "取不到 Elasticsearch {v} 的文件（{e}）。第一次启动需要联网（或在 jgo 的设置里写明镜像）；"
            "没有网络的机器：从另一台机器复制 {f}",
            "the files of Elasticsearch {v} could not be fetched ({e}). The first start needs the network (or a mirror "
            "in jgo's settings); without one, copy {f} from another machine",
            v=VERSION,
            e=f"{type(error).__name__}: {error}"[:200],
            f=cache_folder(),
        ),
    )


def needed(module: str) -> Any:
    """A module of the extra. Raises: StageError that says how to install it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        message = tr(
            "缺少 {n}：请用 make es-up 启动，或运行 pip install -e '.[local-elasticsearch]'",
            "{n} is missing: start with make es-up, or run pip install -e '.[local-elasticsearch]'",
            n=module.partition(".")[0],
        )
        raise StageError(message) from error
