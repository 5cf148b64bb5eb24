"""What people write into a case, made safe to keep and to show."""

from __future__ import annotations

import re

from config.errors import ConfigError
from config.text import tr
from nlp.redact import redact

TITLE, WHO, WHY, TEXT = 120, 80, 1_000, 4_000
# Control characters, bidirectional overrides, invisible ones, lone surrogates: none is ever meant.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)
_BLANKS = re.compile(r"[ \t\u00a0\u3000]+")


def line(said: str, most: int, name: str) -> str:
    """One line of safe text with personal data masked. Raises ConfigError above `most` characters; name: what it is."""
    return text(" ".join(_UNSAFE.sub(" ", said).split()), most, name)


def text(said: str, most: int, name: str) -> str:
    """Safe text of several lines with personal data masked. Raises ConfigError above `most` characters."""
    lines = [_BLANKS.sub(" ", _UNSAFE.sub("", one)).strip() for one in said.replace("\r\n", "\n").split("\n")]
    plain = redact("\n".join(lines).strip())
    if len(plain) > most:
        message = "{n} 最多 {m} 字，现有 {l} 字", "{n}: at most {m} characters, got {l}"
        raise ConfigError(tr(*message, n=name, m=most, l=len(plain)))
    return plain


def cut(said: str, most: int) -> str:
    """One line of safe text, cut with … where it is longer than `most`."""
    plain = redact(" ".join(_UNSAFE.sub(" ", said).split()))
    return plain if len(plain) <= most else plain[: most - 1].rstrip() + "…"


def who_of(said: str) -> str:
    """Who does something. Raises ConfigError for nobody."""
    plain = " ".join(_UNSAFE.sub(" ", said).split())[:WHO]
    if not plain:
        raise ConfigError(tr("没有写是谁：--who", "say who it is by --who"))
    return plain
