"""Dates as Chinese and international sites write them: absolute, relative, with Chinese numerals, in feeds and lists.

One pass: the text is normalised (full-width characters, `&nbsp;`, weekdays, numerals), then patterns are tried from the most
explicit to the vaguest. Whether a date is plausible (the year 3019, 1970) is for the landing to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config.errors import ConfigError
from config.text import tr

# A date stands at the beginning of a short field; more is not looked at (a post of 1 MB given by mistake).
MAX_CHARS = 300
# A clock of theirs that runs ahead of ours by less than this is no reason to take a date of today for last year's.
SKEW = timedelta(minutes=10)

_PLAIN = {0xFF01 + i: 0x21 + i for i in range(94)} | {
    ord(c): " " for c in "\u3000\xa0\u2002\u2003\u2009\u202f\ufeff\u200b\t\r\n"
}
_PLAIN |= {ord("○"): "〇", ord("零"): "〇", ord("﹕"): ":", ord("∶"): ":", ord("–"): "-", ord("—"): "-", ord("−"): "-"}
_ENTITY = re.compile(r"&(?:amp;)?(?:nbsp|ensp|emsp|#160|#xa0);?", re.I)
_WEEKDAY = re.compile(r"[(\[]?\s*(?:星期|礼拜|周)[一二三四五六日天](?!前)\s*[)\],]?")
_NUMERAL = re.compile(r"[〇一二两三四五六七八九十廿卅]+(?=\s*(?:个?[年月日号时点分秒天周]|个?小时|个?星期|个?钟头|刻))")
_DIGIT = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"两": 2}

_PART = r"(?P<part>凌晨|清晨|早上|早晨|上午|中午|午间|下午|傍晚|晚上|夜里|夜间|晚|AM|PM)?"
_CLOCK = (
    rf"\s*,?\s*{_PART}\s*(?P<h>\d{{1,2}})\s*(?:(?::|时|点钟?)\s*(?:(?P<mi>\d{{1,2}})(?!\d)\s*[:分]?\s*"
    r"(?:(?P<s>\d{1,2})(?!\d)(?:[.,]\d{1,9})?\s*秒?)?)?)\s*(?P<ampm>[AP]\.?M\b)?"
)
_ZONE = r"\s*\(?(?P<zone>Z\b|(?:GMT|UTC)?\s*[+-]\d{1,2}:?(?:\d\d)?(?!\d)|\b[A-Z]{2,4}\b)?"
_YMD = re.compile(
    r"(?<!\d)(?P<y>\d{4}|(?<![\d.:-])\d{2}(?=[-年]\d{1,2}[-月]\d))\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*"
    rf"(?P<d>\d{{2}}(?=\d\d:\d\d)|\d{{1,2}}(?!\d))\s*[日号]?(?:\s*T)?(?:{_CLOCK}{_ZONE})?",
    re.I,
)
_COMPACT = re.compile(
    r"(?<!\d)(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?:[T ]?(?P<h>\d\d):?(?P<mi>\d\d):?(?P<s>\d\d)?)?(?!\d)(?P<zone>Z|[+-]\d\d:?\d\d)?",
    re.I,
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MON = rf"(?P<mon>{'|'.join(_MONTHS)})[a-z]*\.?"
_DMY = re.compile(
    rf"(?<!\d)(?P<d>\d{{1,2}})[\s-]+{_MON}[\s,-]+(?P<y>\d{{4}}|\d{{2}})(?!\d)(?:\s*T?{_CLOCK}{_ZONE})?", re.I
)
_MDY = re.compile(
    rf"\b{_MON}\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}})(?!\d)(?:(?:\s+at)?{_CLOCK}{_ZONE})?", re.I
)
_HMS = r"(?P<h>\d{1,2}):(?P<mi>\d{2}):(?P<s>\d{2})"
_ASCTIME = re.compile(rf"\b{_MON}\s+(?P<d>\d{{1,2}})\s+{_HMS}{_ZONE}\s+(?P<y>\d{{4}})(?!\d)", re.I)
_EPOCH = re.compile(r"\s*(\d{10})(?:(\d{3})|\.\d{1,9})?\s*")
_AGO = re.compile(
    r"(?P<n>(?<!\d)\d{1,6}|半|几|数)\s*个?\s*(?P<half>半)?\s*"
    r"(?P<unit>秒钟?|分钟?|小时|钟头|天|日|周|星期|礼拜|月|年)(?P<and>半)?\s*[之以]?前",
)
_AGO_EN = re.compile(
    r"\b(?P<n>\d{1,6}|an?|half an)\s+(?P<unit>sec|min|hour|hr|day|week|month|year)[a-z]*\s+ago\b", re.I
)
_UNIT_S = {
    "秒": 1,
    "分": 60,
    "小": 3600,
    "钟": 3600,
    "天": 86_400,
    "日": 86_400,
    "周": 604_800,
    "星": 604_800,
    "礼": 604_800,
}
_UNIT_S |= {"月": 2_592_000, "年": 31_536_000}
_UNIT_S |= {
    "sec": 1,
    "min": 60,
    "hou": 3600,
    "hr": 3600,
    "day": 86_400,
    "wee": 604_800,
    "mon": 2_592_000,
    "yea": 31_536_000,
}
_JUST_NOW = re.compile(r"刚刚|刚才|片刻前|just now", re.I)
_DAY_WORD = re.compile(
    rf"(?P<day>大前[天日]|前[天日]|昨[天日晚]|今[天日晨早晚]|当天|today|yesterday)(?:\s*(?:at\s*)?{_CLOCK})?", re.I
)
_DAYS_BACK = {"大": 3, "前": 2, "昨": 1, "今": 0, "当": 0, "t": 0, "y": 1}
_MD = re.compile(rf"(?<!\d)(?P<m>\d{{1,2}})\s*月\s*(?P<d>\d{{1,2}})\s*[日号]?(?:{_CLOCK})?", re.I)
_MD_PLAIN = re.compile(rf"(?<![\d./-])(?P<m>\d{{1,2}})[-/](?P<d>\d{{1,2}})(?![\d./:-])(?:{_CLOCK})?", re.I)
_TIME_ONLY = re.compile(rf"{_CLOCK}\s*", re.I)
_HAS_NUMERAL = re.compile("[〇一二两三四五六七八九十廿卅]")

# RFC 822 names. CST is not here: it is US Central in a feed of the RFC, China Standard Time on a site of China.
_ZONES = {
    "GMT": 0,
    "UT": 0,
    "UTC": 0,
    "Z": 0,
    "EST": -5,
    "EDT": -4,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
}
_ZONES |= {"HKT": 8, "JST": 9, "KST": 9, "CEST": 2, "CET": 1, "BST": 1}


def parse_date(text: str, *, now: datetime, timezone: str = "Asia/Shanghai") -> datetime | None:
    """The moment `text` names, aware UTC; None where it names none, or one that does not exist (30 February, 25:99).

    now: aware; the base of relative dates and of dates without a year, which are never taken to lie in the future.
    timezone: of dates that give no offset. A date without a time is its midnight there.
    Raises: ConfigError for an unknown time zone; never for a text.
    """
    local = zone_of(timezone)
    plain = _normalise(text[:MAX_CHARS])
    if not any(c.isdigit() for c in plain) and not _wordy(plain):
        return None
    base = now.astimezone(local)
    for pattern, reader in _READERS:
        found = pattern.search(plain)
        if found is None:
            continue
        try:
            value = reader(found, base, local)
            return value.astimezone(UTC) if value is not None else None
        except (ValueError, OverflowError):
            return None
    return None


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """The time zone of an IANA name. Raises ConfigError when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = tr(
            "没有名为 {n!r} 的时区；如 Asia/Shanghai", "no time zone is called {n!r}; write e.g. Asia/Shanghai", n=name
        )
        raise ConfigError(message) from error


def _normalise(text: str) -> str:
    if "&" in text:
        text = _ENTITY.sub(" ", text)
    if text.isascii():
        return " ".join(text.split())
    text = _WEEKDAY.sub(" ", text.translate(_PLAIN))
    if _HAS_NUMERAL.search(text):
        text = _NUMERAL.sub(_arabic, text)
    text = text.replace("点半", "点30分").replace("点1刻", "点15分").replace("点3刻", "点45分")
    return " ".join(text.split())


def _arabic(found: re.Match[str]) -> str:
    """二〇二六 → 2026, 二十五 → 25, 十 → 10, 廿三 → 23; anything else stays as it is."""
    numeral = found[0].replace("廿", "二十").replace("卅", "三十")
    if "十" not in numeral:
        return "".join(str(_DIGIT[c]) for c in numeral)
    tens, _, ones = numeral.partition("十")
    if len(tens) > 1 or len(ones) > 1 or "十" in ones:
        return found[0]
    return str((_DIGIT[tens] if tens else 1) * 10 + (_DIGIT[ones] if ones else 0))


def _wordy(plain: str) -> bool:
    return (
        any(word in plain for word in ("前", "刚", "天", "日"))
        or _JUST_NOW.search(plain) is not None
        or " ago" in plain
    )


def _clock(found: re.Match[str]) -> timedelta:
    """The time of day of a match, as the time since midnight; zero where none is given. Raises ValueError for 25:99."""
    groups = found.groupdict()
    if groups.get("h") is None:
        return timedelta()
    hour, minute, second = (int(groups.get(k) or 0) for k in ("h", "mi", "s"))
    part = (groups.get("part") or groups.get("ampm") or "").upper().replace(".", "")
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and (minute or second)):
        raise ValueError("no such time of day")
    return timedelta(hours=_hour24(hour, part), minutes=minute, seconds=min(second, 59))


def _hour24(hour: int, part: str) -> int:
    if part in {"PM", "下午", "傍晚", "晚上", "夜里", "夜间", "晚"}:
        if hour == 12:
            return 24 if part in {"晚上", "夜里", "夜间", "晚"} else 12
        late = part in {"夜里", "夜间"} and hour < 5  # 夜里2点 is after midnight
        return hour + 12 if hour < 12 and not late else hour
    if part in {"中午", "午间"}:
        return hour + 12 if hour < 4 else hour
    return 0 if part and hour == 12 else hour


def _zone(name: str | None, local: tzinfo) -> tzinfo:
    """The zone an offset or RFC 822 name means; `local` for none and for unknown words. Raises ValueError beyond 24 h."""
    if not name:
        return local
    sign = re.search(r"([+-])(\d{1,2}):?(\d\d)?$", name)
    if sign:
        offset = timedelta(hours=int(sign[2]), minutes=int(sign[3] or 0))
        return timezone(-offset if sign[1] == "-" else offset)
    known = name.upper().strip()
    if known == "CST" and local.utcoffset(datetime(2026, 1, 1)) != timedelta(hours=8):  # noqa: DTZ001 - wanted naive
        return timezone(timedelta(hours=-6))
    return timezone(timedelta(hours=_ZONES[known])) if known in _ZONES else local


def _at(year: int, month: int, day: int, clock: timedelta, zone: tzinfo) -> datetime:
    return (datetime(year, month, day) + clock).replace(tzinfo=zone)  # noqa: DTZ001 - wall clock first, then its zone


def _absolute(found: re.Match[str], base: datetime, local: tzinfo) -> datetime:
    groups = found.groupdict()
    year = int(groups["y"])
    if len(groups["y"]) == 2:
        year += 2000 if year < 70 else 1900
    month = _MONTHS.index(groups["mon"].lower()[:3]) + 1 if groups.get("mon") else int(groups["m"])
    return _at(year, month, int(groups["d"]), _clock(found), _zone(groups.get("zone"), local))


def _epoch(found: re.Match[str], base: datetime, local: tzinfo) -> datetime:
    return datetime.fromtimestamp(int(found[1]), tz=UTC) + timedelta(milliseconds=int(found[2] or 0))


def _ago(found: re.Match[str], base: datetime, local: tzinfo) -> datetime:
    n, groups = found["n"].lower(), found.groupdict()
    count = {"半": 0.5, "half an": 0.5, "几": 3.0, "数": 3.0, "a": 1.0, "an": 1.0}.get(n)
    amount = (float(n) if count is None else count) + (0.5 if groups.get("half") or groups.get("and") else 0)
    unit = found["unit"].lower()
    unit_s = _UNIT_S[unit[:3] if unit.isascii() else unit[0]]
    return base.astimezone(UTC) - timedelta(seconds=amount * unit_s)


def _just_now(found: re.Match[str], base: datetime, local: tzinfo) -> datetime:
    return base


def _day_word(found: re.Match[str], base: datetime, local: tzinfo) -> datetime:
    day = base.date() - timedelta(days=_DAYS_BACK[found["day"][0].lower()])
    value = _at(day.year, day.month, day.day, _clock(found), local)
    return base if base < value <= base + SKEW else value


def _this_or_last_year(found: re.Match[str], base: datetime, local: tzinfo) -> datetime:
    """The latest such day that has come; 29 February goes back to the last leap year."""
    month, day, clock = int(found["m"]), int(found["d"]), _clock(found)
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        raise ValueError("no such day")
    for year in range(base.year, base.year - 9, -1):
        try:
            value = _at(year, month, day, clock, local)
        except ValueError:
            continue
        if value <= base + SKEW:
            return min(value, base)
    raise ValueError("no year has that day")


def _time_only(found: re.Match[str], base: datetime, local: tzinfo) -> datetime | None:
    if found.end() != len(found.string) or found.start() != 0:
        return None
    value = _at(base.year, base.month, base.day, _clock(found), local)
    return value - timedelta(days=1) if value > base + SKEW else min(value, base)


_Reader = Callable[[re.Match[str], datetime, tzinfo], datetime | None]
_READERS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (re.compile(rf"\A{_EPOCH.pattern}\Z"), _epoch),
    (_YMD, _absolute),
    (_DMY, _absolute),
    (_ASCTIME, _absolute),
    (_MDY, _absolute),
    (_AGO, _ago),
    (_AGO_EN, _ago),
    (_DAY_WORD, _day_word),
    (_JUST_NOW, _just_now),
    (_MD, _this_or_last_year),
    (_MD_PLAIN, _this_or_last_year),
    (_COMPACT, _absolute),
    (_TIME_ONLY, _time_only),
)
