"""Wordings of 简报."""

from __future__ import annotations

KINDS = {
    "daily": ("日报", "daily"),
    "weekly": ("周报", "weekly"),
    "monthly": ("月报", "monthly"),
    "topic": ("专报", "topic"),
}
FORMATS = {"docx": ("Word", "Word"), "html": ("网页", "HTML"), "pdf": ("PDF", "PDF")}
STATES = {
    "same": ("相同", "same"),
    "late": ("成稿后又采到帖文，按成稿时所知相同", "more was collected since; as known then it is the same"),
    "changed": ("成稿后帖文等有变化，可能因此不同", "posts and so on changed since, which may be why it differs"),
    "differs": ("不同", "differs"),
    "altered": ("文中被改动", "altered in the text"),
    "gone": ("无从重算", "cannot be recomputed"),
}

TEXTS: dict[str, tuple[str, str]] = {
    "br_make": ("做一份简报", "Make a brief"),
    "br_kind": ("种类", "Kind"),
    "br_day": ("其中的某一天", "A day in it"),
    "br_first": ("从哪一天", "From"),
    "br_last": ("到哪一天", "To"),
    "br_topic": ("话题", "Topic"),
    "br_query": ("或者任何查询", "Or any query"),
    "br_query_none": ("按左边的话题", "the topic on the left"),
    "br_formats": ("格式", "Formats"),
    "br_start": ("开始做", "Make it"),
    "br_making": ("正在做{k}", "making the {k} brief"),
    "br_made": ("{t} 要的{k}已做好", "The {k} brief asked for at {t} is made"),
    "br_failed": ("{k} 没有做成：{w}", "{k} could not be made: {w}"),
    "br_same_number": ("同一种、同一期再做一次，期号不变。", "Made again, a brief keeps its number."),
    "br_shelf": ("做过的简报（{n}）", "Briefs that were made ({n})"),
    "br_none": (
        "还没有做过简报。在上面做一份；要每天自动做，在设置里写 briefs.daily_at。",
        "No brief was made yet. Make one above; for one each day set briefs.daily_at.",
    ),
    "br_line": ("{k} · 〔{y}〕第 {n} 期 · {a} 成稿", "{k} · no. {n} of {y} · made {a}"),
    "br_unsent": ("没有发送过", "not sent"),
    "br_sent": ("发给 {g}", "for {g}"),
    "br_sent_then": ("发给 {g}（{a} 成稿的一版）", "for {g} (as made {a})"),
    "br_open": ("打开", "Open"),
    "br_back": ("回到简报", "Back to the briefs"),
    "br_gone": ("没有这份简报：编号有误，或已清理。", "There is no such brief."),
    "br_files_gone": ("文件已不在原处：再做一份。", "Its files are gone: make it again."),
    "br_download": ("下载 {k}", "Download {k}"),
    "br_preview": ("预览", "Preview"),
    "br_preview_text": (
        "这一份没有网页版，下面只有文字；版式以文件为准。",
        "There is no HTML of it, so only its words stand here.",
    ),
    "br_preview_alt": ("简报预览：{t}", "Preview of the brief: {t}"),
    "br_verify": ("核对每个数字", "Check every figure"),
    "br_verify_help": (
        "按每个数字所带的问法重算一遍，与 qingyu brief verify 相同。",
        "Each figure is recomputed from the question it carries, as qingyu brief verify does.",
    ),
    "br_verifying": ("正在重算", "recomputing"),
    "br_seal": ("✔ 数字可复核：{n} 个数字全部重算相同", "✔ figures verified: all {n} came out the same"),
    "br_seal_part": (
        "◐ 没有不同的，但有的无从确认：共 {n} 个数字",
        "◐ none differs, but some cannot be confirmed: {n} figures",
    ),
    "br_seal_no": (
        "✖ 有数字不同或被改动：共 {n} 个数字，不要发出",
        "✖ figures differ or were altered: {n} figures, do not send it",
    ),
    "br_sealed_at": ("{t} 重算", "recomputed {t}"),
    "br_absent": ("正文里少了 {n} 个", "{n} no longer stand in the text"),
    "br_doubts": ("不相同的数字", "Figures that are not the same"),
    "br_figure": ("数字", "Figure"),
    "br_in_text": ("文中", "In the text"),
    "br_now": ("现在", "Now"),
    "br_state": ("结论", "Outcome"),
    "br_send": ("发送", "Send"),
    "br_groups": ("发给哪些组", "Groups"),
    "br_no_groups": (
        "还没有组：在 config/groups.yaml 写。",
        "There are no groups yet: write them in config/groups.yaml.",
    ),
    "br_sure": ("确定把“{t}”发给 {g}：{p}", "Send “{t}” to {g}: {p}"),
    "br_confirm": ("我看过预览，确定发送", "I have seen the preview; send it"),
    "br_send_do": ("放入发件箱", "Put it into the outbox"),
    "br_now_sent": ("已放入发件箱：{t}，发给 {g}", "In the outbox: {t}, for {g}"),
    "br_people": ("{n} 人", "{n} people"),
}
