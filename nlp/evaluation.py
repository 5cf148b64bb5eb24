"""How good each part is on labelled rows, ours and SnowNLP in the same run."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from config.text import tr
from nlp.measures import F64, Interval, Judged, Measured, intervals, measure, ratio, share, yes_no
from nlp.redact import redact
from nlp.segment import Segmenter
from nlp.sentiment import CLASSES, LinearSentiment, combine, polarity

Row = Mapping[str, Any]
T = TypeVar("T")

# SnowNLP does a few hundred texts a second; so many rows of a domain give a figure to two points.
SNOW_ROWS = 500
_SEED = 4
ALL = ""

INTENT_NAMES = dict(
    zip(
        ("投诉", "求助", "咨询", "建议", "举报", "表扬", "其他"),
        ("complaint", "help", "inquiry", "suggestion", "report", "praise", "other"),
        strict=True,
    )
)
CATEGORY_NAMES = dict(
    zip(
        ("城乡建设", "环境保护", "交通运输", "教育文体", "劳动和社会保障", "商贸旅游", "卫生计生"),
        ("construction", "environment", "transport", "education", "labour", "commerce", "health"),
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class Group:
    """Figures of one domain (`ALL` for all rows). classes: how many it is judged by; sample: ours on the rows that SnowNLP
    read too; snownlp: SnowNLP on these, None where it was not asked."""

    domain: str
    classes: int
    ours: Measured
    sample: Measured | None = None
    snownlp: Measured | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        snow = {"sample": self.sample, "snownlp": self.snownlp}
        told = {name: one.to_dict() if one else None for name, one in snow.items()}
        return {"domain": self.domain, "classes": self.classes, "ours": self.ours.to_dict()} | told


@dataclass(frozen=True)
class Result:
    """What was found. groups: by domain, then all; speed: texts a second by what was run; figures: by name, those that are
    no measure of a group; notes: what a reader must know."""

    task: str
    groups: tuple[Group, ...] = ()
    speed: Mapping[str, float] = field(default_factory=dict)
    figures: Mapping[str, Interval] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "task": self.task,
            "groups": [one.to_dict() for one in self.groups],
            "speed": {name: round(one, 1) for name, one in self.speed.items()},
            "figures": {name: one.to_dict() for name, one in self.figures.items()},
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Tools:
    """What sentiment is judged by. snownlp: probability that a text is positive, None to leave SnowNLP out; jieba: the
    slower segmenter to compare the speed with."""

    model: LinearSentiment
    segmenter: Segmenter
    snownlp: Callable[[str], float] | None = None
    jieba: Segmenter | None = None


def _timed(work: Callable[[], T], texts: int) -> tuple[T, float]:
    """What `work` gives, and texts a second."""
    begun = time.perf_counter()
    found = work()
    return found, texts / max(time.perf_counter() - begun, 1e-9)


def sentiment(rows: Sequence[Row], tools: Tools) -> Result:
    """Sentiment of rows {text, label: negative neutral positive[, domain]}; a domain without neutral labels is judged by two
    classes. SnowNLP reads at most 500 rows of each domain, chosen by a fixed seed."""
    texts = [row["text"] for row in rows]
    tokens, cutting = _timed(lambda: [tools.segmenter.tokens(text) for text in texts], len(texts))
    margins, scoring = _timed(lambda: tools.model.margins(texts, tokens), len(texts))
    speed = {"rjieba": cutting, "ours": 1 / (1 / cutting + 1 / scoring)}
    truth = np.array([CLASSES.index(row["label"]) for row in rows], np.int64)
    groups, snow = [], _Snow(tools.snownlp, np.random.default_rng(_SEED))
    for domain, members in _domains(rows).items():
        groups.append(_group(domain, truth[members], margins[members], [texts[n] for n in members], tools, snow))
    judged = [group.judged for group in groups]
    notes = []
    if tools.snownlp is not None:
        speed["snownlp"] = snow.texts / max(snow.seconds, 1e-9)
        notes.append(
            tr(
                "SnowNLP 每个领域最多评 {n} 条（按固定种子抽取），同一批上我们的成绩见“同批”",
                "SnowNLP read at most {n} rows of a domain, drawn by a fixed seed; ours on the same rows: “same rows”",
                n=SNOW_ROWS,
            )
        )
    if tools.jieba is not None:
        some, slow = texts[: 4 * SNOW_ROWS], tools.jieba
        slow.tokens("热身")  # the dictionary is read at first use
        speed["jieba"] = _timed(lambda: [slow.tokens(text) for text in some], len(some))[1]
    return Result("sentiment", _with_all([one.group for one in groups], judged), speed, {}, tuple(notes))


@dataclass(frozen=True)
class _Domain:
    group: Group
    judged: Judged


@dataclass
class _Snow:
    """SnowNLP with a clock: how many texts it read in how many seconds."""

    chance: Callable[[str], float] | None
    random: np.random.Generator
    texts: int = 0
    seconds: float = 0.0

    def chances(self, texts: Sequence[str]) -> F64:
        begun = time.perf_counter()
        found = [self.chance(text) for text in texts] if self.chance else []
        self.seconds += time.perf_counter() - begun
        self.texts += len(texts)
        return np.array(found, np.float64)


def _domains(rows: Sequence[Row]) -> dict[str, list[int]]:
    """Row numbers by domain, in order of the names."""
    found: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        found.setdefault(str(row.get("domain") or "—"), []).append(number)
    return dict(sorted(found.items()))


def _group(domain: str, truth: np.ndarray, margins: F64, texts: Sequence[str], tools: Tools, snow: _Snow) -> _Domain:
    weights = tools.model.weights
    two = CLASSES.index("neutral") not in truth
    if two:
        told = two_classes(truth, polarity(margins, weights), float(weights.band[1]))
    else:
        told = three_classes(truth, combine(margins, weights), float(weights.band[0]))
    ours, classes = measure(told), 2 if two else 3
    if snow.chance is None:
        return _Domain(Group(domain, classes, ours), told)
    drawn = np.sort(snow.random.permutation(len(texts))[:SNOW_ROWS])
    chances = snow.chances([texts[n] for n in drawn])
    theirs = two_classes(truth[drawn], chances, 0.5) if two else _snow_three(truth[drawn], chances)
    return _Domain(Group(domain, classes, ours, measure(_some(told, drawn)), measure(theirs)), told)


def _some(judged: Judged, rows: np.ndarray) -> Judged:
    positive = None if judged.positive is None else judged.positive[rows]
    return Judged(judged.truth[rows], judged.said[rows], judged.confidence[rows], judged.sure[rows], positive)


def two_classes(truth: np.ndarray, positive: F64, unsure_below: float) -> Judged:
    """Rows without neutral. truth: numbers of CLASSES; positive: probabilities."""
    confidence = np.maximum(positive, 1 - positive)
    is_positive = (truth == CLASSES.index("positive")).astype(np.int64)
    return Judged(is_positive, (positive > 0.5).astype(np.int64), confidence, confidence >= unsure_below, positive)


def three_classes(truth: np.ndarray, chances: F64, unsure_below: float) -> Judged:
    """Rows of three classes. chances: (n, 3)."""
    confidence = chances.max(axis=1)
    return Judged(truth, chances.argmax(axis=1).astype(np.int64), confidence, confidence >= unsure_below)


def _snow_three(truth: np.ndarray, chances: F64) -> Judged:
    """SnowNLP knows no neutral: it is what lies between .4 and .6, as where it is selected."""
    said = np.where(chances > 0.6, 2, np.where(chances < 0.4, 0, 1)).astype(np.int64)
    confidence = np.where(said == 1, 1 - 2 * np.abs(chances - 0.5), np.maximum(chances, 1 - chances))
    return Judged(truth, said, confidence, said != 1)


def _with_all(groups: Sequence[Group], judged: Sequence[Judged]) -> tuple[Group, ...]:
    """`groups` and, where there is more than one and all are judged by as many classes, all rows together."""
    if len(groups) < 2 or len({one.classes for one in groups}) > 1:
        return tuple(groups)
    positive = [one.positive for one in judged if one.positive is not None]
    together = Judged(
        np.concatenate([one.truth for one in judged]),
        np.concatenate([one.said for one in judged]),
        np.concatenate([one.confidence for one in judged]),
        np.concatenate([one.sure for one in judged]),
        np.concatenate(positive) if len(positive) == len(judged) else None,
    )
    return (*groups, Group(ALL, groups[0].classes, measure(together)))


def category(rows: Sequence[Row], segmenter: Segmenter) -> Result:
    """The first of seven categories of rows {title, text, category}; unsure: the model would rather name none."""
    from nlp.matters import CATEGORIES, categories, load_matters

    model, names = load_matters(), {**CATEGORY_NAMES, **{one: one for one in CATEGORIES}}
    titles, texts, cut = _cut(rows, segmenter)

    def judge() -> F64:
        titled = [segmenter.tokens(title) for title in titles]
        return categories(
            model.margins(titles, texts, titled, [segmenter.tokens(text) for text in texts]), model.weights
        )

    chances, speed = _timed(judge, cut)
    truth = np.array([CATEGORIES.index(names[row["category"]]) for row in rows], np.int64)
    return _by_domain("category", rows, three_classes(truth, chances, float(model.weights.band[0])), speed)


def intent(rows: Sequence[Row], segmenter: Segmenter) -> Result:
    """Intent of rows {title, text, label[, appeal: bool]}; figures: accuracy, precision, recall of the appeal."""
    from nlp.matters import INTENTS, load_matters

    model, names = load_matters(), {**INTENT_NAMES, **{one: one for one in INTENTS}}
    titles, texts, cut = _cut(rows, segmenter)
    titled, tokens = [segmenter.tokens(one) for one in titles], [segmenter.tokens(one) for one in texts]
    found, speed = _timed(lambda: model.judge(titles, texts, titled, tokens), cut)
    truth = np.array([INTENTS.index(names[row["label"]]) for row in rows], np.int64)
    said = np.array([INTENTS.index(one.intent) for one in found], np.int64)
    confidence = np.array([one.intent_confidence for one in found], np.float64)
    result = _by_domain("intent", rows, Judged(truth, said, confidence, np.ones(len(rows), np.bool_)), speed)
    asked = [n for n, row in enumerate(rows) if isinstance(row.get("appeal"), bool)]
    if not asked:
        return result
    wanted = np.array([rows[n]["appeal"] for n in asked], np.bool_)
    figures = yes_no("appeal", wanted, np.array([found[n].appeal for n in asked], np.bool_))
    return Result("intent", result.groups, result.speed, figures)


def _cut(rows: Sequence[Row], segmenter: Segmenter) -> tuple[list[str], list[str], int]:
    """Titles, texts and their number; the segmenter is warm after it."""
    segmenter.tokens("热身")
    return [str(row.get("title") or "") for row in rows], [str(row.get("text") or "") for row in rows], len(rows)


def _by_domain(task: str, rows: Sequence[Row], judged: Judged, speed: float) -> Result:
    classes = len(np.union1d(judged.truth, judged.said))
    parts = [(domain, _some(judged, np.array(members))) for domain, members in _domains(rows).items()]
    groups = [Group(domain, classes, measure(part)) for domain, part in parts]
    return Result(task, _with_all(groups, [part for _, part in parts]), {"ours": speed})


def duplicates(rows: Sequence[Row]) -> Result:
    """Whether pairs {a, b, same: bool} are told apart by `nlp.copy_relation.relation`."""
    from nlp.copy_relation import relation

    said, speed = _timed(lambda: [relation(row["a"], row["b"]) is not None for row in rows], len(rows))
    truth = np.array([row["same"] for row in rows], np.bool_)
    return Result("duplicates", (), {"pairs": speed}, yes_no("same", truth, np.array(said, np.bool_)))


_MASK = re.compile(r"\[(?:手机号|身份证号|银行卡号|邮箱|QQ号|微信号|车牌号|固定电话|住址|姓名)\]")


def redaction(rows: Sequence[Row]) -> Result:
    """Masks of rows {text, masked} against those of `nlp.redact`: rows that are right to the letter; of each kind, precision
    and recall, an interval over rows (a mask counts as found where as many of its kind stand in the row)."""
    found, speed = _timed(lambda: [redact(row["text"]) for row in rows], len(rows))
    exact = np.array([row["masked"] == one for row, one in zip(rows, found, strict=True)], np.bool_)
    pairs = [
        (Counter(_MASK.findall(row["masked"])), Counter(_MASK.findall(one)))
        for row, one in zip(rows, found, strict=True)
    ]
    names, measures = ["exact"], [share(exact)]
    for kind in sorted({kind for pair in pairs for counts in pair for kind in counts}):
        due, made = (np.array([pair[side][kind] for pair in pairs], np.float64) for side in (0, 1))
        names += [f"{kind}_precision", f"{kind}_recall"]
        measures += [ratio(np.minimum(due, made), made), ratio(np.minimum(due, made), due)]
    return Result("redaction", (), {"ours": speed}, dict(zip(names, intervals(measures, len(rows)), strict=True)))
