"""Redaction of arbitrary and hostile text: never raises, idempotent, linear in time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.redact import redact

MILLION = 1_000_000
HOSTILE = {
    "digits": "1" * MILLION, "at": "@" * MILLION, "a@": "a@" * (MILLION // 2), "domain": "a@" + "b." * (MILLION // 2),
    "address": "住址" + "路" * MILLION, "addresses": "住址" * (MILLION // 2), "home": "家住" * (MILLION // 2) + "1号",
    "buildings": "1栋" * (MILLION // 2), "plates": "湘A" * (MILLION // 2), "spaces behind QQ": "QQ" + " " * MILLION + "12345",
    "spaces behind 微信": "微信" + " " * MILLION + "a12345", "spaces behind 姓名": "姓名" + " " * MILLION, "本人": "本人" * (MILLION // 2),
    "zero width": "1\u200b" * (MILLION // 2), "dashes": "1-" * (MILLION // 2), "phones": "13812345678 " * (MILLION // 12),
    "villagers": "村民王" * (MILLION // 3), "villagers called": "村民王小明" * (MILLION // 5), "dotted": "我叫" + "王·" * (MILLION // 2),
    "houses": "人民路8号" * (MILLION // 5), "ways": "8号" * (MILLION // 2) + "3栋501", "doors": "3栋501" * (MILLION // 5), "marks": "1#" * (MILLION // 2),
    "living": "住" * MILLION, "living in groups": "家住" + "3组" * (MILLION // 2), "mails and phones": "a@b.cn13812345678" * (MILLION // 17),
    "labels": "订单号" * (MILLION // 3) + "13812345678", "spaced digits": "1 " * (MILLION // 2), "QQ words": "QQ或微信" * (MILLION // 5),
    "my telephone": "我的" * (MILLION // 2) + "电话", "wide": "１" * MILLION, "fallen brackets": "[" * MILLION, "rooms": "1-1-" * (MILLION // 4),
    "lone surrogates": "\ud800" * MILLION + "12345",
}  # fmt: skip


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_million_hostile_characters_take_under_two_seconds(name: str) -> None:
    start = time.process_time()
    redact(HOSTILE[name])
    assert time.process_time() - start < 2


PIECES = st.sampled_from(
    ["1", "3", "12345", "138", "0731", "栋", "单元", "号", "室", "@", ".com", "湘A", "QQ", "微信", "vx", ":", "：", "-", " ",
     "\u200b", "本人", "我叫", "姓名", "张", "三", "家住", "，", "[", "]", "[住址]", "[姓名]", "[手机号]", "a", "X", "身份证", "卡号"]
)  # fmt: skip


@given(st.text() | st.lists(PIECES, max_size=30).map("".join) | st.text(st.characters(categories=["Cs", "Nd", "Lo"])))
def test_any_text_is_redacted_once_and_for_all(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("我叫李建国，男，50岁", "我叫[姓名]，男，50岁"),
        ("需经本人申请、民主评议", "需经本人申请、民主评议"),
        ("联系人：张主任，电话：0731-88661234", "联系人：张主任，电话：0731-88661234"),
        ("18栋101栋104栋", "18栋101栋104栋"),
        ("10、10栋101m2", "10、10栋101m2"),
        ("4—5层花园洋房44栋724户", "4—5层花园洋房44栋724户"),
        ("违建一座650吨加油站", "违建一座650吨加油站"),
        ("5栋502家里漏水，6栋603：漏水", "[住址]家里漏水，[住址]：漏水"),
        ("16栋101.17栋102张先生", "[住址].[住址]张先生"),
        ("反映人：阿依古丽·买买提，女", "反映人：[姓名]，女"),
        ("此致敬礼！ 赵国栋 2020年1月5日", "此致敬礼！ [姓名] 2020年1月5日"),
        ("村民李建国家的低保被取消", "村民[姓名]家的低保被取消"),
        ("业主许可、业主安全和居民安静的生活", "业主许可、业主安全和居民安静的生活"),
        ("我父亲常年在外，患者时常复发", "我父亲常年在外，患者时常复发"),
        ("村民代表刘建国主任，房东任意涨价", "村民代表刘建国主任，房东任意涨价"),
        ("张伟，身份证110105491231002", "[姓名]，身份证[身份证号]"),
        ("打到6222021234567890128（李娜）", "打到[银行卡号]（[姓名]）"),
        ("订单号13812345678，手机13812345678", "订单号13812345678，手机[手机号]"),
        ("韵达18000107368未到，快递员18000107368", "韵达18000107368未到，快递员[手机号]"),
        ("手机86-13812345678", "手机[手机号]"),
        ("卡号955880 1234567890123", "卡号[银行卡号]"),
        ("家里座机（0731）84567890坏了", "家里座机[固定电话]坏了"),
        ("大家电话0731-84567890打爆了", "大家电话0731-84567890打爆了"),
        ("厂家电话84567890", "厂家电话84567890"),
        ("他的微信叫wxid_a1b2c3d4", "他的微信叫[微信号]"),
        ("微信公众号changsha2020", "微信公众号changsha2020"),
        ("8#2单元1102漏水", "[住址]漏水"),
        ("3栋2单元5楼东户", "[住址]"),
        ("楼上３６栋８０５天天装修", "楼上[住址]天天装修"),
        ("人民路128号幸福里3栋501", "人民路[住址]幸福里[住址]"),
        ("人民路128号门面，3栋501户", "人民路128号门面，3栋501户"),
        ("家住高桥村3组15号", "家住高桥村3组[住址]"),
        ("嘉熙国际a座，0731-0000", "嘉熙国际a座，0731-0000"),
        ("a@b.cn13812345678", "[邮箱][手机号]"),
        ("", ""),
    ],
)
def test_known_sentences(text: str, masked: str) -> None:
    assert redact(text) == masked
