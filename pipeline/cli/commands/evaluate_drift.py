"""`qingyu evaluate drift`: whether the last days' posts are still such as the models were made and measured for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from config.text import tr
from pipeline.cli.commands.evaluate import evaluate
from pipeline.cli.options import Json, invocation
from pipeline.cli.output import PIECES, emit_json, emit_table, note, say

if TYPE_CHECKING:
    from nlp.drift import Distribution, Drift, Word

# What is normal here: so many weeks before.
_WEEKS_BEFORE = 8


@evaluate.command(
    "drift", help=tr("最近的帖子是否偏离训练与往常", "whether recent posts drift from training and usual")
)
def drift_command(
    context: typer.Context,
    days: Annotated[int, typer.Option(min=1, max=366, help=tr("最近多少天", "how many days"))] = 7,
    json: Json = False,
) -> None:
    """Drift; exit code 3 where above a limit."""
    from crawlers.store import open_store
    from nlp.drift import drift, read_reference, telling_words

    project, now = invocation(context).project(), datetime.now(UTC)
    since = now - timedelta(days=days)
    store = open_store(project)
    try:
        recent = _distribution(store, since, now)
        usual = _distribution(store, since - timedelta(weeks=_WEEKS_BEFORE), since)
    finally:
        store.dispose()
    trained = read_reference()
    against = {"training": trained, "before": usual}
    found = {name: drift(recent, one, name) for name, one in against.items() if one is not None}
    # What a place talks about is its own; new is what it did not talk about before.
    words = telling_words(recent.words, usual.words) if found["before"].state != "few" else []
    worst = [one.state for one in found.values()]
    if json:
        told = [{"word": w.word, "now": w.now, "before": w.before, "bits": round(w.bits, 5)} for w in words]
        emit_json({"against": [one.to_dict() for one in found.values()], "words": told})
    else:
        _show(found, words)
    if "drifted" in worst or "watch" in worst:
        raise typer.Exit(PIECES)


def _distribution(store: Any, since: datetime, until: datetime) -> Distribution:
    """Of the annotated posts published (collected, where no time is known) from since until before until."""
    from sqlalchemy import func, select

    from crawlers.rows import to_ms
    from crawlers.schema import annotation, post
    from crawlers.store import read
    from nlp.drift import Distribution, score_bins

    at = func.coalesce(post.c.published_ms, post.c.collected_ms)
    rows = (
        select(annotation.c.score, annotation.c.sentiment, annotation.c.words)
        .join(post, post.c.id == annotation.c.post_id)
        .where(annotation.c.status == "indexed", at >= to_ms(since), at < to_ms(until))
    )
    scores: list[float] = []
    classes: Counter[Any] = Counter()
    words: Counter[str] = Counter()
    with read(store) as connection:
        for score, label, said in connection.execute(rows):
            scores.append(score or 0.0)
            classes[label] += 1
            words.update(said.split())
    return Distribution(len(scores), score_bins(scores), classes, words)


def _names() -> Mapping[str, str]:
    return {
        "training": tr("训练所用的留言", "messages of the training"),
        "before": tr("此前 {w} 周", "the {w} weeks before", w=_WEEKS_BEFORE),
    }


def _show(found: Mapping[str, Drift], words: list[Word]) -> None:
    from nlp.drift import FEWEST_POSTS, PSI_ALARM, PSI_WATCH

    if "training" not in found:
        note(
            tr(
                "没有与当前模型相配的训练分布，只与往常相比；make model 会重新生成",
                "there is no distribution of this model's training; compared with the weeks before only; make model makes it",
            )
        )
    states = {
        "fine": tr("没有明显偏离", "no drift to speak of"),
        "watch": tr("有些偏离，请留意", "some drift, keep an eye on it"),
        "drifted": tr("明显偏离", "drifted"),
        "few": tr("帖子太少，各要 {n} 条", "too few posts, {n} of each are needed", n=FEWEST_POSTS),
    }
    columns = [
        tr("相比", "against"), tr("条数", "posts"), tr("分数", "scores"), tr("情感", "classes"), tr("词", "words"), tr("偶然", "chance"), "",
    ]  # fmt: skip
    rows = [
        (
            _names()[name], f"{one.posts} / {one.reference_posts}", *map(_number, (one.scores, one.classes, one.words, one.words_by_chance)),
            states[one.state],
        )
        for name, one in found.items()
    ]  # fmt: skip
    emit_table("", columns, rows, right=(1, 2, 3, 4, 5))
    limits = {"w": PSI_WATCH, "a": PSI_ALARM}
    say(
        tr(
            "分数与情感为 PSI（{w} 留意，{a} 明显），词为 JS 散度（比特）",
            "PSI of scores and classes ({w} watch, {a} drifted); JS divergence of words, bits",
            **limits,
        )
    )
    _advise(found, words)


def _advise(found: Mapping[str, Drift], words: list[Word]) -> None:
    if words and found["before"].state in ("watch", "drifted"):
        told = tr("、", ", ").join(f"{word.word} {word.before} → {word.now}" for word in words)
        say(tr("与往常相比变化最大的词：{w}", "words that changed most against before: {w}", w=told))
    if any(one.state == "drifted" for one in found.values()):
        say(
            tr(
                "抽查一些帖子并改正标签（qingyu label），用 qingyu labels accuracy 看准确率；明显变差时导出标签重新训练（make model）",
                "check some posts and correct labels (qingyu label), see qingyu labels accuracy; where it got worse, export "
                "them and train again (make model)",
            )
        )


def _number(value: float) -> str:
    return "—" if value != value else f"{value:.3f}"
