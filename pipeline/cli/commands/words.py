"""`qingyu words …`: words that the posts suggest, and the project's own dictionary."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from config.text import tr
from pipeline.cli.app import app
from pipeline.cli.options import Json, invocation
from pipeline.cli.output import emit_json, emit_table, progress, say

words_app = typer.Typer(help=tr("用户词典", "the user dictionary"), no_args_is_help=True, rich_markup_mode=None)
app.add_typer(words_app, name="words")
Days = Annotated[int, typer.Option(min=1, max=36_500, help=tr("看最近多少天的帖子", "posts of how many days"))]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help=tr("最多多少个", "at most"))]


@words_app.command("suggest", help=tr("从帖子里找新词", "find new words in the posts"))
def suggest_words(context: typer.Context, days: Days = 90, limit: Limit = 50, json: Json = False) -> None:
    """Find new words."""
    from pipeline.words import suggest

    project = invocation(context).project()
    with progress(tr("找新词", "finding words"), quiet=json):
        found = suggest(project, now=datetime.now(UTC), days=days, limit=limit)
    if json:
        emit_json([asdict(candidate) for candidate in found])
        return
    if not found:
        say(tr("这些帖子里没有找到新词", "these posts suggest no new word"))
        return
    columns = [tr("词", "word"), tr("次数", "count"), tr("帖子", "posts"), tr("得分", "score")]
    rows = [(c.word, c.count, c.documents, f"{c.score:.1f}") for c in found]
    emit_table("", columns, rows, right=(1, 2, 3))
    say(tr("用 qingyu words accept 词… 收入词典", "qingyu words accept WORD… adds to the dictionary"))


@words_app.command("accept", help=tr("把词收入项目的词典", "add words to the project's dictionary"))
def accept_words(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WORD…", help=tr("词", "words"))],
    json: Json = False,
) -> None:
    """Add words."""
    from pipeline.words import accept, own_path

    project = invocation(context).project()
    added = accept(project, words)
    path = str(own_path(project))
    if json:
        emit_json({"added": added, "file": path})
        return
    if not added:
        say(tr("这些词都已在词典里", "the dictionary has all of these words"))
        return
    say(tr("收入 {n} 个词：{f}", "{n} words added: {f}", n=len(added), f=path))
    say(
        tr(
            "下一次 qingyu process 会用新词典重新标注全部帖子",
            "the next qingyu process annotates all posts anew with this dictionary",
        )
    )


@words_app.command("list", help=tr("列出用户词典", "list the user dictionary"))
def list_words(context: typer.Context, json: Json = False) -> None:
    """List the dictionary."""
    from pipeline.words import words_of

    found = words_of(invocation(context).project())
    if json:
        emit_json([{"word": word, "own": own} for word, own in found])
        return
    rows = [(word, tr("自己的", "own") if own else tr("自带的", "shipped")) for word, own in found]
    emit_table("", [tr("词", "word"), tr("来处", "from")], rows)
