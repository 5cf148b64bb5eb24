"""Canonical URLs: one page, one address; parameters that tell pages apart stay."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crawlers.canonical import canonical_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://News.Example.CN:80/A/b.html#top", "http://news.example.cn/A/b.html"),
        ("https://a.cn:443", "https://a.cn/"),
        ("https://a.cn:8443/x", "https://a.cn:8443/x"),
        ("https://a.cn./x", "https://a.cn/x"),
        ("https://a.cn/a/./b/../c/", "https://a.cn/a/c/"),
        ("https://a.cn/../../x", "https://a.cn/x"),
        ("https://a.cn/a/%2e%2e/x", "https://a.cn/x"),
        ("https://a.cn/a/..", "https://a.cn/"),
        ("https://a.cn/%7Euser/%e4%b8%ad?q=%e4%b8%ad", "https://a.cn/~user/%E4%B8%AD?q=%E4%B8%AD"),
        ("https://a.cn/中文?q=停 水", "https://a.cn/%E4%B8%AD%E6%96%87?q=%E5%81%9C%20%E6%B0%B4"),
        ("https://a.cn/100%", "https://a.cn/100%25"),
        ("https://a.cn/a%2Fb", "https://a.cn/a%2Fb"),
        ("https://政务.中国/x", "https://xn--zfr164b.xn--fiqs8s/x"),
        ("https://a.cn/?", "https://a.cn/"),
        ("https://a.cn/x?utm_source=w&id=3&UTM_Medium=y&spm=1.2.3", "https://a.cn/x?id=3"),
        ("https://a.cn/x?b=2&a=1&&", "https://a.cn/x?b=2&a=1"),
        ("https://a.cn/x;jsessionid=0A1B?id=3", "https://a.cn/x?id=3"),
        ("https://a.cn/x?JSESSIONID=0A1B&PHPSESSID=zz&sid=Ab12Cd&page=2", "https://a.cn/x?page=2"),
        ("https://a.cn/x?from=timeline&isappinstalled=0", "https://a.cn/x"),
        ("https://a.cn/?p=5&replytocom=9#respond", "https://a.cn/?p=5"),
        ("  https://a.cn/x\n", "https://a.cn/x"),
        ("https:\\\\a.cn\\x", "https://a.cn/x"),
        ("http://a.cn\\@b.cn:80/", "http://a.cn/@b.cn:80/"),  # the host a browser would ask, not b.cn
        ("http://[2001:DB8:0::1]:80/x", "http://[2001:db8::1]/x"),
        ("http://127.0.0.1:8000/x", "http://127.0.0.1:8000/x"),
    ],
)
def test_the_one_form(url: str, expected: str) -> None:
    assert canonical_url(url) == expected


@pytest.mark.parametrize(
    "query",
    ["id=1&page=2", "tid=3&fid=4&aid=5", "mod=viewthread&tid=3", "sid=12", "from=20", "from=2019-01-01&to=2019-02-01", "p=5&from=0",
     "a[]=1&a[]=2", "q=a+b", "x=%26", "keep", "session=5"],
)  # fmt: skip
def test_parameters_that_tell_pages_apart_stay(query: str) -> None:
    assert canonical_url(f"https://a.cn/x.php?{query}") == f"https://a.cn/x.php?{query}"


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("x.html", "https://a.cn/news/x.html"),
        ("/x.html", "https://a.cn/x.html"),
        ("../x.html", "https://a.cn/x.html"),
        ("?page=2", "https://a.cn/news/list.html?page=2"),
        ("//b.cn/x", "https://b.cn/x"),
        ("", "https://a.cn/news/list.html"),
        ("#top", "https://a.cn/news/list.html"),
    ],
)
def test_links_are_read_from_their_page(link: str, expected: str) -> None:
    assert canonical_url(link, "https://a.cn/news/list.html") == expected


@pytest.mark.parametrize(
    "url",
    ["", "x.html", "ftp://a.cn/", "javascript:alert(1)", "mailto:a@b.cn", "http://", "http:///x", "https://:80/", "http://a.cn:99999/",
     "http://a.cn:0/", "http://u:p@a.cn/", "http://[::1", "http://a b.cn/", "http://a..cn/", "http://.cn/",
     "http://ex%61mple.cn/", "data:text/html,x", "http://" + "a" * 70 + "中.cn/", "http://a.cn/" + "x" * 9000, "tel:12345"],
)  # fmt: skip
def test_what_cannot_be_fetched_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        assert canonical_url(url) is None


_PIECE = st.text(st.sampled_from('abAB09-._~%/?&=#;:@+ 中停\\\t"<>[]{}|^`\x00\u3000\ud800'), max_size=40)


@given(st.sampled_from(["http://a.cn", "HTTPS://A.cn:443", "http://政务.中国:81", "http://a.cn/?sid="]), _PIECE)
@settings(max_examples=1500, deadline=None)
def test_idempotent_ascii_and_never_another_error(start: str, rest: str) -> None:
    try:
        once = canonical_url(start + rest)
    except ValueError:
        assume(False)
    assert canonical_url(once) == once
    assert once.isascii() and "#" not in once and not any(c.isspace() for c in once)


@given(st.text(max_size=60), st.none() | st.just("https://a.cn/b/"))
@settings(max_examples=500, deadline=None)
def test_any_text_gives_an_address_or_a_value_error(text: str, base: str | None) -> None:
    try:
        url = canonical_url(text, base)
    except ValueError:
        return
    assert url.startswith(("http://", "https://"))
