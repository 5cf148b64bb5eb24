"""Wordings of 设置."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "se_file": ("哪一份", "Which"),
    "se_topics.yaml": ("话题", "topics"),
    "se_places.yaml": ("地点", "places"),
    "se_units.yaml": ("责任单位", "units"),
    "se_groups.yaml": ("收告警的组", "groups that are told"),
    "se_dictionaries/user_words.txt": ("词典", "words"),
    "se_settings.yaml": ("设置", "settings"),
    "se_about_topics.yaml": (
        "话题与认出它的词。新采的帖子马上按新的来；要重做以前的标注，运行 qingyu process --again。",
        "Topics and the words that show them. New posts follow at once; for earlier ones run qingyu process --again.",
    ),
    "se_about_places.yaml": (
        "地点、别名与上下级。新采的帖子马上按新的来；以前的要重做标注。",
        "Places, other names, what lies in what. New posts follow at once; earlier ones need annotating again.",
    ),
    "se_about_units.yaml": (
        "哪些话题与地点归哪个单位。立即用于新的建议与立项。",
        "Which topics and places are whose. Used at once for new proposals and cases.",
    ),
    "se_about_groups.yaml": (
        "告警与简报发给谁。重启 qingyu run 后生效。",
        "Who gets alerts and briefs. After qingyu run restarts.",
    ),
    "se_about_dictionaries/user_words.txt": (
        "每行一个词，可写词频。重启 qingyu run 后用于新帖，检索框在重启看板后也用它。",
        "A word a line, perhaps with a frequency. After qingyu run and the dashboard restart.",
    ),
    "se_about_settings.yaml": (
        "整套的设置；密码等机密不在这里。重启 qingyu run 与看板后生效。",
        "All settings; secrets do not stand here. After qingyu run and the dashboard restart.",
    ),
    "se_own": ("本项目的文件", "a file of this project"),
    "se_shipped": (
        "程序自带的；保存后本项目有自己的一份",
        "ships with the program; saving makes a copy of this project's own",
    ),
    "se_text": ("内容", "Text"),
    "se_why": ("为什么改（记入历史与审计）", "Why (kept in history and audit)"),
    "se_check": ("检查", "check"),
    "se_save": ("保存", "save"),
    "se_fine": ("✔ 没有错误。", "✔ No faults."),
    "se_saved": ("已保存 {f}。{w}", "{f} was saved. {w}"),
    "se_diff": ("将要改的", "What would change"),
    "se_same": ("还没有改动。", "Nothing is changed yet."),
    "se_history": ("历史", "History"),
    "se_history_none": ("在看板上还没有改过这一份。", "It has not been changed on the dashboard yet."),
    "se_change": ("{d} {w}：{y}", "{d} {w}: {y}"),
    "se_back_to": ("取这之前的内容来改", "take the text before this to edit"),
    "se_read_only": ("您的角色可以看设置，不能改。", "Your role may read settings, not change them."),
}
