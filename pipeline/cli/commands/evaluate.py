"""`qingyu evaluate …`: how good each part is on labelled files."""

from __future__ import annotations

import gzip
import json as json_lines
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from config.errors import ConfigError
from config.text import tr
from pipeline.cli.app import app
from pipeline.cli.options import Json
from pipeline.cli.output import emit_json, emit_table, note, progress, say

if TYPE_CHECKING:
    from nlp.evaluation import Result
    from nlp.measures import Interval, Measured

evaluate = typer.Typer(help=tr("在标注数据上评测", "measure on labelled files"), no_args_is_help=True)
app.add_typer(evaluate, name="evaluate")

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE…", help=tr("JSONL 文件，可为 .gz", "JSON lines, .gz allowed"))
]
Row = dict[str, Any]
T = TypeVar("T")
Check = Callable[[Row], bool]


def rows_of(files: Sequence[Path], check: Check, expected: str) -> list[Row]:
    """The rows of JSON-lines files. Raises ConfigError with file and line for what is no such row, or when there is none."""
    rows = [row for path in files for row in _read(path, check, expected)]
    if not rows:
        raise ConfigError(tr("文件里没有数据：{f}", "no rows in {f}", f=" ".join(map(str, files))))
    return rows


def _read(path: Path, check: Check, expected: str) -> Iterator[Row]:
    number = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _row(path, number, line, check, expected)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        message = tr(
            "{f}：读不了（{e}），第 {n} 行之后", "{f}: cannot be read ({e}) behind line {n}", f=path, e=reason, n=number
        )
        raise ConfigError(message) from error


def _row(path: Path, number: int, line: bytes, check: Check, expected: str) -> Row:
    try:
        row = json_lines.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        _faulty(path, number, expected)
    if not isinstance(row, dict) or not check(row):
        _faulty(path, number, expected)
    return row


def _faulty(path: Path, number: int, expected: str) -> NoReturn:
    raise ConfigError(tr("{f}:{n}: 应为 {e}", "{f}:{n}: must be {e}", f=path, n=number, e=expected))


def _texts(row: Row, *names: str) -> bool:
    return all(isinstance(row.get(name), str) for name in names)


def _is(row: Row, name: str, values: Sequence[str]) -> bool:
    value = row.get(name)
    return isinstance(value, str) and value in values


@evaluate.command(help=tr("情感：{text, label[, domain]}", "sentiment: {text, label[, domain]}"))
def sentiment(files: Files, json: Json = False) -> None:
    """Sentiment."""
    from nlp import evaluation as ev
    from nlp.segment import Segmenter
    from nlp.sentiment import CLASSES, load_linear

    expected = '{"text": "…", "label": "negative|neutral|positive"[, "domain": "…"]}'
    rows = rows_of(files, lambda row: _texts(row, "text") and _is(row, "label", CLASSES), expected)
    notes: list[str] = []
    tools = ev.Tools(
        load_linear(), Segmenter(), _optional(_snownlp, notes), _optional(lambda: Segmenter("jieba"), notes)
    )
    with progress(tr("评测", "measuring"), quiet=json):
        found = ev.sentiment(rows, tools)
    _show(found, json, notes)


def _snownlp() -> Callable[[str], float]:
    from nlp.snownlp_score import SnowSentiment

    return SnowSentiment().chance


def _optional(load: Callable[[], T], notes: list[str]) -> T | None:
    """What is compared with, None and a note where its package is not installed."""
    try:
        return load()
    except ConfigError as error:
        notes.append(error.message)
        return None


@evaluate.command(help=tr("类别：{title, text, category}", "category: {title, text, category}"))
def category(files: Files, json: Json = False) -> None:
    """Category."""
    from nlp import evaluation as ev
    from nlp.segment import Segmenter

    known = [*ev.CATEGORY_NAMES, *ev.CATEGORY_NAMES.values()]
    expected = f'{{"title": "…", "text": "…", "category": "{"|".join(ev.CATEGORY_NAMES)}"}}'
    rows = rows_of(files, lambda row: _texts(row, "title", "text") and _is(row, "category", known), expected)
    _show(ev.category(rows, Segmenter()), json)


@evaluate.command(help=tr("意图与诉求：{title, text, label[, appeal]}", "intent: {title, text, label[, appeal]}"))
def intent(files: Files, json: Json = False) -> None:
    """Intent and appeal."""
    from nlp import evaluation as ev
    from nlp.segment import Segmenter

    known = [*ev.INTENT_NAMES, *ev.INTENT_NAMES.values()]
    expected = f'{{"title": "…", "text": "…", "label": "{"|".join(ev.INTENT_NAMES)}"[, "appeal": true|false]}}'

    def check(row: Row) -> bool:
        return _texts(row, "title", "text") and _is(row, "label", known) and isinstance(row.get("appeal", True), bool)

    _show(ev.intent(rows_of(files, check, expected), Segmenter()), json)


@evaluate.command(help=tr("脱敏：{text, masked}", "redaction: {text, masked}"))
def redaction(files: Files, json: Json = False) -> None:
    """Redaction."""
    from nlp import evaluation as ev

    rows = rows_of(files, lambda row: _texts(row, "text", "masked"), '{"text": "…", "masked": "…"}')
    _show(ev.redaction(rows), json)


@evaluate.command(help=tr("转载：{a, b, same}", "copies: {a, b, same}"))
def duplicates(files: Files, json: Json = False) -> None:
    """Copies."""
    from nlp import evaluation as ev

    expected = '{"a": "…", "b": "…", "same": true|false}'
    rows = rows_of(files, lambda row: _texts(row, "a", "b") and isinstance(row.get("same"), bool), expected)
    _show(ev.duplicates(rows), json)


def _show(found: Result, json: bool, notes: Sequence[str] = ()) -> None:
    if json:
        emit_json(found.to_dict() | {"notes": [*found.notes, *notes]})
        return
    if found.groups:
        _show_groups(found)
    if found.figures:
        columns = [tr("指标", "figure"), tr("值（95% 区间）", "value (95 %)")]
        emit_table("", columns, [(name, _cell(one)) for name, one in found.figures.items()], right=(1,))
    for name, speed in found.speed.items():
        say(tr("{n}：每秒 {s:,.0f} 条", "{n}: {s:,.0f} texts/s", n=name, s=speed))
    for line in (*found.notes, *notes):
        note(line)


def _show_groups(found: Result) -> None:
    columns = [
        tr("领域", "domain"), tr("模型", "model"), tr("条数", "rows"), tr("准确率", "accuracy"), "macro-F1", "AUC",
        tr("校准误差", "calibration"), tr("覆盖", "coverage"), tr("有把握时准确", "accuracy if sure"),
    ]  # fmt: skip
    rows: list[tuple[str, ...]] = []
    for group in found.groups:
        domain = group.domain or tr("合计", "all")
        for name, one in (
            (tr("本系统", "ours"), group.ours),
            # Where SnowNLP read every row these are ours.
            (tr("同批", "same rows"), None if group.sample and group.sample.rows == group.ours.rows else group.sample),
            ("SnowNLP", group.snownlp),
        ):
            if one is not None:
                rows.append((domain, name, *_cells(one)))
    emit_table("", columns, rows, right=range(2, len(columns)))


def _cells(found: Measured) -> tuple[str, ...]:
    from nlp.measures import FIGURES

    return (str(found.rows), *(_cell(getattr(found, name)) for name in FIGURES))


def _cell(one: Interval) -> str:
    """Value and, below it, its interval: side by side they would not fit a screen."""
    return "—" if one.value != one.value else f"{one.value:.3f}\n{_short(one.low)}–{_short(one.high)}"


def _short(share: float) -> str:
    return f"{share:.2f}".removeprefix("0") if share < 0.995 else "1"
