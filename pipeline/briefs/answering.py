"""四、留言办理 and 五、清单: how messages were answered, and which cases are open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from pipeline.briefs.asking import Asker
from pipeline.briefs.measures import GoneError
from pipeline.briefs.model import Block, CaseLine, Cell, Heading, Origin, Paragraph, Section, Table
from pipeline.briefs.showing import NONE, cut, fit, moment
from pipeline.query.model import Question

_UNITS, _CASES = 10, 30


def replies(asker: Asker) -> Section:
    """Messages received and answered in the period, on time and how fast; by unit where there are several."""
    received = asker.figure("count", Question(kinds=("message",), also=(asker.asked,)))
    replied = asker.figure("replied", asker.asked)
    blocks: list[Block] = [Heading(1, "四、留言办理")]
    if not received.value and not replied.value:
        return Section("replies", [*blocks, Paragraph(("本期没有收到留言，也没有官方答复。",))])
    answered = asker.figure("answered", Question(kinds=("message",), also=(asker.asked,)))
    got: Cell = (
        "本期收到留言",
        received,
        "件，其中已有答复的",
        answered,
        "件；本期给出官方答复",
        replied,
        "件（含以前的留言）",
    )
    blocks.append(Paragraph((*got, *_speed(asker, replied.value), "。")))
    return Section("replies", [*blocks, *_by_unit(asker)])


def _speed(asker: Asker, replied: object) -> Cell:
    if not replied:
        return ()
    limit = (str(asker.on_time_workdays),)
    share = asker.figure("on_time_share", asker.asked, ids=limit)
    if share.value is None:
        return ("，页面没有留言时间，用时无从计算",)
    return (
        f"，{asker.on_time_workdays}个工作日内答复的", asker.figure("on_time", asker.asked, ids=limit), "件，按时率", share, asker.few(_number(replied)),
        "，用时中位数", asker.figure("median_days", asker.asked), "天",
    )  # fmt: skip


def _number(value: object) -> int | float | None:
    return value if isinstance(value, int | float) else None


def _by_unit(asker: Asker) -> list[Block]:
    given = asker.ground.replies(Origin("replied", (asker.asked,)))
    units = Counter(one.unit for one in given if one.unit)
    if len(units) < 2:
        return []
    rows: list[list[Cell]] = []
    for unit, _ in sorted(units.items(), key=lambda pair: (-pair[1], pair[0]))[:_UNITS]:
        limit = str(asker.on_time_workdays)
        about = {"replied": (unit,), "on_time": (limit, unit), "median_days": (unit,)}
        rows.append(
            [(cut(fit(unit), 40),), *((asker.figure(name, asker.asked, ids=ids),) for name, ids in about.items())]
        )
    return [
        Table(
            "各单位本期答复", ("单位", "答复", "按时", "中位数（天）"), (0.46, 0.16, 0.16, 0.22), rows, right=(1, 2, 3)
        )
    ]


def cases(asker: Asker) -> Section:
    """Open cases, those overdue first; says so where there is none, or no list of them."""
    blocks: list[Block] = [Heading(1, "五、清单")]
    try:
        lines = asker.ground.case_lines()
    except GoneError:
        return Section("cases", [*blocks, Paragraph(("未接入办理清单，本节从略。",))])
    if not lines:
        return Section("cases", [*blocks, Paragraph(("目前没有在办或超期的事项。",))])
    opened, overdue = asker.figure("cases_open"), asker.figure("cases_overdue")
    blocks.append(Paragraph(("目前在办", opened, "件，其中超期", overdue, "件。")))
    return Section("cases", [*blocks, _listed(lines), *_rest(lines)])


def _listed(lines: Sequence[CaseLine]) -> Table:
    order = sorted(lines, key=lambda one: (not one.overdue, one.deadline or one.opened_at, one.id))
    rows = [
        [(cut(fit(one.title), 60),), (cut(fit(one.unit), 30) or NONE,), (_state(one),), (_deadline(one.deadline),)]
        for one in order[:_CASES]
    ]
    return Table("", ("事项", "承办单位", "状态", "期限"), (0.4, 0.22, 0.16, 0.22), rows)


def _state(one: CaseLine) -> str:
    return f"超期·{fit(one.state)}" if one.overdue else fit(one.state)


def _deadline(at: datetime | None) -> str:
    return moment(at) if at else NONE


def _rest(lines: Sequence[CaseLine]) -> list[Block]:
    left = len(lines) - _CASES
    return [Paragraph((f"另有{left}件未列。",), small=True)] if left > 0 else []
