"""Questions about posts: figures for everybody, what posts say for those who may read them."""

from __future__ import annotations

from typing import Any

from pipeline.access.model import Action
from pipeline.desk.desk import Desk, verb
from pipeline.query.layer import QueryLayer
from pipeline.query.model import PostView, Question, SearchResult

# Verbs of the query layer whose answers are numbers, and those that quote titles or words of posts.
FIGURES = frozenset({"count", "voices", "by_day", "by", "breakdown", "topic_by_day", "facets"})
QUOTING = frozenset({"threads", "significant_words"})
# Values that come out of posts or of what people write: a count by them tells what was said.
_TELLING = frozenset({"keyphrase", "words", "thread"})


@verb(Action.SEE_FIGURES)
def figures(desk: Desk, /, name: str, question: Question, **options: Any) -> Any:
    """The answer of the query layer's verb `name`. Whoever may not read posts may not ask by free words either: counts of
    chosen words would tell what the posts say. Raises AccessError, QueryError."""
    check_figures(desk, name, question, **options)
    return getattr(desk.layer, name)(question, **options)


def check_figures(desk: Desk, /, name: str, question: Question, **options: Any) -> None:
    """Nothing where the person may have that answer, so that one kept for others can be given. Raises AccessError."""
    desk.require(Action.SEE_FIGURES, name)
    if name not in FIGURES | QUOTING:
        raise ValueError(name)
    if name in QUOTING or free(question) or _tells(options):
        desk.require(Action.READ_POSTS, name)


def free(question: Question) -> bool:
    """Whether the question holds words of the person's own, anywhere in it."""
    return bool(question.query.strip()) or any(map(free, question.also))


def _tells(options: dict[str, Any]) -> bool:
    asked = {options.get("field"), *options.get("fields", ()), *getattr(options.get("split"), "fields", ())}
    return bool(asked & _TELLING)


@verb(Action.READ_POSTS)
def search(desk: Desk, /, question: Question, *, sort: str, size: int, after: str = "") -> SearchResult:
    """A page of posts, audited by the layer in the person's name."""
    return desk.layer.search(question, sort=sort, size=size, after=after)


@verb(Action.READ_POSTS)
def post(desk: Desk, /, post_id: str) -> PostView | None:
    """One post with its revisions and thread; None when there is none."""
    return desk.layer.post(post_id)


@verb(Action.EXPORT_POSTS)
def exporting(desk: Desk, /) -> QueryLayer:
    """The layer to export from, which audits in the person's name before the first post is given."""
    return desk.layer
