"""Cuts Chinese text into words: the one way for index, queries and models, so that what is indexed can be found."""

from __future__ import annotations

import io
import logging
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from pathlib import Path
from typing import Literal

from config.errors import ConfigError
from config.text import tr
from nlp.normalise import normalise

# Words a person adds weigh as much as a common dictionary word, so that they win against their parts.
_USER_FREQUENCY = 20_000
_MAX_WORD = 32


def _half_width() -> dict[int, str]:
    """Full-width ASCII and the ideographic space to half width; other compatibility forms stay as they are."""
    table = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    table[0x3000] = " "
    return table


_WIDTH = _half_width()
# Zero-width characters and soft hyphens are typed to trick filters; they cut words apart without being seen.
_INVISIBLE = dict.fromkeys([0xAD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF], "")
_FOLD = {**_WIDTH, **_INVISIBLE}


def fold(text: str) -> str:
    """`text` in half width, lower case, without invisible characters: the form that is matched, never the one shown."""
    return text.translate(_FOLD).lower() if not text.isascii() else text.lower()


class Segmenter:
    """Cuts text by jieba's dictionary. kind: "rjieba" (Rust, the default) or "jieba" (the same dictionary, slower).

    user_words: a file with a word a line, optionally followed by frequency and part of speech; None for no user words.
    Raises ConfigError for a faulty file or when the chosen package is not installed.
    """

    def __init__(self, kind: Literal["rjieba", "jieba"] = "rjieba", user_words: Path | None = None) -> None:
        words = list(read_user_words(user_words)) if user_words is not None else []
        self._cut = _rjieba(words) if kind == "rjieba" else _jieba(words)

    def tokens(self, text: str) -> list[str]:
        """The words of `text`: normalised, without white space and punctuation. Empty for text without words; never raises."""
        return self.words(normalise(text))

    def words(self, normalised: str) -> list[str]:
        """The words of a text that `normalise` gave."""
        return [word for word in self._cut(normalised) if word.isalnum() or _has_word(word)]


def _has_word(token: str) -> bool:
    """Whether a token that is not all letters and digits still holds one (c++, 3.5, a-b); emoji count as words."""
    return any(c.isalnum() or unicodedata.category(c) == "So" for c in token)


def read_user_words(path: Path) -> Iterator[tuple[str, int]]:
    """Words and frequencies of a user dictionary. Raises ConfigError with the line of a faulty entry."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(tr("{f}：读不了用户词典（{e}）", "{f}: cannot be read ({e})", f=path, e=error)) from error
    for number, line in enumerate(lines, start=1):
        parts = line.split("#", 1)[0].split()
        if not parts:
            continue
        frequency = parts[1] if len(parts) > 1 and parts[1].isdigit() else str(_USER_FREQUENCY)
        if len(parts) > 3 or len(parts[0]) > _MAX_WORD or int(frequency) > 10**8:
            message = tr(
                "{f}:{n}: 应写作“词 [词频] [词性]”，词最多 {m} 字",
                "{f}:{n}: must be written “word [frequency] [tag]”, the word of at most {m} characters",
                f=path,
                n=number,
                m=_MAX_WORD,
            )
            raise ConfigError(message)
        yield normalise(parts[0]), int(frequency)


def _rjieba(words: list[tuple[str, int]]) -> Callable[[str], list[str]]:
    import rjieba

    engine = rjieba.Jieba()
    for word, frequency in words:
        engine.add_word(word, frequency, None)

    def cut(text: str) -> list[str]:
        # The engine takes no lone surrogates; text from the store never has them, text of a query may.
        return engine.cut(text.encode("utf-8", "replace").decode("utf-8"))

    return cut


def _jieba(words: list[tuple[str, int]]) -> Callable[[str], list[str]]:
    try:
        # Its dictionary and its chatter come at import; the latter is of no use to anybody.
        with redirect_stderr(io.StringIO()):
            import jieba
    except ImportError as error:
        message = tr(
            "没有安装 jieba：pip install 'qingyu[classic]'", "jieba is not installed: pip install 'qingyu[classic]'"
        )
        raise ConfigError(message) from error
    jieba.setLogLevel(logging.WARNING)
    engine = jieba.Tokenizer()
    for word, frequency in words:
        engine.add_word(word, frequency)
    return engine.lcut  # type: ignore[no-any-return]
