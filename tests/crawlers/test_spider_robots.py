"""What an answer to /robots.txt means (RFC 9309), and how long Retry-After asks to wait."""

from datetime import UTC, datetime

import pytest

from crawlers.middlewares.pace import retry_after_s
from crawlers.middlewares.robots import MAX_DELAY_S, read_rules


@pytest.mark.parametrize(
    ("status", "refused"), [(200, True), (404, False), (403, False), (500, True), (503, True), (429, True)]
)
def test_status_decides(status: int, refused: bool) -> None:
    rules = read_rules(status, b"User-agent: *\nDisallow: /")
    assert bool(rules.refuse("http://a.example/x")) is refused


def test_unreachable_says_so_apart_from_forbidden() -> None:
    assert "503" in read_rules(503, b"").closed
    assert read_rules(200, b"User-agent: *\nDisallow: /").closed == ""


def test_own_group_wins_over_the_general_one() -> None:
    rules = read_rules(200, b"User-agent: *\nDisallow: /\n\nUser-agent: qingyu\nDisallow: /admin/\nCrawl-delay: 7\n")
    assert rules.refuse("http://a.example/news") == ""
    assert rules.refuse("http://a.example/admin/x")
    assert rules.crawl_delay_s == 7


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe\x00garbage", b"", b"<html>no robots</html>", "User-agent: *\nDisallow: /秘密/".encode("gb18030")],
)
def test_garbage_is_no_rule_and_no_crash(body: bytes) -> None:
    assert read_rules(200, body).refuse("http://a.example/") == ""


def test_absurd_delay_is_bounded() -> None:
    assert read_rules(200, b"User-agent: *\nCrawl-delay: 99999999").crawl_delay_s == MAX_DELAY_S


NOW = datetime(2026, 11, 22, 8, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (b"120", 120.0),
        (b"Sun, 22 Nov 2026 08:01:00 GMT", 60.0),
        (b"Sun, 22 Nov 2026 07:00:00 GMT", 0.0),
        (b"soon", None),
        (b"", None),
        (None, None),
        (b"-5", None),
    ],
)
def test_retry_after(header: bytes | None, seconds: float | None) -> None:
    assert retry_after_s(header, now=NOW) == seconds
