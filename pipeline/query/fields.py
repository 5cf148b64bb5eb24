"""The fields a query may name, their Chinese names, and values people write in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

FieldKind = Literal["text", "keyword", "number", "time", "flag"]


@dataclass(frozen=True, slots=True)
class Field:
    """name: in the language; index: the engine's field; chinese: aliases; values: what may be written for a value."""

    name: str
    index: str
    kind: FieldKind
    chinese: tuple[str, ...]
    values: Mapping[str, str] | None = None


_SENTIMENTS = {"负面": "negative", "中性": "neutral", "正面": "positive"}
_KINDS = {
    "文章": "article",
    "新闻": "article",
    "主题": "thread",
    "主帖": "thread",
    "回帖": "reply",
    "评论": "comment",
    "留言": "message",
    "官方答复": "official_reply",
}
_INTENTS = {
    "投诉": "complaint",
    "求助": "help",
    "咨询": "inquiry",
    "建议": "suggestion",
    "举报": "report",
    "表扬": "praise",
    "其他": "other",
}
_SECTORS = {
    "城乡建设": "construction",
    "环境保护": "environment",
    "交通运输": "transport",
    "教育文体": "education",
    "劳动和社会保障": "labour",
    "商贸旅游": "commerce",
    "卫生计生": "health",
}
_FLAGS = {"是": "1", "否": "0", "true": "1", "false": "0", "yes": "1", "no": "0", "1": "1", "0": "0"}

FIELDS = (
    Field("title", "title", "text", ("标题",)),
    Field("text", "text", "text", ("正文", "内容")),
    Field("source", "source", "keyword", ("来源",)),
    Field("kind", "kind", "keyword", ("类型", "种类"), _KINDS),
    Field("region", "region", "keyword", ("地区",)),
    Field("category", "category", "keyword", ("分类", "类别")),
    Field("topic", "topic", "keyword", ("话题",)),
    Field("sentiment", "sentiment", "keyword", ("情感",), _SENTIMENTS),
    Field("unsure", "unsure", "flag", ("拿不准",), _FLAGS),
    Field("intent", "intent", "keyword", ("意图",), _INTENTS),
    Field("appeal", "appeal", "flag", ("诉求",), _FLAGS),
    Field("sector", "sector", "keyword", ("领域",), _SECTORS),
    Field("place", "place", "keyword", ("地点",)),
    Field("duty", "duty", "keyword", ("责任单位",)),
    Field("copy", "copy", "flag", ("转载",), _FLAGS),
    Field("copies", "copy_cluster", "keyword", ("同文",)),
    Field("score", "score", "number", ("情感分", "分数", "得分")),
    Field("confidence", "confidence", "number", ("把握", "置信度")),
    Field("published", "published", "time", ("时间", "发布", "发布时间")),
    Field("collected", "collected", "time", ("采集", "采集时间")),
    Field("likes", "likes", "number", ("点赞", "赞")),
    Field("views", "views", "number", ("浏览", "阅读")),
    Field("replies", "replies", "number", ("回复", "回复数")),
    Field("answered", "answered", "flag", ("已答复",), _FLAGS),
    Field("unit", "official_unit", "keyword", ("单位", "答复单位")),
    Field("keyphrase", "keyphrase", "keyword", ("关键词",)),
    Field("id", "id", "keyword", ("编号",)),
    Field("event", "id", "keyword", ("事件",)),
    Field("thread", "thread", "keyword", ("帖串", "主题帖")),
)
BY_NAME = {name: field for field in FIELDS for name in (field.name, *field.chinese)}
BY_INDEX = {field.index: field for field in FIELDS}
# Asked for, and refused with the reason: the tool is about matters, not about persons.
PERSONS = ("author", "作者", "voice", "用户", "user")
