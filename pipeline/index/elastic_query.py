"""Query nodes as Elasticsearch queries; each means what `pipeline.index.tantivy_query` makes of it, scores included."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from pipeline.index.document import REAL, TIMES
from pipeline.index.elastic_document import LONGEST_TOKEN, private
from pipeline.query.grams import FENCE, is_chinese, pairs
from pipeline.query.nodes import All, And, Exists, Node, Not, Or, Range, Term, Wild, Words

_TEXT = {"": ("title", "text", "official"), "title": ("title",), "text": ("text", "official")}
_RESERVED = re.compile(r'[.?+*|{}\[\]()"\\#@&<>~]')
_NONE: dict[str, Any] = {"match_none": {}}
_ALL: dict[str, Any] = {"match_all": {}}
# Distinct voices up to here are counted exactly.
_PRECISION = 40_000


@lru_cache(maxsize=512)
def translate(node: Node) -> dict[str, Any]:
    """The Elasticsearch query of `node`; do not change what is returned."""
    match node:
        case All():
            return _ALL
        case Words():
            return _words(node)
        case Wild():
            return _wild(node)
        case Term():
            return _flat({"term": {node.field: _encodable(node.value)}}) if node.value else _NONE
        case Range():
            return _range(node)
        case Exists():
            return _exists(node.field)
        case Not():
            return {"bool": {"must": [_ALL], "must_not": [translate(node.item)]}}
        case And():
            return _and(node)
        case Or():
            return _or(node)


def _and(node: And) -> dict[str, Any]:
    unwanted = [translate(item.item) for item in node.items if isinstance(item, Not)]
    wanted = [translate(item) for item in node.items if not isinstance(item, Not)]
    return {"bool": {"must": wanted or [_ALL], "must_not": unwanted}}


def _or(node: Or) -> dict[str, Any]:
    """Terms of one field, of which there may be hundreds, as one clause."""
    terms: defaultdict[str, list[str]] = defaultdict(list)
    others = []
    for item in node.items:
        if isinstance(item, Term) and item.value:
            terms[item.field].append(_encodable(item.value))
        else:
            others.append(translate(item))
    return _any([*others, *(_flat({"terms": {field: values}}) for field, values in terms.items())])


def _any(queries: list[dict[str, Any]]) -> dict[str, Any]:
    return queries[0] if len(queries) == 1 else {"bool": {"should": queries, "minimum_should_match": 1}}


def _flat(query: dict[str, Any]) -> dict[str, Any]:
    return {"constant_score": {"filter": query, "boost": 0.0}}


def _encodable(value: str) -> str:
    return value.encode("utf-8", "replace").decode("utf-8")


def _exists(field: str) -> dict[str, Any]:
    if field == "id":
        return _ALL
    if field not in _TEXT:
        return _flat({"exists": {"field": field}})
    marked = [{"term": {name: private(FENCE)}} for name in _TEXT[field]]
    return _flat(_any([*marked, *(_regexp(name, "[!-~]+") for name in _TEXT[field])]))


def _regexp(field: str, pattern: str) -> dict[str, Any]:
    return {"regexp": {field: {"value": pattern, "flags": "NONE"}}}


def _words(node: Words) -> dict[str, Any]:
    fields = _TEXT[node.field]
    if not is_chinese(node.value):
        terms: Sequence[str] = node.value.split()
    else:
        run = node.value.replace(" ", "")
        if len(run) == 1:
            return _any([{"prefix": {field: {"value": private(run)}}} for field in fields])
        terms = pairs(run)
    if not terms:
        return _NONE
    held = [piece for term in terms for piece in _pieces(private(term))]
    if len(held) == 1:
        return _any([{"term": {field: held[0]}} for field in fields])
    return _any([{"match_phrase": {field: {"query": " ".join(held), "analyzer": "whitespace"}}} for field in fields])


def _pieces(term: str) -> list[str]:
    """`term` as the analyser cuts it."""
    return [term[start : start + LONGEST_TOKEN] for start in range(0, len(term), LONGEST_TOKEN)]


def _wild(node: Wild) -> dict[str, Any]:
    text = node.field in _TEXT
    # In text a star among Latin letters stays among them: pairs such as “5号” are terms too, but no words.
    star = "[!-~]*" if text and node.pattern.isascii() else ".*"
    parts = (_RESERVED.sub(r"\\\g<0>", _encodable(part)) for part in node.pattern.split("*"))
    pattern = star.join(parts)
    fields = _TEXT.get(node.field, (node.field,))
    return _flat(_any([_regexp(field, pattern) for field in fields]))


def _range(node: Range) -> dict[str, Any]:
    if node.low is None and node.high is None:
        return {"constant_score": {"filter": {"exists": {"field": node.field}}}}
    field = f"{node.field}_ms" if node.field in TIMES else node.field
    kind = float if node.field in REAL else int
    bounds: dict[str, Any] = {}
    if node.low is not None:
        bounds["gte" if node.include_low else "gt"] = kind(node.low)
    if node.high is not None:
        bounds["lte" if node.include_high else "lt"] = kind(node.high)
    return _flat({"range": {field: bounds}})


def aggregation(spec: dict[str, Any]) -> dict[str, Any]:
    """Aggregations of the shared JSON as Elasticsearch takes them."""
    made = {}
    for name, one in spec.items():
        made[name] = {key: aggregation(value) if key == "aggs" else _options(key, value) for key, value in one.items()}
    return made


def _options(kind: str, options: dict[str, Any]) -> dict[str, Any]:
    if kind == "cardinality":
        return {**options, "precision_threshold": _PRECISION}
    return {"shard_size" if name == "segment_size" else name: value for name, value in options.items()}
