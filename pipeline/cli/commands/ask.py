"""The commands that ask: `search`, `trend`, `topics`, `show`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.text import Text

from config.errors import ConfigError
from config.text import tr
from pipeline.cli.app import app
from pipeline.cli.options import Json, Kql, Query, Since, Sources, Topics, Until, day, invocation, question
from pipeline.cli.output import FAILED, SHANGHAI, complain, console, emit_json, emit_table, local_time, plain, say
from pipeline.cli.words import INTENTS, KINDS, SECTORS, SENTIMENTS, word
from pipeline.query.layer import QueryLayer
from pipeline.query.model import Hit, PostView, SearchResult
from pipeline.vocabulary import place_names, topic_names

# Days shown when no period is named: four weeks, so that each weekday stands four times.
_USUAL_DAYS = 28


@app.command(help=tr("检索帖子", "search posts"))
def search(
    context: typer.Context,
    query: Query = "",
    since: Since = "",
    until: Until = "",
    source: Sources = None,
    topic: Topics = None,
    kql: Kql = False,
    size: Annotated[int, typer.Option(min=1, max=1000, help=tr("每页条数", "posts a page"))] = 20,
    sort: Annotated[
        str, typer.Option(help=tr("排序：-published、published、relevance、-likes …", "order"))
    ] = "-published",
    page: Annotated[int, typer.Option(min=1, max=1000, help=tr("第几页", "which page"))] = 1,
    after: Annotated[
        str,
        typer.Option(help=tr("JSON 输出里的续页标记 after，供脚本翻页", "the mark `after` of the JSON, for scripts")),
    ] = "",
    json: Json = False,
) -> None:
    """Search posts."""
    project = invocation(context).project()
    asked = question(query, since, until, source, topic, kql=kql)
    with QueryLayer.open(project) as layer:
        found = layer.search(asked, sort=sort, size=size, after=after)
        for _ in range(page - 1):
            found = layer.search(asked, sort=sort, size=size, after=found.after) if found.after else _no_more(found)
    if json:
        emit_json(
            {"query": query, "total": found.total, "after": found.after, "posts": [hit.post for hit in found.hits]}
        )
        return
    say(tr("共 {n} 条", "{n} posts", n=found.total))
    names = topic_names(project)
    for hit in found.hits:
        _show_hit(hit, names)
    if found.after:
        say(tr("下一页：--page {n}", "next page: --page {n}", n=page + 1))


def _no_more(found: SearchResult) -> SearchResult:
    """The empty page after the last one."""
    return SearchResult([], found.total, "")


def _show_hit(hit: Hit, names: Mapping[str, str]) -> None:
    post = hit.post
    parts = [local_time(_time(post)), _feeling(post), post["source"], _topics(post, names)]
    console.print(Text(plain("  ".join(part for part in parts if part)), style="dim"), soft_wrap=True)
    for segments in (hit.title, hit.text):
        line = Text()
        for segment in segments:
            line.append(plain(segment.text), style="bold yellow" if segment.marked else "")
        if line.plain.strip():
            line.truncate(400, overflow="ellipsis")
            console.print(line, soft_wrap=True)
    console.print(Text(plain(f"{post['id']}  {post['url']}"), style="dim"), soft_wrap=True)
    console.print()


def _feeling(post: Mapping[str, Any]) -> str:
    """The sentiment's sign and word; "" for a post that was not annotated yet."""
    return word(SENTIMENTS, post["sentiment"]["label"]) if post["sentiment"] else ""


def _topics(post: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return tr("、", ", ").join(names.get(topic, topic) for topic in post["topics"])


def _time(post: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(post["published"] or post["collected"])


@app.command(help=tr("每日数量与情感", "posts and sentiment by day"))
def trend(
    context: typer.Context,
    query: Query = "",
    since: Since = "",
    until: Until = "",
    source: Sources = None,
    topic: Topics = None,
    kql: Kql = False,
    json: Json = False,
) -> None:
    """Counts by day of Asia/Shanghai."""
    last = day(until, "--to") or datetime.now(SHANGHAI).date()
    first = day(since, "--from") or last - timedelta(days=_USUAL_DAYS - 1)
    if first > last:
        raise ConfigError(tr("--from 晚于 --to", "--from lies after --to"))
    project = invocation(context).project()
    asked = question(query, first.isoformat(), last.isoformat(), source, topic, kql=kql)
    with QueryLayer.open(project) as layer:
        days = layer.by_day(asked, since_day=first, until_day=last)
        voices = layer.voices(asked)
    if json:
        emit_json(
            {
                "query": query,
                "from": first,
                "to": last,
                "total": sum(d.count for d in days),
                "voices": voices,
                "days": [_day_values(d) for d in days],
            }
        )
        return
    columns = [
        tr("日期", "day"),
        tr("条数", "posts"),
        tr("不计转载", "originals"),
        tr("声音", "voices"),
        tr("平均情感", "mean"),
        tr("负面占比", "negative"),
    ]
    rows = [(d.day, d.count, d.originals, d.voices, _number(d.mean_score), _percent(d.negative_share)) for d in days]
    emit_table("", columns, rows, right=(1, 2, 3, 4, 5))


def _day_values(found: Any) -> dict[str, Any]:
    return {
        "day": found.day,
        "count": found.count,
        "originals": found.originals,
        "mean_score": found.mean_score,
        "negative_share": found.negative_share,
        "voices": found.voices,
    }


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:+.2f}"


def _percent(value: float | None) -> str:
    return "—" if value is None else f"{value:.0%}"


@app.command(help=tr("各话题的数量与情感", "posts and sentiment by topic"))
def topics(
    context: typer.Context,
    query: Query = "",
    since: Since = "",
    until: Until = "",
    source: Sources = None,
    kql: Kql = False,
    json: Json = False,
) -> None:
    """Counts by topic."""
    project = invocation(context).project()
    names = topic_names(project)
    with QueryLayer.open(project) as layer:
        buckets = layer.by(question(query, since, until, source, None, kql=kql), "topic", size=200)
    if json:
        emit_json(
            [
                {
                    "topic": b.key,
                    "name": names.get(b.key, b.key),
                    "count": b.count,
                    "mean_score": b.mean_score,
                    "negative_share": b.negative_share,
                }
                for b in buckets
            ]
        )
        return
    columns = [
        tr("话题", "topic"),
        tr("标识", "id"),
        tr("条数", "posts"),
        tr("平均情感", "mean"),
        tr("负面占比", "negative"),
    ]
    rows = [
        (names.get(b.key, b.key), b.key, b.count, _number(b.mean_score), _percent(b.negative_share)) for b in buckets
    ]
    emit_table("", columns, rows, right=(2, 3, 4))


@app.command(help=tr("显示一条帖子：正文、标注、旧版本、同帖各楼", "show a post: text, annotation, revisions, thread"))
def show(
    context: typer.Context,
    post_id: Annotated[str, typer.Argument(metavar="ID", help=tr("帖子编号", "id of the post"))],
    json: Json = False,
) -> None:
    """Show a post."""
    project = invocation(context).project()
    with QueryLayer.open(project) as layer:
        view = layer.post(post_id)
    if view is None:
        complain(tr("没有编号为 {i} 的帖子", "there is no post {i}", i=plain(post_id)))
        raise typer.Exit(FAILED)
    if json:
        emit_json({"post": view.post, "revisions": list(view.revisions), "thread": list(view.thread)})
        return
    _show_post(view, topic_names(project), place_names(project))


def _matter(post: Mapping[str, Any], places: Mapping[str, str]) -> list[str]:
    """What a post wants, of which field, where, who usually answers, and whether it repeats another."""
    comma = tr("、", ", ")
    appeal = (
        tr("有诉求", "asks for something to be done") if post["appeal"] else tr("无诉求", "asks for nothing to be done")
    )
    lines = [tr("意图：{i}（{a}）", "intent: {i} ({a})", i=word(INTENTS, post["intent"]), a=appeal)]
    if post["sectors"]:
        lines.append(tr("领域：{s}", "field: {s}", s=comma.join(word(SECTORS, one) for one in post["sectors"])))
    if post["places"]:
        lines.append(
            tr("地点：{p}", "places: {p}", p=comma.join(places.get(one, one.upper()) for one in post["places"]))
        )
    if post["duty"]:
        lines.append(tr("通常由 {u} 答复", "usually answered by {u}", u=post["duty"]))
    if post["duplicate_of"]:
        lines.append(tr("与 {i} 内容相同（转载）", "a copy of {i}", i=post["duplicate_of"]))
    return lines


def _show_post(view: PostView, names: Mapping[str, str], places: Mapping[str, str]) -> None:
    post = view.post
    say(post["title"])
    say(f"{local_time(_time(post))}  {post['source']}  {word(KINDS, post['kind'])}  {post['url']}")
    say(post["text"])
    if official := post["official"]:
        replied = datetime.fromisoformat(official["replied"]) if official["replied"] else None
        facts = {"u": official["unit"] or "—", "t": local_time(replied)}
        say(tr("官方答复（{u}，{t}）：", "official reply ({u}, {t}):", **facts))
        say(official["text"])
    if feeling := post["sentiment"]:
        confidence = tr("把握 {c:.0%}", "confidence {c:.0%}", c=feeling["confidence"])
        unsure = tr("，拿不准", ", unsure") if feeling["unsure"] else ""
        say(f"{_feeling(post)} {feeling['score']:+.2f}{tr('，', ', ')}{confidence}{unsure}")
        for line in _matter(post, places):
            say(line)
    if post["topics"]:
        say(tr("话题：{t}", "topics: {t}", t=_topics(post, names)))
    if post["keyphrases"]:
        say(tr("关键词：{k}", "keyphrases: {k}", k=tr("、", ", ").join(post["keyphrases"])))
    told = tr("旧版本 {r} 个；同帖其他 {t} 条", "{r} earlier versions; {t} other posts of the thread")
    say(told.format(r=len(view.revisions), t=len(view.thread)))
    for other in view.thread:
        at = datetime.fromisoformat(other["published"]) if other["published"] else None
        say(f"  {local_time(at)}  {word(KINDS, other['kind'])}  {other['id']}")
