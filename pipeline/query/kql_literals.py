"""The words of Kibana's query language: quoted and unquoted, their escapes, and where one ends."""

from __future__ import annotations

import re

from config.errors import QueryError
from config.text import tr
from pipeline.query.tokens import Token

SPECIAL = '\\():<>"*{}'
_KEYWORD = re.compile(r"(and|or|not)(?=[\s(\"]|$)", re.IGNORECASE)
_ESCAPED_KEYWORD = re.compile(r"(and|or|not)(?!\w)", re.IGNORECASE)
_BLANKS = {"t": "\t", "r": "\r", "n": "\n"}
_UNICODE = re.compile(r"u([0-9a-fA-F]{4})")


def keyword_at(query: str, at: int) -> str:
    """The keyword (and, or, not) that begins at `at` as a word of its own, in small letters; "" for none."""
    if at and not (query[at - 1].isspace() or query[at - 1] in '()"'):
        return ""
    found = _KEYWORD.match(query, at)
    return found[1].lower() if found else ""


def quoted(query: str, start: int) -> tuple[Token, int]:
    """The phrase whose opening quotation mark stands at `start`, and where it ends. Raises QueryError: left open."""
    text, at = "", start + 1
    while at < len(query):
        if query[at] == '"':
            return Token("phrase", text, start), at + 1
        if query[at] == "\\" and at + 1 < len(query):
            piece, at = _escape(query, at, in_quotes=True)
            text += piece
        else:
            text, at = text + query[at], at + 1
    message = tr('引号没有关上；补上 "', 'the quotation mark is not closed; add "')
    raise QueryError(message, query=query, position=start)


def unquoted(query: str, start: int) -> tuple[Token, int]:
    """The words from `start` up to a special character or keyword, spaces at the end left out, and where they end."""
    text, at, stars = "", start, []
    while at < len(query) and not (query[at] in SPECIAL and query[at] not in "\\*") and not keyword_at(query, at):
        if query[at] == "\\":
            if at + 1 == len(query):
                message = tr("“\\” 后面缺一个字", "a character is missing behind the backslash")
                raise QueryError(message, query=query, position=at)
            piece, at = _escape(query, at, in_quotes=False)
            text += piece
            continue
        if query[at] == "*":
            stars.append(len(text))
        text, at = text + query[at], at + 1
    return Token("word", text.rstrip(), start, tuple(stars)), at


def _escape(query: str, at: int, *, in_quotes: bool) -> tuple[str, int]:
    """What the backslash at `at` and what follows it stand for, and where that ends."""
    if not in_quotes and (found := _ESCAPED_KEYWORD.match(query, at + 1)):
        return found[0], found.end()
    character = query[at + 1]
    if character in _BLANKS:
        return _BLANKS[character], at + 2
    if found := _UNICODE.match(query, at + 1):
        return chr(int(found[1], 16)), found.end()
    # Kibana leaves a backslash before any other character where it is.
    known = '\\"' if in_quotes else SPECIAL
    return (character, at + 2) if character in known else ("\\", at + 1)


def pieces(token: Token) -> list[Token]:
    """The words of an unquoted literal apart: in running text Kibana finds posts with any of them."""
    found = []
    for match in re.finditer(r"\S+", token.text):
        stars = tuple(star - match.start() for star in token.stars if match.start() <= star < match.end())
        found.append(Token("word", match[0], token.at, stars))
    return found
