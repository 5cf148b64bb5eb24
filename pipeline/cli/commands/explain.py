"""`qingyu explain ID|TEXT`: why a text is called what it is called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from config.errors import ConfigError
from config.text import tr
from pipeline.cli.app import app
from pipeline.cli.options import Json, invocation
from pipeline.cli.output import emit_json, emit_table, say
from pipeline.cli.words import INTENTS, SECTORS, SENTIMENTS, word

if TYPE_CHECKING:
    from nlp.explain import Explanation
    from nlp.matters import Matter

_ID = re.compile(r"[0-9a-f]{32}")
_WIDEST = 20  # signs of the longest bar
_LONGEST = 200_000  # characters of a text that are looked at; the model reads fewer


@app.command(
    help=tr("说明一条帖子或一段文字为何被判为正面或负面", "why a post or a text is called positive or negative")
)
def explain(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="ID|TEXT", help=tr("帖子编号或文字", "id of a post, or a text"))],
    json: Json = False,
) -> None:
    """Explain a verdict."""
    from nlp.explain import explain as explained
    from nlp.matters import load_matters
    from nlp.redact import redact
    from nlp.segment import Segmenter
    from nlp.sentiment import load_linear

    if not what.strip():
        raise ConfigError(tr("没有文字", "there is no text"))
    segmenter = Segmenter()
    if _ID.fullmatch(what.strip()):
        title, text, segmenter = _post(context, what.strip())
    else:
        title, text = "", redact(what[:_LONGEST])
    titled, tokens = segmenter.tokens(title), segmenter.tokens(text)
    found = explained(load_linear(), f"{title}\n{text}" if title else text, titled + tokens)
    matter = load_matters().judge([title], [text], [titled], [tokens])[0]
    if json:
        emit_json(found.to_dict() | {"matter": _matter(matter)})
        return
    _show(found, matter)


def _post(context: typer.Context, post_id: str) -> tuple[str, str, Any]:
    """Title and text of a post, and the project's segmenter. Raises ConfigError for an unknown id."""
    from nlp.segment import Segmenter
    from pipeline.query.layer import QueryLayer

    project = invocation(context).project()
    with QueryLayer.open(project) as layer:
        view = layer.post(post_id)
    if view is None:
        raise ConfigError(tr("没有编号为 {i} 的帖子", "no post has the id {i}", i=post_id))
    nlp = project.settings.nlp
    return view.post["title"], view.post["text"], Segmenter(nlp.segmenter, project.file(nlp.user_words))


def _matter(matter: Matter) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(matter)


def _show(found: Explanation, matter: Matter) -> None:
    unsure = tr("，没有把握", ", unsure") if found.unsure else ""
    say(
        tr(
            "{l}，得分 {s:+.2f}（−1 最负面，1 最正面），把握 {c:.0%}{u}",
            "{l}, score {s:+.2f} (−1 most negative, 1 most positive), confidence {c:.0%}{u}",
            l=word(SENTIMENTS, found.label), s=found.score, c=found.confidence, u=unsure,
        )
    )  # fmt: skip
    say(_wants(matter))
    widest = max((abs(value) for _, value in found.parts), default=1.0)
    _table(tr("使之更负面的词句", "more negative by"), found.top_against, widest)
    _table(tr("使之更正面的词句", "more positive by"), found.top_for, widest)
    others = found.score - found.base - sum(value for _, value in (*found.top_for, *found.top_against))
    say(
        tr(
            "起点 {b:+.2f}，其余词句合计 {r:+.2f}；各项相加即为得分",
            "start {b:+.2f}, all other words {r:+.2f}; together they are the score",
            b=found.base, r=others,
        )
    )  # fmt: skip


def _wants(matter: Matter) -> str:
    appeal = tr("有诉求", "asks for action") if matter.appeal else tr("无诉求", "asks for nothing")
    about = tr("、", ", ").join(word(SECTORS, one) for one in matter.categories) or tr("不能确定", "unsure")
    return tr("意图：{i}（{c:.0%}），{a}；领域：{s}", "intent: {i} ({c:.0%}), {a}; field: {s}",
              i=word(INTENTS, matter.intent), c=matter.intent_confidence, a=appeal, s=about)  # fmt: skip


def _table(title: str, parts: tuple[tuple[str, float], ...], widest: float) -> None:
    if not parts:
        return
    bars = [("▇" * max(1, round(abs(value) / widest * _WIDEST)), value, piece) for piece, value in parts]
    rows = [(piece.strip() or "␣", f"{value:+.3f}", bar) for bar, value, piece in bars]
    emit_table(title, ["", "", ""], rows, right=(1,))
