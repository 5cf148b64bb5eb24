"""Kibana's query language (KQL) into the nodes of our own; `pipeline.query.kql_writing` is the way back.

query  = and { "or" and }     and = not { "and" not }     not = { "not" } ( "(" query ")" | expression )
expression = field ":" ( value | "(" list of values ")" ) | field ( "<" | ">" | "<=" | ">=" ) value | value
Fields have the names they have in the index (and in Kibana), or those of our own language. Running text means here what
it means in ours: runs of Chinese characters however they were cut, the official reply together with the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from config.errors import QueryError
from config.text import tr
from pipeline.query.fields import BY_INDEX, BY_NAME, Field
from pipeline.query.kql_folding import EMPTY, folded_and, folded_or, run_of_pairs, unmarked
from pipeline.query.kql_literals import SPECIAL, keyword_at, pieces, quoted, unquoted
from pipeline.query.language import DEEPEST
from pipeline.query.naming import field_named
from pipeline.query.nodes import All, And, Exists, Node, Not, Or, Term, Words
from pipeline.query.tokens import Token
from pipeline.query.values import Names, plain_value

LONGEST = 40_000  # characters
MOST_CLAUSES = 1_000  # what is one clause of ours may be three of KQL
# Fields of the index that our own language has no name for. `official` alone is no field of the nodes: see `_whole`.
OFFICIAL = Field("official", "official", "text", ())
_EXTRA = (
    Field("words", "words", "keyword", ()),
    Field("duplicate_of", "duplicate_of", "keyword", ()),
    Field("negative", "negative", "flag", (), {"true": "1", "false": "0"}),
    OFFICIAL,
)
KNOWN: Mapping[str, Field] = (
    BY_NAME | {name: replace(field, name=name) for name, field in BY_INDEX.items()} | {f.name: f for f in _EXTRA}
)


def parse_kql(query: str, *, now: datetime | None = None, names: Names | None = None) -> Node:
    """What the KQL `query` means; nothing but spaces means all posts. As `pipeline.query.language.parse`."""
    return _Parser(query, now or datetime.now(UTC), names or {}).whole()


class _Parser:
    def __init__(self, query: str, now: datetime, names: Names) -> None:
        if len(query) > LONGEST:
            message = tr("查询太长：最多 {n} 个字", "the query is too long: {n} characters at most", n=LONGEST)
            raise QueryError(message, query=query, position=LONGEST)
        broken = next((n for n, c in enumerate(query) if "\ud800" <= c <= "\udfff"), None)
        if broken is not None:
            message = tr("这里有半个字，不是文本；删去它", "half a character stands here; remove it")
            raise QueryError(message, query=query, position=broken)
        self.query, self.now, self.names = query, now, names
        self.at = self.depth = self.clauses = 0
        self.bare = True  # whether the clause read last stood without brackets around it
        self.official_at = 0

    def whole(self) -> Node:
        self.spaces()
        if self.at == len(self.query):
            return All()
        node = self.alternatives()
        if self.at < len(self.query):
            raise self.fault(
                "多余的“{c}”：词与词之间写 and 或 or，含特殊字符的值加引号",
                "“{c}” is too much: write and or or between clauses, and put values with special characters in quotes",
            )
        return self.without_official_alone(node)

    def without_official_alone(self, node: Node) -> Node:
        if any(getattr(leaf, "field", "") == OFFICIAL.index for leaf in _leaves(node)):
            message = tr(
                "official（官方答复）不能单独查：本系统把答复与正文一起查，请写 text",
                "official (the reply) is not searched alone but together with the text; write text",
            )
            raise QueryError(message, query=self.query, position=self.official_at)
        return node

    def spaces(self) -> None:
        while self.at < len(self.query) and self.query[self.at].isspace():
            self.at += 1

    def next(self) -> str:
        return self.query[self.at] if self.at < len(self.query) else ""

    def fault(self, zh: str, en: str, at: int | None = None, /, **values: object) -> QueryError:
        at = self.at if at is None else at
        shown = self.query[at : at + 1] or tr("（末尾）", "(end)")
        return QueryError(tr(zh, en, c=shown, **values), query=self.query, position=at)

    def word(self, wanted: str) -> bool:
        self.spaces()
        if keyword_at(self.query, self.at) != wanted:
            return False
        self.at += len(wanted)
        self.spaces()
        return True

    def alternatives(self, field: Field | None = None) -> Node:
        found = [self.conjunction(field)]
        while self.word("or"):
            found.append(self.conjunction(field))
        self.bare = self.bare and len(found) == 1
        return folded_or(found)

    def conjunction(self, field: Field | None) -> Node:
        found = [(self.clause(field), self.bare)]
        while self.word("and"):
            found.append((self.clause(field), self.bare))
        self.bare = len(found) == 1 and found[0][1]
        return folded_and(found)

    def clause(self, field: Field | None) -> Node:
        self.clauses += 1
        if self.clauses > MOST_CLAUSES:
            raise self.fault("条件太多：最多 {n} 个", "too many conditions: {n} at most", n=MOST_CLAUSES)
        negated = False  # as in our own language, two negations are none
        while self.word("not"):
            negated = not negated
        self.spaces()
        if self.next() == "(":
            node = self.group(field)
            self.bare = False
        else:
            node = self.literal_value(field) if field else self.expression()
            self.bare = True
            if negated and isinstance(node, Not):  # what says that a text is empty: its negation says there is some
                return node.item
        return Not(node) if negated else node

    def group(self, field: Field | None) -> Node:
        opening = self.at
        self.at += 1
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fault(
                "括号套得太深：最多 {n} 层", "brackets are nested too deep: {n} at most", opening, n=DEEPEST
            )
        node = self.alternatives(field)
        self.spaces()
        if self.next() != ")":
            if self.next():
                raise self.fault("这里应是 and、or 或“)”，不是“{c}”", "and, or or “)” was expected here, not “{c}”")
            raise self.fault("括号没有关上；补上“)”", "the bracket is not closed; add “)”", opening)
        self.at += 1
        self.depth -= 1
        return node

    def literal(self) -> Token:
        """The words or phrase that stand here."""
        self.spaces()
        character = self.next()
        if character == '"':
            token, self.at = quoted(self.query, self.at)
            return token
        if not character:
            raise self.fault(
                "查询没有写完；在末尾补上要找的词", "the query ends too early; add what is to be searched for"
            )
        if (character in SPECIAL and character not in "\\*") or keyword_at(self.query, self.at):
            raise self.fault("这里应是要找的词，不是“{c}”", "a word was expected here, not “{c}”")
        token, self.at = unquoted(self.query, self.at)
        return token

    def expression(self) -> Node:
        token = self.literal()
        self.spaces()
        character = self.next()
        if character == ":":
            self.at += 1
            return self.of_field(token)
        if character and character in "<>":
            return self.compared(token)
        return self.value(token, None)

    def of_field(self, name: Token) -> Node:
        field = self.field(name)
        self.spaces()
        if self.next() == "{":
            raise self.fault(
                "嵌套查询“字段:{{…}}”不能用：这里没有嵌套的字段",
                "nested queries “field:{{…}}” cannot be used: there are no nested fields here",
            )
        if self.next() == "(" and field:
            return self.group(field)
        return self.literal_value(field)

    def literal_value(self, field: Field | None) -> Node:
        return self.value(self.literal(), field)

    def field(self, name: Token) -> Field | None:
        """The field; None for `*`, which is any."""
        if name.stars and name.text == "*":
            return None
        if name.stars:
            raise self.fault("字段名里不能用通配符“*”", "a field's name takes no wildcard", name.at)
        field = field_named(self.query, name.text, name.at, KNOWN)
        if field is OFFICIAL:
            self.official_at = name.at
        return field

    def compared(self, name: Token) -> Node:
        field = self.field(name)
        sign = self.next()
        self.at += 1
        if self.next() == "=":
            sign, self.at = f"{sign}=", self.at + 1
        value = self.literal()
        if field is None or field.kind not in ("number", "time", "flag"):
            raise self.fault("字段 {f} 不能比较大小", "field {f} cannot be compared", name.at, f=name.text)
        if value.stars:
            raise self.fault("比较的值里不能有“*”", "a value to compare with takes no “*”", value.at)
        if field.kind == "flag":
            field = replace(field, kind="number")
        return plain_value(self.query, field, Token("word", f"{sign}{value.text}", value.at), self.now, {})

    def value(self, token: Token, field: Field | None) -> Node:
        if field is None:
            if token.kind == "word" and token.text == "*" and token.stars:
                return All()
            return self.running_text(token, BY_NAME["text"], anywhere=True)
        if token.kind == "word" and token.text == "*" and token.stars:
            return Exists(field.index)
        if field.kind == "text":
            return self.running_text(token, field, anywhere=False)
        if field.kind == "keyword":
            return self.exactly(token, field)
        return plain_value(self.query, field, token, self.now, self.names)

    def exactly(self, token: Token, field: Field) -> Node:
        """The id of a place means that place alone, as it does in Kibana; a name all that lies in it."""
        meant = self.names.get(field.name, {}).get(token.text, ())
        if token.text in meant and not token.stars:
            return Term(field.index, token.text)
        return plain_value(self.query, field, token, self.now, self.names)

    def running_text(self, token: Token, field: Field, *, anywhere: bool) -> Node:
        where = "" if anywhere else field.index
        if token.kind == "phrase":
            if token.text == EMPTY and not anywhere:
                return Not(Exists(where))
            run = run_of_pairs(token.text)
            if run:
                return Words(where, run)
            plain = replace(token, text=unmarked(token.text))
            return plain_value(self.query, field, plain, self.now, {}, anywhere=anywhere)
        found = [plain_value(self.query, field, one, self.now, {}, anywhere=anywhere) for one in pieces(token)]
        return found[0] if len(found) == 1 else Or(tuple(found))


def _leaves(node: Node) -> list[Node]:
    match node:
        case And() | Or():
            return [leaf for item in node.items for leaf in _leaves(item)]
        case Not():
            return _leaves(node.item)
        case _:
            return [node]


__all__ = ["KNOWN", "parse_kql"]
