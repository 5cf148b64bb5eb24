"""Words people read for the ids that records, runs and checks carry, Chinese and English side by side."""

from __future__ import annotations

from collections.abc import Mapping

from config.text import tr
from pipeline.cases.naming import LEVELS as LEVELS
from pipeline.cases.naming import SECTORS as SECTORS

Words = Mapping[str, tuple[str, str]]

SENTIMENTS: Words = {
    "negative": ("▼ 负面", "▼ negative"),
    "neutral": ("● 中性", "● neutral"),
    "positive": ("▲ 正面", "▲ positive"),
}
INTENTS: Words = {
    "complaint": ("投诉", "complaint"),
    "help": ("求助", "request for help"),
    "inquiry": ("咨询", "inquiry"),
    "suggestion": ("建议", "suggestion"),
    "report": ("举报", "report of a wrong"),
    "praise": ("表扬", "praise"),
    "other": ("其他", "other"),
}
KINDS: Words = {
    "article": ("文章", "article"),
    "thread": ("主帖", "thread"),
    "reply": ("跟帖", "reply"),
    "comment": ("评论", "comment"),
    "message": ("留言", "message"),
    "official_reply": ("官方答复", "official reply"),
}
SOURCE_KINDS: Words = {
    "feed": ("订阅", "feed"),
    "sitemap": ("网站地图", "sitemap"),
    "board": ("留言板", "board"),
    "forum": ("论坛", "forum"),
    "wordpress": ("WordPress", "WordPress"),
    "import": ("文件", "import"),
}
# The sign says the state without colour.
HEALTH: Words = {
    "fine": ("✔ 正常", "✔ fine"),
    "late": ("◷ 迟了", "◷ late"),
    "empty": ("○ 空", "○ empty"),
    "failing": ("✖ 失败", "✖ failing"),
    "robots": ("⊘ 被 robots.txt 拒绝", "⊘ refused by robots.txt"),
    "markup": ("⚠ 页面改版", "⚠ markup changed"),
    "new": ("… 尚未采集", "… not crawled yet"),
    "disabled": ("‖ 已停用", "‖ switched off"),
}
OUTCOMES: Words = {
    "finished": ("完成", "finished"),
    "limited": ("到达上限而停", "stopped at a limit"),
    "stopped": ("被中止", "stopped"),
    "failed": ("失败", "failed"),
}
COUNTS: Words = {
    "requested": ("请求", "requested"),
    "not_modified": ("未变页", "not modified"),
    "posts_new": ("新帖", "new"),
    "posts_changed": ("有变更", "changed"),
    "posts_unchanged": ("无变化", "unchanged"),
    "set_aside": ("搁置", "set aside"),
    "failed": ("失败", "failed"),
}
STAGES: Words = {
    "crawl": ("采集", "crawl"),
    "process": ("处理", "process"),
    "detect": ("发现事件", "detect"),
    "rules": ("看规则", "rules"),
    "link": ("认出官方答复", "link replies"),
    "remind": ("提醒到期", "remind"),
    "deliver": ("送告警", "deliver"),
    "escalate": ("告诉下一位", "escalate"),
    "briefs": ("做简报", "briefs"),
    "purge": ("清理", "purge"),
    "backup": ("备份", "backup"),
    "run": ("值守", "qingyu run"),
}
RESULTS: Words = {"new": ("… 尚未做过", "… not done yet"), "ok": ("✓ 做完", "✓ done"), "failed": ("✗ 失败", "✗ failed")}
STATES: Words = {"ok": ("✓ 正常", "✓ ok"), "warning": ("! 注意", "! warning"), "failed": ("✗ 有误", "✗ failed")}
CHECKS: Words = {
    "paths.data": ("数据目录", "data folder"),
    "paths.logs": ("日志目录", "log folder"),
    "disk": ("磁盘", "disk"),
    "memory": ("内存", "memory"),
    "timezone": ("时区", "time zone"),
    "clock": ("时钟", "clock"),
    "author_key": ("化名密钥", "author key"),
    "dictionaries": ("词典与模型", "dictionaries"),
    "store": ("数据库", "store"),
    "index": ("索引", "index"),
    "mail": ("邮件", "mail"),
    "sources": ("来源", "sources"),
    "workers": ("处理进程", "workers"),
    "run": ("值守", "qingyu run"),
    "jobs": ("任务", "jobs"),
}
PURGED: Words = {
    "posts": ("帖子", "posts"),
    "revisions": ("旧版本", "revisions"),
    "set_aside": ("搁置材料", "set-aside pieces"),
    "runs": ("采集报告", "run reports"),
    "audit": ("审计记录", "audit records"),
    "alerts": ("告警", "alerts"),
}
ROLES: Words = {
    "list": ("列表页", "list"),
    "detail": ("详情页", "detail page"),
    "index": ("首页", "index"),
    "board": ("版块页", "board"),
    "thread": ("主题页", "thread"),
    "feed": ("订阅", "feed"),
    "sitemap": ("网站地图", "sitemap"),
    "article": ("文章页", "article"),
}
FIELDS: Words = {
    "kind": ("种类", "kind"),
    "url": ("网址", "address"),
    "thread_url": ("主帖网址", "thread"),
    "title": ("标题", "title"),
    "text": ("正文", "text"),
    "id": ("编号", "id"),
    "native_id": ("编号", "id"),
    "floor": ("楼层", "floor"),
    "parent_native": ("回复对象", "answers"),
    "author": ("作者", "author"),
    "published": ("发布时间", "published"),
    "edited": ("编辑时间", "edited"),
    "region": ("地区", "region"),
    "category": ("类别", "category"),
    "views": ("浏览", "views"),
    "likes": ("点赞", "likes"),
    "dislikes": ("反对", "dislikes"),
    "replies": ("回复数", "replies"),
    "official.text": ("官方答复", "official reply"),
    "official.unit": ("答复单位", "replied by"),
    "official.replied": ("答复时间", "replied at"),
}


STATES_OF_EVENTS: Words = {
    "growing": ("在发展", "growing"),
    "fading": ("在消退", "fading"),
    "over": ("已平息", "over"),
}
RULE_KINDS: Words = {
    "any": ("每条", "any"),
    "frequency": ("条数", "frequency"),
    "spike": ("突增突减", "spike"),
    "flatline": ("变少", "flatline"),
    "new_term": ("新出现", "new term"),
    "cardinality": ("不同的个数", "cardinality"),
    "percentage_match": ("占比", "percentage"),
    "metric": ("平均数", "metric"),
    "change": ("答复状态", "change"),
    "event": ("事件与预警", "event"),
    "source_silent": ("来源没有动静", "silent source"),
}
VERDICTS: Words = {
    "true": ("属实", "true"),
    "noise": ("误报", "noise"),
    "known": ("早已知道", "known"),
}
DELIVERIES: Words = {
    "new": ("待分发", "new"),
    "open": ("有组不认识", "group unknown"),
    "nobody": ("无人要", "nobody"),
    "told": ("已告诉", "told"),
    "filtered": ("不关此组的事", "not of this group"),
    "waiting": ("待发", "waiting"),
    "held": ("留着", "held"),
    "sending": ("在发", "sending"),
    "sent": ("已送到", "sent"),
    "given_up": ("已放弃", "given up"),
}
ATTEMPTS: Words = {
    "sent": ("✓ 收下", "✓ taken"),
    "put_off": ("! 推迟", "! put off"),
    "away": ("✗ 没有答复", "✗ away"),
    "refused": ("✗ 拒收", "✗ refused"),
    "given_up": ("✗ 放弃", "✗ given up"),
    "unknown": ("? 不知收没收下", "? unknown"),
    "asked": ("再试", "asked again"),
    "lost": ("由别的进程接手", "taken over"),
}


def word(table: Words, key: str) -> str:
    """The wording of `key` in the user's language; `key` itself where the table has none."""
    return tr(*table[key]) if key in table else key
