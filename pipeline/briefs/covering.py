"""六、数据说明: what was looked at, what went wrong with it, and what is not covered."""

from __future__ import annotations

from pipeline.briefs.asking import Asker
from pipeline.briefs.model import Block, Cell, Heading, Paragraph, Section, Table
from pipeline.briefs.showing import NONE, fit, moment
from pipeline.query.model import Question

_HEALTH = {
    "fine": "正常",
    "late": "迟了",
    "empty": "上次什么也没有取到",
    "failing": "取不到页面",
    "robots": "网站不允许采集",
    "markup": "网页改版，读不出",
    "new": "尚未采集",
    "disabled": "已停用",
}
_FAILING = ("failing", "empty", "markup", "robots")


def coverage(asker: Asker) -> Section:
    """The section; it is there in every brief, whatever was found."""
    asked, everything = asker.asked, asker.period.asked(Question())
    all_, read = asker.figure("sources"), asker.figure("sources", everything, ids=("asked",))
    late, failing = asker.figure("sources", ids=("late",)), asker.figure("sources", ids=_FAILING)
    sources: Cell = (
        "在用来源", all_, "个，期间采集过的", read, "个；成稿时采集迟了的", late, "个，采集有误的", failing, "个。",
    )  # fmt: skip
    posts: Cell = (
        "去除转载前", asker.figure("count", asked), "条，去除转载后", asker.figure("originals", asked),
        "条；采集与处理中搁置（读不出、用不了）", asker.figure("set_aside", everything), "件。",
    )  # fmt: skip
    blocks: list[Block] = [Heading(1, "六、数据说明"), Paragraph(sources, lead="来源。"), *_troubled(asker)]
    blocks += [
        Paragraph(posts, lead="条数。"),
        Paragraph(_not_covered(asker), lead="未覆盖。"),
        Paragraph(_how(asker), lead="口径。"),
    ]
    return Section("coverage", blocks)


def _troubled(asker: Asker) -> list[Block]:
    standings = [one for one in asker.ground.standings() if one.health != "fine"]
    if not asker.ground.standings():
        return [Paragraph(("还没有声明任何来源。",))]
    if not standings:
        return []
    rows = [
        [(fit(one.title),), (_HEALTH.get(one.health, one.health),), (moment(one.last_ok) if one.last_ok else NONE,)]
        for one in standings
    ]
    return [Table("不是“正常”的来源", ("来源", "状况", "上次采集成功"), (0.44, 0.3, 0.26), rows)]


def _not_covered(asker: Asker) -> Cell:
    return (
        "只采集公开网页上的帖文与单位导入的文件：须登录才能看的内容、私信与群聊、网站 robots.txt 不允许的页面、"
        "未声明为来源的平台，均不在内；网上的声音不代表全体居民。",
    )


def _how(asker: Asker) -> Cell:
    about = "本报只统计所列专题的帖文。" if asker.base != Question() else ""
    return (
        f"{about}日期为北京时间。声音数按不同作者的化名计数，本报不列任何作者。情感由模型判断，拿不准的不计入占比。"
        "转载指与更早一条内容相同的帖文。文中每个数字都带有它的查询，用 qingyu brief verify 可以重新计算。",
    )
