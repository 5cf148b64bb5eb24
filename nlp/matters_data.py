"""What category, intent and appeal are learnt from and tested on: posts with labels, own and weak ones."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from scipy.sparse import csr_matrix

from nlp import features
from nlp.labels import TRAINING, board_labels, board_messages
from nlp.matters import CATEGORIES

SENTENCES = TRAINING / "intents.jsonl"
SERVICE = TRAINING / "service.jsonl"
MESSAGES = TRAINING / "messages.jsonl"
CHINESE = dict(
    zip(
        ("城乡建设", "环境保护", "交通运输", "教育文体", "劳动和社会保障", "商贸旅游", "卫生计生"),
        CATEGORIES,
        strict=True,
    )
)
# What a title begins with says what the writer wants: weak labels, right about nine times in ten.
_OPENINGS = {
    "complaint": "投诉|控诉|质疑",
    "report": "举报|检举",
    "inquiry": "咨询|请问|询问|想问",
    "suggestion": "建议|提议",
    "help": "求助|求救",
    "praise": "感谢|表扬|点赞",
}
_OPENING = re.compile("|".join(f"(?P<{name}>{words})" for name, words in _OPENINGS.items()))
# Talk that is nobody's public matter comes from general posts without such words.
_PUBLIC_WORDS = re.compile("投诉|举报|建议|请问|求助|希望|政府|部门|怎么|如何|管管|领导|小区|医院|学校|公司|路|车")
# What a row counts against one with a label of its own: own sentence of the board's intents, own sentence of a feeling,
# chatter, label from the title. Chosen by cross-validation; steps of two differ by less than a point.
OWN, FELT, CHATTER, WEAK = 0.5, 0.2, 0.1, 0.2
# About as many words as a title has.
_TITLE_WORDS = 8
# People send a message several times: of those to test on, nothing is learnt that shares so much of its pairs of characters
# (Jaccard): from .5 on nearly all that were looked at are one message reworded, below mostly neighbours with the same trouble.
_COPY = 0.5


@dataclass(frozen=True)
class Post:
    """A text to train with. labels of "" or None are unknown; weight: how much it counts for its heads; key: what it is
    assigned to a part by."""

    title: str
    text: str
    title_tokens: list[str]
    text_tokens: list[str]
    category: str = ""
    intent: str = ""
    appeal: bool | None = None
    public: bool | None = None
    weight: float = 1.0
    key: str = ""


@dataclass(frozen=True)
class Data:
    """tokenised: posts of content words with a category; raw: those held out, with a category; messages: all others, with
    number as key; labelled: messages with intent and appeal, and told: those to test on; sentences, own: made up by us;
    chatter: general posts."""

    tokenised: list[Post]
    raw: list[Post]
    messages: list[Post]
    labelled: list[Post]
    told: list[Post]
    sentences: list[Post]
    own: list[Post]
    chatter: list[Post]


def read_data(folder: Path, cut: Callable[[str], list[str]], exported: Sequence[Path] = ()) -> Data:
    """All that is trained with and tested on, without copies of what is tested on. folder: of the sets, with board and
    sentiment inside; exported: files of corrected posts, as `qingyu labels export` writes them."""
    board = folder / "board"
    messages = {
        number: _post(row["title"], row["text"], cut, key=str(number)) for number, row in board_messages(board).items()
    }
    lists = [[word.lower() for word in row["tokens"]] for row in _lines(board / "categories_tokenised.jsonl.gz")]
    stop = stop_words(lists, messages.values())
    raw = [
        _post(row["title"], row["text"], cut, category=CHINESE[row["category"]])
        for row in _lines(board / "categories.jsonl.gz")
    ]
    held = {_content(post, stop) for post in raw}
    labels = [CHINESE[row["category"]] for row in _lines(board / "categories_tokenised.jsonl.gz")]
    tokenised = [
        Post("", "".join(words), [], words, category=label, key=" ".join(words))
        for words, label in zip(lists, labels, strict=True)
        if tuple(words) not in held
    ]
    tested = {str(row["id"]) for row in board_labels("test")}
    labelled, told = (_labelled(messages, part) for part in ("train", "test"))
    apart = [post for post in messages.values() if post.key not in tested and _content(post, stop) not in held]
    corrected = [post for path in exported for post in read_labels(path, cut)]
    copied = copies(told, [*apart, *corrected])
    free = [post for post in apart if post.key not in copied]
    own = [*labelled, *(post for post in corrected if post.intent and post.appeal is not None)]
    labelled = [post for post in own if post.key not in copied]
    tokenised += [post for post in corrected if post.category]
    sentences = [*_sentences(cut), *_felt(cut)]
    return Data(
        tokenised, raw, free, labelled, told, sentences, _own_messages(cut), _chatter(folder / "sentiment", cut)
    )


def _labelled(messages: dict[int, Post], part: Literal["train", "test"]) -> list[Post]:
    return [
        replace(messages[row["id"]], intent=row["intent"], appeal=row["appeal"], public=True)
        for row in board_labels(part)
        if row["id"] in messages
    ]


def copies(of: Sequence[Post], among: Sequence[Post]) -> frozenset[str]:
    """Keys of the posts `among` that repeat one `of` others, more or less."""
    there, here = _pairs(among), _pairs(of)
    shared = (there @ here.T).tocoo()
    sizes = np.diff(there.indptr)[shared.row] + np.diff(here.indptr)[shared.col]
    near = shared.row[shared.data >= _COPY * (sizes - shared.data)]
    return frozenset(among[i].key for i in np.unique(near).tolist())


def _pairs(posts: Sequence[Post]) -> Any:
    """Which pairs of characters each post has, (posts, buckets): 1 where it has it."""
    grams = features.characters([post.title + post.text for post in posts])
    rows = [np.unique(grams.buckets[1][a:b]) for a, b in zip(grams.starts, grams.ends, strict=True)]
    ends = np.cumsum([0, *map(len, rows)])
    columns = np.concatenate([np.zeros(0, np.int64), *rows])
    return csr_matrix((np.ones(ends[-1], np.float32), columns, ends), shape=(len(rows), features.BUCKETS))


def stop_words(lists: Iterable[Sequence[str]], messages: Iterable[Post], least: int = 40) -> frozenset[str]:
    """The words that the tokenised set has dropped: frequent in messages, never in the set."""
    known = {word for words in lists for word in words}
    counts: dict[str, int] = {}
    for post in messages:
        for word in post.title_tokens + post.text_tokens:
            counts[word] = counts.get(word, 0) + 1
    return frozenset(word for word, count in counts.items() if count >= least and word not in known)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode("utf-8").strip().split("\n")]


def _post(title: str, text: str, cut: Callable[[str], list[str]], **labels: Any) -> Post:
    title, text = title.strip(), text.strip()
    return Post(title, text, cut(title), cut(text), **labels)


def _content(post: Post, stop: frozenset[str]) -> tuple[str, ...]:
    return tuple(word for word in post.title_tokens + post.text_tokens if word not in stop)


def _sentences(cut: Callable[[str], list[str]]) -> list[Post]:
    rows = [json.loads(line) for line in SENTENCES.read_text(encoding="utf-8").splitlines()]
    return [
        _post(
            "",
            r["text"],
            cut,
            intent=r["intent"],
            appeal=r["appeal"],
            public=r["intent"] != "other",
            key=r["text"],
            weight=OWN,
        )
        for r in rows
    ]


def _felt(cut: Callable[[str], list[str]]) -> list[Post]:
    """Own sentences of public service with a feeling: what is blamed is complained of, what is praised is praised."""
    rows = [json.loads(line) for line in SERVICE.read_text(encoding="utf-8").splitlines()]
    meant = {"negative": ("complaint", True), "positive": ("praise", False)}
    return [
        _post("", row["text"], cut, intent=intent, appeal=appeal, public=True, key=row["text"], weight=FELT)
        for row in rows
        if row["label"] in meant
        for intent, appeal in [meant[row["label"]]]
    ]


def read_labels(path: Path, cut: Callable[[str], list[str]]) -> list[Post]:
    """Corrected posts {title, text[, intent, appeal: yes or no, sector]}."""
    asks = {"yes": True, "no": False}
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [
        _post(
            row["title"], row["text"], cut, category=row.get("sector", ""), intent=row.get("intent", ""),
            appeal=asks.get(row.get("appeal", "")), public=True, key=row["text"],
        )
        for row in rows
    ]  # fmt: skip


def _own_messages(cut: Callable[[str], list[str]]) -> list[Post]:
    rows = [json.loads(line) for line in MESSAGES.read_text(encoding="utf-8").splitlines()]
    return [
        _post(
            r["title"], r["text"], cut, intent=r["intent"], appeal=r["appeal"], public=True, key=r["text"], weight=OWN
        )
        for r in rows
    ]


def _chatter(folder: Path, cut: Callable[[str], list[str]], most: int = 1500) -> list[Post]:
    """General posts without words of public matters, as "other"."""
    texts = [row["text"] for row in _lines(folder / "weibo_general.jsonl.gz")]
    plain = [text for text in dict.fromkeys(texts) if not _PUBLIC_WORDS.search(text)][:most]
    return [
        _post("", text, cut, intent="other", appeal=False, public=False, key=text, weight=CHATTER) for text in plain
    ]


def title_only(post: Post) -> Post:
    """Its title alone."""
    return replace(post, text="", text_tokens=[])


def beginning(post: Post) -> Post:
    """A tokenised row cut to the length of a title."""
    words = post.text_tokens[:_TITLE_WORDS]
    return replace(post, text="".join(words), text_tokens=words)


def weak_intents(data: Data) -> list[Post]:
    """Messages without own labels whose titles open with what is wanted; from every other one that word is taken, so that
    texts without it are learned from as well."""
    known, found = {post.key for post in data.labelled}, []
    for post in data.messages:
        match = _OPENING.search(post.title[:12])
        if post.key in known or not match:
            continue
        intent = str(match.lastgroup)
        labelled = replace(post, intent=intent, appeal=intent not in ("inquiry", "praise"), weight=WEAK)
        if int(post.key) % 2:
            title = post.title[: match.start()] + post.title[match.end() :]
            tokens = [word for word in post.title_tokens if word != match.group()]
            labelled = replace(labelled, title=title, title_tokens=tokens)
        found.append(labelled)
    return found


def public_posts(data: Data) -> list[Post]:
    """Posts and titles of public matters, and chatter, which is none."""
    messages = [replace(post, public=True) for post in data.messages]
    titles = [title_only(post) for post in messages if post.title_tokens]
    return [*messages, *titles, *data.sentences, *data.own, *data.chatter]


def columns(posts: Sequence[Post]) -> tuple[list[str], list[str], list[list[str]], list[list[str]]]:
    """What Matters.judge takes."""
    return (
        [post.title for post in posts],
        [post.text for post in posts],
        [post.title_tokens for post in posts],
        [post.text_tokens for post in posts],
    )
