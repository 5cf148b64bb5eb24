"""Where a post plays: the places of a gazetteer that it names, masked names of public data, proposals for new entries."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import daachorse
from pydantic import Field, field_validator

from config.errors import ConfigError
from config.settings import Model
from config.text import tr
from config.yamlfile import KeyPath, YamlFile, read_yaml, validate
from nlp.segment import fold

Kind = Literal[
    "county", "town", "street", "village", "community", "road",
    "estate", "school", "hospital", "market", "park", "site",
]  # fmt: skip
# How far a place narrows down where something is: of two named places the smaller is what the post is about.
_BREADTH: dict[str, int] = {"road": 1, "village": 2, "community": 2, "town": 3, "street": 3, "county": 4}
_ID = re.compile(r"[a-z][a-z0-9_]{0,31}")
_MOST = 8
# Longer proposals are pieces of a sentence.
_LONGEST = 8
# Characters of a post that are looked at: the place is named early, and a post of 1 MB stays cheap.
_MAX_CHARACTERS = 20_000
# Public data hides counties and cities behind letters: A市, B2区, A7县. 城区A区域 or A市场 are something else.
_MASKED = re.compile(r"(?<![a-z0-9])[a-z][0-9]{0,2}(?:市(?!场)|县|区(?![域间块别号段]))")
_LETTER = re.compile(r"[a-z]")
# 二中 is not named by 十二中, nor 1路 by 11路.
_DIGITS = frozenset("一二三四五六七八九十百0123456789")
_LATIN = frozenset("0123456789abcdefghijklmnopqrstuvwxyz")
# What `fold` changes, besides capitals, and can stand in any name, and what the automaton cannot read.
_ODD = "Ａ-Ｚａ-ｚ０-９\u00ad\u200b-\u200f\u2060\ufeff\ud800-\udfff"
# Names end in these; 路 and its like only where no longer word begins (路灯, 村民, 镇长).
_ENDING = (
    "小区|花园|社区|街道|大道|学校|中学(?!生)|小学(?!生)|医院|公园|广场|苑"
    "|村(?![民委支干里级务主两会上中部]|小组)|路(?![灯面边过由线段障基况网标程费政桥牌人径权子])"
    "|镇(?![长上里级村区])|乡(?![镇村亲下里级长])"
)
# Before a name stands its preposition, the place above it, or no Chinese character at all.
_BEFORE = r"(?:^|(?<=[^\u4e00-\u9fff])|(?<=[在到从去于住至往经向对转接离])|(?<=位于|我是|我们|关于|附近)|(?<=[a-z0-9][市区县]))"
# Characters of talk, not of names: a stem that holds one is a piece of a sentence.
_TALK = (
    "的了是在我你他她它们这那哪有不和与及或到从去来往让被把给将向于吗呢吧啊请问想要说看见就也都还很又再没无为因所以但而且"
    "各每某本该此全多少几个条座所些两半整等里外内后边旁侧沿直住进出过修建通堵占开关投诉反映希望建议咨询举报"
    "转接离得造相信业主部门至对由跟如属购买致承诺封辖拆迁划入称叫比被使请求需由按据作为才却只便并且若虽"
)
_STEM = rf"(?![{_TALK}])[\u4e00-\u9fff]"
_PROPOSAL = re.compile(
    rf"{_BEFORE}(?![市区县省年月日号栋面])((?:(?!{_ENDING}){_STEM}){{2,6}}(?:{_ENDING})(?:{_ENDING})?)"
)
# Words that make a common noun of the ending (老旧小区, 十字路, 眼科医院) or belong to the sentence before the name.
_COMMON = re.compile(
    "老旧|农村|乡村|城市|中心[^广]|公路|马路|铁路|道路|电路|套路|线路|水路|十字路|丁字路|铺路|泊油|消防路|断头|水泥|柏油|快速|高速|主干|盘山"
    "|专业|职业|民办|公办|公立|休闲|私立|附属|重点|普通|初级|高级|培训|驾驶|寄宿|居民|商业|儿童|主题|新型|美丽|示范|先进|贫困|自然村|行政"
    "|[眼牙骨儿妇]科|口腔|综合|人民医院|三甲|现代|大型|小型|新建|在建|小镇|城乡|乡镇|支路|城区|下区|城中村|安置小区|公共|所谓|高档"
    "|隔壁|周边|附近|任何|其他|其它|上述|当地|同一|一般|较大|大量|密集|弱势|现在|目前|同时|期间|之前|最近|近期|周末|晚上|早上|今年|去年|昨|明天|今天"
    "|当天|当时|平时|随时|上次|年底|年度|长期|[一二三四]期|一年|月[购底初份]|如果|可以|这样|已经|一些|随着|其中|除了|对于|根据|按照|通过|经过|经.{2,4}路|只要|只有|如何|为何|怎么|尽管|既然"
    "|难道|首先|唯独|其实|实际|确实|直到|正好|能否|什么|自己|仅仅|不少|许多|大家|立即|亲自|依法|原则|明确"
    "|包括|影响|导致|形成|变成|加上|算上|错失|联合|督促|督办|责令|要求|呼吁|同意|取消|破坏|扰乱|毒害|打砸|涉及|协助|帮助|支持|感谢|领导|政府|老板|代表"
    "|教师|家长|学生|老人|孩子|小孩|做好|完成|解决|处理|增加|增设|设置|恢复|加强|加快|改善|发展|发现|提高|满足|维护|保护|保证|保留|确保|决定|带动|带领|宣传"
    "|组织|管理|利用|回复|回收|继续|撤除|掌握|配套|绿化|地产|交叉|途经|横跨|连接|停靠|靠近|紧邻|紧挨|毗邻|临近|邻近|地处|途中|回家|居住|上学|放学|步行"
    "|插手|创办|创建|诈骗|危机|法律|严重|违规|违法|规定|作为|成立|可联|号[^线]|明白|公示|[坐乘走绕顶拍像即买卖租打吃送派找应烂]"
)


class Place(Model):
    """One place. It is found by its name `zh` and by its aliases."""

    id: str = Field(description="标识")
    zh: str = Field(description="名称")
    kind: Kind = Field(description="类别")
    parent: str = Field("", description="上级地方的标识")
    aliases: tuple[str, ...] = Field((), description="别名、简称")

    @field_validator("id")
    @classmethod
    def _plain(cls, value: str) -> str:
        if not _ID.fullmatch(value):
            raise ValueError(tr("只用小写字母、数字和 _", "use lower-case letters, digits and _"))
        return value

    @field_validator("zh")
    @classmethod
    def _long_enough(cls, value: str) -> str:
        if len(fold(value).strip()) < 2:
            raise ValueError(tr("地名至少两个字", "a name has two characters at least"))
        return value

    @field_validator("aliases")
    @classmethod
    def _all_long_enough(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(cls._long_enough(alias) for alias in value)

    def names(self) -> dict[str, int]:
        """Every name as it is matched, with its position in `aliases` (−1 for `zh`)."""
        found = {fold(alias).strip(): index for index, alias in enumerate(self.aliases)}
        return found | {fold(self.zh).strip(): -1}


class PlacesFile(Model):
    """What `config/places.yaml` holds."""

    places: tuple[Place, ...] = Field((), description="地方")
    not_places: tuple[str, ...] = Field((), description="含有地名而不是地名的词")

    @field_validator("not_places")
    @classmethod
    def _not_blank(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not fold(word).strip() for word in value):
            raise ValueError(tr("有空白的词", "a word is blank"))
        return value


# The places that one pattern may mean, each with the parents that tell it from the others.
Senses = tuple[tuple[str, frozenset[str]], ...]
Guard = tuple[frozenset[str], frozenset[str]]


@dataclass(frozen=True)
class Places:
    """A gazetteer, ready to be matched. Build it with `load_places`.

    places: as listed; senses: of each pattern of the automaton, none for a word that is no place; guards: characters
    that must not stand before and after a pattern; find: leftmost longest patterns as (start, end, pattern).
    """

    places: tuple[Place, ...]
    lineages: Mapping[str, tuple[str, ...]]
    breadths: Mapping[str, int]
    senses: tuple[Senses, ...]
    guards: Mapping[int, Guard]
    find: Callable[[str], list[tuple[int, int, int]]]
    odd: Callable[[str], object]

    def __contains__(self, place: object) -> bool:
        """Whether `place` is the id of a listed place or a masked name (a7县)."""
        return place in self.lineages or (isinstance(place, str) and _MASKED.fullmatch(place) is not None)

    def lineage(self, place: str) -> tuple[str, ...]:
        """The id and those of its parents, nearest first; an id that is not listed (masked, or of old) stands alone."""
        return self.lineages.get(place) or (place,)

    def match(self, title: str, text: str) -> tuple[str, ...]:
        """Ids of the places that a post names, smallest kind first, then earliest; eight at most. Never raises."""
        folded = self._folded(f"{title}\n{text}" if title else text)
        hits = self.find(folded)
        letter = _LETTER.search(folded)
        if not hits and not letter:
            return ()
        named: dict[str, tuple[int, int]] = {}
        if letter:
            for found in _MASKED.finditer(folded, letter.start()):
                named.setdefault(found.group(), (_BREADTH["county"], found.start()))
        self._collect(folded, hits, named)
        return tuple(sorted(named, key=named.__getitem__)[:_MOST]) if len(named) > 1 else tuple(named)

    def _collect(self, folded: str, hits: list[tuple[int, int, int]], named: dict[str, tuple[int, int]]) -> None:
        """Adds (breadth, position) of each place that is hit. A name that several places share waits for the others."""
        shared: dict[int, int] = {}
        for start, end, pattern in hits:
            if pattern in self.guards and _inside_longer(folded, start, end, self.guards[pattern]):
                continue
            senses = self.senses[pattern]
            if len(senses) == 1:
                place = senses[0][0]
                named.setdefault(place, (self.breadths[place], start))
            elif senses:
                shared.setdefault(pattern, start)
        certain = frozenset(named)
        for pattern, start in shared.items():
            told = [place for place, telling in self.senses[pattern] if telling & certain]
            if len(told) == 1:
                named.setdefault(told[0], (self.breadths[told[0]], start))

    def unlisted(self, text: str) -> list[str]:
        """Names of places that the gazetteer seems to lack, in order, each once: for a person to accept or refuse."""
        folded = self._folded(text)
        known = bytearray(len(folded))
        for start, end, _ in self.find(folded):
            known[start:end] = b"\x01" * (end - start)
        found = (m for m in _PROPOSAL.finditer(folded) if len(m[1]) <= _LONGEST and not _COMMON.search(m[1]))
        return list(dict.fromkeys(m[1] for m in found if not any(known[m.start() : m.end()])))

    def _folded(self, text: str) -> str:
        """The beginning of `text`, folded as far as names need it: whole folding takes six times as long as the search."""
        text = text[:_MAX_CHARACTERS]
        return fold(text).encode("utf-8", "replace").decode("utf-8") if self.odd(text) else text.lower()


def _inside_longer(text: str, start: int, end: int, guard: Guard) -> bool:
    before, after = guard
    return (start > 0 and text[start - 1] in before) or (end < len(text) and text[end] in after)


def load_places(path: Path) -> Places:
    """The gazetteer of a file. Raises ConfigError that names file, line and remedy: for an unknown key, an id that stands
    twice, a parent that is not listed or is its own, and a name that two places of one parent share."""
    file = read_yaml(path)
    listed = validate(PlacesFile, file)
    lineages = _lineages(file, listed.places)
    owners = _owners(file, listed.places)
    words = {fold(word).strip() for word in listed.not_places} - owners.keys()
    patterns = [*owners, *sorted(words)]
    senses = [_senses([place.id for place in places], lineages) for places in owners.values()]
    return Places(
        places=listed.places,
        lineages=lineages,
        breadths={place.id: _BREADTH.get(place.kind, 0) for place in listed.places},
        senses=(*senses, *(() for _ in words)),
        guards={index: guard for index, name in enumerate(owners) if any(guard := _guard(name))},
        find=_finder(patterns),
        odd=_odd(patterns),
    )


def _finder(patterns: list[str]) -> Callable[[str], list[tuple[int, int, int]]]:
    if not patterns:
        return lambda text: []
    automaton = daachorse.CharwiseDoubleArrayAhoCorasick(patterns, daachorse.MATCH_KIND_LEFTMOST_LONGEST)
    return automaton.find


def _odd(patterns: list[str]) -> Callable[[str], object]:
    """Finds a character for which text must be folded: full-width punctuation only where a name has its half width."""
    wide = {chr(ord(c) + 0xFEE0) for pattern in patterns for c in pattern if "!" <= c <= "~" and not c.isalnum()}
    blank = "\u3000" if any(" " in pattern for pattern in patterns) else ""
    return re.compile(f"[{_ODD}{''.join(sorted(wide))}{blank}]").search


def _guard(name: str) -> Guard:
    """Characters that must not stand before and after `name`, since it would then be part of a longer number or word."""

    def of(character: str) -> frozenset[str]:
        return (_DIGITS if character in _DIGITS else frozenset()) | (_LATIN if character in _LATIN else frozenset())

    return of(name[0]), of(name[-1])


def _senses(ids: list[str], lineages: Mapping[str, tuple[str, ...]]) -> Senses:
    above = [frozenset(lineages[place][1:]) for place in ids]
    common = frozenset.intersection(*above)
    return tuple((place, parents - common) for place, parents in zip(ids, above, strict=True))


def _lineages(file: YamlFile, places: tuple[Place, ...]) -> dict[str, tuple[str, ...]]:
    """Each id with its parents, nearest first."""
    by_id: dict[str, Place] = {}
    for index, place in enumerate(places):
        if place.id in by_id:
            raise _fault(file, (index, "id"), "地方 {i} 写了两次", "place {i} stands twice", i=place.id)
        by_id[place.id] = place
    found: dict[str, tuple[str, ...]] = {}
    for index, place in enumerate(places):
        line, above = [place.id], place.parent
        while above:
            if above in line:
                raise _fault(file, (index, "parent"), "{i} 成了自己的上级", "{i} is its own parent", i=above)
            line.append(above)
            if above not in by_id and not _MASKED.fullmatch(above):
                message = "没有列出上级 {i}；请补上或改正", "the parent {i} is not listed; add or correct it"
                raise _fault(file, (index, "parent"), *message, i=above)
            above = by_id[above].parent if above in by_id else ""
        found[place.id] = tuple(line)
    return found


def _owners(file: YamlFile, places: tuple[Place, ...]) -> dict[str, list[Place]]:
    """The places of each name as it is matched. A name of two places must be told apart by their parents."""
    owners: dict[str, list[Place]] = {}
    first: dict[tuple[str, str], KeyPath] = {}
    for index, place in enumerate(places):
        for name, alias in place.names().items():
            at: KeyPath = (index, "zh") if alias < 0 else (index, "aliases", alias)
            other = first.setdefault((name, place.parent), at)
            if other is not at:
                message = (
                    "“{w}”与第 {o} 行的重名，上级也相同，分不清是哪一个；请改写或删去一处",
                    "“{w}” is also the name on line {o}, with the same parent, so nothing tells them apart; change one",
                )
                raise _fault(file, at, *message, w=name, o=file.line_of(("places", *other)))
            owners.setdefault(name, []).append(place)
    return owners


def _fault(file: YamlFile, at: KeyPath, zh: str, en: str, **values: object) -> ConfigError:
    """The error `file:line: …` for the entry `at` below `places`."""
    line = file.line_of(("places", *at))
    return ConfigError(tr("{f}:{n}: ", "{f}:{n}: ", f=file.name, n=line) + tr(zh, en, **values))
