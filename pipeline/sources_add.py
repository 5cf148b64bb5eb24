"""`qingyu sources add`: what an address is, as declarations that load, and writing one of them down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from config.errors import ConfigError, StageError
from config.project import Project
from config.sources import NAME, read_sources
from config.text import language, tr
from config.yamlfile import parse_yaml

# A page, robots.txt and their retries; the subprocess holds its own time-outs, this only ends one that hangs.
_PATIENCE_S = 300.0


@dataclass(frozen=True)
class Proposal:
    """A declaration that would read the address. name: of the source; kind: of the source; why: what gave it away;
    confidence: 0 … 1, 1 certain; yaml: the declaration, checked to load."""

    name: str
    kind: str
    why: str
    confidence: float
    yaml: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def propose(project: Project, url: str, *, name: str = "", allow_private: bool = False) -> list[Proposal]:
    """What `url` may be read as, the likeliest first; empty when it is nothing that is known.

    name: of the source; "" makes one from the host that no source has yet. allow_private: ask private and loopback
    addresses too, and write that down. Raises ConfigError for a name or address that cannot be used, StageError when the
    page does not come.
    """
    if name:
        _check_name(project, name)
    answer = _ask(project, url, name=name, allow_private=allow_private)
    if problem := answer["problem"]:
        message = tr("{u} 没有读成：{p}", "{u} could not be read: {p}", u=url, p=problem)
        raise StageError(message)
    proposals = (_completed(project, found) for found in answer["proposals"])
    return [proposal for proposal in proposals if proposal is not None]


def write_source(project: Project, proposal: Proposal) -> Path:
    """Write the declaration to config/sources/NAME.yaml. Raises ConfigError when the name or the file is taken."""
    _check_name(project, proposal.name)
    path = project.config_dir / "sources" / f"{proposal.name}.yaml"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError as error:
        message = tr("{p} 已经存在，没有改动", "{p} exists already and was not changed", p=path)
        raise ConfigError(message) from error
    except OSError as error:
        message = tr("{p} 写不了：{e}", "{p} cannot be written: {e}", p=path, e=error.strerror)
        raise StageError(message) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"# {' '.join(proposal.why.split())}\n{proposal.yaml}")
    return path


def _check_name(project: Project, name: str) -> None:
    if not NAME.fullmatch(name):
        message = tr(
            "来源的名字 {n} 不行：只用小写字母、数字、- 和 _，最多 40 个",
            "{n} cannot be the name of a source: use lower-case letters, digits, - and _, at most 40",
            n=name,
        )
        raise ConfigError(message)
    if any(source.name == name for source in project.sources):
        message = tr(
            "已有名为 {n} 的来源；用 --name 换一个名字",
            "a source called {n} exists already; choose another name by --name",
            n=name,
        )
        raise ConfigError(message)


def _ask(project: Project, url: str, *, name: str, allow_private: bool) -> dict[str, Any]:
    """What `python -m crawlers recognise` says."""
    argv = [sys.executable, "-P", "-m", "crawlers", "recognise", "--project", str(project.root), f"--url={url}"]
    argv += [f"--name={name}"] * bool(name) + ["--allow-private"] * allow_private
    environment = {**os.environ, "QINGYU_LANGUAGE": language()}
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, encoding="utf-8", env=environment, timeout=_PATIENCE_S, check=False
        )
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise StageError(tr("{u} 没有在限时内读完", "{u} was not read in time", u=url)) from error
    if done.returncode == 2:
        raise ConfigError(done.stderr.strip())
    try:
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError) as error:
        reason = (done.stderr.strip().splitlines() or [str(done.returncode)])[-1]
        raise StageError(tr("没有认成：{r}", "recognising failed: {r}", r=reason), exit=done.returncode) from error
    return answer


def _completed(project: Project, found: Mapping[str, Any]) -> Proposal | None:
    """The proposal with a name no source has yet, None when its declaration would not load."""
    proposal = Proposal("", found["kind"], found["why"], found["confidence"], found["yaml"])
    try:
        (source,) = read_sources(parse_yaml(proposal.yaml, name=proposal.kind))
    except (ConfigError, ValueError):
        return None
    free = _free_name(project, source.name)
    first, _, rest = proposal.yaml.partition("\n")
    renamed = proposal.yaml if free == source.name else f"name: {free}\n{rest}"
    assert first.startswith("name:")  # recognise writes the name first
    return replace(proposal, name=free, yaml=renamed)


def _free_name(project: Project, wanted: str) -> str:
    taken = {source.name for source in project.sources}
    names = (wanted, *(f"{wanted[:36]}-{number}" for number in range(2, 1_000)))
    return next(name for name in names if name not in taken)
