"""Query nodes as Tantivy queries."""

from __future__ import annotations

import re
from functools import lru_cache

from tantivy import FieldType, Occur, Query

from pipeline.index.document import REAL, TIMES
from pipeline.index.tantivy_document import schema
from pipeline.query.grams import FENCE, is_chinese, pairs
from pipeline.query.nodes import All, And, Exists, Node, Not, Or, Range, Term, Wild, Words

_TEXT = {"": ("title", "text", "official"), "title": ("title",), "text": ("text", "official")}


@lru_cache(maxsize=512)
def translate(node: Node) -> Query:
    """The Tantivy query of `node`."""
    match node:
        case All():
            return Query.all_query()
        case Words():
            return _words(node)
        case Wild():
            return _wild(node)
        case Term():
            if not node.value:
                return Query.empty_query()
            return _flat(Query.term_query(schema(), node.field, _encodable(node.value), "basic"))
        case Range():
            return _range(node)
        case Exists():
            return _exists(node.field)
        case Not():
            return Query.boolean_query([(Occur.Must, Query.all_query()), (Occur.MustNot, translate(node.item))])
        case And():
            return _and(node)
        case Or():
            return _any([translate(item) for item in node.items])


def _and(node: And) -> Query:
    parts = [
        (Occur.MustNot, translate(item.item)) if isinstance(item, Not) else (Occur.Must, translate(item))
        for item in node.items
    ]
    if all(occur == Occur.MustNot for occur, _ in parts):
        parts.append((Occur.Must, Query.all_query()))
    return Query.boolean_query(parts)


def _any(queries: list[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, one) for one in queries])


def _flat(query: Query) -> Query:
    return Query.const_score_query(query, 0.0)


def _encodable(value: str) -> str:
    """`value` without lone surrogates, which no index holds and UTF-8 cannot."""
    return value.encode("utf-8", "replace").decode("utf-8")


def _exists(field: str) -> Query:
    if field == "id":
        return Query.all_query()
    if field not in _TEXT:
        return _flat(Query.exists_query(field))
    # Text that is not ASCII throughout has the fence between tokens and pairs; other text has only ASCII words.
    marked = [Query.term_query(schema(), name, FENCE, "basic") for name in _TEXT[field]]
    return _flat(_any([*marked, *(Query.regex_query(schema(), name, "[!-~]+") for name in _TEXT[field])]))


def _words(node: Words) -> Query:
    fields = _TEXT[node.field]
    if not is_chinese(node.value):
        terms = node.value.split()
    else:
        run = node.value.replace(" ", "")
        if len(run) == 1:
            return _any([Query.regex_query(schema(), field, f"{run}.*") for field in fields])
        terms = pairs(run)
    if not terms:
        return Query.empty_query()
    if len(terms) == 1:
        return _any([Query.term_query(schema(), field, terms[0], "position") for field in fields])
    return _any([Query.phrase_query(schema(), field, list(terms)) for field in fields])


def _wild(node: Wild) -> Query:
    # In text a star among Latin letters stays among them: pairs such as “5号” are terms too, but no words.
    star = "[!-~]*" if node.field in _TEXT and node.pattern.isascii() else ".*"
    pattern = star.join(re.escape(part) for part in node.pattern.split("*"))
    fields = _TEXT.get(node.field, (node.field,))
    return _flat(_any([Query.regex_query(schema(), field, pattern) for field in fields]))


def _range(node: Range) -> Query:
    low, high = node.low, node.high
    if low is None and high is None:
        return Query.exists_query(node.field)
    ends = (low is None or node.include_low, high is None or node.include_high)
    if node.field in REAL:
        bounds = (None if low is None else float(low), None if high is None else float(high))
        return _flat(Query.range_query(schema(), node.field, FieldType.Float, *bounds, *ends))
    field = f"{node.field}_ms" if node.field in TIMES else node.field
    return _flat(Query.range_query(schema(), field, FieldType.Integer, low, high, *ends))


def after_query(query: Query, field: str, key: int, *, descending: bool) -> Query:
    """`query` from `key` on (it included) in the order of `field`."""
    low, high = (None, key) if descending else (key, None)
    bound = Query.range_query(schema(), field, FieldType.Integer, low, high)
    return Query.boolean_query([(Occur.Must, query), (Occur.Must, _flat(bound))])
