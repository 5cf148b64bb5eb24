"""Masks personal data in text, keeping its kind: `[手机号]`, `[身份证号]`, `[银行卡号]`, `[邮箱]`, `[QQ号]`, `[微信号]`, `[车牌号]`,
`[固定电话]`, `[住址]`, `[姓名]`.

Order, ticket and licence numbers, hotlines and office telephones, prices and dates stay: staff need them. Numbers are checked
where a check exists (GB 11643 for identity cards, Luhn for bank cards), and the nearest label before a number decides what it is.
"""

from __future__ import annotations

import re

from nlp.redact_doors import doors
from nlp.redact_names import names

Span = tuple[int, int, str]

# Between the digits of a number people put spaces, dashes and (to trick filters) zero-width characters.
_SEP = r"[ \t\u00a0\u3000\u00ad\u200b-\u200f\u2060\ufeff\-‐‑–—－]{0,2}"
_WIDE = str.maketrans("０１２３４５６７８９＠．Ｘｘ：＋－", "0123456789@.Xx:+-")
_HAS_WIDE = re.compile("[０１２３４５６７８９＠．Ｘｘ＋－]")
_NOT_DIGIT = re.compile(r"[^0-9Xx]")

# What the words before a number say it is; the last of them in the clause decides.
_LABEL = re.compile(
    r"(?P<identity>身份证|身份号|证件|公民身份|(?<![A-Za-z])ID)"
    r"|(?P<card>银行|卡号|账号|帐号|账户|帐户|存折|工资卡|储蓄卡|信用卡|社保卡|[工建农中招交]行|新卡|转账|汇款|打款|户头)"
    r"|(?P<phone>手机|电话|联系|拨打|致电|来电|短信|微信|热线|座机|[Tt][Ee][Ll])"
    r"|(?P<reference>订单|工单|编号|编码|流水|票|案[件号]|受理|税号|备案|许可证|执照|信用代码|合同|快递(?!员|小哥|公司)|运单|批次|批号|文号|证书|条码|条形码|"
    r"序列|表号|卡片|顺丰|圆通|中通|申通|韵达|极兔|百世|EMS|包裹|物流|登记|查询码|代码|单号|信件|项目|产权"
    r"|[\u4e00-\u9fff](?<![机话个信同大小短新老原此该其的卡账帐份证户QqＱ])号码?(?=[是为:：\s]{0,3}$)|低保证|残疾证|户号|社保|医保|参保)"
)
# Nor does it reach over another number or a mask.
_CLAUSE = re.compile(r"[，。；;\n！!？?\]]|[0-9]{5}")
# How far a label reaches, in characters between it and the number.
_REACH = 8

_MOBILE = re.compile(
    rf"(?<![0-9A-Za-z.])(?:(?:\+|00)?86{_SEP})?1{_SEP}[3-9](?:{_SEP}[0-9]){{9}}(?![0-9A-Za-z]|[-.][0-9])"
)
_ID18 = re.compile(rf"(?<![0-9A-Za-z])[1-9](?:{_SEP}[0-9]){{16}}{_SEP}[0-9Xx](?![0-9A-Za-z])")
# The whole run of digits, so that no part of a longer number is taken for one.
_ID15 = re.compile(rf"(?<![0-9A-Za-z])[1-8](?:{_SEP}[0-9]){{14,}}+(?![A-Za-z])")
_CARD = re.compile(rf"(?<![0-9A-Za-z])[3-69](?:{_SEP}[0-9]){{14,18}}(?![0-9A-Za-z])")
# Issuer numbers of cards: 3–6 (ISO/IEC 7812), and 9558 of one Chinese bank.
_ISSUER = re.compile(r"[3-6]|9558")
# Provinces by GB/T 2260, the first two digits of an identity number.
_PROVINCES = frozenset(
    map(
        str,
        (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82),
    )
)
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,12}"
)
_QQ = re.compile(
    r"((?:[Qq]\s?[Qq]|扣扣|企鹅|(?<![A-Za-z0-9])[Qq](?=[:：]?[0-9]{6}))(?:群|号码|号|群号)?(?:[/、或和]微信|联系我?|是|为|找我|加|:|：|，|,|\s){0,4})"
    r"[1-9][0-9]{4,10}(?![0-9]|[元块人万名个次])"
)
_WECHAT = re.compile(
    r"((?:微信|威信|薇信|wei信|(?<![A-Za-z])(?:vx|wx(?!id_)|weixin|wechat)|[vV]信|加[vV]|(?<![A-Za-z0-9])v(?=[:：]))\s?(?:号码|账号|帐号|号|[iI][dD])?\s{0,3}"
    r"(?:是|为|叫|:|：|，|,)?\s{0,3})(?:[A-Za-z][A-Za-z0-9_-]{5,19}|[0-9]{6,11}(?![元块人万名个次]))(?![A-Za-z0-9_-])"
    r"|(?<![A-Za-z0-9])()wxid_[A-Za-z0-9]{4,20}",
    re.IGNORECASE,
)
_WECHAT_GATE = re.compile("[微威薇VvWw]")
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Za-hj-np-z][·•. -]?"
    r"(?:[DFdf][A-HJ-NP-Za-hj-np-z0-9][0-9]{4}|[0-9]{5}[DFdf]|[A-HJ-NP-Za-hj-np-z0-9]{4}[A-HJ-NP-Za-hj-np-z0-9挂学警港澳])(?![A-Za-z0-9])"
)
_LANDLINE = re.compile(
    r"((?:(?:(?<![大国专厂商店人卖公])家|我|本人|父母|老人|住宅|宅)(?:们|的|家|里|中|庭|父母|老人|联系|固定|住宅|宅){0,4}(?:电话|座机|固话|号码|宅电|电)"
    r"|联系我[^，。；;\n0-9\[\]]{0,6}(?:电话|座机|固话)"
    r"|联系人(?![^，。；;\n]{0,6}(?:主任|科长|局长|所长|队长|经理|警官|书记))[^，。；;\n\[\]]{1,8}[，, ]{0,3}(?:联系)?电话)"
    r"(?:号码?)?\s{0,3}(?:是|为|:|：)?\s{0,3})"
    rf"(?:[(（]?0[0-9]{{2,3}}[)）]?{_SEP})?[2-9](?:{_SEP}[0-9]){{6,7}}(?![0-9]|\s?[（(](?:办公|科|单位))"
)

# Searches of one text: the last finds nothing but in texts made to run things together.
_ROUNDS = 4
_DIGIT = re.compile("[0-9]")
_DIGITS5 = re.compile(rf"[0-9](?:{_SEP}[0-9]){{4}}")
_DIGITS7 = re.compile(rf"[0-9](?:{_SEP}[0-9]){{6}}")


def redact(text: str) -> str:
    """`text` with personal data masked by kind; nothing else is changed. Idempotent; never raises.

    Full-width digits and zero-width characters between digits are seen through for matching; the rest of the text is
    returned as it was.
    """
    parts: list[str] = []
    end = 0
    for start, stop, kind in find(text):
        parts += (text[end:start], f"[{kind}]")
        end = stop
    return "".join((*parts, text[end:])) if parts else text


def find(text: str) -> list[Span]:
    """Personal data of `text` as (first, after last, kind), in order, none overlapping.

    What is found is blanked and the rest searched again, because a mask parts what ran together (a@b.cn13812345678): so nothing
    is left for a second redaction.
    """
    seen = text.translate(_WIDE) if _HAS_WIDE.search(text) else text
    found: list[Span] = []
    for _ in range(_ROUNDS):
        more = _apart(_search(seen))
        if not more:
            break
        found += more
        seen = _blanked(seen, more)
    return sorted(found)


def _search(seen: str) -> list[Span]:
    """All finds in `seen`, overlaps among them."""
    found: list[Span] = []
    if _DIGIT.search(seen):
        if _DIGITS5.search(seen):
            found += _numbers(seen)
        found += [(m.start(), m.end(), "车牌号") for m in _PLATE.finditer(seen) if any(c.isdigit() for c in m[0])]
    if "@" in seen:
        found += [(m.start(), m.end(), "邮箱") for m in _EMAIL.finditer(seen)]
    if _WECHAT_GATE.search(seen):
        found += [(m.start() if m[1] is None else m.end(1), m.end(), "微信号") for m in _WECHAT.finditer(seen)]
    found += doors(seen)
    found += names(seen, found)
    return found


def _blanked(seen: str, spans: list[Span]) -> str:
    """`seen` with brackets in place of `spans`: of the same length, and in the rules' eyes the same as masks."""
    parts: list[str] = []
    end = 0
    for start, stop, _ in spans:
        parts += (seen[end:start], "[", "]" * (stop - start - 1))
        end = stop
    return "".join((*parts, seen[end:]))


def _numbers(seen: str) -> list[Span]:
    """Numbers of five digits and more that belong to a person."""
    found = [(m.end(1), m.end(), "QQ号") for m in _QQ.finditer(seen)]
    if not _DIGITS7.search(seen):
        return found
    found += [(m.end(1), m.end(), "固定电话") for m in _LANDLINE.finditer(seen)]
    for pattern, kind_of in ((_ID18, _long_kind), (_ID15, _old_kind), (_CARD, _card_kind), (_MOBILE, _mobile_kind)):
        for match in pattern.finditer(seen):
            kind = kind_of(_NOT_DIGIT.sub("", match[0]).upper(), _label(seen, match.start()))
            if kind:
                found.append((match.start(), match.end(), kind))
    return found


def _label(seen: str, start: int) -> str:
    """What the nearest word before `start` says of the number there; empty where none does."""
    before = seen[max(0, start - 20) : start]
    said, end = "", 0
    for match in _LABEL.finditer(before):
        said, end = match.lastgroup or "", match.end()
    between = before[end:]
    return said if said and len(between) <= _REACH and not _CLAUSE.search(between) else ""


def _long_kind(digits: str, label: str) -> str:
    """The kind of 18 characters, empty for none: right by date and check character, or called an identity number."""
    right = label != "reference" and _is_identity(digits)
    return "身份证号" if right or label == "identity" else ""


def _old_kind(digits: str, label: str) -> str:
    """The kind of 15 digits: an identity number of before 1999 has no check, only region and date."""
    month, day = int(digits[8:10]), int(digits[10:12])
    if len(digits) != 15:
        return ""
    dated = digits[:2] in _PROVINCES and 1 <= month <= 12 and 1 <= day <= 31
    return "身份证号" if label == "identity" or (dated and label not in {"reference", "card"}) else ""


def _card_kind(digits: str, label: str) -> str:
    """The kind of 15 to 19 digits: called an account, or a card by issuer and check digit."""
    # 18 digits without a word are rather the credit code of a firm; cards in use have 16 or 19.
    likely = len(digits) != 18 and label not in {"reference", "identity"}
    right = likely and bool(_ISSUER.match(digits)) and _luhn(digits)
    return "银行卡号" if right or label == "card" else ""


def _mobile_kind(_: str, label: str) -> str:
    return "" if label == "reference" else "手机号"


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


def _apart(found: list[Span]) -> list[Span]:
    """Without overlaps: the earliest wins, of those that begin together the longest, then the one found first."""
    kept: list[Span] = []
    for span in sorted(found, key=lambda one: (one[0], -one[1])):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept
