"""三、话题、领域与地点: where the posts lie, each with its usual and its share of negative ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.briefs.asking import Asker
from pipeline.briefs.model import Block, Cell, Chart, Figure, Heading, Paragraph, Section, Table
from pipeline.briefs.periods import ENOUGH
from pipeline.briefs.showing import FEW, NONE, fit
from pipeline.query.model import Question

_ROWS = 10
_SECTORS = {
    "construction": "城乡建设",
    "environment": "环境保护",
    "transport": "交通运输",
    "education": "教育文体",
    "labour": "劳动和社会保障",
    "commerce": "商贸旅游",
    "health": "卫生计生",
}
_WIDTHS = (0.34, 0.15, 0.17, 0.17, 0.17)


def spread(asker: Asker, *, topics: Mapping[str, str], places: Mapping[str, str]) -> Section:
    """The section; says so where there is nothing."""
    blocks: list[Block] = [Heading(1, "三、话题、领域与地点")]
    if not asker.figure("count", asker.asked).value:
        return Section("spread", [*blocks, Paragraph(("本期没有帖文，没有可列的话题、领域与地点。",))])
    blocks += _part(asker, "（一）话题", "topic", topics, lambda key: Question(topics=(key,)), chart="图2　各话题条数")
    blocks += _part(asker, "（二）领域", "sector", _SECTORS, lambda key: Question(query=f"领域:{key}"))
    blocks += _part(asker, "（三）地点", "place", places, lambda key: Question(query=f'地点:"{_quoted(key)}"'))
    note = f"往常：{asker.period.usual_name()}的中位数。一条帖文可属几类，各行不能相加。情感有把握的不足{FEW}条时，不给出负面占比（{NONE}）。"
    return Section("spread", [*blocks, Paragraph((note,), small=True)])


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _part(
    asker: Asker,
    title: str,
    field: str,
    names: Mapping[str, str],
    limit: Callable[[str], Question],
    chart: str = "",
) -> list[Block]:
    word = title[3:]
    found = [b.key for b in asker.ground.layer.by(asker.asked, field, size=_ROWS)]
    if not found:
        return [Heading(2, title), Paragraph((f"本期没有能认出{word}的帖文。",))]
    labels = [fit(names.get(key, key.upper() if field == "place" else key)) for key in found]
    rows = [_row(asker, label, limit(key)) for label, key in zip(labels, found, strict=True)]
    counts = [row[1][0] for row in rows]
    table = Table("", (word, "条数", "不计转载", "往常", "负面占比"), _WIDTHS, rows, right=(1, 2, 3, 4))
    drawn = _chart(chart, labels, [one for one in counts if isinstance(one, Figure)]) if chart else []
    return [Heading(2, title), table, *drawn]


def _row(asker: Asker, label: str, limit: Question) -> list[Cell]:
    asked = Question(query=limit.query, topics=limit.topics, also=(asker.asked,))
    count, originals = asker.figure("count", asked), asker.figure("originals", asked)
    periods = [one.asked(asker.base) for one in asker.period.usual_of() if asker.known(one)]
    usual: Cell = (NONE,)
    if len(periods) >= ENOUGH:
        each = [Question(query=limit.query, topics=limit.topics, also=(one,)) for one in periods]
        usual = (asker.figure("usual_median", *each),)
    sure = asker.figure("sure", asked)
    many = isinstance(sure.value, int | float) and sure.value >= FEW
    share: Cell = (asker.figure("negative_share", asked),) if many else (NONE,)
    return [(label,), (count,), (originals,), usual, share]


def _chart(title: str, labels: list[str], counts: list[Figure]) -> list[Block]:
    values = [int(one.value) if isinstance(one.value, int | float) else 0 for one in counts]
    # One or two posts a topic make no picture.
    if len(values) < 2 or max(values) < FEW:
        return []
    alt = f"横条图，{'，'.join(f'{label}{value}条' for label, value in zip(labels, values, strict=True))}。"
    return [Chart("names", title, labels, values, alt, counts)]
