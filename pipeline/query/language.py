"""The query language: text in, nodes out. docs/reference/query-language.md shows each construct.

query  = clause { ["OR"] clause }         AND binds closer than OR; nothing between two clauses means AND
clause = ["NOT" | "-" | "+"] ( "(" query ")" | field ":" value | word | phrase )
"""

from __future__ import annotations

from datetime import UTC, datetime

from config.errors import QueryError
from config.text import tr
from pipeline.query.fields import BY_NAME, Field
from pipeline.query.grams import normalise
from pipeline.query.naming import field_named
from pipeline.query.nodes import All, And, Node, Not, Or, Words
from pipeline.query.tokens import BETWEEN, Token, tokens
from pipeline.query.values import Names, plain_value, range_of

DEEPEST = 20  # brackets in brackets
MOST_CLAUSES = 200


def parse(query: str, *, now: datetime | None = None, names: Names | None = None) -> Node:
    """What `query` means; nothing but spaces means all posts.

    now: what `now-7d` counts from; names: what people write for the ids of a field. Raises QueryError at the faulty character.
    """
    return _Parser(query, now or datetime.now(UTC), names or {}).whole()


class _Parser:
    def __init__(self, query: str, now: datetime, names: Names) -> None:
        self.query, self.now, self.names = query, now, names
        self.tokens = tokens(query)
        self.at = self.depth = self.clauses = 0

    def whole(self) -> Node:
        if self.peek().kind == "end":
            return All()
        node = self.alternatives()
        if self.peek().kind != "end":
            self.fail("多余的“{t}”；去掉它，或补上与之成对的括号", "“{t}” is too much; drop it or add its partner")
        return node

    def peek(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at += token.kind != "end"
        return token

    def fail(self, zh: str, en: str, token: Token | None = None, /, **values: object) -> QueryError:
        token = token or self.peek()
        raise QueryError(tr(zh, en, t=token.text, **values), query=self.query, position=token.at)

    def alternatives(self, field: Field | None = None) -> Node:
        found = [self.conjunction(field)]
        while self.peek().kind == "or":
            self.take()
            found.append(self.conjunction(field))
        return found[0] if len(found) == 1 else Or(tuple(found))

    def conjunction(self, field: Field | None) -> Node:
        found = [self.clause(field)]
        while self.peek().kind not in ("or", ")", "]", "}", "end"):
            if self.peek().kind == "and":
                self.take()
            found.append(self.clause(field))
        return found[0] if len(found) == 1 else And(tuple(found))

    def clause(self, field: Field | None) -> Node:
        self.clauses += 1
        if self.clauses > MOST_CLAUSES:
            self.fail("条件太多：最多 {n} 个", "too many conditions: {n} at most", None, n=MOST_CLAUSES)
        negated = False
        while self.peek().kind in ("not", "-", "+"):
            negated ^= self.take().kind != "+"
        node = self.primary(field)
        return Not(node) if negated else node

    def primary(self, field: Field | None) -> Node:
        token = self.peek()
        if token.kind == "(":
            return self.group(field)
        if token.kind == "word" and field is None and self.tokens[self.at + 1].kind == "colon":
            return self.of_field()
        if token.kind in ("word", "phrase"):
            return self.value(self.take(), field)
        if token.kind == "end":
            self.fail("查询没有写完；在末尾补上要找的词", "the query ends too early; add a word")
        raise self.fail("这里应是要找的词，不是“{t}”", "a word was expected here, not “{t}”")

    def group(self, field: Field | None) -> Node:
        opening = self.take()
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail("括号套得太深：最多 {n} 层", "brackets are nested too deep: {n} at most", opening, n=DEEPEST)
        node = self.alternatives(field)
        if self.take().kind != ")":
            self.fail("括号没有关上；补上“)”", "the bracket is not closed; add “)”", opening)
        self.depth -= 1
        return node

    def of_field(self) -> Node:
        name = self.take()
        field = field_named(self.query, name.text, name.at)
        self.take()
        token = self.peek()
        if token.kind == "(":
            return self.group(field)
        if token.kind in ("[", "{"):
            return self.bracket(field)
        if token.kind not in ("word", "phrase"):
            self.fail("“{f}:” 后面缺少值", "a value is missing behind “{f}:”", None, f=name.text)
        return self.value(self.take(), field)

    def bracket(self, field: Field) -> Node:
        opening, low = self.take(), self.bound()
        between = self.take()
        if between.text.upper() not in BETWEEN:
            self.fail("范围写作 [低 TO 高]", "write a range as [low TO high]", between)
        high, closing = self.bound(), self.take()
        if closing.kind not in ("]", "}"):
            self.fail("范围没有关上；补上“]”", "the range is not closed; add “]”", opening)
        ends = (opening.kind == "[", closing.kind == "]")
        return range_of(self.query, field, low, high, ends, self.now)

    def bound(self) -> Token:
        token = self.take()
        if token.kind not in ("word", "phrase"):
            self.fail("范围里缺少数值或时间（不限写 *）", "a bound is missing (write * for none)", token)
        return token

    def value(self, token: Token, field: Field | None) -> Node:
        if field is not None:
            return plain_value(self.query, field, token, self.now, self.names)
        return plain_value(self.query, BY_NAME["text"], token, self.now, self.names, anywhere=True)


def marks(node: Node) -> tuple[str, ...]:
    """The runs of text to be marked in what is shown: those asked for, not those excluded."""
    match node:
        case Words():
            return (node.value,)
        case And() | Or():
            return tuple(dict.fromkeys(mark for item in node.items for mark in marks(item)))
        case _:
            return ()


__all__ = ["marks", "normalise", "parse"]
