"""Text of posts stays text: as HTML, as a Markdown label, as a link."""

import html
from dataclasses import dataclass
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.display import excerpt, label, link, marked, moment, safe_url, shown, visible

HOSTILE = [
    "<script>x</script>",
    '" onmouseover="x',
    "<img src=x onerror=y>",
    "&lt;b&gt;",
    "]]><!--",
    "'><svg/onload=x>",
]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(markup: str) -> Tags:
    tags = Tags()
    tags.feed(markup)
    tags.close()
    return tags


@dataclass
class Segment:
    text: str
    marked: bool


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_a_tag_and_all_of_it_is_shown(text: str) -> None:
    tags = parsed(f'<p title="{shown(text)}">{shown(text)}</p>')
    assert [tag for tag, _ in tags.seen] == ["p"]
    assert tags.seen[0][1] == {"title": text}
    assert tags.text == text


@given(st.text())
def test_whatever_the_text_it_is_never_markup(text: str) -> None:
    assert [tag for tag, _ in parsed(f"<p>{shown(text)}</p>").seen] == ["p"]
    assert html.unescape(shown(text)) == visible(text)
    shown(text).encode("utf-8")


def test_what_cannot_be_seen_is_taken_out_and_lines_stay() -> None:
    assert visible("a\u202eb\u200bc\u2066d\x00e\ud800f\U000e0041g") == "abcdefg"
    assert visible("一\n二\t三") == "一\n二\t三"
    assert visible("e" + "\u0301" * 50) == "e" + "\u0301" * 3


@pytest.mark.parametrize(
    "text", ["![x](http://h/a.png)", "[a](javascript:b)", ":red[x]", "**b**", "$x$", "`c`", ":smile:"]
)
def test_a_label_escapes_each_sign_of_markdown(text: str) -> None:
    escaped = label(text)
    assert escaped.replace("\\", "") == text.replace("\\", "")
    for n, sign in enumerate(escaped):
        if sign in "*[]()!:$`":
            assert escaped[n - 1] == "\\"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "JaVaScript:alert(1)", " javascript:x", "java\nscript:x", "data:text/html,x", "//host/x", "/x", "",
        "http://", "http://user:pass@host/", "ftp://host/", "http://a\u202eb/", "http://[", "vbscript:x", "http://host/ x",
    ],
)  # fmt: skip
def test_only_plain_web_addresses_are_links(url: str) -> None:
    assert safe_url(url) == ""
    assert link(url, "原文") == ""


def test_a_link_opens_apart_shows_its_host_and_cannot_break_out() -> None:
    tags = parsed(link('https://example.org/a?b="><script>x</script>&c', "原文"))
    assert [tag for tag, _ in tags.seen] == ["a"]
    attributes = tags.seen[0][1]
    assert attributes["target"] == "_blank"
    assert attributes["rel"] == "noopener noreferrer"
    assert attributes["href"] == 'https://example.org/a?b="><script>x</script>&c'
    assert tags.text == "原文（example.org）"


def test_marks_stand_around_what_matched_and_nothing_else_is_markup() -> None:
    tags = parsed(marked([Segment("<b>", False), Segment("停水<i>", True)]))
    assert [tag for tag, _ in tags.seen] == ["mark"]
    assert tags.text == "<b>停水<i>"


def test_excerpt_and_time() -> None:
    assert excerpt(" 一 \n 二 ", 10) == "一 二"
    assert excerpt("长" * 20, 5) == "长长长长…"
    assert moment("2026-11-19T16:00:00Z") == "2026-11-20 00:00"
    assert moment(None) == "—"
