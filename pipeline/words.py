"""The project's own words: which are suggested by its posts, and how they come into its dictionary."""

from __future__ import annotations

import os
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, select

from config.errors import ConfigError, StageError
from config.project import Project
from config.settings import SHIPPED
from config.text import tr
from crawlers.rows import to_ms
from crawlers.schema import post
from crawlers.store import open_store, read
from nlp.new_words import Candidate, discover
from nlp.normalise import normalise
from nlp.segment import Segmenter, read_user_words

LONGEST = 32
_AT_ONCE = 2_000


class _Whole:
    """The words that the segmenter keeps whole already, so that adding them would change nothing."""

    def __init__(self, segmenter: Segmenter) -> None:
        self._tokens = segmenter.tokens

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self._tokens(word) == [word]


def suggest(project: Project, *, now: datetime, days: int, limit: int, least: int = 5) -> list[Candidate]:
    """New words of the posts of the last `days` days (by when they were published, else collected), best first, at most `limit`.

    Raises StageError, TransientError (store), ConfigError (dictionary).
    """
    known = _Whole(Segmenter(project.settings.nlp.segmenter, _current(project)))
    store = open_store(project)
    try:
        with read(store) as connection:
            return discover(_texts(connection, now - timedelta(days=days)), known, least=least)[:limit]
    finally:
        store.dispose()


def _texts(connection: Connection, since: datetime) -> Iterator[str]:
    moment = func.coalesce(post.c.published_ms, post.c.collected_ms)
    asked = select(post.c.title, post.c.text).where(moment >= to_ms(since))
    for title, text in connection.execution_options(yield_per=_AT_ONCE).execute(asked):
        yield f"{title}\n{text}"


def own_path(project: Project) -> Path:
    """Where the project's own user dictionary is, or would be."""
    return project.config_dir / project.settings.nlp.user_words


def _current(project: Project) -> Path:
    own = own_path(project)
    return own if own.exists() else SHIPPED / project.settings.nlp.user_words


def words_of(project: Project) -> list[tuple[str, bool]]:
    """The words of the user dictionary in use, each with whether it is the project's own (not shipped)."""
    shipped_path = SHIPPED / project.settings.nlp.user_words
    shipped = {word for word, _ in read_user_words(shipped_path)} if shipped_path.exists() else set()
    found = dict.fromkeys(word for word, _ in read_user_words(_current(project)))
    return [(word, word not in shipped) for word in found]


def accept(project: Project, words: Sequence[str]) -> list[str]:
    """Add words to the project's own dictionary; returns those that are new to it. All or nothing.

    The first time the shipped dictionary is copied, since an own file stands in its place.
    Raises ConfigError for a word that cannot be one or a faulty dictionary, StageError when the file cannot be written.
    """
    for word in words:
        _check(word)
    held = {word for word, _ in words_of(project)}
    added = [word for word in dict.fromkeys(map(normalise, words)) if word not in held]
    if added:
        before = _current(project).read_text(encoding="utf-8-sig")
        _replace(own_path(project), before + ("" if before.endswith("\n") else "\n") + "\n".join(added) + "\n")
    return added


def _check(word: str) -> None:
    """Raises ConfigError unless the dictionary can hold `word` and it says something."""
    # Separators (Z) and controls, invisible signs, lone surrogates (C) would break the line or never match.
    faulty = any(c == "#" or unicodedata.category(c)[0] in "ZC" for c in word)
    if faulty or len(word) > LONGEST or not any(c.isalnum() for c in word):
        message = tr(
            "“{w}”不能作词：须有字，最多 {m} 字，不含空格、# 与控制字符；什么都没有写入",
            "“{w}” cannot be a word: it needs letters, at most {m} of them, no space, # or control character; nothing "
            "was written",
            w=word[: LONGEST + 1],
            m=LONGEST,
        )
        raise ConfigError(message)


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp keeps others out; the dictionary is read by whoever runs the dashboard.
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> StageError:
    return StageError(tr("{f}：写不了（{e}）", "{f}: cannot be written ({e})", f=path, e=error.strerror or error))
