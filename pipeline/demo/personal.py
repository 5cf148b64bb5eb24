"""Personal data planted in posts, with the truth of what must be masked, and look-alikes that must stay.

Numbers are drawn at random under number blocks ending in 0000 and an area code (431399) that is not given to any county.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from pipeline.demo.places import COMPOUNDS, GIVEN, SURNAMES

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
KINDS = ("mobile", "id_card", "plate", "email", "wechat", "address", "name")


@dataclass(frozen=True, slots=True)
class Personal:
    """One piece of personal data in a post. kind: one of KINDS; value: exactly as it stands in the text."""

    kind: str
    value: str


def checksum(first17: str) -> str:
    """The last character of an identity card number (GB 11643-1999, ISO 7064 MOD 11-2)."""
    return "10X98765432"[sum(int(d) * w for d, w in zip(first17, _WEIGHTS, strict=True)) % 11]


def draw(kind: str, rng: random.Random) -> str:
    """A made-up value of `kind`."""
    if kind == "mobile":
        return f"1{rng.choice(('38', '39', '58', '77', '86', '99'))}0000{rng.randint(0, 9999):04d}"
    if kind == "id_card":
        day = f"{rng.randint(1952, 2001)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
        first17 = f"431399{day}{rng.randint(1, 999):03d}"
        return first17 + checksum(first17)
    if kind == "plate":
        return "湘K" + rng.choice("ABDEFGH") + f"{rng.randint(0, 9999):04d}"
    if kind == "email":
        return f"{rng.choice(('yunshui', 'wang', 'lili', 'zhaop'))}{rng.randint(10, 9999)}@example.com"
    if kind == "wechat":
        return f"{rng.choice(('ysx', 'wx', 'afeng'))}_{rng.choice('abcdxyz')}{rng.randint(1000, 99999)}"
    if kind == "name":
        return rng.choice(SURNAMES) + rng.choice(GIVEN)
    return f"{rng.choice(COMPOUNDS)}{rng.randint(1, 18)}栋{rng.randint(1, 4)}单元{rng.randint(2, 17)}0{rng.randint(1, 4)}室"


_SENTENCES = {
    "mobile": (
        "我的电话是{}，请联系我。",
        "方便的话打我手机{}。",
        "有知道的请打{}，谢谢！",
        "本人电话{}，随时可以到现场对质。",
    ),
    "id_card": ("我的身份证号是{}，麻烦帮我查一下。", "本人身份证{}，情况可以核实。"),
    "plate": ("那辆车的车牌是{}，天天停在那里。", "我的车牌号{}，可以调监控。"),
    "email": ("照片和视频发到哪里？我的邮箱{}。", "回复请发邮箱{}。"),
    "wechat": ("有同样情况的邻居加我微信：{}，一起想办法。", "微信号{}，加我发你照片。"),
    "address": ("我家住在{}，欢迎上门看。", "就是{}，一看便知。"),
    "name": ("联系人：{}。", "联系人{}，白天都在家。"),
}
_LOOKALIKES = (
    "打了12345，说已经转下去了，工单号2026110{:05d}。",
    "打0738-42{:05d}没人接。",
    "订单号8800{:05d}1276453，一直没有处理。",
    "客服95598说会派人，到现在没来，受理编号{:05d}。",
)


def sentence(kind: str, rng: random.Random) -> tuple[str, Personal]:
    """A sentence that gives away one piece of `kind`, and the truth of it."""
    value = draw(kind, rng)
    return rng.choice(_SENTENCES[kind]).format(value), Personal(kind, value)


def lookalike(rng: random.Random) -> str:
    """A sentence with a public number that must stay as it is."""
    return rng.choice(_LOOKALIKES).format(rng.randint(10000, 99999))
