"""A project directory: the configuration and the data of one installation, so that two never meet.

PROJECT/
  config/   settings.yaml, sources/*.yaml, dashboards/*.yaml, and own topics.yaml, dictionaries/ where they differ from the shipped ones
  data/     the store (qingyu.db) and the index
  secrets/  author.key (mode 600), kept outside data/
  logs/
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from config.dashboards import Dashboard, load_dashboards
from config.errors import ConfigError
from config.groups import Group, load_groups
from config.settings import SHIPPED, Settings, load_settings
from config.sources import SourceConfig, load_sources
from config.text import tr

KEY_BYTES = 32


@dataclass(frozen=True)
class Project:
    """A project directory with its settings read. Build it with `open_project`."""

    root: Path
    settings: Settings

    @property
    def config_dir(self) -> Path:
        return self.root / "config"

    @property
    def data_dir(self) -> Path:
        return self.root / self.settings.paths.data

    @property
    def log_dir(self) -> Path:
        return self.root / self.settings.paths.logs

    @property
    def index_dir(self) -> Path:
        return self.data_dir / self.settings.index.path

    @property
    def copies_dir(self) -> Path:
        return self.data_dir / "copies"

    @property
    def key_file(self) -> Path:
        return self.root / self.settings.paths.secrets / "author.key"

    @property
    def store_url(self) -> str:
        """SQLAlchemy URL of the store; holds a password where the operator set one, so never log it."""
        url = self.settings.store.url
        return url.get_secret_value() if url else f"sqlite:///{self.data_dir / 'qingyu.db'}"

    def file(self, name: str) -> Path:
        """The project's own `config/NAME` where it exists, else the shipped one."""
        own = self.config_dir / name
        return own if own.exists() else SHIPPED / name

    @cached_property
    def sources(self) -> list[SourceConfig]:
        """All declared sources, by name. Raises ConfigError for a faulty file."""
        return load_sources(self.config_dir / "sources")

    @cached_property
    def dashboards(self) -> dict[str, Dashboard]:
        """The shipped dashboards and the project's own, by name. Raises ConfigError for a faulty file."""
        return load_dashboards([SHIPPED / "dashboards", self.config_dir / "dashboards"])

    @cached_property
    def groups(self) -> dict[str, Group]:
        """The groups that alerts and letters go to, by name. Raises ConfigError for a faulty file."""
        return load_groups(self.file("groups.yaml"))

    def dashboard(self, name: str) -> tuple[str, Dashboard]:
        """The dashboard of that name or title, with its name. Raises ConfigError that lists the known ones."""
        for key, one in self.dashboards.items():
            if name in (key, one.title):
                return key, one
        known = "、".join(f"{key}（{one.title}）" for key, one in self.dashboards.items())
        raise ConfigError(
            tr("没有名为 {n} 的面板；现有：{k}", "no dashboard is called {n}; known: {k}", n=name, k=known)
        )

    def source(self, name: str) -> SourceConfig:
        """The source called `name`. Raises ConfigError that lists the known names."""
        for source in self.sources:
            if source.name == name:
                return source
        known = "、".join(s.name for s in self.sources) or tr("（还没有来源）", "(none yet)")
        raise ConfigError(tr("没有名为 {n} 的来源；现有：{k}", "no source is called {n}; known: {k}", n=name, k=known))

    def author_key(self) -> bytes:
        """The secret key of author pseudonyms. Raises ConfigError when the file is missing or too short."""
        try:
            key = bytes.fromhex(self.key_file.read_text(encoding="ascii").strip())
        except (OSError, ValueError) as error:
            message = tr(
                "作者化名的密钥 {p} 读不了；运行 qingyu init 生成（丢失旧密钥后，同一作者会得到新的化名）",
                "the key of author pseudonyms {p} cannot be read; run qingyu init to make one "
                "(with a new key the same author gets a new pseudonym)",
                p=self.key_file,
            )
            raise ConfigError(message) from error
        if len(key) < KEY_BYTES:
            raise ConfigError(tr("密钥 {p} 太短", "the key {p} is too short", p=self.key_file))
        return key


def find_root(option: Path | None, environment: Mapping[str, str], cwd: Path) -> Path:
    """`--project`, else QINGYU_PROJECT, else the current folder when it is a project. Raises ConfigError otherwise."""
    named = option or (Path(environment["QINGYU_PROJECT"]) if environment.get("QINGYU_PROJECT") else None)
    root = (named or cwd).expanduser().resolve()
    if (root / "config" / "settings.yaml").is_file():
        return root
    message = tr(
        "{r} 不是项目目录（没有 config/settings.yaml）；用 qingyu init {r} 建一个，或用 --project 指定",
        "{r} is no project directory (no config/settings.yaml); make one with qingyu init {r}, or name one by --project",
        r=root,
    )
    raise ConfigError(message)


def open_project(root: Path, environment: Mapping[str, str] | None = None) -> Project:
    """The project at `root` with its settings read. Raises ConfigError for faulty settings."""
    return Project(root=root, settings=load_settings(root / "config", environment))


def init_project(root: Path, *, region: str = "", name: str = "", contact: str = "") -> list[Path]:
    """Make `root` a project directory. Returns what was made; what exists is left as it is."""
    made: list[Path] = []
    for folder in (root / "config" / "sources", root / "data", root / "logs"):
        if not folder.exists():
            folder.mkdir(parents=True)
            made.append(folder)
    settings = root / "config" / "settings.yaml"
    if not settings.exists():
        settings.write_text(_settings_text(region, name, contact), encoding="utf-8")
        made.append(settings)
    key = root / "secrets" / "author.key"
    if not key.exists():
        key.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
        made.append(key)
    return made


def _settings_text(region: str, name: str, contact: str) -> str:

    quoted = {key: json.dumps(value, ensure_ascii=False) for key, value in (("r", region), ("n", name), ("c", contact))}
    return (
        "# 本项目的设置，只写与默认不同的；全部设置见 docs/reference/settings.md\n"
        f"region: {quoted['r']}\n"
        "operator:\n"
        f"  name: {quoted['n']}       # 单位名称，写进 User-Agent\n"
        f"  contact: {quoted['c']}    # 网站管理员可以联系到的邮箱或网址；采集公网来源时必填\n"
    )
