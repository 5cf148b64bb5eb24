"""Sentences of public service, complaints, thanks and negation: what a reader sees at once must come out right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nlp.segment import Segmenter
from nlp.sentiment import SentimentModel, load_sentiment

NEGATIVE = """孩子上不了学，家长很不高兴
对物业的处理很不满意
反映半年了还是没有解决
这家医院的服务不太好
路面坑洼，骑车摔倒好几次
垃圾成堆，苍蝇乱飞，恶心死了
供水公司态度恶劣，挂我电话
小区停水三天没人管
听到这个答复非常气愤
办事员推来推去，白跑了四趟
夜间施工噪音太大，根本没法休息
不是我们不理解，是实在等不起了
说是修了，其实一点没修
没有人给我们一个交代
钱交了，暖气不热，骗人
公交司机甩站，态度很差
不能接受这样的收费
楼上漏水，物业不管不问
不方便，老人根本不会用
污水横流，臭得不敢开窗
没有诚意，敷衍了事
这样的答复不能让人信服""".splitlines()
POSITIVE = """对处理结果没有不满意的
民警同志非常热心，谢谢你们
路灯修好了，晚上出门亮堂堂
工作人员很有耐心，点赞
没有让我多跑一趟，很感谢
新公园真美，居民们都很开心
第二天就来水了，效率真高
服务很好，没什么不满意
感谢环卫工人，街道干净多了
真心感谢居委会帮忙
医生水平高，护士也温柔
停车位多了，再也不用抢了，真好
老人食堂很实惠，街坊都夸好
非常满意这次的处理
电梯修好了，感谢物业
手续简单多了，办得很快很顺利
欠薪拿到了，太感谢了
表扬七号窗口的同志""".splitlines()
NEUTRAL = """请问身份证到期在哪里换领
咨询新生儿医保参保流程
关于部分路段交通管制的通告
市政府召开常务会议
建议在公园增加几张长椅
明天八点到十二点计划停电检修
您的来信已转交住建局处理
请问幼儿园报名什么时候开始
全市共设投票站三十个
希望增加一趟早班车""".splitlines()


@pytest.fixture(scope="module")
def model() -> SentimentModel:
    return load_sentiment("linear")


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter("rjieba")


def _labels(model: SentimentModel, segmenter: Segmenter, texts: list[str]) -> list[str]:
    return [label for label, _, _ in model.score(texts, [segmenter.tokens(text) for text in texts])]


def test_complaints_thanks_and_questions_come_out_right(model: SentimentModel, segmenter: Segmenter) -> None:
    wanted = [
        *[(t, "negative") for t in NEGATIVE],
        *[(t, "positive") for t in POSITIVE],
        *[(t, "neutral") for t in NEUTRAL],
    ]
    said = _labels(model, segmenter, [text for text, _ in wanted])
    wrong = [(text, label, got) for (text, label), got in zip(wanted, said, strict=True) if got != label]
    assert len(wanted) >= 40
    assert len(wrong) <= 0.15 * len(wanted), wrong


@pytest.mark.parametrize("text", ["停水三天没人管", "非常气愤", "态度恶劣", "不满意", "没有解决", "不高兴", "不太好"])
def test_a_plain_complaint_is_negative(model: SentimentModel, segmenter: Segmenter, text: str) -> None:
    assert _labels(model, segmenter, [text]) == ["negative"]


@pytest.mark.parametrize("text", ["感谢政府", "谢谢你们的帮助", "非常满意", "为民警点赞"])
def test_thanks_are_positive(model: SentimentModel, segmenter: Segmenter, text: str) -> None:
    assert _labels(model, segmenter, [text]) == ["positive"]


def test_a_denied_complaint_is_not_negative(model: SentimentModel, segmenter: Segmenter) -> None:
    assert "negative" not in _labels(model, segmenter, ["没有不满意", "没什么不满意的"])


def test_no_sentence_here_stands_in_the_training_set() -> None:
    path = Path(__file__).resolve().parents[2] / "nlp" / "training" / "service.jsonl"
    trained = {json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()}
    assert not trained & {*NEGATIVE, *POSITIVE, *NEUTRAL}
