"""设置: the project's configuration files, changed on the dashboard: judged as the program would read them, written whole, with
the file before and after kept. What is written is the text itself, so that comments and order stay."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from config.errors import ConfigError, QingyuError
from config.groups import load_groups
from config.locks import take
from config.project import Project, open_project
from config.rule_writing import put
from config.text import tr
from crawlers.store import insert_rows, read, write
from nlp.places import load_places
from nlp.segment import read_user_words
from nlp.taxonomy import load_taxonomy
from nlp.units import load_units
from pipeline.access.model import Action
from pipeline.desk.desk import Desk, verb
from pipeline.desk.tables import setting_change
from pipeline.query.times import milliseconds
from pipeline.vocabulary import place_names, topic_names

_LONGEST, _WHY = 1_000_000, 500
FILES = ("topics.yaml", "places.yaml", "units.yaml", "groups.yaml", "dictionaries/user_words.txt", "settings.yaml")


@dataclass(frozen=True, slots=True)
class Held:
    """A file. text: as it stands; digest: of it, to notice that it changed; own: it is the project's, not the program's."""

    name: str
    text: str
    digest: str
    own: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """A change of a file. before, after: the whole text."""

    id: int
    name: str
    who: str
    at: datetime
    why: str
    before: str
    after: str


@verb(Action.SEE_SETTINGS)
def held(desk: Desk, /, name: str) -> Held:
    """A file of FILES as it stands. Raises ConfigError for another name, or one that cannot be read."""
    return _held(desk.project, name)


@verb(Action.SEE_SETTINGS)
def check(desk: Desk, /, name: str, text: str) -> None:
    """Nothing where the program would take the file, and all that hangs on it. Raises ConfigError that says what to change."""
    _check(desk.project, name, text)


@verb(Action.EDIT_SETTINGS)
def save(desk: Desk, /, name: str, text: str, *, digest: str, why: str) -> Held:
    """Write the file. digest: of the text it was made from. Raises ConfigError: faulty, no reason, the same; or changed by
    somebody else meanwhile, then nothing is written."""
    reason = " ".join(why.split())[:_WHY]
    if not reason:
        raise ConfigError(tr("请写明为什么改", "say why you change it"))
    text = _plain(text)
    _check(desk.project, name, text)
    lock = desk.project.data_dir / "settings.lock"
    with take(lock, tr("另一个人正在写设置，请再试一次", "somebody else is writing the settings: try again")):
        before = _held(desk.project, name)
        if before.digest != digest:
            message = tr(
                "{f} 在您打开之后被改过；您写的没有存，也没有丢：请对照现在的内容再改一次",
                "{f} was changed since you opened it; yours was not written and is not lost: compare and change it again",
                f=name,
            )
            raise ConfigError(message)
        if before.text == text:
            raise ConfigError(tr("没有改动", "nothing was changed"))
        row = {
            "file": name,
            "who": desk.person.name[:80],
            "at_ms": milliseconds(desk.now()),
            "why": reason,
            "before": before.text,
            "after": text,
        }
        desk.audit("settings", f"{name} · {reason}")
        with write(desk.store) as connection:
            insert_rows(connection, setting_change, [row])
            try:
                put(desk.project.config_dir / name, text)
            except OSError as error:
                message = tr("写不了 {f}（{e}）", "cannot write {f} ({e})", f=name, e=error.strerror or error)
                raise ConfigError(message) from error
    return _held(desk.project, name)


@verb(Action.SEE_SETTINGS)
def history(desk: Desk, /, name: str, size: int) -> list[Changed]:
    """The latest changes of a file on the dashboard, the newest first."""
    asked = select(setting_change).where(setting_change.c.file == name).order_by(setting_change.c.id.desc())
    with read(desk.store) as connection:
        rows = connection.execute(asked.limit(size)).all()
    return [
        Changed(
            row.id, row.file, row.who, datetime.fromtimestamp(row.at_ms / 1000, UTC), row.why, row.before, row.after
        )
        for row in rows
    ]


def _plain(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return lines if lines.endswith("\n") or not lines else lines + "\n"


def _held(project: Project, name: str) -> Held:
    if name not in FILES:
        raise ConfigError(tr("没有这个设置文件：{f}", "there is no such file: {f}", f=name[:60]))
    path = project.file(name)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(tr("读不了 {f}（{e}）", "cannot read {f} ({e})", f=name, e=error)) from error
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Held(name, text, digest, path.is_relative_to(project.config_dir))


def _check(project: Project, name: str, text: str) -> None:
    if name not in FILES:
        raise ConfigError(tr("没有这个设置文件：{f}", "there is no such file: {f}", f=name[:60]))
    if not text.strip():
        raise ConfigError(
            tr("{f} 是空的；要去掉自己的内容，请写回程序自带的", "{f} is empty: write what ships instead", f=name)
        )
    if len(text) > _LONGEST:
        raise ConfigError(tr("文件太大", "the file is too large"))
    try:
        with _tried(project, name, text) as trial:
            nlp = trial.settings.nlp
            load_taxonomy(trial.file(nlp.topics))
            load_places(trial.file(nlp.places))
            topics, places = topic_names(trial), place_names(trial)
            load_units(trial.file(nlp.units), topics=topics, places=places)
            load_groups(trial.file("groups.yaml"))
            for _ in read_user_words(trial.file(nlp.user_words)):
                pass
            _ = trial.sources, trial.dashboards
    except QingyuError as error:
        raise ConfigError(error.message) from error


@contextmanager
def _tried(project: Project, name: str, text: str) -> Iterator[Project]:
    """The project with the file as it would be, in a folder beside it, so that what settings name relative to it is found."""
    with tempfile.TemporaryDirectory(dir=project.root, prefix=".trial-") as folder:
        root = Path(folder)
        shutil.copytree(project.config_dir, root / "config", symlinks=True)
        for other in ("secrets", "data", "logs"):
            if (project.root / other).exists():
                (root / other).symlink_to(project.root / other, target_is_directory=True)
        path = root / "config" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_plain(text), encoding="utf-8")
        try:
            yield open_project(root)
        except QingyuError as error:
            message = error.message.replace(f"{root}/config/", "config/").replace(str(root), "")
            raise ConfigError(message) from error
