"""Options that several commands share."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated

import typer

from config.errors import ConfigError
from config.text import tr
from pipeline.cli.app import Invocation
from pipeline.cli.output import SHANGHAI
from pipeline.query.layer import Question

Json = Annotated[bool, typer.Option("--json", help=tr("输出 JSON", "print JSON"))]
Query = Annotated[
    str, typer.Argument(help=tr("查询，写法见 docs/reference/query-language.md；空为全部", "query; empty: all"))
]
Kql = Annotated[bool, typer.Option("--kql", help=tr("查询按 Kibana 的 KQL 写", "the query is written in Kibana's KQL"))]
Since = Annotated[
    str, typer.Option("--from", help=tr("从哪一天起（含），如 2026-11-01", "first day, such as 2026-11-01"))
]
Until = Annotated[str, typer.Option("--to", help=tr("到哪一天止（含）", "last day, included"))]
Sources = Annotated[
    list[str] | None, typer.Option("--source", help=tr("只看这些来源，可重复", "only these sources; repeatable"))
]
Topics = Annotated[
    list[str] | None, typer.Option("--topic", help=tr("只看这些话题，可重复", "only these topics; repeatable"))
]


def invocation(context: typer.Context) -> Invocation:
    """What was said before the command."""
    found = context.find_object(Invocation)
    assert found is not None  # the callback of the root always sets it
    return found


def day(text: str, option: str) -> date | None:
    """The day named by an option; None for "". Raises ConfigError that shows how a day is written."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        message = tr("{o} 应写作 2026-11-01，现为 {t}", "{o} is written 2026-11-01, got {t}", o=option, t=text)
        raise ConfigError(message) from error


def start_of(value: date) -> datetime:
    """The first instant of a day of Asia/Shanghai."""
    return datetime.combine(value, time.min, SHANGHAI)


def question(
    query: str, since: str, until: str, sources: list[str] | None, topics: list[str] | None, *, kql: bool = False
) -> Question:
    """The question those options ask; `until` is the last day included."""
    first, last = day(since, "--from"), day(until, "--to")
    if first and last and last < first:
        raise ConfigError(tr("--to 早于 --from", "--to lies before --from"))
    return Question(
        query=query,
        since=start_of(first) if first else None,
        until=start_of(last + timedelta(days=1)) if last else None,
        sources=tuple(sources or ()),
        topics=tuple(topics or ()),
        language="kql" if kql else "qingyu",
    )
