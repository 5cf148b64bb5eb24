"""A query cut into tokens that know where they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass

from config.errors import QueryError
from config.text import tr

LONGEST = 10_000  # characters
_QUOTES = {'"': '"', "“": "”", "”": "”", "「": "」", "＂": "＂"}
_SINGLE = {"(": "(", "（": "(", ")": ")", "）": ")", "[": "[", "［": "[", "]": "]", "］": "]", "{": "{", "}": "}"}
_COLONS = ":："
_SIGNS = {"+": "+", "＋": "+", "-": "-", "－": "-"}
BETWEEN = ("TO", "至", "到")  # the bounds of a range
_BROKEN = re.compile("[\ud800-\udfff]")  # halves of characters, which no text in UTF-8 holds
_WORDS = {"AND": "and", "&&": "and", "与": "and", "且": "and", "OR": "or", "||": "or", "或": "or"}
_WORDS |= {"NOT": "not", "!": "not", "！": "not", "非": "not"}


@dataclass(frozen=True, slots=True)
class Token:
    """kind: word, phrase, and, or, not, +, -, colon, a bracket, or end; at: index of its first character.

    stars: places in `text` where a * stands for any run (an escaped one is no star).
    """

    kind: str
    text: str
    at: int
    stars: tuple[int, ...] = ()


def tokens(query: str) -> list[Token]:
    """The tokens of `query`, "end" last. Raises QueryError: too long, no text, a quotation mark or escape left open."""
    if len(query) > LONGEST:
        message = tr("查询太长：最多 {n} 个字", "the query is too long: {n} characters at most", n=LONGEST)
        raise QueryError(message, query=query, position=LONGEST)
    broken = _BROKEN.search(query)
    if broken:
        message = tr("这里不是文字（编码有误）；重新输入", "this is no character (broken encoding); type it again")
        raise QueryError(message, query=query, position=broken.start())
    found: list[Token] = []
    at = 0
    while at < len(query):
        character = query[at]
        if character.isspace():
            at += 1
        elif character in _QUOTES:
            token, at = _phrase(query, at)
            found.append(token)
        elif character in _SINGLE:
            found.append(Token(_SINGLE[character], character, at))
            at += 1
        elif character in _COLONS:
            found.append(Token("colon", character, at))
            at += 1
        elif character in _SIGNS and _prefixes(query, at, found):
            found.append(Token(_SIGNS[character], character, at))
            at += 1
        elif character in "!！":
            found.append(Token("not", character, at))
            at += 1
        else:
            token, at = _word(query, at)
            found.append(token)
    return [*found, Token("end", "", len(query))]


def _prefixes(query: str, at: int, found: list[Token]) -> bool:
    """Whether the + or − at `at` belongs to the clause behind it, not to a number (`score:-0.5`)."""
    if found and found[-1].kind in ("colon", "[", "{"):
        return False
    if len(found) > 2 and found[-1].text.upper() in BETWEEN and found[-3].kind in ("[", "{"):
        return False
    return at + 1 < len(query) and not query[at + 1].isspace()


def _phrase(query: str, start: int) -> tuple[Token, int]:
    closing, text, at = _QUOTES[query[start]], "", start + 1
    while at < len(query):
        if query[at] == "\\" and at + 1 < len(query):
            text, at = text + query[at + 1], at + 2
        elif query[at] == closing or (closing == "”" and query[at] == '"'):
            return Token("phrase", text, start), at + 1
        else:
            text, at = text + query[at], at + 1
    message = tr("引号没有关上；补上 {c}", "the quotation mark is not closed; add {c}", c=closing)
    raise QueryError(message, query=query, position=start)


def _word(query: str, start: int) -> tuple[Token, int]:
    text, at, stars, plain = "", start, [], True
    while at < len(query) and not _ends_word(query, at):
        if query[at] == "\\":
            if at + 1 == len(query):
                message = tr("“\\” 后面缺一个字", "a character is missing behind the backslash")
                raise QueryError(message, query=query, position=at)
            text, at, plain = text + query[at + 1], at + 2, False
            continue
        if query[at] in "*＊":
            stars.append(len(text))
        text, at = text + query[at], at + 1
    kind = _WORDS.get(text, "word") if plain else "word"
    return Token(kind, text, start, tuple(stars)), at


def _ends_word(query: str, at: int) -> bool:
    character = query[at]
    # A clock time keeps its colons: 2019-08-01T08:30.
    if character == ":" and at > 0 and query[at - 1].isdigit() and query[at + 1 : at + 3].isdigit():
        return False
    return character.isspace() or character in _QUOTES or character in _SINGLE or character in _COLONS
