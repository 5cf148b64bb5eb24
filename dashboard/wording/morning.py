"""Wordings of 今日."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "day_earlier": ("前一天", "day before"),
    "day_later": ("后一天", "day after"),
    "share_interval": (
        "95% 区间 {a}–{b}（{n} 条，拿不准 {u}）",
        "95% interval {a}–{b} of {n} posts, {u} unsure",
    ),
    "since_look": ("自上次查看（{t}）以来：{w}", "Since you last looked ({t}): {w}"),
    "since_look_flags": ("新预警 {n}", "{n} new flags"),
    "since_look_events": ("新事件 {n}", "{n} new events"),
    "since_look_replies": ("新答复 {n}", "{n} new replies"),
    "since_look_nothing": ("没有新的预警、事件与答复", "no new flags, events or replies"),
    "first_look": (
        "您第一次看这一页；下次来时会标出其间的新内容。",
        "Your first look here; next time, what is new is marked.",
    ),
    "new_mark": ("新", "new"),
    "flags_of_day": ("这一天的预警", "Flags of the day"),
    "flags_of_day_none": ("这一天没有预警。", "No flags this day."),
    "flags_all": ("全部预警", "all flags"),
    "events_of_day": ("新出现的事件", "New events"),
    "events_of_day_none": ("这一天没有新事件。", "No new events this day."),
    "event_row": ("{o} 条原帖 · {c} 条转载 · {v} 个声音", "{o} originals · {c} copies · {v} voices"),
    "event_few": ("帖子少", "few posts"),
    "cases_due": ("清单：到期与超期", "Cases due and overdue"),
    "cases_due_none": ("今明两天没有到期的事项，也没有超期的。", "Nothing is due by tomorrow, nothing overdue."),
    "cases_card": ("待反馈事项", "Cases to answer"),
    "cases_card_over": ("✖ 超期 {n} 件", "✖ {n} overdue"),
    "cases_card_fine": ("● 没有超期", "● none overdue"),
    "cases_card_note": ("今明两天到期 {n} 件", "{n} due by tomorrow"),
    "cases_list": ("全部清单", "all cases"),
    "coverage_fine": (
        "✔ {n} 个来源都正常，最近一次采集在 {d}",
        "✔ all {n} sources are fine, the latest crawl was {d}",
    ),
    "coverage_bad": ("⚠ {k} / {n} 个来源不正常，数字可能偏低", "⚠ {k} of {n} sources are not fine: figures may be low"),
    "not_narrowed": (
        "筛选只作用于数字、曲线与话题；预警、事件、答复与清单是全部的。",
        "The filters narrow figures, curve and topics; flags, events, replies and cases are all of the day.",
    ),
    "few_posts": ("帖子少", "few posts"),
}
