"""The wordings of the dashboard, Chinese and English side by side."""

from __future__ import annotations

from config.text import tr
from dashboard.wording import access, asking, briefs, cases, morning, rules, settings, sources, topics, trends

TEXTS: dict[str, tuple[str, str]] = {
    "today": ("今日", "Today"),
    "trends": ("趋势", "Trends"),
    "topics": ("话题与事件", "Topics and events"),
    "rules": ("规则", "Rules"),
    "briefs": ("简报", "Briefs"),
    "settings": ("设置", "Settings"),
    "users": ("用户", "Users"),
    "audit": ("审计", "Audit"),
    "account": ("我的账户", "My account"),
    "house": ("管理", "House"),
    "period": ("时段", "Period"),
    "period_last": ("近 {n} 天", "last {n} days"),
    "period_all": ("不限时段", "any time"),
    "place": ("地点", "Place"),
    "with_copies": ("含转载", "with copies"),
    "no_copies": ("不含转载", "without copies"),
    "lift": ("去掉这一条件：{w}", "lift this limit: {w}"),
    "flags": ("预警", "Flags"),
    "cases": ("清单", "Cases"),
    "search": ("检索", "Search"),
    "sources": ("来源", "Sources"),
    "dashboards": ("面板", "Dashboards"),
    "dashboard": ("面板", "Dashboard"),
    "dashboards_none": (
        "还没有面板：在 config/dashboards 里写一个，或用 qingyu kibana import 从 Kibana 导入。",
        "There is no dashboard: write one in config/dashboards, or import one by qingyu kibana import.",
    ),
    "dashboard_unknown": ("没有名为 {n} 的面板；请在下面选一个。", "No dashboard is called {n}; choose one below."),
    "narrow": ("只看（查询）", "Only (query)"),
    "panel_empty": ("这段时间没有符合的帖子。", "No posts match in this time."),
    "panel_words_none": (
        "没有突出的词：帖子太少，或没有可比的其他帖子。",
        "No word stands out: too few posts, or no others to compare with.",
    ),
    "panel_unsupported": ("这一块画不出：{r}", "This panel cannot be drawn: {r}"),
    "panel_total": ("共 {n} 条", "{n} posts"),
    "panel_untitled": ("（未命名）", "(untitled)"),
    "panel_figures": ("{k}图：{t}", "{k} chart: {t}"),
    "day": ("哪一天", "Day"),
    "see_posts": ("看帖子", "See posts"),
    "no_data": ("无数据", "no data"),
    "too_little": ("数据不足", "too little data"),
    "too_little_why": (
        "同一星期几的可比日子不足 {n} 天，不给出平常值。",
        "Fewer than {n} comparable weekdays, so no usual is given.",
    ),
    "no_data_day": (
        "{d} 没有数据：这一天之后没有成功的采集，或在已有资料的时段之外。没有数据不等于没有声音。",
        "There is no data for {d}: no crawl has succeeded since, or it lies outside what is known. No data is not no opinion.",
    ),
    "until": ("截至 {t}", "until {t}"),
    "same_hour": ("与往常同一时刻相比", "against the same hour of other weeks"),
    "whole_day": ("全天", "whole day"),
    "volume": ("帖子", "Posts"),
    "negative_share": ("负面占比", "Negative share"),
    "voices": ("不同的声音", "Distinct voices"),
    "voices_note": ("按化名计数，不列作者", "counted by pseudonym, nobody is listed"),
    "official_replies": ("官方答复", "Official replies"),
    "usual_for": ("平常（过去 {n} 个{w}）：{m}，{a}–{b}", "usual (last {n} {w}): {m}, {a}–{b}"),
    "above": ("▲ 高于往常", "▲ above the usual"),
    "below": ("▼ 低于往常", "▼ below the usual"),
    "within": ("● 在往常范围内", "● within the usual"),
    "few": ("帖子少，仅供参考", "few posts"),
    "fresh": ("新出现", "new"),
    "curve": ("近 {n} 天", "Last {n} days"),
    "curve_help": (
        "浅色带：过去 8 周同一星期几全天的范围，短线为中位数；浅色柱：当日未完；灰底：无数据。点一根柱子看当天的帖子。",
        "Band: range of whole days of the same weekday over 8 weeks, tick: median; pale bar: day not over; grey: no data. Click a bar for its posts.",
    ),
    "rising": ("升温的话题", "Rising topics"),
    "window_1": ("当日", "This day"),
    "window_3": ("近三天", "Last 3 days"),
    "rising_none": ("没有高于往常的话题。", "No topic is above its usual."),
    "rising_row": ("{c} 条 · 往常 {m}（{a}–{b}）", "{c} posts · usual {m} ({a}–{b})"),
    "threads": ("声音最多的帖子", "Loudest threads"),
    "threads_none": ("没有帖子。", "No threads."),
    "thread_row": ("{c} 条 · {v} 个声音", "{c} posts · {v} voices"),
    "words": ("与前 28 天相比突出的词", "Words that stand out against the 28 days before"),
    "words_help": (
        "数字为当日帖子数，按对数似然比排列；点词看帖子。",
        "The number counts the day's posts, ordered by log-likelihood ratio; click a word for its posts.",
    ),
    "words_none": ("没有突出的词。", "No word stands out."),
    "since_yesterday": ("当日新帖 {n} 条，前一日 {p} 条。", "{n} posts this day, {p} the day before."),
    "replies_none": ("这一天没有官方答复。", "No official replies this day."),
    "replies_more": ("共 {n} 条答复，只列最近 {k} 条", "{n} replies, the newest {k} shown"),
    "waited": ("等了 {d}", "after {d}"),
    "days": ("{n} 天", "{n} days"),
    "hours": ("{n} 小时", "{n} hours"),
    "source_state": ("来源状况", "Sources"),
    "no_sources": (
        "还没有来源。用 qingyu sources add 网址 --write 加一个。",
        "There is no source yet. Add one with qingyu sources add URL --write.",
    ),
    "query": ("查询", "Query"),
    "query_hint": (
        "如：停水 AND 滨河苑，“校车 晚点”，source:forum",
        'such as: 停水 AND 滨河苑, "校车 晚点", source:forum',
    ),
    "query_help_title": ("写法", "Syntax"),
    "query_help": (
        """| 写法 | 意思 |
|---|---|
| `停水` | 标题、正文或官方答复里有这个词 |
| `停水 滨河苑` | 两个词都有 |
| `"校车 晚点"` | 照此顺序相连 |
| `停水 OR 停电`，`停水 或 停电` | 有其一 |
| `停水 NOT 通知`，`停水 非 通知` | 有前者而无后者 |
| `(停水 OR 停电) AND 小区` | 括号 |
| `title:停水`、`source:forum`、`topic:water` | 限定字段 |
| `sentiment:negative`、`likes:[10 TO *]` | 情感、范围 |
| `published:[2026-11-01 TO now-7d]` | 时间 |
| `停*` | 通配 |

没有按作者查询的写法：这里统计事情，不跟踪人。""",
        """| written | means |
|---|---|
| `停水` | the word stands in title, text or official reply |
| `停水 滨河苑` | both words |
| `"校车 晚点"` | next to each other, in this order |
| `停水 OR 停电` | either |
| `停水 NOT 通知` | the first without the second |
| `(停水 OR 停电) AND 小区` | parentheses |
| `title:停水`, `source:forum`, `topic:water` | in a field |
| `sentiment:negative`, `likes:[10 TO *]` | sentiment, ranges |
| `published:[2026-11-01 TO now-7d]` | time |
| `停*` | wildcard |

There is no way to ask by author: this counts matters and follows nobody.""",
    ),
    "kql": ("按 Kibana 的 KQL 写", "Written in Kibana's KQL"),
    "kql_help": (
        '如：title: 停水 and not source: "forum" and likes >= 10',
        'such as: title: 停水 and not source: "forum" and likes >= 10',
    ),
    "from": ("从", "From"),
    "to": ("到", "To"),
    "filters": ("筛选", "Filters"),
    "topic": ("话题", "Topic"),
    "region": ("地区", "Region"),
    "kind": ("类型", "Kind"),
    "sentiment": ("情感", "Sentiment"),
    "source": ("来源", "Source"),
    "all": ("全部", "all"),
    "sort": ("排序", "Sort"),
    "total_voices": ("共 {n} 条，{v} 个声音", "{n} posts, {v} voices"),
    "trend": ("数量随时间", "Posts over time"),
    "trend_note": ("点一根柱子只看那一天。", "Click a bar to see that day only."),
    "trend_cut": ("图中为最近 {n} 天。", "The chart shows the last {n} days."),
    "nothing": (
        "没有符合的帖子。换个说法，或放宽日期与筛选。",
        "Nothing matches. Try other words, or widen dates and filters.",
    ),
    "first_page": ("回到第一页", "First page"),
    "next": ("下一页", "Next"),
    "detail": ("详情", "Details"),
    "close": ("返回结果", "Back to results"),
    "original": ("原文", "Original"),
    "official_reply": ("官方答复", "Official reply"),
    "export": ("导出", "Export"),
    "export_note": ("导出会记入审计。", "Exports are audited."),
    "export_many": (
        "超过 {n} 条，请用命令行导出：qingyu export",
        "More than {n} posts: export by command line, qingyu export",
    ),
    "stand_out": ("这些帖子里突出的词", "Words that stand out in these posts"),
    "no_post": ("没有这条帖子，可能已过保留期限。", "There is no such post; it may be past its retention."),
    "thread": ("同帖其他", "Same thread"),
    "thread_open": ("看整帖", "Whole thread"),
    "revisions": ("旧版本", "Earlier versions"),
    "revision_row": ("第 {n} 版，{t} 被替换", "version {n}, replaced {t}"),
    "confidence": ("把握 {c:.0%}", "confidence {c:.0%}"),
    "keyphrases": ("关键词", "Keyphrases"),
    "collected": ("采集", "Collected"),
    "engagement": ("浏览 {v} · 赞 {l} · 回复 {r}", "{v} views · {l} likes · {r} replies"),
    "health": ("状况", "Health"),
    "last_ok": ("最近成功", "Last success"),
    "fresh_ago": ("{d}前", "{d} ago"),
    "never": ("从未", "never"),
    "reason": ("说明", "Why"),
    "runs": ("最近的采集", "Last runs"),
    "runs_none": ("还没有采集过。", "No crawl yet."),
    "started": ("开始", "Started"),
    "took": ("用时", "Took"),
    "outcome": ("结果", "Outcome"),
    "requested": ("请求", "Requested"),
    "not_modified": ("未变页", "Unchanged pages"),
    "posts_new": ("新帖", "New"),
    "posts_changed": ("有变更", "Changed"),
    "posts_unchanged": ("无变化", "Unchanged"),
    "set_aside": ("搁置", "Set aside"),
    "failed": ("失败", "Failed"),
    "aside_title": ("搁置的页面与帖子", "Pages and posts set aside"),
    "aside_note": (
        "没能用上的页面与帖子，附原因与已脱敏的片段；其余照常入库。",
        "What could not be used, with the reason and a redacted piece; the rest went on.",
    ),
    "aside_none": ("没有搁置的内容。", "Nothing was set aside."),
    "evidence": ("已脱敏的片段", "Redacted piece"),
    "minutes": ("{n} 分钟", "{n} minutes"),
    "seconds": ("{n:.0f} 秒", "{n:.0f} s"),
    "only_source": ("只看一个来源", "One source only"),
    "median_tip": ("平常（中位数）", "Usual (median)"),
    "low_tip": ("往常最少", "Usual low"),
    "high_tip": ("往常最多", "Usual high"),
    "part_negative": ("负面", "negative"),
    "part_other": ("其他", "other"),
    "go_latest": ("看最近有数据的一天：{d}", "The newest day with data: {d}"),
    "replied_on": ("{d} 作出，内容见下方", "given on {d}, see below"),
    "so_far": ("{n}（当日未完）", "{n} (so far)"),
    "unknown_days": ("灰底的日子没有数据。", "Grey days have no data."),
    "more": ("其余 {n} 条", "{n} more"),
    "untitled": ("（无标题）", "(no title)"),
    "alerts_waiting": ("等人确认的告警（{n}）", "Alerts that wait for somebody ({n})"),
    "alerts_help": (
        "确认之后不再告诉下一位。",
        "Once acknowledged the next person is not told.",
    ),
    "alert_mine": ("我来处理", "Mine"),
    "alert_ack": ("确认“{l}”", "Acknowledge “{l}”"),
    "alert_acked": ("已确认：{l} — {w}", "Acknowledged: {l} — {w}"),
    "alert_nobody": ("没有要告诉的人（config/groups.yaml）", "nobody to tell (config/groups.yaml)"),
    "cases_which": ("哪些", "Which"),
    "cases_open": ("在办", "open"),
    "cases_overdue": ("超期", "overdue"),
    "cases_listed": ("没有销号的", "on the list"),
    "cases_all": ("全部", "all"),
    "cases_counts": ("在办 {n} 件，超期 {o} 件", "{n} open, {o} overdue"),
    "cases_none": (
        "没有这样的事项。从“预警”里的一件事，或用 qingyu cases open 立项。",
        "No such case. Open one from an event, or by qingyu cases open.",
    ),
    "cases_back": ("回到清单", "Back to the list"),
    "case_no_unit": ("还没有责任单位", "no unit yet"),
    "case_proposed": ("有官方答复，建议：{s}", "official reply, proposed: {s}"),
    "case_due": ("截止 {d}", "due {d}"),
    "case_open": ("打开", "Open"),
    "case_course": ("经过", "Course"),
    "case_step": ("{w} {a} → {s}", "{w} {a} → {s}"),
    "case_posts": ("原帖（原文）", "Posts (verbatim)"),
    "case_no_posts": ("手工立项，没有原帖。", "Opened by hand, without posts."),
    "case_gone": ("原帖已按保留期限清除。", "The original was purged by its retention."),
    "case_replied": ("{u} 已答复", "answered by {u}"),
    "case_why": ("理由或记事（退回、不予受理、改派必填）", "Reason or note (needed to return, decline or reassign)"),
    "case_accept": ("采纳官方答复：{s}", "Accept the reply: {s}"),
    "case_note": ("只记事", "Only note"),
    "case_unit": ("责任单位", "Unit"),
    "case_assign": ("交办", "Assign"),
    "case_make": ("立为清单事项", "Make a case"),
    "case_made": ("已立项：{n}", "Opened: {n}"),
    "case_there": ("这件事已在清单里：{n}", "On the list already: {n}"),
    "flags_open": ("只看没有评过的", "Only those not judged"),
    "flags_more": (
        "另有 {n} 条没有列出：缩短天数或提高级别。",
        "{n} more are not listed: fewer days or a higher level.",
    ),
    "flag_raised": ("{t} 发出", "raised {t}"),
    "flag_duty": ("通常由 {u} 答复", "usually answered by {u}"),
    "flag_negative": ("负面 {p}", "{p} negative"),
    "flag_judged": ("评为：{v}", "judged: {v}"),
    "flag_drivers": ("说的是：{p}", "said: {p}"),
    "judge": ("评价“{l}”", "Judge “{l}”"),
    "judged_now": ("已记下：{l} — {v}", "Kept: {l} — {v}"),
    "event_open": ("看这件事", "See the event"),
    "event_gone": (
        "没有这件事：编号有误，或帖子已按保留期限清除。",
        "There is no such event: a wrong id, or its posts were purged.",
    ),
    "event_counts": (
        "{o} 条（另有转载 {c}）· {v} 个声音 · 负面 {n} · {a} 条有官方答复",
        "{o} posts (and {c} copies) · {v} voices · {n} negative · {a} answered",
    ),
    "event_span": ("{s} · 最早 {f} · 最近 {l}", "{s} · first {f} · latest {l}"),
    "event_posts": ("代表帖子（原文）", "Posts that say it best (verbatim)"),
    "event_flags": ("关于它的预警", "Flags about it"),
    "event_similar": ("过去相似的事", "Similar events of the past"),
    "event_all": ("全部帖子", "All posts"),
    "flags_back": ("回到预警", "Back to the flags"),
    "problem": ("出错了：{m}", "Something went wrong: {m}"),
    "away": (
        "图表与检索暂时没有；来源、采集与搁置的情况仍可查看。恢复后刷新本页即可，采集到的内容不会丢失。",
        "There are no figures and no search for now; sources, runs and what was set aside are still shown. Reload this page "
        "when it is back; nothing that was collected is lost.",
    ),
}
for _page in (access, asking, briefs, cases, morning, rules, settings, sources, topics, trends):
    TEXTS |= _page.TEXTS

# The shape says the level without the colour.
LEVELS = {
    "red": ("■ 红", "■ red"),
    "orange": ("◆ 橙", "◆ orange"),
    "yellow": ("▲ 黄", "▲ yellow"),
    "blue": ("● 蓝", "● blue"),
}
TOLD = {
    "waiting": ("等待送出", "waiting"),
    "held": ("静默或汇总中", "held"),
    "sending": ("正在送", "being sent"),
    "sent": ("已送达", "sent"),
    "given_up": ("未送达", "given up"),
}
FLAG_KINDS = {
    "event": ("事件", "event"),
    "topic": ("话题", "topic"),
    "sector": ("领域", "sector"),
    "place": ("地点", "place"),
    "phrase": ("短语", "phrase"),
    "sentiment": ("情感", "sentiment"),
    "source": ("来源", "source"),
}
VERDICTS = {"true": ("属实", "true"), "noise": ("误报", "noise"), "known": ("早已知道", "known")}
AUDITED = {
    "search": ("检索", "searched"),
    "post": ("打开帖子", "opened a post"),
    "replies": ("看官方答复", "read replies"),
    "export": ("导出帖子", "exported posts"),
    "refused": ("被拒绝", "refused"),
    "sign-in": ("登录", "signed in"),
    "sign-in failed": ("登录失败", "sign-in failed"),
    "sign-in waits": ("登录被暂停", "sign-in held"),
    "sign-out": ("退出", "signed out"),
    "password": ("改密码", "changed the password"),
    "add": ("建账户", "added an account"),
    "set_roles": ("改角色", "changed roles"),
    "switch": ("停用或启用", "switched"),
    "reset_password": ("重设密码", "reset a password"),
    "end_sessions": ("结束登录", "ended sessions"),
    "every": ("导出审计", "exported the audit"),
    "judge": ("评价预警", "judged a flag"),
    "verdict": ("评价预警", "judged a flag"),
    "brief_seen": ("看简报", "read a brief"),
    "brief_file": ("下载简报", "took a brief"),
    "brief_verify": ("核对简报", "verified a brief"),
    "settings": ("改设置", "changed settings"),
    "cases": ("导出清单", "exported cases"),
    "sheet": ("导出清单", "exported cases"),
    "cases_in": ("回填反馈表", "took in answers"),
    "open_from": ("立项", "opened a case"),
    "open_by_hand": ("手工立项", "opened a case by hand"),
    "move": ("办理事项", "moved a case"),
    "close": ("办结、退回或销号", "closed or returned a case"),
    "assign": ("交办", "assigned a case"),
    "extend": ("改期", "moved a deadline"),
    "note": ("记事", "noted"),
    "accept": ("采纳官方答复", "accepted a reply"),
    "dismiss": ("不采纳官方答复", "dismissed a reply"),
    "silence": ("静默规则", "silenced a rule"),
}
EVENT_STATES = {"growing": ("在发展", "growing"), "fading": ("在消退", "fading"), "over": ("已平息", "over")}
SENTIMENTS = {
    "negative": ("▼ 负面", "▼ negative"),
    "neutral": ("● 中性", "● neutral"),
    "positive": ("▲ 正面", "▲ positive"),
}
KINDS = {
    "article": ("文章", "article"),
    "thread": ("主帖", "thread"),
    "reply": ("跟帖", "reply"),
    "comment": ("评论", "comment"),
    "message": ("留言", "message"),
    "official_reply": ("官方答复", "official reply"),
}
SORTS = {
    "-published": ("最新在前", "newest first"),
    "published": ("最早在前", "oldest first"),
    "relevance": ("最相关", "most relevant"),
    "-likes": ("点赞最多", "most likes"),
    "-views": ("浏览最多", "most views"),
    "-replies": ("回复最多", "most replies"),
    "score": ("最负面", "most negative"),
    "-score": ("最正面", "most positive"),
}
# The sign says the state without the colour.
HEALTH = {
    "fine": ("✔ 正常", "✔ fine"),
    "late": ("◷ 迟了", "◷ late"),
    "empty": ("○ 空", "○ empty"),
    "failing": ("✖ 失败", "✖ failing"),
    "robots": ("⊘ 被 robots.txt 拒绝", "⊘ refused by robots.txt"),
    "markup": ("⚠ 页面改版", "⚠ markup changed"),
    "new": ("… 尚未采集", "… not crawled yet"),
    "disabled": ("‖ 已停用", "‖ switched off"),
}
OUTCOMES = {
    "running": ("进行中", "running"),
    "finished": ("完成", "finished"),
    "limited": ("到达上限", "stopped at a limit"),
    "failed": ("失败", "failed"),
    "stopped": ("被中止", "stopped"),
}
STAGES = {"crawl": ("采集", "crawl"), "process": ("处理", "process")}
WEEKDAYS = (
    ("星期一", "Mondays"),
    ("星期二", "Tuesdays"),
    ("星期三", "Wednesdays"),
    ("星期四", "Thursdays"),
    ("星期五", "Fridays"),
    ("星期六", "Saturdays"),
    ("星期日", "Sundays"),
)


def t(key: str, **values: object) -> str:
    """The wording called `key` in the user's language."""
    return tr(*TEXTS[key], **values)


def word(table: dict[str, tuple[str, str]], key: str) -> str:
    """The wording of a value such as a kind or a state; the value itself where the table has none."""
    pair = table.get(key)
    return tr(*pair) if pair else key
