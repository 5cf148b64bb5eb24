"""A tree as a query that means it: what a view shows of limits it added, and what tells two spellings to be one."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline.query.fields import BY_INDEX, Field
from pipeline.query.nodes import All, And, Exists, Node, Not, Or, Range, Term, Wild, Words
from pipeline.query.times import SHANGHAI

_EPOCH = datetime(1970, 1, 1, tzinfo=SHANGHAI) + timedelta(hours=8)


def write(node: Node) -> str:
    """The query that `parse` reads as `node`. Names are English, times to the millisecond of Asia/Shanghai.

    All() inside another node has no words of its own and is written `id:*`, which matches the same posts.
    """
    return "" if isinstance(node, All) else _clause(node)


def _clause(node: Node) -> str:
    match node:
        case All():
            return "id:*"
        case Words():
            return _named(node.field, _quoted(node.value))
        case Wild():
            return _named(node.field, "*".join(map(_escaped, node.pattern.split("*"))))
        case Term():
            return _named(node.field, _quoted(node.value))
        case Exists():
            return _named(node.field, "*")
        case Range():
            return _range(node)
        case Not():
            return f"NOT {_inner(node.item)}"
        case And():
            return " AND ".join(map(_inner, node.items))
        case Or():
            return " OR ".join(map(_inner, node.items))


def _inner(node: Node) -> str:
    written = _clause(node)
    return f"({written})" if isinstance(node, And | Or | Not) else written


def _named(field: str, value: str) -> str:
    return f"{BY_INDEX[field].name}:{value}" if field else value


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escaped(text: str) -> str:
    """`text` with a backslash before all that the language could take for its own."""
    return "".join(c if c.isalnum() else f"\\{c}" for c in text)


def _range(node: Range) -> str:
    field = BY_INDEX[node.field]
    if field.kind == "flag":
        return f"{field.name}:{'yes' if node.low else 'no'}"
    opening, closing = "[" if node.include_low else "{", "]" if node.include_high else "}"
    return f"{field.name}:{opening}{_bound(field, node.low)} TO {_bound(field, node.high)}{closing}"


def _bound(field: Field, value: float | int | None) -> str:
    if value is None:
        return "*"
    if field.kind != "time":
        return repr(value)
    moment = _EPOCH + timedelta(milliseconds=int(value))
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds")
