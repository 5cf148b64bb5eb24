"""The field that a name in a query means, and the names that are refused."""

from __future__ import annotations

from collections.abc import Mapping

from config.errors import QueryError
from config.text import tr
from pipeline.query.fields import BY_NAME, FIELDS, PERSONS, Field


def refuse_persons(query: str, name: str, position: int) -> None:
    """Raises QueryError where `name` is a field about persons: there is no asking by author in any language."""
    if name.lower() in PERSONS:
        message = tr(
            "不能按作者查询：本系统只看事情、地点与时间，从不检索或列出个人；请改查内容、话题或地区",
            "authors cannot be searched: this tool is about matters, places and times, never about persons; "
            "ask for words, topics or regions",
        )
        raise QueryError(message, query=query, position=position)


def field_named(query: str, name: str, position: int, known: Mapping[str, Field] = BY_NAME) -> Field:
    """The field called `name`. Raises QueryError for an unknown one, and for one about persons."""
    refuse_persons(query, name, position)
    field = known.get(name) or known.get(name.lower())
    if field is None:
        message = tr(
            "没有字段“{t}”；可用：{k}。若“:”是要找的内容，请加引号",
            "there is no field “{t}”; known: {k}. If the colon belongs to the text, put it in quotation marks",
            t=name,
            k=" ".join(f.name for f in FIELDS),
        )
        raise QueryError(message, query=query, position=position)
    return field
