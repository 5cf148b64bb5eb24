"""What `qingyu sources check` found, page by page and field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from config.text import tr
from pipeline.cli.output import local_time, say
from pipeline.cli.words import FIELDS, KINDS, ROLES, word

_TIMES = ("published", "edited", "official.replied")
# Not shown: the address stands above, and what is missing stands below.
_ELSEWHERE = ("url", "missing")
# Lines of a post begin here.
_INDENT = "    "


def show_check(report: Mapping[str, Any]) -> None:
    """Print the report of a check for a person."""
    if note := report.get("note"):
        say(note)
    for page in report["pages"]:
        _show_page(page)
    if report.get("note"):
        return
    if not report["pages"]:
        say(tr("什么也没有取到", "nothing was read"))
    elif report["ok"]:
        say(tr("✔ 可以采集；什么也没有写入", "✔ it can be crawled; nothing was written"))
    else:
        say(tr("✖ 按现在的声明取不到帖子", "✖ as it is declared, no posts could be taken"))


def _show_page(page: Mapping[str, Any]) -> None:
    say(f"■ {word(ROLES, page['role'])}  {page['url']}")
    if page["problem"]:
        say(tr("  ✖ 取不到：{p}", "  ✖ nothing could be taken: {p}", p=page["problem"]))
    else:
        found = tr(
            "  链接 {n} 个，下一页 {m}，帖子 {p} 条",
            "  {n} links, next page {m}, {p} posts",
            n=page["links"],
            m=tr("有", "yes") if page["more"] else tr("无", "no"),
            p=page["posts_found"],
        )
        say(found)
    if page.get("note"):
        say(f"  ! {page['note']}")
    for reason in dict.fromkeys(page["set_aside"]):
        say(tr("  ! 搁置：{r}", "  ! set aside: {r}", r=reason))
    for post in page["posts"]:
        _show_post(post)
    if (hidden := page["posts_found"] - len(page["posts"])) > 0:
        say(tr("  其余 {n} 条略", "  {n} more posts are not shown", n=hidden))


def _show_post(post: Mapping[str, Any]) -> None:
    say(f"  · {post['url']}")
    for key, value in _flat(post):
        if key not in _ELSEWHERE and value not in (None, ""):
            shown = word(KINDS, value) if key == "kind" else _value(key, value)
            lines = ("\n" + _INDENT + "  ").join(shown.splitlines())
            say(f"{_INDENT}{word(FIELDS, key)}{tr('：', ': ')}{lines}")
    if post["missing"]:
        names = tr("、", ", ").join(word(FIELDS, name) for name in post["missing"])
        say(tr("    ! 没有取到：{n}", "    ! missing: {n}", n=names))


def _value(key: str, value: Any) -> str:
    return local_time(datetime.fromisoformat(value)) if key in _TIMES else str(value)


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, "" if key == "engagement" else f"{prefix}{key}.")
        else:
            yield prefix + key, value
