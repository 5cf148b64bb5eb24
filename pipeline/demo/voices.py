"""Voices: the same matter told by a hurried, a polite, an angry, an old, a careless writer."""

from __future__ import annotations

import random

VOICES = {"plain": 30, "short": 14, "polite": 16, "angry": 12, "elder": 7, "careless": 9, "emoji": 7, "weibo": 5}
# Slips of real keyboards: homophones of the pinyin input method.
_SLIPS = (
    ("已经", "以经"),
    ("应该", "因该"),
    ("的时候", "得时候"),
    ("在那里", "再那里"),
    ("部门", "部们"),
    ("解决", "解绝"),
)
_SLIPS2 = (("这样", "这个样子"), ("什么", "啥"), ("怎么", "咋"), ("没有", "没得"))
_GREET = ("您好！", "领导您好，", "你好，我想反映一个问题。", "尊敬的领导：您好！", "请问相关部门，", "您好，打扰了。")
_THANKS = (
    "望尽快处理，谢谢！",
    "麻烦给个答复，辛苦了。",
    "恳请重视，非常感谢！",
    "盼复。",
    "感谢为老百姓办实事。",
    "谢谢！",
)
_ANGER = (
    "到底有没有人管！！！",
    "真的无语了！",
    "请不要再踢皮球了！",
    "再不解决我就往市里反映！",
    "就问一句，谁来管？？",
    "气死人了！",
)
_ELDER = (
    "我是一个{岁}岁的老人，不会打字，是孙子帮我写的。",
    "我退休多年了，平时不爱麻烦人，这次实在没办法。",
    "我们老两口腿脚不好，",
)
_EMOJI = {
    "complaint": ("😡", "😤😤", "🙏🙏🙏", "😭", "😓"),
    "request": ("🙏", "🙏🙏", "😢"),
    "question": ("🤔", "🙏", "❓"),
    "suggestion": ("💡", "😊", "👍"),
    "praise": ("👍👍👍", "❤️", "🌹🌹", "😄"),
}
_WEIBO = {
    "complaint": ("[怒]", "[允悲]", "[泪][泪]", "[摊手]"),
    "request": ("[作揖]", "[泪]"),
    "question": ("[疑问]", "[思考]"),
    "suggestion": ("[赞]", "[思考]"),
    "praise": ("[赞][赞]", "[鲜花]", "[心]"),
}


def choose(rng: random.Random) -> str:
    """A voice, by the shares of VOICES."""
    return rng.choices(list(VOICES), weights=list(VOICES.values()))[0]


def speak(text: str, *, voice: str, stance: str, rng: random.Random) -> str:
    """`text` as `voice` would write it. Slots may stand in the result, so fill afterwards."""
    grieved = stance in {"complaint", "request"}
    if voice == "polite":
        return rng.choice(_GREET) + text + (rng.choice(_THANKS) if stance != "praise" else "")
    if voice == "angry" and stance == "complaint":
        return text.replace("？", rng.choice(("？？", "？！", "？")), 1) + rng.choice(_ANGER)
    if voice == "elder" and grieved:
        return rng.choice(_ELDER) + text + rng.choice(("盼望领导关心。", "给你们添麻烦了。", ""))
    if voice == "careless":
        return _careless(text, rng)
    if voice == "emoji":
        return text + rng.choice(_EMOJI[stance])
    if voice == "weibo":
        return text + rng.choice(_WEIBO[stance])
    return text


def _careless(text: str, rng: random.Random) -> str:
    for right, wrong in [*rng.sample(_SLIPS, 3), rng.choice(_SLIPS2)]:
        text = text.replace(right, wrong, 1)
    # Some never reach for the comma.
    return text.replace("，", " ").rstrip("。") if rng.random() < 0.5 else text
