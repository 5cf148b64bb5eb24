"""The wordings of the demo town, read from `texts/*.txt`.

A file holds lines `键: 值` (name, category, units, board, weight), then sections `== 帖子`, `== 追加`, `== 跟帖`,
`== 答复`. A line of a section begins with its stance (诉 求 问 议 赞, or * for any) and a space; `||` parts title and body.
Inside a wording `[a|b|c]` is a choice, `{小区}` a place or figure that is the same all through one post, `¶` a new line.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "texts"
STANCES = {"诉": "complaint", "求": "request", "问": "question", "议": "suggestion", "赞": "praise", "*": "any"}
_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_SLOT = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Line:
    """One wording. stance: a value of STANCES; title: "" where the section has none."""

    stance: str
    title: str
    body: str


@dataclass(frozen=True)
class Sheet:
    """One file of wordings. facts: the keys at its head; sections: name → lines."""

    name: str
    facts: dict[str, str]
    sections: dict[str, tuple[Line, ...]]

    def units(self) -> list[str]:
        """The offices that answer for this theme, likeliest first."""
        return self.facts.get("单位", "县政务服务中心").split("、")

    def lines(self, section: str, stance: str) -> list[Line]:
        """Lines of `section` that suit `stance`: its own, else those for any."""
        found = [line for line in self.sections.get(section, ()) if line.stance in {stance, "any"}]
        # A request for help is talked about as a complaint is; both lack lines only in the shortest files.
        if not found and stance == "request":
            return self.lines(section, "complaint")
        return found


def read_sheet(path: Path) -> Sheet:
    """The sheet in `path`. Raises ValueError with file and line for a line without stance."""
    facts: dict[str, str] = {}
    sections: dict[str, list[Line]] = defaultdict(list)
    section = ""
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = raw.strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("=="):
            section = text.strip("= ")
        elif section:
            sections[section].append(_line(text, where=f"{path.name}:{number}"))
        else:
            key, _, value = text.partition(":")
            facts[key.strip()] = value.strip()
    return Sheet(path.stem, facts, {name: tuple(lines) for name, lines in sections.items()})


def _line(text: str, *, where: str) -> Line:
    mark, _, rest = text.partition(" ")
    if mark not in STANCES or not rest:
        raise ValueError(f"{where}: a line begins with one of {' '.join(STANCES)} and a space")
    title, parted, body = rest.partition("||")
    return Line(STANCES[mark], title.strip() if parted else "", (body if parted else rest).strip())


def read_sheets(folder: Path = FOLDER) -> dict[str, Sheet]:
    """All sheets by name."""
    return {path.stem: read_sheet(path) for path in sorted(folder.glob("*.txt"))}


@dataclass
class Filler:
    """Fills the wordings of one post: the same slot has the same value everywhere in it.

    sources: how each slot is drawn; values: what was drawn (ground truth of the places named).
    """

    rng: random.Random
    sources: dict[str, Callable[[random.Random], str]]
    values: dict[str, str] = field(default_factory=dict)

    def __call__(self, wording: str) -> str:
        """`wording` with all choices made and slots filled. Raises KeyError for an unknown slot."""
        while (chosen := _CHOICE.sub(self._choose, wording)) != wording:
            wording = chosen
        return _SLOT.sub(self._fill, wording).replace("¶", "\n")

    def _choose(self, match: re.Match[str]) -> str:
        return self.rng.choice(str(match[1]).split("|"))

    def _fill(self, match: re.Match[str]) -> str:
        name = match[1]
        if name not in self.values:
            # {小区2}: another draw of the same kind.
            self.values[name] = self.sources[name.rstrip("23")](self.rng)
        return self.values[name]


@dataclass
class Bag:
    """Deals lines so that each is used once before any comes again."""

    rng: random.Random
    left: dict[tuple[str, str, str], list[Line]] = field(default_factory=dict)

    def draw(self, sheet: Sheet, section: str, stance: str = "") -> Line:
        """A line of the section; stance "" means of any stance. Raises IndexError for an empty section."""
        key = (sheet.name, section, stance)
        if not self.left.get(key):
            pool = sheet.lines(section, stance) if stance else list(sheet.sections.get(section, ()))
            self.left[key] = self.rng.sample(pool, len(pool))
        return self.left[key].pop()
