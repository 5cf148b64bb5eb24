"""Wordings of 来源."""

from __future__ import annotations

# What came of a day: shape and word.
DAYS = {
    "crawled": ("● 采", "● read"),
    "empty": ("○ 空", "○ empty"),
    "failed": ("✖ 败", "✖ failed"),
    "": ("· 无", "· none"),
}
ROLES = {
    "list": ("列表页", "list"),
    "detail": ("详情页", "detail page"),
    "index": ("首页", "index"),
    "board": ("版块页", "board"),
    "thread": ("主题页", "thread"),
    "feed": ("订阅", "feed"),
    "sitemap": ("网站地图", "sitemap"),
    "article": ("文章页", "article"),
}
# Fields of a post that a trial shows; who wrote it is not among them.
FIELDS = {
    "title": ("标题", "title"),
    "text": ("正文", "text"),
    "published": ("发布时间", "published"),
    "edited": ("编辑时间", "edited"),
    "region": ("地区", "region"),
    "category": ("类别", "category"),
    "floor": ("楼层", "floor"),
    "views": ("浏览", "views"),
    "likes": ("点赞", "likes"),
    "dislikes": ("反对", "dislikes"),
    "replies": ("回复数", "replies"),
    "official.unit": ("答复单位", "replied by"),
    "official.replied": ("答复时间", "replied at"),
    "official.text": ("官方答复", "official reply"),
    "author": ("作者（只用来数声音，不显示）", "author (counts voices, never shown)"),
}

TEXTS: dict[str, tuple[str, str]] = {
    "so_calendar": ("近 {n} 天采到没有", "The last {n} days"),
    "so_calendar_help": (
        "● 采：有成功的采集；○ 空：成功但什么也没看到；✖ 败：只有失败的；· 无：没有采集过。空与无都不等于没有声音。",
        "● read: a run came to its end; ○ empty: it saw nothing; ✖ failed: none came to its end; · none: no run. None of these "
        "but the first says that nobody spoke.",
    ),
    "so_try": ("试采", "Try it"),
    "so_try_help": (
        "每种页面取一页，看会取到什么；什么也不写入。与 qingyu sources check 相同，按网站的节奏，最多 {s:.0f} 秒。",
        "Reads a page of each kind and shows what would be taken; nothing is kept. As qingyu sources check, {s:.0f} s at most.",
    ),
    "so_try_which": ("试哪个来源", "Which source"),
    "so_try_start": ("开始试采", "Start"),
    "so_trying": ("正在试采 {n}", "trying {n}"),
    "so_ok": ("✔ 可以采集；什么也没有写入", "✔ it can be crawled; nothing was kept"),
    "so_not_ok": ("✖ 按现在的声明取不到帖子", "✖ as it is declared, no posts could be taken"),
    "so_nothing": ("什么也没有取到", "nothing was read"),
    "so_page": ("链接 {n} 个，下一页{m}，帖子 {p} 条", "{n} links, next page {m}, {p} posts"),
    "so_yes": ("有", "yes"),
    "so_no": ("无", "no"),
    "so_problem": ("✖ 取不到：{p}", "✖ nothing could be taken: {p}"),
    "so_aside": ("⚠ 搁置：{r}", "⚠ set aside: {r}"),
    "so_missing": ("⚠ 没有取到：{n}", "⚠ missing: {n}"),
    "so_hidden": ("其余 {n} 条略", "{n} more posts are not shown"),
    "so_field": ("项目", "Field"),
    "so_value": ("取到的", "Taken"),
    "so_tried": ("{n} 的试采，{t}", "trial of {n}, {t}"),
}
