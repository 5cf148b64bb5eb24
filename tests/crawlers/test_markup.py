"""HTML as the text a reader sees."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parsel import Selector

from crawlers.markup import html_text, normalise_lines, one_line


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>停水</p><p>两天<br/>了</p>", "停水\n两天\n了"),
        ("  停水 \n 两天\t了&nbsp;&nbsp;吧\u3000 ", "停水 两天 了 吧"),
        ("<div><div>甲</div>\n\n<div>乙</div></div>丙", "甲\n乙\n丙"),
        ("甲<b>乙</b>丙<span>丁</span>", "甲乙丙丁"),
        ("<table><tr><td>一区</td><td>8时</td></tr><tr><td>二区</td><td>9时</td></tr></table>", "一区 8时\n二区 9时"),
        ("<ul><li>甲</li><li>乙</li></ul>", "甲\n乙"),
        ("甲<script>alert(1)</script>乙<style>p{}</style>丙<noscript>丁</noscript>", "甲乙丙"),
        ("甲<span style='color:red;display : none'>x<b>y</b></span>乙", "甲乙"),
        ('甲<font class="jammer">x</font>乙<font class="big">丙</font><i hidden>y</i>', "甲乙丙"),
        ("&lt;script&gt; &amp;lt;b&amp;gt;", "<script> &lt;b&gt;"),
        ("a &amp; b < c", "a & b < c"),
        ("甲<!-- x -->乙<?php echo 1 ?>丙", "甲乙丙"),
        ("<pre>一\n  二</pre>三", "一\n二\n三"),
        ("停\x00水\u200b了\x0b", "停水了"),
        ("<p>停水<p>两天", "停水\n两天"),
        ("", ""),
        ("<!-- -->", ""),
        ("\x00", ""),
    ],
)
def test_visible_text(html: str, expected: str) -> None:
    assert html_text(html) == expected


def test_a_selector_gives_its_own_element_without_what_follows() -> None:
    page = Selector("<div id=a>停<br>水<!-- c -->了</div>别的")
    assert html_text(page.css("#a")[0]) == "停\n水了"
    assert html_text(page.css("#a::text")[0]) == "停"


def test_large_and_deep_pages() -> None:
    assert len(html_text("<p>" + "停水" * 500_000 + "</p>")) == 1_000_000
    assert isinstance(html_text("<div>" * 50_000 + "x"), str)
    assert html_text("<b>" * 200 + "停水") == "停水"


@given(st.text(st.sampled_from("<>/&;=\"' \n\x00pdivbrscript停水-!\ud800"), max_size=80))
@settings(max_examples=800, deadline=None)
def test_no_markup_raises_and_lines_are_normal(html: str) -> None:
    text = html_text(html)
    assert text == normalise_lines(text)
    assert "\x00" not in text and "\n\n" not in text


def test_one_line() -> None:
    assert one_line(" 停水\n 通\u200b知\t") == "停水 通知"
