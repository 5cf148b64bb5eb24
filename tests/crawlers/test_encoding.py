"""Encodings of the web: declared rightly, wrongly or not at all."""

from __future__ import annotations

import codecs
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.encoding import clean, decode_body, encoding_name

SIMPLIFIED = "您好，请问我们小区什么时候恢复供水？已经停水两天了，给居民的生活带来很大不便，希望有关部门尽快处理。"
TRADITIONAL = "您好，請問我們社區什麼時候恢復供水？已經停水兩天了，給居民的生活帶來很大不便，希望有關部門儘快處理。"
HTML = "<html><head>{meta}<title>停水</title></head><body><p>{text}</p></body></html>"


def page(text: str, meta: str = "") -> str:
    return HTML.format(meta=f'<meta charset="{meta}">' if meta else "", text=text)


@pytest.mark.parametrize(
    "header", ["", "text/html", "text/html; charset=gbk", "text/html;charset=UTF-8", "text/html; charset=latin-1"]
)
@pytest.mark.parametrize("meta", ["", "gb2312", "utf-8", "big5"])
@pytest.mark.parametrize("true", ["utf-8", "gb18030"])
def test_simplified_pages_are_read_whatever_is_declared(header: str, meta: str, true: str) -> None:
    text = page(SIMPLIFIED, meta)
    assert decode_body(text.encode(true), headers={"content-type": header}) == text


@pytest.mark.parametrize(
    "header", ["", "text/html; charset=big5", "text/html; charset=utf-8", "text/html; charset=gbk"]
)
@pytest.mark.parametrize("true", ["big5", "utf-8", "gb18030"])
def test_traditional_pages_are_read_whatever_is_declared(header: str, true: str) -> None:
    text = page(TRADITIONAL)
    assert decode_body(text.encode(true), headers={"content-type": header}) == text


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5hkscs", "utf-16-le", "utf-16-be"])
def test_the_sources_declaration_is_believed(encoding: str) -> None:
    text = page(TRADITIONAL)
    assert decode_body(text.encode(encoding), headers={}, declared=encoding) == text


@pytest.mark.parametrize("text", ["联通", "停水", "<b>好</b>", "已办理"])
@pytest.mark.parametrize("true", ["gbk", "utf-8"])
def test_short_texts_follow_their_declaration(text: str, true: str) -> None:
    assert decode_body(text.encode(true), headers={"content-type": f"text/html; charset={true}"}) == text


def test_a_byte_order_mark_beats_every_declaration() -> None:
    headers = {"content-type": "text/html; charset=gbk"}
    assert decode_body(codecs.BOM_UTF8 + SIMPLIFIED.encode(), headers=headers, declared="big5") == SIMPLIFIED
    assert decode_body(SIMPLIFIED.encode("utf-16"), headers=headers) == SIMPLIFIED
    assert decode_body(codecs.BOM_UTF16_BE + SIMPLIFIED.encode("utf-16-be"), headers=headers) == SIMPLIFIED


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark(encoding: str) -> None:
    assert decode_body(page(SIMPLIFIED).encode(encoding), headers={}) == page(SIMPLIFIED)
    declared = {"content-type": f"text/plain; charset={encoding}"}
    assert decode_body(SIMPLIFIED.encode(encoding), headers=declared) == SIMPLIFIED


def test_a_feed_says_its_encoding_in_the_xml_declaration() -> None:
    feed = f'<?xml version="1.0" encoding="gbk"?><rss><channel><title>停水</title><item>{SIMPLIFIED}</item></channel></rss>'
    assert decode_body(feed.encode("gbk"), headers={"content-type": "application/xml"}) == feed


def test_a_declaration_in_a_comment_does_not_count() -> None:
    text = f'<!-- <meta charset="big5"> --><meta charset="gbk"><p>停水</p>{SIMPLIFIED}'
    assert decode_body(text.encode("gbk"), headers={}) == text


def test_a_few_broken_bytes_do_not_turn_the_page_into_another_encoding() -> None:
    for encoding in ("utf-8", "gb18030"):
        body = SIMPLIFIED.encode(encoding)
        broken = body + b"\xff\xff" + body
        read = decode_body(broken, headers={"content-type": f"text/html; charset={encoding}"})
        assert read.count("希望有关部门尽快处理") == 2
    cut = decode_body(SIMPLIFIED.encode()[:-1], headers={"content-type": "text/html; charset=utf-8"})
    assert cut.startswith(SIMPLIFIED[:-1])


def test_characters_beyond_gbk_survive() -> None:
    text = "㙍𠮷€镕—" + SIMPLIFIED
    assert decode_body(text.encode("gb18030"), headers={"content-type": "text/html; charset=gb2312"}) == text


def test_western_pages_stay_western() -> None:
    text = "Café à la carte, déjà vu, naïve façade, Größe"
    assert decode_body(text.encode("cp1252"), headers={"content-type": "text/html; charset=iso-8859-1"}) == text


@pytest.mark.parametrize("label", ["gbk", "GB2312", "x-gbk", "gb_2312-80", "cp936", "'gb18030'"])
def test_subsets_of_gb18030_are_read_as_gb18030(label: str) -> None:
    assert encoding_name(label) == "gb18030"


@pytest.mark.parametrize(
    "label", ["", "rot13", "base64", "nonsense", "a" * 10_000, "utf-7", "unicode_escape", "\x00", "idna"]
)
def test_labels_that_are_no_encodings_are_passed_over(label: str) -> None:
    assert encoding_name(label) is None
    assert (
        decode_body(SIMPLIFIED.encode(), headers={"content-type": f"text/html; charset={label}"}, declared=label)
        == SIMPLIFIED
    )


def test_dirt_is_removed() -> None:
    assert clean("a\x00b\x08c\x1bd\te\r\nf\ud800g\x7f\ufeff停\uffff") == "abcd\te\r\nfg停"
    assert decode_body("<p>停\x00水\x0b了</p>".encode(), headers={}) == "<p>停水了</p>"


@given(
    st.binary(max_size=300), st.sampled_from(["", "utf-8", "gbk", "big5", "utf-16", "cp1252", "shift_jis", "x", "hz"])
)
@settings(max_examples=800, deadline=None)
def test_no_bytes_raise_and_nothing_forbidden_comes_out(body: bytes, label: str) -> None:
    text = decode_body(body, headers={"content-type": f"text/html; charset={label}"})
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", text)
    text.encode("utf-8")


_HAN = st.text(st.sampled_from(sorted(set(SIMPLIFIED))), min_size=30, max_size=200)


@given(_HAN, st.sampled_from(["utf-8", "gb18030"]), st.sampled_from(["", "utf-8", "gbk"]))
@settings(max_examples=300, deadline=None)
def test_any_chinese_text_is_read_under_any_declaration(text: str, true: str, declared: str) -> None:
    assert decode_body(text.encode(true), headers={"content-type": f"text/html; charset={declared}"}) == text
