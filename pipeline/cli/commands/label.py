"""`qingyu label ID …` sets labels right; `qingyu labels …` says how right the models were and exports for training."""

from __future__ import annotations

import getpass
import json as json_lines
from pathlib import Path
from typing import Annotated

import typer

from config.text import tr
from pipeline.cli.app import app
from pipeline.cli.options import Json, invocation
from pipeline.cli.output import emit_json, emit_table, note, say
from pipeline.cli.words import INTENTS, SECTORS, word

_TONES = {"negative": ("负面", "negative"), "neutral": ("中性", "neutral"), "positive": ("正面", "positive")}
_YES = {"yes": ("有", "yes"), "no": ("无", "no")}
_FIELDS = {
    "sentiment": ("情感", "sentiment"),
    "intent": ("意图", "intent"),
    "appeal": ("诉求", "appeal"),
    "sector": ("领域", "field"),
}
_WORDS = {"sentiment": _TONES, "intent": INTENTS, "appeal": _YES, "sector": SECTORS}

labels = typer.Typer(help=tr("更正过的标签：准确率、导出", "labels set right: accuracy, export"), no_args_is_help=True)
app.add_typer(labels, name="labels")


def _id_of(name: str, said: str) -> str:
    """The id of a value that may be written in either language."""
    return next((one for one, words in _WORDS[name].items() if said in words), said)


@app.command(help=tr("更正一条帖子的标签", "set the labels of a post right"))
def label(
    context: typer.Context,
    post_id: Annotated[str, typer.Argument(metavar="ID", help=tr("帖子编号", "id of the post"))],
    sentiment: Annotated[str, typer.Option(help=tr("负面、中性、正面", "negative, neutral, positive"))] = "",
    intent: Annotated[str, typer.Option(help=tr("投诉、求助、咨询 …", "complaint, help, inquiry …"))] = "",
    appeal: Annotated[str, typer.Option(help=tr("有诉求 yes，无 no", "yes or no"))] = "",
    sector: Annotated[str, typer.Option(help=tr("城乡建设、环境保护 …", "construction, environment …"))] = "",
    who: Annotated[str, typer.Option(help=tr("谁更正的；不写则为登录名", "who says so; else the login name"))] = "",
    json: Json = False,
) -> None:
    """Set labels right."""
    from pipeline.corrections import correct

    given = {"sentiment": sentiment, "intent": intent, "appeal": appeal, "sector": sector}
    values = {name: _id_of(name, said.strip()) for name, said in given.items() if said.strip()}
    before = correct(invocation(context).project(), post_id, values, who or getpass.getuser())
    if json:
        emit_json({"post_id": post_id, "said": before, "set": values})
        return
    for name, value in values.items():
        was = word(_WORDS[name], before[name]) or "—"
        say(f"{word(_FIELDS, name)}{tr('：', ': ')}{was} → {word(_WORDS[name], value)}")


@labels.command(help=tr("更正显示模型在各来源上说对多少", "how often the models were right, by source"))
def accuracy(context: typer.Context, json: Json = False) -> None:
    """Measured accuracy by source."""
    from pipeline.corrections import accuracy_by_source

    rows = accuracy_by_source(invocation(context).project())
    if json:
        emit_json(rows)
        return
    if not rows:
        say(tr("还没有人更正过标签：qingyu label ID --sentiment …", "nothing was set right yet: qingyu label ID …"))
        return
    columns = [
        tr("来源", "source"),
        tr("标签", "label"),
        tr("查过", "checked"),
        tr("说对", "right"),
        tr("占比", "share"),
    ]
    cells = [(r["source"], word(_FIELDS, r["field"]), r["checked"], r["right"], f"{r['accuracy']:.0%}") for r in rows]
    emit_table("", columns, cells, right=(2, 3, 4))


@labels.command(help=tr("把更正过的文字导出为训练数据（JSONL）", "write the corrected texts for training (JSONL)"))
def export(
    context: typer.Context,
    output: Annotated[Path, typer.Option("--output", "-o", help=tr("文件", "file"))],
) -> None:
    """Export corrections."""
    from pipeline.corrections import training_rows

    rows = training_rows(invocation(context).project())
    lines = (json_lines.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    output.write_text("".join(lines).encode("utf-8", "replace").decode("utf-8"), encoding="utf-8")
    note(tr("{n} 条 → {p}", "{n} texts → {p}", n=len(rows), p=output))
