"""The value behind a field's colon, by the field's kind."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise

from config.errors import QueryError
from config.text import tr
from pipeline.query.fields import Field
from pipeline.query.grams import is_chinese, normalise
from pipeline.query.nodes import And, Exists, Node, Or, Range, Term, Wild, Words
from pipeline.query.times import span
from pipeline.query.tokens import Token

_COMPARED = re.compile(r"([><＞＜][=＝]?)(.+)")
_MOST = 1 << 62
# Of a field's name: what people write → the ids that are meant by it.
Names = Mapping[str, Mapping[str, tuple[str, ...]]]
_HALF_WIDTH = str.maketrans("＞＜＝", "><=")


def plain_value(query: str, field: Field, token: Token, now: datetime, names: Names, *, anywhere: bool = False) -> Node:
    """The node of one word or phrase in `field`; anywhere: in no field named. Raises QueryError."""
    if token.kind == "word" and token.text == "*" and token.stars and not anywhere:
        return Exists(field.index)
    if field.kind == "text":
        return _text(query, "" if anywhere else field.index, token)
    if field.kind in ("number", "time"):
        return _measured(query, field, token, now)
    return _keyword(query, field, token, names)


def _fault(query: str, token: Token, zh: str, en: str, **values: object) -> QueryError:
    return QueryError(tr(zh, en, t=token.text, **values), query=query, position=token.at)


def _text(query: str, field: str, token: Token) -> Node:
    if token.stars:
        return _wild_text(query, field, token)
    value = normalise(token.text)
    if not value:
        raise _fault(query, token, "“{t}”里没有可查的字", "there is nothing to search for in “{t}”")
    if token.kind == "phrase" and is_chinese(value):
        return Words(field, value.replace(" ", ""))
    return Words(field, value.replace(" ", "") if is_chinese(value) else value)


def _wild_text(query: str, field: str, token: Token) -> Node:
    pieces = [normalise(piece).replace(" ", "") for piece in _pieces(token)]
    solid = [piece for piece in pieces if piece]
    if not solid:
        raise _fault(query, token, "“*” 旁边至少写一个字", "put at least one character beside “*”")
    if is_chinese("".join(solid)):
        # Chinese runs are found wherever they stand, so a star only says that something may lie between them.
        found = tuple(Words(field, piece) for piece in dict.fromkeys(solid))
        return found[0] if len(found) == 1 else And(found)
    return Wild(field, "*".join(pieces))


def _pieces(token: Token) -> list[str]:
    edges = [-1, *token.stars, len(token.text)]
    return [token.text[a + 1 : b] for a, b in pairwise(edges)]


def _keyword(query: str, field: Field, token: Token, names: Names) -> Node:
    if token.stars:
        pieces = _pieces(token)
        if field.kind == "flag" or not any(pieces):
            raise _fault(query, token, "“{t}”不能这样写", "“{t}” cannot be written here")
        return Wild(field.index, "*".join(pieces))
    value = (field.values or {}).get(token.text, token.text)
    if meant := names.get(field.name, {}).get(value):
        terms = tuple(Term(field.index, one) for one in meant)
        return terms[0] if len(terms) == 1 else Or(terms)
    if field.kind == "flag":
        if value not in ("0", "1"):
            raise _fault(query, token, "“{t}”应为 是 或 否", "“{t}” must be yes or no")
        return Range(field.index, int(value), int(value))
    if not value:
        raise _fault(query, token, "“{f}:” 后面缺少值", "a value is missing behind “{f}:”", f=field.name)
    if field.name == "copies":
        # The cluster has the id of the post that was seen first, which the index knows by that id alone.
        return Or((Term(field.index, value), Term("id", value)))
    # Ids of places are in small letters, those that public data masks (A7县) too.
    return Term(field.index, value.lower() if field.name == "place" else value)


def _measured(query: str, field: Field, token: Token, now: datetime) -> Node:
    found = _COMPARED.fullmatch(token.text)
    if not found:
        low, end = _bounds(query, field, token, token.text, now)
        return Range(field.index, low, end, True, field.kind == "number")
    sign, rest = found.groups()
    low, end = _bounds(query, field, token, rest, now)
    sign = sign.translate(_HALF_WIDTH)
    if field.kind == "time":  # a day as a whole: > begins behind its end, <= reaches to its end
        if sign in (">", ">="):
            return Range(field.index, end if sign == ">" else low, None)
        return Range(field.index, None, end if sign == "<=" else low, True, False)
    if sign in (">", ">="):
        return Range(field.index, low, None, sign == ">=", True)
    return Range(field.index, None, low, True, sign == "<=")


def range_of(query: str, field: Field, low: Token, high: Token, ends: tuple[bool, bool], now: datetime) -> Node:
    """The node of a bracketed range; ends: whether low and high themselves belong to it. Raises QueryError."""
    if field.kind not in ("number", "time"):
        raise _fault(query, low, "字段 {f} 不能按范围查", "field {f} has no ranges", f=field.name)
    from_, to = (None if t.text == "*" else _bounds(query, field, t, t.text, now) for t in (low, high))
    if from_ and to and from_[0] > to[0]:
        raise _fault(query, low, "范围的低端大于高端；请对调", "the low end lies above the high end; swap them")
    if field.kind == "number":
        ends = (ends[0] or from_ is None, ends[1] or to is None)
        return Range(field.index, from_[0] if from_ else None, to[0] if to else None, *ends)
    least = None if from_ is None else from_[0] if ends[0] else from_[1]
    return Range(field.index, least, None if to is None else to[1] if ends[1] else to[0], True, to is None)


def _bounds(query: str, field: Field, token: Token, text: str, now: datetime) -> tuple[float, float] | tuple[int, int]:
    if field.kind == "time":
        found = span(text, now)
        if found is None:
            raise _fault(
                query,
                token,
                "“{t}”不是时间；写作 2019-08-01、2019-08、2019 或 now-7d",
                "“{t}” is no time; write 2019-08-01, 2019-08, 2019 or now-7d",
            )
        return found
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or abs(number) >= _MOST:
        raise _fault(query, token, "“{t}”不是数", "“{t}” is no number")
    if field.index in ("score", "confidence"):
        return number, number
    if number != int(number):
        raise _fault(query, token, "“{t}”应为整数", "“{t}” must be a whole number")
    return int(number), int(number)
