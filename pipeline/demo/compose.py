"""How one post of the town comes about: theme, stance, voice, places, wording, counters and the official answer."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline.demo import voices
from pipeline.demo.personal import Personal
from pipeline.demo.phrases import Bag, Filler, Line, Sheet
from pipeline.demo.places import SLOTS, nickname, petitioner

_ANSWERED = 0.78  # share of messages that ever get an official answer
_LIVELINESS = 4.2  # mean number of replies to a thread
_WINTER = {11, 12, 1, 2, 3}


@dataclass(eq=False)
class Draft:
    """A post before it has its number; the fields are those of TownPost, other posts are named by the draft itself."""

    site: str
    kind: str
    title: str
    text: str
    author: str
    at: datetime
    theme: str
    stance: str
    category: str = ""
    story: str = ""
    trait: str = ""
    board: int = 0
    thread: Draft | None = None
    quotes: Draft | None = None
    edited_at: datetime | None = None
    views: int = 0
    likes: int = 0
    answer: tuple[str, datetime, str] | None = None
    personal: list[Personal] = field(default_factory=list)
    lookalikes: list[str] = field(default_factory=list)
    copy_of: Draft | None = None


@dataclass
class Writer:
    """Writes posts from the sheets; all chance comes from `rng`."""

    rng: random.Random
    sheets: dict[str, Sheet]
    bag: Bag = field(init=False)

    def __post_init__(self) -> None:
        self.bag = Bag(self.rng)
        self.themes = [sheet for sheet in self.sheets.values() if "分量" in sheet.facts]

    def filler(self) -> Filler:
        """A fresh set of places for one post or one thread."""
        return Filler(self.rng, dict(SLOTS))

    def theme(self, at: datetime) -> Sheet:
        """A theme by its weight and the season."""
        weights = [float(s.facts["分量"]) * _season(s.name, at.month) for s in self.themes]
        return self.rng.choices(self.themes, weights=weights)[0]

    def message(self, at: datetime, sheet: Sheet | None = None, story: str = "") -> Draft:
        """A message to the government board, with its answer where it gets one."""
        rng, sheet = self.rng, sheet or self.theme(at)
        line, fill = self.bag.draw(sheet, "帖子"), self.filler()
        draft = Draft(
            site="board",
            kind="message",
            title=fill(line.title),
            text=fill(self._body(sheet, line, more=rng.choices((0, 1, 2, 3), (20, 40, 28, 12))[0])),
            author=petitioner(rng),
            at=at,
            theme=_theme_of(sheet),
            stance=line.stance,
            category=sheet.facts["类别"],
            likes=self._few(2.5),
            views=rng.randint(30, 900),
            story=story,
        )
        if rng.random() < _ANSWERED:
            draft.answer = self._answer(draft, sheet, fill)
        return draft

    def discussion(self, at: datetime, sheet: Sheet | None = None, story: str = "") -> list[Draft]:
        """A thread of the forum with its replies, the thread first."""
        rng, sheet = self.rng, sheet or self.theme(at)
        line, fill = self.bag.draw(sheet, "帖子"), self.filler()
        body = self._body(sheet, line, more=rng.choices((0, 1, 2), (45, 40, 15))[0])
        thread = Draft(
            site="forum",
            kind="thread",
            title=fill(self._casual(line)),
            text=fill(body),
            author=nickname(rng),
            at=at,
            theme=_theme_of(sheet),
            stance=line.stance,
            board=int(sheet.facts["版块"]),
            views=rng.randint(80, 4000),
            story=story,
        )
        if rng.random() < 0.07:
            thread.edited_at = at + timedelta(minutes=rng.randint(2, 90))
        return [thread, *self.replies(thread, sheet, fill, count=self._few(_LIVELINESS))]

    def replies(self, thread: Draft, sheet: Sheet, fill: Filler, *, count: int) -> list[Draft]:
        """`count` later floors, each after the one before; some quote an earlier floor."""
        rng, at, floors = self.rng, thread.at, [thread]
        for _ in range(count):
            at += timedelta(seconds=min(rng.lognormvariate(8.2, 1.5), 4 * 86_400))
            reply = Draft(
                site="forum",
                kind="reply",
                title="",
                text=self._reply_text(thread, sheet, fill),
                author=thread.author if rng.random() < 0.12 else nickname(rng),
                at=at,
                theme=thread.theme,
                stance=thread.stance,
                story=thread.story,
                board=thread.board,
                thread=thread,
                quotes=rng.choice(floors) if rng.random() < 0.2 else None,
            )
            floors.append(reply)
        return floors[1:]

    def article(self, at: datetime, line: Line | None = None, story: str = "") -> Draft:
        """An article of the county's news site."""
        fill = self.filler()
        fill.values.update(
            {"月日": f"{at.month}月{at.day}日", "明日": _day(at + timedelta(days=1)), "年份": str(at.year)}
        )
        line = line or self._article_line(at)
        theme, _, title = line.title.partition(" ")
        return Draft(
            site="news",
            kind="article",
            title=fill(title),
            text=fill(line.body),
            author=self.rng.choice(("县融媒体中心", "云水发布", "县融媒体中心 记者 陈林", "县委宣传部")),
            at=at,
            theme=theme,
            stance="",
            views=self.rng.randint(120, 6000),
            story=story,
        )

    def _article_line(self, at: datetime) -> Line:
        for _ in range(8):
            line = self.bag.draw(self.sheets["news"], "文章")
            if _season(line.title.partition(" ")[0], at.month) > 0:
                break
        return line

    def _body(self, sheet: Sheet, line: Line, *, more: int) -> str:
        voice = voices.choose(self.rng)
        pool = sheet.lines("追加", line.stance)
        extra = self.rng.sample(pool, min(more, len(pool), 0 if voice == "short" else 3))
        body = line.body
        if voice == "short":
            # Whole sentences only, cut after the first.
            head, mark, _ = body.replace("？", "？。").partition("。")
            body = (head + ("" if head.endswith("？") else mark)) if len(head) > 18 else body
        text = voices.speak(body + "".join(e.body for e in extra), voice=voice, stance=line.stance, rng=self.rng)
        return text.replace("。", "。¶", 1) if len(text) > 120 and self.rng.random() < 0.3 else text

    def _casual(self, line: Line) -> str:
        heads = (
            ("", "", "", "", "", "吐槽：", "有没有人管管？", "各位云水的，") if line.stance == "complaint" else ("",)
        )
        return self.rng.choice(heads) + line.title

    def _reply_text(self, thread: Draft, sheet: Sheet, fill: Filler) -> str:
        rng = self.rng
        common = self.bag.draw(self.sheets["common"], "跟帖", thread.stance).body
        pool = sheet.lines("跟帖", thread.stance)
        dice = rng.random()
        if dice < 0.3 or not pool:
            text = common
        else:
            text = self.bag.draw(sheet, "跟帖", thread.stance if pool[0].stance != "complaint" else "complaint").body
            if dice > 0.75:
                text += common
        if rng.random() < 0.12:
            text = voices.speak(text, voice=rng.choice(("emoji", "weibo", "careless")), stance=thread.stance, rng=rng)
        return fill(text)

    def _answer(self, draft: Draft, sheet: Sheet, fill: Filler) -> tuple[str, datetime, str]:
        """Unit, time and text of the official reply: one to ten working days later, in office hours."""
        rng, common = self.rng, self.sheets["common"]
        unit = rng.choices(sheet.units(), weights=range(len(sheet.units()), 0, -1))[0]
        lines = sheet.lines("答复", draft.stance) or common.lines("答复", draft.stance)
        fill.values.update({"标题": draft.title, "单位": unit})
        head, tail = (self.bag.draw(common, name).body for name in ("答复开头", "答复结尾"))
        at = _working_days_later(draft.at, rng.choices(range(1, 11), (6, 10, 14, 14, 13, 11, 9, 8, 8, 7))[0])
        at = at.replace(hour=rng.choice((9, 10, 11, 15, 16, 17)), minute=rng.randrange(60), second=0, microsecond=0)
        return unit, at, fill(f"{head}¶{rng.choice(lines).body}¶{tail}")

    def _few(self, mean: float) -> int:
        return min(24, int(self.rng.expovariate(1 / (mean + 0.5))))


def _theme_of(sheet: Sheet) -> str:
    return sheet.facts.get("主题", sheet.name)


def _season(theme: str, month: int) -> float:
    if theme == "heating":
        return 1.5 if month in _WINTER else 0.3 if month == 10 else 0.0
    return 1.0


def _day(at: datetime) -> str:
    return f"{at.month}月{at.day}日"


def _working_days_later(at: datetime, days: int) -> datetime:
    while days:
        at += timedelta(days=1)
        days -= at.weekday() < 5
    return at
