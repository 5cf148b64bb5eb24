"""Dates of the web: each wording once, the traps, and that no text ever raises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import ConfigError
from crawlers.dates import parse_date

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, 16, 30, 0, tzinfo=SHANGHAI)


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SHANGHAI)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-10-25T07:01:01+08:00", local(2026, 10, 25, 7, 1, 1)),
        ("2026-10-25T07:01:01Z", datetime(2026, 10, 25, 7, 1, 1, tzinfo=UTC)),
        ("2026-10-25T07:01:01.123456789Z", datetime(2026, 10, 25, 7, 1, 1, tzinfo=UTC)),
        ("2026-10-25T07:01:01", local(2026, 10, 25, 7, 1, 1)),
        ("2026-10-25T07:01:01-0330", datetime(2026, 10, 25, 10, 31, 1, tzinfo=UTC)),
        ("20261025T070101Z", datetime(2026, 10, 25, 7, 1, 1, tzinfo=UTC)),
        ("20261025", local(2026, 10, 25)),
        ("20261025070101", local(2026, 10, 25, 7, 1, 1)),
        ("Sun, 25 Oct 2026 07:01:01 GMT", datetime(2026, 10, 25, 7, 1, 1, tzinfo=UTC)),
        ("Sun, 25 Oct 2026 07:01:01 +0800", local(2026, 10, 25, 7, 1, 1)),
        ("25 Oct 26 07:01 EST", datetime(2026, 10, 25, 12, 1, tzinfo=UTC)),
        ("Sun Oct 25 07:01:01 CST 2026", local(2026, 10, 25, 7, 1, 1)),
        ("Sun Oct 25 07:01:01 2026", local(2026, 10, 25, 7, 1, 1)),
        ("October 25, 2026 at 3:05 PM", local(2026, 10, 25, 15, 5)),
        ("2026年10月25日 07:01:01", local(2026, 10, 25, 7, 1, 1)),
        ("2026年10月25日07时01分", local(2026, 10, 25, 7, 1)),
        ("2026 年 10 月 5 日", local(2026, 10, 5)),
        ("2026-10-5 7:01", local(2026, 10, 5, 7, 1)),
        ("2026-10-2507:01:01", local(2026, 10, 25, 7, 1, 1)),
        ("2026/10/5", local(2026, 10, 5)),
        ("2026.10.05 07:01", local(2026, 10, 5, 7, 1)),
        ("26-10-05 07:01", local(2026, 10, 5, 7, 1)),
        ("发布时间：2026-10-25 07:01 来源：市供水公司", local(2026, 10, 25, 7, 1)),
        ("发表于 2026-10-25 07:01:01", local(2026, 10, 25, 7, 1, 1)),
        ("２０２６－１０－２５　０７：０１", local(2026, 10, 25, 7, 1)),
        ("2026-10-25&nbsp;07:01", local(2026, 10, 25, 7, 1)),
        ("2026年10月25日 星期日 下午3:05", local(2026, 10, 25, 15, 5)),
        ("2026年10月25日（星期日）15:05", local(2026, 10, 25, 15, 5)),
        ("2026-10-25 上午12:05", local(2026, 10, 25, 0, 5)),
        ("2026-10-25 中午12:05", local(2026, 10, 25, 12, 5)),
        ("2026-10-25 晚上12点", local(2026, 10, 26)),
        ("2026-10-25 晚8点半", local(2026, 10, 25, 20, 30)),
        ("2026-10-25 24:00", local(2026, 10, 26)),
        ("2026/10/25 3:05:09 PM", local(2026, 10, 25, 15, 5, 9)),
        ("二〇二六年十月五日", local(2026, 10, 5)),
        ("二○二六年十月二十五日", local(2026, 10, 25)),
        ("二零二六年十月三十一日", local(2026, 10, 31)),
        ("10月5日 07:01", local(2026, 10, 5, 7, 1)),
        ("12月5日", local(2025, 12, 5)),
        ("11月22日 16:30", NOW),
        ("11月22日 16:35", NOW),  # their clock runs ahead: not a year ago, and not in the future
        ("11月22日 17:35", local(2025, 11, 22, 17, 35)),
        ("10-25 07:01", local(2026, 10, 25, 7, 1)),
        ("2月29日", local(2024, 2, 29)),
        ("昨天 10:21", local(2026, 11, 21, 10, 21)),
        ("昨天\xa016:06", local(2026, 11, 21, 16, 6)),
        ("昨天&nbsp;16:06", local(2026, 11, 21, 16, 6)),
        ("昨天", local(2026, 11, 21)),
        ("前天 23:59", local(2026, 11, 20, 23, 59)),
        ("今天 08:20", local(2026, 11, 22, 8, 20)),
        ("今天下午3:05", local(2026, 11, 22, 15, 5)),
        ("3 小时前", NOW - timedelta(hours=3)),
        ("3&nbsp;小时前", NOW - timedelta(hours=3)),
        ("３小时前", NOW - timedelta(hours=3)),
        ("三小时前", NOW - timedelta(hours=3)),
        ("1个半小时前", NOW - timedelta(minutes=90)),
        ("半小时前", NOW - timedelta(minutes=30)),
        ("5分钟前", NOW - timedelta(minutes=5)),
        ("30 秒前", NOW - timedelta(seconds=30)),
        ("2 天前", NOW - timedelta(days=2)),
        ("一周前", NOW - timedelta(days=7)),
        ("2个月前", NOW - timedelta(days=60)),
        ("最后回复 5 分钟之前", NOW - timedelta(minutes=5)),
        ("刚刚", NOW),
        ("3 hours ago", NOW - timedelta(hours=3)),
        ("yesterday 10:21", local(2026, 11, 21, 10, 21)),
        ("08:20", local(2026, 11, 22, 8, 20)),
        ("23:20", local(2026, 11, 21, 23, 20)),
        ("1792882861", datetime(2026, 10, 24, 23, 1, 1, tzinfo=UTC)),
        ("1792882861500", datetime(2026, 10, 24, 23, 1, 1, 500_000, tzinfo=UTC)),
        ("3019-01-01", local(3019, 1, 1)),  # the landing says that it is implausible
        ("1970-01-01 08:00", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_each_wording(text: str, expected: datetime) -> None:
    value = parse_date(text, now=NOW)
    assert value == expected
    assert value is not None and value.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    ["", " ", "未知", "2026-02-30", "2026-13-01", "2026-10-25 25:99", "13月40日", "0000-00-00 00:00:00", "999999 年前",
     "暂无日期", "今年", "第 12 页", "05-10-2026", "10.5 元", "星期一", "2026", "电话 88886666-12", "\x00", "月日", "前"],
)  # fmt: skip
def test_nonsense_and_impossible_dates_are_none(text: str) -> None:
    assert parse_date(text, now=NOW) is None


def test_the_day_is_the_day_of_the_sites_zone() -> None:
    just_after_midnight = datetime(2026, 11, 21, 16, 5, tzinfo=UTC)  # 00:05 of the 22nd in Shanghai
    assert parse_date("昨天 23:50", now=just_after_midnight) == datetime(2026, 11, 21, 15, 50, tzinfo=UTC)
    assert parse_date("2026-11-22", now=NOW, timezone="UTC") == datetime(2026, 11, 22, tzinfo=UTC)
    assert parse_date("Sun Oct 25 07:01:01 CST 2026", now=NOW, timezone="UTC") == datetime(
        2026, 10, 25, 13, 1, 1, tzinfo=UTC
    )


def test_unknown_zone_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="Asia/Changsha"):
        parse_date("2026-11-22", now=NOW, timezone="Asia/Changsha")


_PIECES = st.sampled_from(
    list("0123456789年月日时分秒:：-/.+ TZ前天昨今半〇一二十廿&;")
    + ["小时", "下午", "GMT", "Oct", "nbsp", "星期", "99999"]
)


@given(st.one_of(st.text(), st.lists(_PIECES, max_size=25).map("".join)))
@settings(max_examples=1500, deadline=None)
def test_no_text_raises(text: str) -> None:
    value = parse_date(text, now=NOW)
    assert value is None or value.utcoffset() == timedelta(0)


@given(st.datetimes(datetime(1992, 1, 1), datetime(2026, 11, 21)))
def test_what_sites_print_is_read_back(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    expected = moment.replace(tzinfo=SHANGHAI)
    for form in ("%Y-%m-%d %H:%M:%S", "%Y年%m月%d日 %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%a, %d %b %Y %H:%M:%S +0800"):
        assert parse_date(moment.strftime(form), now=NOW) == expected


@given(st.integers(1, 12), st.integers(1, 28), st.integers(0, 23), st.integers(0, 59))
def test_a_date_without_a_year_is_never_in_the_future(month: int, day: int, hour: int, minute: int) -> None:
    value = parse_date(f"{month}月{day}日 {hour}:{minute:02d}", now=NOW)
    assert value is not None and NOW - timedelta(days=367) < value <= NOW


def test_a_long_text_costs_no_more_than_a_short_one() -> None:
    assert parse_date("2026-10-25 07:01 " + "1" * 1_000_000, now=NOW) == local(2026, 10, 25, 7, 1)
    assert parse_date("前" * 1_000_000, now=NOW) is None
