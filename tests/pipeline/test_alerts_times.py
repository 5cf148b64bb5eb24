"""Quiet hours, digests and the harmless writing of web text: pure, so every corner is tried."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import ConfigError
from pipeline.alerts.cleaning import chat, line, masked, quotation, said, web_link
from pipeline.alerts.times import end_of_quiet, next_digest, released
from pipeline.query.times import SHANGHAI


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("span", "at", "end"),
    [
        ("22:00-07:00", "2026-11-20T23:00", "2026-11-21T07:00"),
        ("22:00-07:00", "2026-11-20T22:00", "2026-11-21T07:00"),
        ("22:00-07:00", "2026-11-20T06:59", "2026-11-20T07:00"),
        ("22:00-07:00", "2026-11-20T07:00", None),
        ("22:00-07:00", "2026-12-31T23:59", "2027-01-01T07:00"),
        ("12:00-13:30", "2026-11-20T13:29", "2026-11-20T13:30"),
        ("12:00-13:30", "2026-11-20T13:30", None),
        ("", "2026-11-20T13:30", None),
    ],
)
def test_quiet_hours_end_when_they_end(span: str, at: str, end: str | None) -> None:
    assert end_of_quiet(span, local(at).astimezone(UTC)) == (local(end) if end else None)


@pytest.mark.parametrize("span", ["22:00", "25:00-07:00", "22:00-22:00", "22:00-7:00", "x"])
def test_quiet_hours_that_cannot_be_read_are_refused(span: str) -> None:
    with pytest.raises(ConfigError):
        end_of_quiet(span, local("2026-11-20T23:00"))


@pytest.mark.parametrize(
    ("digest", "following"),
    [
        ("2h", "2026-11-20T16:05"),  # a Friday, 14:05
        ("90m", "2026-11-20T15:35"),
        ("0 8 * * 1-5", "2026-11-23T08:00"),  # Monday: cron counts from Sunday
        ("0 8 * * 0", "2026-11-22T08:00"),
        ("0 8 * * 7", "2026-11-22T08:00"),
        ("0 8 * * 5-7", "2026-11-21T08:00"),
        ("*/15 * * * *", "2026-11-20T14:15"),
        ("5 14 * * *", "2026-11-21T14:05"),
        ("0 8 1 * *", "2026-12-01T08:00"),
    ],
)
def test_a_digest_goes_out_when_it_says(digest: str, following: str) -> None:
    assert next_digest(digest, local("2026-11-20T14:05")) == local(following)


@pytest.mark.parametrize("digest", ["often", "61 * * * *", "0 8 * * 5-1", "0 8 * *", "0 0 31 2 *", "-2h"])
def test_a_digest_that_cannot_be_is_refused(digest: str) -> None:
    with pytest.raises(ConfigError):
        next_digest(digest, local("2026-11-20T14:05"))


def test_a_digest_that_ends_in_quiet_hours_waits_for_their_end() -> None:
    at = local("2026-11-20T21:00")
    assert released(at, "2h", ("22:00-07:00",)) == local("2026-11-21T07:00")
    assert released(at, "", ("22:00-07:00",)) == at
    assert released(at, "2h", (), local("2026-11-20T21:30")) == local("2026-11-20T21:30")
    # Quiet hours of rule and group that follow each other; round the clock it goes out in the end.
    assert released(at, "", ("20:00-22:00", "22:00-23:00")) == local("2026-11-20T23:00")
    assert released(at, "", ("12:00-00:00", "00:00-12:00")) < at + timedelta(days=8)


@given(st.text(), st.integers(1, 200))
def test_a_line_is_one_line_and_cleaning_it_again_changes_nothing(text: str, most: int) -> None:
    cleaned = line(text, most)
    assert len(cleaned) <= most
    assert cleaned.splitlines() in ([], [cleaned])
    assert "=?" not in cleaned
    assert line(cleaned, most) == cleaned
    cleaned.encode("utf-8")


@given(st.text(alphabet="*_`[]()<>!@#~|\\&{}a:/中 \n"))
def test_nothing_in_a_chat_is_markup_a_mention_or_a_link(text: str) -> None:
    assert not set(chat(text)) & set("*_`[]()<>!@#~|\\&{}\n")
    assert "://" not in chat(text)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("a\r\nBcc: b", "a Bcc: b"),
        ("\u202eabc\u2066d\u200b\u00ade\ufeff", "abcde"),
        ("=?utf-8?B?SGk=?=", "= ?utf-8?B?SGk= ?="),
        ("a\u2028b\u2029c\x00d\x85e", "a b c d e"),
        ("e" + "\u0301" * 50, "e" + "\u0301" * 3),
        ("\U000e0041x", "x"),
    ],
)
def test_what_hides_or_forges_is_taken_out(raw: str, clean: str) -> None:
    assert line(raw) == clean


def test_a_hundred_thousand_characters_are_cut_at_once() -> None:
    assert len(line("字" * 100_000, 120)) == 120
    assert len(line("\u200b" * 100_000 + "x", 120)) <= 120
    assert len(quotation("a\n" * 100_000, 160)) <= 160


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "data:text/html,x", "http://u:p@h/", "http://h/\r\nX: y", 'http://h/"onclick=', "http://[",
        "ftp://h/", "//h/x", "http://h/" + "x" * 3000,
    ],
)  # fmt: skip
def test_only_plain_web_addresses_become_links(url: str) -> None:
    assert web_link(url) == ""


def test_addresses_are_masked_in_what_servers_say() -> None:
    assert masked("550 <zhang.san+x@example.gov.cn> no") == "550 <z***@example.gov.cn> no"
    assert said("at https://oapi.example/robot?access_token=abc no\r\nx") == "at … no x"
