"""Patterns of rules: RE2, which reads a text once whatever the pattern, so that none can run for ever."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import re2

from config.text import tr

# What only engines that backtrack have: (?=…) (?!…) (?<=…) (?<!…) (?>…) \1 (?P=name) (?(1)…) a++.
_BACKTRACKS = re.compile(r"\(\?<?[=!]|\(\?>|\(\?P=|\(\?\(|(?<!\\)(?:\\\\)*\\[1-9]|[*+?}]\+")
# Bytes a compiled pattern may take; a repeated repetition that unfolds to more is refused.
_MOST_BYTES = 2 << 20


@lru_cache(maxsize=1_000)
def compiled(pattern: str) -> Any:
    """The pattern, ready to search with. Raises ValueError that says what to do."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MOST_BYTES
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise ValueError(_reason(pattern, error)) from error


def _reason(pattern: str, error: Exception) -> str:
    said = error.args[0] if error.args else ""
    said = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    if found := _BACKTRACKS.search(pattern):
        return tr(
            "正则表达式不支持“{p}”：前后查看、反向引用要反复回溯，可能永远算不完；改成不含它的写法，或用 query 的 AND、NOT",
            "the pattern has “{p}”, which is not supported: looking around and back-references backtrack, perhaps for "
            "ever; write it without, or use AND and NOT in the query",
            p=found[0],
        )
    return tr("正则表达式有误：{e}", "the pattern is faulty: {e}", e=said[:200])


def checked_pattern(pattern: str) -> str:
    """`pattern` where it can be used. Raises ValueError."""
    if not pattern:
        raise ValueError(tr("正则表达式是空的", "the pattern is empty"))
    compiled(pattern)
    return pattern
