"""Masks personal data in text, keeping its kind: `[手机号]`, `[身份证号]`, `[银行卡号]`, `[邮箱]`, `[QQ号]`, `[微信号]`, `[车牌号]`,
`[固定电话]`, `[住址]`, `[姓名]`.

Order, ticket and licence numbers, hotlines and office telephones, prices and dates stay: staff need them. Numbers are checked
where a check exists (GB 11643 for identity cards, Luhn for bank cards).
"""

from __future__ import annotations

import re

# Between the digits of a number people put spaces, dashes and (to trick filters) zero-width characters.
_SEP = r"[ \t\u00a0\u3000\u00ad\u200b-\u200f\u2060\ufeff\-‐‑–—]{0,2}"
_WIDE = str.maketrans("０１２３４５６７８９＠．Ｘｘ：＋－", "0123456789@.Xx:+-")
_NOT_DIGIT = re.compile(r"[^0-9Xx]")

# Words before a number that is no person's: such numbers stay as they are.
_REFERENCE = re.compile(
    r"(?:订单|单号|工单|编号|流水|票号|案号|受理号|发票|税号|备案|许可证|执照|信用代码|合同|快递|运单|批号|文号|证书|条码|序列|户号|表号|卡片)"
    r"[^，。；;\n]{0,6}$"
)
_ID_WORDS = re.compile(r"身份证[^，。；;\n]{0,8}$")
_CARD_WORDS = re.compile(r"(?:银行|卡号|账号|帐号|账户|帐户|存折)[^，。；;\n]{0,10}$")

_MOBILE = re.compile(
    rf"(?<![0-9A-Za-z.])(?:(?:\+|00)86{_SEP})?1{_SEP}[3-9](?:{_SEP}[0-9]){{9}}(?![0-9A-Za-z]|[-.][0-9])"
)
_ID18 = re.compile(rf"(?<![0-9A-Za-z])[1-9](?:{_SEP}[0-9]){{16}}{_SEP}[0-9Xx](?![0-9A-Za-z])")
_ID15 = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}(?![0-9A-Za-z])")
_CARD = re.compile(rf"(?<![0-9A-Za-z])[3-6](?:{_SEP}[0-9]){{14,18}}(?![0-9A-Za-z])")
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,12}"
)
_QQ = re.compile(
    r"((?:[Qq]\s?[Qq]|扣扣|企鹅)(?:群|号码|号|群号)?\s{0,3}(?:是|为|:|，|,)?\s{0,3})[1-9][0-9]{4,10}(?![0-9])"
)
_WECHAT = re.compile(
    r"((?:微信|威信|薇信|(?<![A-Za-z])(?:vx|wx|weixin)|[vV]信|加[vV])(?:号码|账号|帐号|号|[iI][dD])?\s{0,3}(?:是|为|:|，|,)?\s{0,3})"
    r"(?:[A-Za-z][A-Za-z0-9_-]{5,19}|[0-9]{6,11})(?![A-Za-z0-9_-])",
    re.IGNORECASE,
)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Za-hj-np-z][·•. -]?"
    r"(?:[DFdf][A-HJ-NP-Za-hj-np-z0-9][0-9]{4}|[0-9]{5}[DFdf]|[A-HJ-NP-Za-hj-np-z0-9]{4}[A-HJ-NP-Za-hj-np-z0-9挂学警港澳])(?![A-Za-z0-9])"
)
_LANDLINE = re.compile(
    r"((?:(?:家里|家中|家庭|住宅|本人|我家|我)的?(?:联系)?(?:电话|座机|固话|号码)|宅电|家里座机|"
    r"联系人(?![^，。；;\n]{0,6}(?:主任|科长|局长|所长|队长|经理|警官|书记))[^，。；;\n]{1,8}[，, ]{0,3}(?:联系)?电话)\s{0,3}(?:是|为|:)?\s{0,3})"
    rf"(?:\(?0[0-9]{{2,3}}\)?{_SEP})?[2-9](?:{_SEP}[0-9]){{6,7}}(?![0-9])"
)
_NUMERAL = "0-9一二三四五六七八九十百"
_BUILDING = rf"[A-Za-z{_NUMERAL}]{{1,4}}\s?(?:号楼|栋|幢|座|号院|弄)[ ,，-]{{0,2}}"
_UNIT = rf"[A-Za-z{_NUMERAL}]{{1,3}}\s?(?:单元|门洞|梯)[ ,，-]{{0,2}}"
# What is counted behind a building (3栋120户, 10栋101m2), or another building (18栋101栋): no room.
_COUNTED = r"年|元|块|万|人|名|位|户|套|间|米|平|度|多|个|天|次|余|吨|台|辆|层|楼|路|床|病床|份|件|条|棵|栋|幢|座|号楼|号院|单元|期|届|[mM㎡%]"
_COUNTED += r"|\.[0-9]{1,2}(?:元|万|平|米|㎡|m)"
_ROOM = rf"(?:[0-9]{{1,2}}(?:楼|层)\s?)?[0-9]{{3,4}}(?![0-9]|{_COUNTED})(?:室|房(?!间)|号房|号)?"
_DOOR = re.compile(rf"(?:(?:{_BUILDING})(?:{_UNIT})?|(?:{_UNIT})){_ROOM}")
_SHORT_DOOR = re.compile(r"(?<![0-9A-Za-z.-])[0-9]{1,3}-[0-9]{1,2}-[0-9]{3,4}(?![0-9-])(?:室|房|号)?")
_HOME = re.compile(
    r"((?:家住|我住在?|住址|家庭住址|家庭地址|居住地址?)(?:是|为|:|在)?[^，。；;\n0-9]{0,24})[0-9]{1,4}号(?!线|楼|门|店|公交|车)(?:附?[0-9]{1,4}[号室]?)?"
)

# The commonest surnames (national name report of the Ministry of Public Security, first 150) and compound ones.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
    "温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单裴霍涂成苗谷曲盛冉蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳阎时穆农司卓古吉缪简车项连芦麦褚娄"
)
_COMPOUND = "欧阳|上官|司马|诸葛|皇甫|东方|尉迟|公孙|令狐|慕容|司徒"
# Surnames that are also everyday words behind 本人 (本人于昨日, 本人向贵局 …).
_WORDS = set("于向和常时安从有计应都能经万全连居因乐白方单成解路管关房游农司古简车项文易武明高范任余何")
_GIVEN = "[\u4e00-\u9fff]{1,2}"
# A surname with a form of address or a post (张主任, 唐先生) names nobody; 本人申请 and 本人华悦城 are no names either.
_POST = "(?!主任|先生|女士|小姐|师傅|老师|经理|书记|局长|科长|所长|队长|警官|医生|律师|某)"
_NO_GIVEN = "(?![请报诉告述者]|[\u4e00-\u9fff]?[区县市镇乡村路街城院校厂])"
_NAME = rf"(?:(?:{_COMPOUND})|[{_SURNAMES}]){_POST}{_GIVEN}"
_STRICT_NAME = rf"(?:(?:{_COMPOUND})|[{''.join(c for c in _SURNAMES if c not in _WORDS)}]){_POST}{_NO_GIVEN}{_GIVEN}"
_NAME_END = r"(?=[，,。；;、！!\s（()）\[\]：:/]|[0-9]|电话|手机|联系|身份证|男|女|先生|女士|$)"
_CALLED = re.compile(
    rf"((?:姓\s?名|联系人|投诉人|反映人|举报人|来电人|诉求人|求助人|申请人)(?:姓名)?\s{{0,3}}(?:是|为|叫|:|/)?\s{{0,3}}){_NAME}{_NAME_END}"
)
_MY_NAME = re.compile(rf"((?:我|本人|他|她|孩子|老人)(?:名字)?叫(?:做)?){_NAME}{_NAME_END}")
_MYSELF = re.compile(rf"(本人(?:\s{{0,3}}[:，,]\s{{0,3}}|\s{{0,3}})){_STRICT_NAME}{_NAME_END}")

# A text without any of these holds nothing to mask; most texts end here.
_ANY = re.compile(
    rf"[0-9](?:{_SEP}[0-9]){{4}}|@|姓\s?名|联系人|投诉人|反映人|举报人|来电人|诉求人|求助人|申请人|叫|本人|微信|威信|薇信|[vV]信|加[vV]|[vVwW][xX]|[wW][eE][iI]|"
    r"[单梯栋幢座弄院楼洞].{0,4}[0-9]{3}|[0-9]-[0-9]{1,2}-[0-9]{3}|住.{0,30}[0-9]号|址.{0,30}[0-9]号|"
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Za-z]"
)
_DIGITS5 = re.compile(rf"[0-9](?:{_SEP}[0-9]){{4}}")


def redact(text: str) -> str:
    """`text` with personal data masked by kind; nothing else is changed. Idempotent; never raises.

    Full-width digits and zero-width characters between digits are seen through for matching; the rest of the text is
    returned as it was.
    """
    seen = text.translate(_WIDE) if not text.isascii() else text
    if not _ANY.search(seen):
        return text
    masks: list[tuple[int, int, str]] = []
    if _DIGITS5.search(seen):
        _find_numbers(seen, masks)
    if "@" in seen:
        masks += [(m.start(), m.end(), "[邮箱]") for m in _EMAIL.finditer(seen)]
    for pattern, mask in ((_QQ, "[QQ号]"), (_WECHAT, "[微信号]"), (_LANDLINE, "[固定电话]"), (_HOME, "[住址]"),
                          (_CALLED, "[姓名]"), (_MY_NAME, "[姓名]"), (_MYSELF, "[姓名]")):  # fmt: skip
        masks += [(m.end(1), m.end(), mask) for m in pattern.finditer(seen)]
    masks += [(m.start(), m.end(), "[车牌号]") for m in _PLATE.finditer(seen) if any(c.isdigit() for c in m[0])]
    masks += [(m.start(), m.end(), "[住址]") for m in _DOOR.finditer(seen)]
    masks += [(m.start(), m.end(), "[住址]") for m in _SHORT_DOOR.finditer(seen) if not _is_date(m[0])]
    return _apply(text, masks) if masks else text


def _find_numbers(seen: str, masks: list[tuple[int, int, str]]) -> None:
    for match in _ID18.finditer(seen):
        before = seen[max(0, match.start() - 16) : match.start()]
        digits = _NOT_DIGIT.sub("", match[0]).upper()
        if (_is_identity(digits) and (_ID_WORDS.search(before) or not _REFERENCE.search(before))) or _ID_WORDS.search(
            before
        ):
            masks.append((match.start(), match.end(), "[身份证号]"))
    for match in _ID15.finditer(seen):
        if _ID_WORDS.search(seen[max(0, match.start() - 16) : match.start()]):
            masks.append((match.start(), match.end(), "[身份证号]"))
    for match in _CARD.finditer(seen):
        before = seen[max(0, match.start() - 18) : match.start()]
        digits = _NOT_DIGIT.sub("", match[0])
        said = bool(_CARD_WORDS.search(before))
        if said or (_luhn(digits) and digits[0] in "3456" and not _REFERENCE.search(before)):
            masks.append((match.start(), match.end(), "[银行卡号]"))
    for match in _MOBILE.finditer(seen):
        if not _REFERENCE.search(seen[max(0, match.start() - 14) : match.start()]):
            masks.append((match.start(), match.end(), "[手机号]"))


def _is_identity(digits: str) -> bool:
    """Whether 18 characters are an identity number by date and check character (GB 11643-1999)."""
    month, day = int(digits[10:12]), int(digits[12:14])
    if digits[6:8] not in {"18", "19", "20"} or not 1 <= month <= 12 or not 1 <= day <= 31:
        return False
    total = sum(int(c) * pow(2, 17 - i, 11) for i, c in enumerate(digits[:17]))
    return digits[17] == "10X98765432"[total % 11]


def _luhn(digits: str) -> bool:
    """Whether the check digit of a card number fits (ISO/IEC 7812-1)."""
    total = 0
    for index, char in enumerate(reversed(digits)):
        value = int(char) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _is_date(text: str) -> bool:
    """Whether `20-11-2019` or `19-11-2020` is meant rather than building, unit, room."""
    first, second, third = text.rstrip("室房号").split("-")
    return len(third) == 4 and third[:2] in {"19", "20"} and int(first) <= 31 and int(second) <= 12


def _apply(text: str, masks: list[tuple[int, int, str]]) -> str:
    parts: list[str] = []
    end = 0
    # Of overlapping finds the earliest wins, and of those that begin together the longest.
    for start, stop, mask in sorted(masks, key=lambda m: (m[0], -m[1])):
        if start >= end:
            parts += (text[end:start], mask)
            end = stop
    parts.append(text[end:])
    return "".join(parts)
