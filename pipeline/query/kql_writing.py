"""A tree as KQL that finds the same posts in Kibana, and that `parse_kql` reads as the same tree."""

from __future__ import annotations

import re
from collections.abc import Callable

from pipeline.index.document import TIMES
from pipeline.index.elastic_document import private
from pipeline.query.grams import is_chinese, pairs
from pipeline.query.kql_folding import EMPTY, TEXT_FIELDS
from pipeline.query.kql_literals import SPECIAL
from pipeline.query.nodes import All, And, Exists, Node, Not, Or, Range, Term, Wild, Words

_KEYWORD = re.compile(r"(?<!\w)(?=(?:and|or|not)(?!\w))(\w)", re.IGNORECASE)
_BLANKS = str.maketrans({"\t": "\\t", "\r": "\\r", "\n": "\\n"})


def write_kql(node: Node) -> str:
    """The KQL of `node`, "" for all posts. Chinese text is written in the pairs of characters that the index holds.

    Times are milliseconds since 1970, which every format of a date field takes. A range without ends says `field: *`.
    """
    return "" if isinstance(node, All) else _clause(node)


def _clause(node: Node) -> str:
    match node:
        case All():
            return "*"
        case Words():
            return _in_texts(node.field, lambda field: f"{field}: {_words(node.value)}")
        case Wild():
            pattern = "*".join(map(_escaped, node.pattern.split("*")))
            if node.field in TEXT_FIELDS:
                return _in_texts(node.field, lambda field: f"{field}: {pattern}")
            return f"{node.field}: {pattern}"
        case Term():
            return f"{node.field}: {_quoted(node.value)}"
        case Exists():
            if node.field in TEXT_FIELDS:
                return _in_texts(node.field, lambda field: f'not {field}: "{EMPTY}"')
            return f"{node.field}: *"
        case Range():
            return _range(node)
        case Not():
            inner = _clause(node.item)
            return f"not ({inner})" if inner.startswith("not ") or _several(node.item) else f"not {inner}"
        case And():
            return " and ".join(_inner(item, alone=_meets_another(item, node)) for item in node.items)
        case Or():
            return _values_of_one_field(node) or " or ".join(map(_inner, node.items))


def _values_of_one_field(node: Or) -> str:
    """`field: ("a" or "b")` where all items are terms of one field, "" for others."""
    terms = [item for item in node.items if isinstance(item, Term)]
    if len(terms) < len(node.items) or len({term.field for term in terms}) > 1:
        return ""
    return f"{terms[0].field}: ({' or '.join(_quoted(term.value) for term in terms)})"


def _in_texts(field: str, written: Callable[[str], str]) -> str:
    return " or ".join(map(written, TEXT_FIELDS[field]))


def _inner(node: Node, *, alone: bool = False) -> str:
    """The node within another; alone: brackets keep it from becoming one range with its neighbour."""
    written = _clause(node)
    return f"({written})" if alone or _several(node) else written


def _several(node: Node) -> bool:
    """Whether the node is written as several clauses, so that it needs brackets beside others."""
    match node:
        case And():
            return True
        case Or():
            return not _values_of_one_field(node)
        case Words() | Wild() | Exists():
            return len(TEXT_FIELDS.get(node.field, ())) > 1
        case Range():
            return " and " in _range(node)
        case _:
            return False


def _meets_another(item: Node, node: And) -> bool:
    return isinstance(item, Range) and sum(isinstance(i, Range) and i.field == item.field for i in node.items) > 1


def _words(value: str) -> str:
    if not is_chinese(value):
        return _quoted(value)
    run = value.replace(" ", "")
    # A character alone is the head of a pair, or the last of the text.
    return f"{_escaped(run)}*" if len(run) == 1 else _quoted(private(" ".join(pairs(run))))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escaped(text: str) -> str:
    """`text` for an unquoted literal. Keywords by a code of their first letter: Kibana reads `\\not` as a line break."""
    coded = _KEYWORD.sub(lambda found: f"\x00{ord(found[0]):04x}", text.replace("\x00", ""))
    plain = "".join(f"\\{c}" if c in SPECIAL else c for c in coded)
    return plain.translate(_BLANKS).replace("\x00", "\\u")


def _range(node: Range) -> str:
    name, low, high = node.field, node.low, node.high
    if low is None and high is None:
        return f"{name}: *"
    if low == high and node.include_low and node.include_high:
        return f"{name}: {_number(name, low)}"
    parts = []
    if low is not None:
        parts.append(f"{name} {'>=' if node.include_low else '>'} {_number(name, low)}")
    if high is not None:
        parts.append(f"{name} {'<=' if node.include_high else '<'} {_number(name, high)}")
    return " and ".join(parts)


def _number(field: str, value: float | int | None) -> str:
    """As a number; times with nine digits at least, as fewer could be a year or a day."""
    return f"{value:09d}" if field in TIMES else repr(value)
