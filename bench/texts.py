"""Texts to measure with: made up, or pieces of real ones where the data sets are at hand."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
_SUBJECTS = [
    "小区自来水",
    "村口路灯",
    "学校食堂",
    "公交三路",
    "社区医院",
    "工地夜间施工",
    "菜市场停车",
    "老楼电梯",
    "暖气管道",
    "政务大厅窗口",
]
_EVENTS = [
    "已经停了三天",
    "坏了半个月",
    "收费没有公示",
    "排队要等两个小时",
    "噪音很大",
    "昨天终于修好",
    "换了新设备",
    "手续简单多了",
]
_FEELINGS = [
    "打电话也没人管",
    "让人气愤",
    "老人孩子很不方便",
    "希望尽快解决",
    "请问该找哪个部门",
    "非常感谢",
    "态度很好",
    "居民都很满意",
]
_ENDS = [
    "请有关部门重视",
    "联系电话13800138000",
    "家住幸福路12号",
    "盼复",
    "我们等着回复",
    "谢谢",
    "已反映过两次",
    "以上情况属实",
]


def posts(count: int, seed: int) -> list[str]:
    """`count` made-up posts of public service, about 50 characters each, few of them twice."""
    draw = random.Random(seed)

    def one(number: int) -> str:
        parts = [draw.choice(part) for part in (_SUBJECTS, _EVENTS, _FEELINGS, _EVENTS, _FEELINGS, _ENDS)]
        return f"第{number}号：" + "，".join(parts) + "。"

    return [one(number) for number in range(count)]


def pieces(count: int, length: int, *, data: Path = DATA, seed: int = 1) -> list[str]:
    """At most `count` distinct pieces of `length` characters of public messages, reviews and microblogs, mixed; none where
    the data sets are absent. Unlike made-up posts they seldom repeat each other."""
    found: dict[str, None] = {}
    for path in sorted(
        (
            *data.glob("board/messages.jsonl.gz"),
            *data.glob("board/replied.jsonl.gz"),
            *data.glob("sentiment/*.jsonl.gz"),
        )
    ):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                text = "".join(json.loads(line)["text"].split())
                found.update(dict.fromkeys(text[at : at + length] for at in range(0, len(text) - length + 1, length)))
    mixed = list(found)
    random.Random(seed).shuffle(mixed)
    return mixed[:count]
