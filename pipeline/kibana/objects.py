"""A file of saved objects, read with care: it may come from anyone, so every wrong line is named and nothing is trusted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.errors import ConfigError
from config.text import tr

MOST_BYTES = 50_000_000
_MOST_OBJECTS = 10_000


class CannotDrawError(Exception):
    """A panel that cannot be drawn here; its text says why, for the place where the panel would stand."""


class Part:
    """A piece of JSON whose shape is not known: what is absent or of another kind reads as nothing."""

    __slots__ = ("raw",)

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    def __getitem__(self, key: str) -> Part:
        return Part(self.raw.get(key) if isinstance(self.raw, dict) else None)

    def __bool__(self) -> bool:
        return bool(self.raw)

    def text(self) -> str:
        """The string, "" for anything else."""
        return self.raw if isinstance(self.raw, str) else ""

    def whole(self, other: int) -> int:
        """The whole number, also where it stands in a string; `other` for anything else."""
        if isinstance(self.raw, bool):
            return other
        if isinstance(self.raw, int | float) and abs(self.raw) < 1e9:
            return int(self.raw)
        return int(self.raw) if isinstance(self.raw, str) and self.raw.isdecimal() and len(self.raw) < 10 else other

    def parts(self) -> list[Part]:
        """The members of a list."""
        return [Part(one) for one in self.raw] if isinstance(self.raw, list) else []

    def texts(self) -> list[str]:
        """The strings of a list; a string alone is a list of one."""
        if isinstance(self.raw, str):
            return [self.raw]
        return [one for one in self.raw if isinstance(one, str)] if isinstance(self.raw, list) else []

    def items(self) -> list[tuple[str, Part]]:
        """The entries of an object."""
        return [(key, Part(value)) for key, value in self.raw.items()] if isinstance(self.raw, dict) else []


@dataclass(frozen=True, slots=True)
class SavedObject:
    """A line of the file. references: name → (type, id)."""

    kind: str
    id: str
    attributes: Part
    references: Mapping[str, tuple[str, str]]
    line: int
    file: str

    @property
    def title(self) -> str:
        """The object's title."""
        return self.attributes["title"].text()

    def inner(self, where: Part, name: str) -> Part:
        """The JSON that stands as a string in `where`. Raises ConfigError with the line where it is none."""
        text = where[name].raw
        if text is None or text == "":
            return Part(None)
        if not isinstance(text, str):
            return Part(text)  # some tools write it without the string around it
        try:
            return Part(_parsed(text))
        except (ValueError, RecursionError) as error:
            raise fault(self.file, self.line, *_inner_fault(name)) from error


def _parsed(text: str) -> Any:
    """The JSON of `text`; halves of characters, which no file holds, become question marks. Raises ValueError."""
    value = json.loads(text)
    if "\\ud" not in text.lower():
        return value
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def _inner_fault(name: str) -> tuple[str, str]:
    return f"{name} 不是有效的 JSON；请从 Kibana 重新导出", f"{name} is not valid JSON; export it from Kibana anew"


def fault(file: str, line: int, zh: str, en: str) -> ConfigError:
    """The error of a line."""
    return ConfigError(tr("{f}:{n}: {m}", "{f}:{n}: {m}", f=file, n=line, m=tr(zh, en)))


def read_objects(path: Path) -> dict[tuple[str, str], SavedObject]:
    """The objects of a file by type and id, in its order. Raises ConfigError that names file and line."""
    name = str(path)
    try:
        raw = path.read_bytes() if path.stat().st_size <= MOST_BYTES else None
    except OSError as error:
        raise ConfigError(tr("{f}：读不了（{e}）", "{f}: cannot be read ({e})", f=name, e=error.strerror)) from error
    if raw is None:
        raise ConfigError(
            tr("{f}：文件太大（上限 {m} 字节）", "{f}: too large (at most {m} bytes)", f=name, m=MOST_BYTES)
        )
    found: dict[tuple[str, str], SavedObject] = {}
    for line, text in _lines(raw, name):
        one = _saved_object(text, line, name)
        if one is None:
            continue
        if (one.kind, one.id) in found:
            raise fault(name, line, f"{one.kind} {one.id} 写了两次", f"{one.kind} {one.id} stands twice")
        found[one.kind, one.id] = one
        if len(found) > _MOST_OBJECTS:
            raise fault(name, line, f"对象太多（上限 {_MOST_OBJECTS}）", f"too many objects (at most {_MOST_OBJECTS})")
    if not found:
        raise fault(name, 1, "里面没有 Kibana 对象；请在 Kibana 的“已保存对象”里导出", "no saved object in it")
    return found


def _lines(raw: bytes, name: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            yield number, line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise fault(name, number, "不是 UTF-8", "not UTF-8") from error


def _saved_object(text: str, line: int, name: str) -> SavedObject | None:
    """The object of a line; None for the summary in the end."""
    try:
        whole = Part(_parsed(text))
    except (ValueError, RecursionError) as error:
        raise fault(
            name, line, "不是有效的 JSON；NDJSON 每行一个对象", "not valid JSON; NDJSON has an object a line"
        ) from error
    if not isinstance(whole.raw, dict):
        raise fault(name, line, "应是一个对象 {…}", "must be an object {…}")
    if "exportedCount" in whole.raw or "exportedObjectCount" in whole.raw:
        return None
    kind, id_ = whole["type"].text(), whole["id"].text()
    if not kind or not id_:
        raise fault(name, line, "缺少 type 或 id，不是 Kibana 的对象", "type or id is missing; this is no saved object")
    if not isinstance(whole["attributes"].raw, dict):
        raise fault(name, line, "attributes 应是一个对象", "attributes must be an object")
    references = {one["name"].text(): (one["type"].text(), one["id"].text()) for one in whole["references"].parts()}
    return SavedObject(kind, id_, whole["attributes"], references, line, name)
