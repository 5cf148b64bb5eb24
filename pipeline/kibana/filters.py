"""Queries and filters of Kibana as one query in KQL."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from config.errors import QueryError
from config.text import tr
from pipeline.kibana.objects import CannotDrawError, Part
from pipeline.query.kql import parse_kql
from pipeline.query.kql_writing import write_kql
from pipeline.query.language import parse
from pipeline.query.nodes import Node

_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "from": ">=", "to": "<="}
# One clause reads the same in Lucene's language and in ours; several are joined otherwise there (any, not all).
_ONE_CLAUSE = re.compile(r"\s*[\w.]+:(\"[^\"]*\"|[^\s()\"]+|[\[{][^\]}]*[\]}])\s*")
_CLAUSES = (
    "match_phrase", "match", "range", "exists", "bool", "term", "terms", "match_all", "query_string",
)  # fmt: skip
_EVERYTHING = ("", "*", "*:*")


class Reader:
    """Reads queries and filters as KQL that our own parser takes; relative times stay relative. now: to try them with."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def node(self, kql: str) -> Node:
        """What `kql` means. Raises QueryError."""
        return parse_kql(kql, now=self._now)

    def query(self, query: Part) -> str:
        """The query of a search source or state: {query, language}. Raises CannotDrawError."""
        text = query["query"].text() if isinstance(query.raw, dict) else query.text()
        if isinstance(query["query"].raw, dict):  # as Kibana 5 wrote it
            return self._dsl(query["query"])
        language = query["language"].text() or "lucene"
        if query["esql"] or language not in ("kuery", "lucene"):
            raise CannotDrawError(tr("查询语言 {l} 读不了", "the query language {l} is not read", l=language[:40]))
        if text.strip() in _EVERYTHING:
            return ""
        return self.kql(text) if language == "kuery" else self.lucene(text)

    def kql(self, text: str) -> str:
        """`text`, tried out. Raises CannotDrawError for what our own fields do not have."""
        try:
            self.node(text)
        except QueryError as error:
            raise _useless(text, error) from error
        return text

    def lucene(self, text: str) -> str:
        """A query of one clause in Lucene's language. Raises CannotDrawError for others."""
        if text.strip() in _EVERYTHING:
            return ""
        if not _ONE_CLAUSE.fullmatch(text) or "now" in text:
            raise CannotDrawError(
                tr(
                    "Lucene 查询 {q} 读不了；在 Kibana 里改写成 KQL",
                    "the Lucene query {q} is not read; write it in KQL in Kibana",
                    q=text[:200],
                )
            )
        try:
            return write_kql(parse(text, now=self._now))
        except QueryError as error:
            raise _useless(text, error) from error

    def filters(self, filters: Iterable[Part]) -> list[str]:
        """The KQL of each filter that is on. Raises CannotDrawError for one that cannot be told in our fields."""
        return [self.one(f) for f in filters if f and f["meta"]["disabled"].raw is not True]

    def one(self, filter_: Part) -> str:
        """The KQL of a filter, negated where it is."""
        meta = filter_["meta"]
        text = self._combined(meta) if meta["type"].text() == "combined" else self._plain(filter_)
        return f"not ({text or '*'})" if meta["negate"].raw is True else text

    def _combined(self, meta: Part) -> str:
        found = self.filters(meta["params"].parts())
        return either(found) if meta["relation"].text().upper() == "OR" else every(found)

    def _plain(self, filter_: Part) -> str:
        """By its query; older versions have the clause beside `meta`, and some only what `meta` says."""
        query = filter_["query"]
        for holder in (query, filter_):
            if any(holder[name].raw is not None for name in _CLAUSES):
                return self._dsl(holder)
        meta, key = filter_["meta"], filter_["meta"]["key"].text()
        kind = meta["type"].text()
        if kind == "phrase" and key:
            value = meta["params"]["query"]
            return self._phrase(key, value if value.raw is not None else meta["params"])
        if kind == "phrases" and key:
            return self._any([self._phrase(key, value) for value in meta["params"].parts()])
        if kind == "exists" and key:
            return self.kql(f"{_escaped(key)}: *")
        if kind == "range" and key:
            return self._range(key, meta["params"])
        raise _unknown(query)

    def _dsl(self, query: Part) -> str:
        for name in ("match_phrase", "match", "term"):
            for field, value in query[name].items():
                inner = value["query"] if name != "term" else value["value"]
                return self._phrase(field, inner if isinstance(value.raw, dict) else value)
        for field, values in query["terms"].items():
            return self._any([self._phrase(field, value) for value in values.parts()])
        for field, bounds in query["range"].items():
            return self._range(field, bounds)
        if field := query["exists"]["field"].text():
            return self.kql(f"{_escaped(field)}: *")
        if query["match_all"].raw is not None:
            return ""
        if query["query_string"]:
            return self.lucene(query["query_string"]["query"].text())
        if isinstance(query["bool"].raw, dict):
            return self._bool(query["bool"])
        raise _unknown(query)

    def _bool(self, clauses: Part) -> str:
        def of(name: str) -> list[str]:
            held = clauses[name]
            return [self._dsl(one) for one in (held.parts() if isinstance(held.raw, list) else [held] if held else [])]

        found = [*of("must"), *of("filter"), *(f"not ({text or '*'})" for text in of("must_not"))]
        should = of("should")
        if should and (clauses["minimum_should_match"].raw in (1, "1") or not found):
            found.append(either(should))
        elif should:
            raise _unknown(clauses)
        return every(found)

    @staticmethod
    def _any(found: list[str]) -> str:
        if not found:
            raise _unknown(Part({}))
        return either(found)

    def _phrase(self, field: str, value: Part) -> str:
        if isinstance(value.raw, bool):
            return self.kql(f"{_escaped(field)}: {'true' if value.raw else 'false'}")
        if isinstance(value.raw, str | int | float):
            return self.kql(f"{_escaped(field)}: {_quoted(str(value.raw))}")
        raise _unknown(value)

    def _range(self, field: str, bounds: Part) -> str:
        name = _escaped(field)
        parts = [
            f"{name} {_SIGNS[key]} {_quoted(str(value.raw))}"
            for key, value in bounds.items()
            if key in _SIGNS and isinstance(value.raw, str | int | float) and value.raw != ""
        ]
        if not parts:
            raise _unknown(bounds)
        return self.kql(" and ".join(parts))

    def written(self, kql: str) -> dict[str, str]:
        """The query and language of a panel: as our printer writes it, but for relative times, which it would fix."""
        try:
            node = self.node(kql)
        except QueryError as error:  # each piece was tried; together they may be too many
            raise _useless(kql, error) from error
        text = kql if "now" in kql else write_kql(node)
        return {"query": text, "language": "kql"} if text else {}


def every(found: Iterable[str]) -> str:
    """All of the queries at once; "" is all posts."""
    return _joined([text for text in dict.fromkeys(found) if text], " and ")


def either(found: Iterable[str]) -> str:
    """One of the queries at least."""
    kept = list(dict.fromkeys(found))
    return "" if "" in kept else _joined(kept, " or ")


def _joined(found: list[str], word: str) -> str:
    return found[0] if len(found) == 1 else word.join(f"({text})" for text in found)


def _useless(text: str, error: QueryError) -> CannotDrawError:
    return CannotDrawError(
        tr("查询 {q} 用不了：{m}", "the query {q} cannot be used: {m}", q=text[:200], m=error.message)
    )


def _unknown(part: Part) -> CannotDrawError:
    names = ", ".join(key for key, _ in part.items()) or "?"
    return CannotDrawError(tr("过滤条件（{n}）读不了", "a filter ({n}) is not read", n=names[:100]))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escaped(field: str) -> str:
    return re.sub(r'([\\():<>"*{}])', r"\\\1", field.removesuffix(".keyword"))
