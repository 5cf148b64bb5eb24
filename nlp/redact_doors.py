"""Homes in a text: the door in a building (3栋2单元501, 8#1102, 12-1-302) and the house number of who lives there.

Road, compound and village stay: staff need them to know where it is. What only counts (3栋120户) or names a building stays too.
"""

from __future__ import annotations

import re

Span = tuple[int, int, str]
HOME = "住址"

_NUMERAL = "0-9一二三四五六七八九十百"
_BUILDING = (
    rf"(?:[A-Za-z{_NUMERAL}]{{1,4}}[ \t]?(?:号楼|栋楼?|幢|座|号院|弄)|[0-9]{{1,3}}[ \t]?[#＃](?:栋|楼)?)[ ,，-]{{0,2}}"
)
_UNIT = rf"第?[A-Za-z{_NUMERAL}]{{1,3}}[ \t]?(?:单元|门洞|梯)[ ,，-]{{0,2}}"
# What is counted behind a building (3栋120户, 10栋101m2), or another building (18栋101栋): no room.
_COUNTED = r"年|元|块|万|人|名|位|户|套|间|米|平|度|多|个|天(?!天)|次|余|吨|台|辆|层|楼|路|床|病床|份|件|条|棵|栋|幢|座|号楼|号院|单元|期|届|[mM㎡%#＃]"
_COUNTED += r"|\.[0-9]{1,2}(?:元|万|平|米|㎡|m)"
_ROOM = rf"(?:[0-9]{{1,2}}(?:楼|层)[ \t]?)?(?!0[0-9]{{3}})[0-9]{{3,4}}(?![0-9]|{_COUNTED})(?:室|房(?!间)|号房|号)?"
# Behind a unit the storey is nearly the door: 2单元5楼东户.
_STOREY = rf"[{_NUMERAL}]{{1,3}}(?:楼|层)(?![以之至到-])(?:[东西南北中左右][边面]?户?)?"
_STAIR = r"(?:[0-9]{1,2}门|[0-9]{1,2}-)(?=[0-9]{3,4})"
_DOOR = re.compile(
    rf"(?<![0-9])(?:(?:{_BUILDING})(?:(?:{_UNIT}){_STOREY}(?![0-9]{{3}})|(?:{_UNIT}|{_STAIR})?{_ROOM})|(?:{_UNIT}){_ROOM})"
)
_SHORT_DOOR = re.compile(r"(?<![0-9A-Za-z.-])[0-9]{1,3}-[0-9]{1,2}-[0-9]{3,4}(?![0-9-])(?:室|房|号)?")
_HOUSE = r"[0-9]{1,4}(?:-[0-9]{1,3})?号(?!线|楼|门|店|公交|车|院|口|窗|文)(?:附?[0-9]{1,4}[号室]?)?"
_HOME = re.compile(
    r"((?:家住|住在|我住|人住|(?<![\u4e00-\u9fff])住|居住于|居住在|(?<!\[)住址|家庭地址|居住地址?|户籍地址?|户籍所在地|户口所在地|老家)(?:是|为|:|：|在)?"
    rf"(?:[^，。；;\n0-9\[\]]|[0-9]{{1,2}}[组社队期区]){{0,24}}){_HOUSE}"
)
# A house number on the way to a door: 人民路128号幸福里3栋501.
_ON_THE_WAY = re.compile(rf"(?<![0-9第])({_HOUSE})[^，。；;！!？?：:\s0-9\[\]]{{0,14}}$")
_GATE = re.compile(r"[栋幢座弄院楼元洞梯#＃]")


def doors(seen: str) -> list[Span]:
    """Doors and house numbers of homes in `seen`."""
    found = [(m.start(), m.end(), HOME) for m in _DOOR.finditer(seen)] if _GATE.search(seen) else []
    if "-" in seen:
        found += [(m.start(), m.end(), HOME) for m in _SHORT_DOOR.finditer(seen) if not _is_date(m[0])]
    if found and "号" in seen:
        found += [house for start, _, _ in found if (house := _house_before(seen, start))]
    if "号" in seen and ("住" in seen or "户" in seen or "地址" in seen or "老家" in seen):
        found += [(m.end(1), m.end(), HOME) for m in _HOME.finditer(seen)]
    return found


def _house_before(seen: str, door: int) -> Span | None:
    """The house number on the way to the door that begins at `door`."""
    offset = max(0, door - 28)
    house = _ON_THE_WAY.search(seen, offset, door)
    return (house.start(1), house.end(1), HOME) if house else None


def _is_date(text: str) -> bool:
    """Whether `20-11-2019` or `19-11-2020` is meant rather than building, unit, room.

    1901 … 1907 and 2001 … 2007 are rooms: posts hardly tell of such days, and seven flats on a storey are common.
    """
    first, second, third = text.rstrip("室房号").split("-")
    dated = int(first) <= 31 and int(second) <= 12
    return dated and len(third) == 4 and third[:2] in {"19", "20"} and int(third[2:]) > 7
