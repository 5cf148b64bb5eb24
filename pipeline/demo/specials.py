"""Planted single posts: reposts of notices, personal data, and what hostile or odd pages hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pipeline.demo.compose import Draft, Writer
from pipeline.demo.personal import lookalike, sentence
from pipeline.demo.places import nickname

REPOSTS = 36
WITH_PERSONAL = 70
WITH_LOOKALIKE = 30
LONG_CHARS = 20_000
_HEADS = ("转发：", "【转】", "看到的，转一下：", "大家互相转告：", "帮忙扩散，", "官方发的，", "")
_TAILS = ("", "", "（转自云水发布）", "请互相转告！", "收藏备用。", "不知道是不是又延期。")
HOSTILE = (
    '<script>alert("云水")</script>测试一下<img src=x onerror="alert(1)">能不能发图，'
    '<a href="javascript:alert(document.cookie)">点我看照片</a>\n=HYPERLINK("http://192.0.2.1/","停水通知")\n'
    "+cmd|' /C calc'!A0\n]]></description><!-- {{7*7}} ${7*7} %s ' OR 1=1 --"
)
INVISIBLE = "这个\u200b帖\u200c子\ufeff里有\u202e字过来反\u202c看不见的\u2066字符\u2069，自\u00ad来水\u200d又停了，大家看得到吗？"


def add_reposts(writer: Writer, drafts: Sequence[Draft], anchor: datetime) -> list[Draft]:
    """Notices of the news site carried into the forum, with small edits, within the two days after."""
    rng = writer.rng
    notices = [
        d for d in drafts if d.kind == "article" and ("通知" in d.title or "通告" in d.title or "公告" in d.title)
    ]
    notices = [d for d in notices if d.at < anchor - timedelta(hours=12)]
    popular = rng.sample(notices, min(12, len(notices)))
    made = []
    for number in range(REPOSTS):
        article = popular[number % len(popular)]
        text = rng.choice(_HEADS) + article.text + rng.choice(_TAILS)
        if rng.random() < 0.4:
            text = text.replace("，", ",", 3).replace("。\n", "\n", 1)
        at = article.at + timedelta(minutes=rng.randint(9, 2_000))
        made.append(
            Draft(
                site="forum",
                kind="thread",
                title=rng.choice(("", "", "转 ")) + article.title,
                text=text,
                author=nickname(rng),
                at=min(at, anchor - timedelta(minutes=5)),
                theme=article.theme,
                stance="",
                story=article.story,
                board=2,
                views=rng.randint(50, 900),
                copy_of=article,
            )
        )
    return made


def plant_personal(writer: Writer, drafts: Sequence[Draft], kinds: Sequence[str]) -> None:
    """Adds personal data to some posts and look-alikes to others; all kinds come equally often."""
    rng = writer.rng
    open_posts = [d for d in drafts if d.kind in {"message", "thread", "reply"} and not d.trait and d.copy_of is None]
    chosen = rng.sample(open_posts, WITH_PERSONAL + WITH_LOOKALIKE)
    for number, draft in enumerate(chosen[:WITH_PERSONAL]):
        for kind in dict.fromkeys((kinds[number % len(kinds)], kinds[number // len(kinds) % len(kinds)])):
            added, truth = sentence(kind, rng)
            draft.text = f"{draft.text}\n{added}" if draft.text else added
            draft.personal.append(truth)
    for draft in chosen[WITH_PERSONAL:]:
        added = lookalike(rng)
        draft.text += added
        draft.lookalikes.append(added)


def add_specials(writer: Writer, anchor: datetime) -> list[Draft]:
    """One post each of the kinds that break careless programs, and a sticky and a members-only thread."""
    walk = (
        "从{路}走到{公园}，再绕到{小区}，把这两年看到的变化一条一条记下来：路灯、井盖、公交站、菜市场、{学校}门口，"
        "好的说好，不好的也说不好。今天走的是{路2}，{店}门口的台阶还是老样子，{河}边上新栽了一排柳树。"
    )
    long = ""
    while len(long) < LONG_CHARS:
        long += writer.filler()(walk) + "\n"
    plan = (
        ("hostile", '照片发不出来<script>alert(1)</script>=HYPERLINK("x")', HOSTILE, 6),
        ("invisible", "看不见的\u200b字\u202e", INVISIBLE, 5),
        ("empty", "如题", "", 4),
        ("long", "走遍云水：一个退休教师的记录（长文）", long[:LONG_CHARS], 9),
        ("members", "业主内部讨论（登录可见）", "只给本站会员看的内容。", 7),
        ("locked", "水表读数大家发一下", "回复可见的内容不在网页上。", 8),
        (
            "sticky",
            "【版规】发帖前请看：不要发他人的电话、住址和照片",
            "本版只谈民生。请勿公布他人电话、住址、车牌，违者删帖。",
            58,
        ),
    )
    return [
        _special(writer, anchor - timedelta(days=days, hours=5), trait, title, text)
        for trait, title, text, days in plan
    ]


def _special(writer: Writer, at: datetime, trait: str, title: str, text: str) -> Draft:
    return Draft(
        site="forum",
        kind="thread",
        title=title,
        text=text,
        author="版主" if trait == "sticky" else nickname(writer.rng),
        at=at,
        theme="",
        stance="",
        trait=trait,
        board=2,
        views=100,
    )
