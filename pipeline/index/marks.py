"""Where a page of results ended: the key and id of its last post, as text that asks for the next page."""

from __future__ import annotations

import json

from config.errors import QueryError
from config.text import tr
from pipeline.index.engine import SORTS

# Relevance has no key to go on from, so its pages are counted from the top; deeper ones are refused.
DEEPEST_RELEVANCE = 10_000


def mark_of(sort: str, key: int, last_id: str) -> str:
    """The mark of a page in order of `sort` that ended with this key and id."""
    return json.dumps([sort, key, last_id], ensure_ascii=False).encode().hex()


def read_mark(after: str, sort: str) -> tuple[int | None, str]:
    """Key and id of a mark, (None, "") for "". Raises QueryError for one that is broken or of another order."""
    if not after:
        return None, ""
    try:
        kind, key, last_id = json.loads(bytes.fromhex(after))
        if kind == sort and isinstance(key, int) and 0 <= key < 1 << 63 and isinstance(last_id, str):
            return key, last_id
    except (ValueError, TypeError) as error:
        raise _refuse("续页标记无效，从第一页重新开始", "the page mark is broken; begin at the first page") from error
    raise _refuse("续页标记不属于这个排序", "the page mark belongs to another order")


def behind(row: tuple[int, str], mark: tuple[int, str], descending: bool) -> bool:
    """Whether a row (key, id) comes after the mark."""
    return row < mark if descending else row > mark


def known_sort(sort: str) -> None:
    """Raises QueryError for an order that there is not."""
    if sort not in SORTS:
        raise _refuse(f"没有排序方式 {sort}；可用：{'、'.join(SORTS)}", f"no sort {sort}; known: {', '.join(SORTS)}")


def not_too_deep(reached: int) -> None:
    """Raises QueryError for more results by relevance than can be told."""
    if reached > DEEPEST_RELEVANCE:
        raise _refuse("按相关度只能翻到前 10000 条；改用 -published", "relevance goes 10000 deep; sort by -published")


def _refuse(zh: str, en: str) -> QueryError:
    return QueryError(tr(zh, en), query="", position=0)
