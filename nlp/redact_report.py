"""How well personal data is found and how little else is touched: `python -m nlp.redact_report [--count 10000] [--json]`.

Judged on posts of our own (`nlp.redact_samples`): as many with personal data as with look-alikes. A personal span counts as found
only when none of its characters is left readable, separators apart, and a mask of its kind covers it. A mask is right when it
covers a character of a span of its kind; precision is of all masks of that kind in both sets. Intervals: Wilson, 95 %.
Sentences and rules are by the same hand, so the figures flatter: on real posts expect some wrong names (2–3 of 100 masks).

What it does not find:
- names without a leading word or a number beside them (王海涛打人), surnames outside the list, everyday words that are also names
  (我爱人安静, 本人农家乐), foreign names in Latin letters, names behind 负责人 or a title (they act in public: 村支书曾国庆);
- all names of a list but the first (联系人张伟、李娜);
- numbers written in Chinese numerals (一三八…), with letters for digits (l38…) or torn apart by words;
- doors without building or unit (五楼502, 1栋的1901, 1-1203), rooms in between (10栋12楼靠左), 18-11-2019 as building-unit-room;
- landlines that nothing says to be private (联系电话 0731-84567890 王先生), telephones of other countries;
- passports, travel permits, licence plates without the province's character, payment accounts other than mail and mobile;
- cards and identity numbers with a mistyped digit, unless a word says what they are; numbers of a person that a label calls otherwise.

What it masks though it need not: mobiles of shops and officials, mail addresses of offices, doors of shops in residential buildings.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from config.text import tr
from nlp.measures import Interval
from nlp.redact import find, redact
from nlp.redact_samples import PERSONAL, Sample, Span, lookalikes, personal

SEED = 20_261_123
# The normal quantile of a two-sided interval of 95 %.
_Z = 1.959964


@dataclass(frozen=True)
class KindReport:
    """Figures of one kind of personal data. spans, found: how many are written and masked; masks, right: how many masks there
    are and how many hit a span."""

    spans: int
    found: int
    masks: int
    right: int

    @property
    def recall(self) -> Interval:
        """Spans masked of all spans."""
        return wilson(self.found, self.spans)

    @property
    def precision(self) -> Interval:
        """Masks that hit a span of all masks."""
        return wilson(self.right, self.masks)

    def to_dict(self) -> dict[str, object]:
        """As JSON holds it."""
        return {**vars(self), "recall": self.recall.to_dict(), "precision": self.precision.to_dict()}


@dataclass(frozen=True)
class Report:
    """kinds: by kind of personal data; rows, hurt: look-alike rows and those changed, by kind of look-alike; missed: (kind, text,
    redacted text) of spans not found; wrong: the same of masks that hit nothing; speed: texts/s on one core."""

    kinds: dict[str, KindReport]
    rows: dict[str, int]
    hurt: dict[str, int]
    missed: tuple[tuple[str, str, str], ...]
    wrong: tuple[tuple[str, str, str], ...]
    speed: float

    def to_dict(self) -> dict[str, object]:
        """As JSON holds it, without texts."""
        return {
            "kinds": {kind: one.to_dict() for kind, one in self.kinds.items()},
            "lookalikes": {kind: {"rows": count, "hurt": self.hurt.get(kind, 0)} for kind, count in self.rows.items()},
            "texts_per_s": round(self.speed),
        }


def wilson(hits: int, of: int) -> Interval:
    """Share `hits` / `of` with its 95 % interval; NaN where `of` is 0. Source: Wilson 1927, JASA 22:209–212."""
    if not of:
        return Interval(math.nan, math.nan, math.nan)
    share, z2 = hits / of, _Z * _Z / of
    middle, half = share + z2 / 2, _Z * math.sqrt(share * (1 - share) / of + z2 / of / 4)
    return Interval(share, max(0.0, (middle - half) / (1 + z2)), min(1.0, (middle + half) / (1 + z2)))


def report(samples: Sequence[Sample]) -> Report:
    """Figures of `samples`, of which those without spans are look-alikes."""
    spans, found, masks, right, rows, hurt = (Counter[str]() for _ in range(6))
    missed, wrong = [], []
    for sample in samples:
        made = find(sample.text)
        masks.update(kind for _, _, kind in made)
        spans.update(kind for _, _, kind in sample.spans)
        hits = [span for span in sample.spans if _is_found(sample.text, span, made)]
        found.update(kind for _, _, kind in hits)
        missed += [(span[2], sample) for span in sample.spans if span not in hits]
        good = [mask for mask in made if _hits(mask, sample.spans)]
        right.update(kind for _, _, kind in good)
        wrong += [(mask[2], sample) for mask in made if mask not in good]
        if not sample.spans:
            rows[sample.kind] += 1
            hurt[sample.kind] += bool(made)
    kinds = {kind: KindReport(spans[kind], found[kind], masks[kind], right[kind]) for kind in PERSONAL}
    return Report(kinds, dict(rows), dict(+hurt), _shown(missed), _shown(wrong), _speed(samples))


def _is_found(text: str, span: Span, masks: Sequence[Span]) -> bool:
    """Whether every letter and digit of `span` is under a mask and one of its kind covers a part of it."""
    start, stop, _ = span
    hidden = {at for first, last, _ in masks for at in range(max(first, start), min(last, stop))}
    return _hits(span, masks) and all(at in hidden or not text[at].isalnum() for at in range(start, stop))


def _hits(span: Span, others: Iterable[Span]) -> bool:
    """Whether one of `others` is of the kind of `span` and shares a character with it."""
    return any(kind == span[2] and start < span[1] and span[0] < stop for start, stop, kind in others)


def _shown(cases: Iterable[tuple[str, Sample]]) -> tuple[tuple[str, str, str], ...]:
    return tuple((kind, sample.text, redact(sample.text)) for kind, sample in cases)


def _speed(samples: Sequence[Sample]) -> float:
    """Texts redacted in a second of this process."""
    start = time.process_time()
    for sample in samples:
        redact(sample.text)
    return len(samples) / max(time.process_time() - start, 1e-9)


def table(found: Report) -> str:
    """The report as lines of tab-separated figures in the user's language."""
    head = tr("种类\t条数\t召回率 [95%]\t掩码数\t准确率 [95%]", "kind\tspans\trecall [95 %]\tmasks\tprecision [95 %]")
    lines = [head]
    for kind, one in found.kinds.items():
        lines.append(f"{kind}\t{one.spans}\t{_figure(one.recall)}\t{one.masks}\t{_figure(one.precision)}")
    lines += ["", tr("相似内容\t条数\t被误改", "look-alike\trows\thurt")]
    lines += [f"{kind}\t{count}\t{found.hurt.get(kind, 0)}" for kind, count in found.rows.items()]
    return "\n".join([*lines, "", tr("速度 {speed:.0f} 条/秒", "{speed:.0f} texts/s", speed=found.speed)])


def _figure(value: Interval) -> str:
    return f"{value.value:.4f} [{value.low:.4f}, {value.high:.4f}]"


def _cases(title: str, cases: Sequence[tuple[str, str, str]], count: int) -> list[str]:
    return [title, *(f"{kind}\t{text!r} → {masked!r}" for kind, text, masked in cases[:count])]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report; 0 when done, 2 for wrong options."""
    parser = argparse.ArgumentParser(
        prog="python -m nlp.redact_report", description=tr("脱敏评测", "How well redaction works")
    )
    parser.add_argument("--count", type=int, default=10_000, help=tr("每组条数", "posts of each set"))
    parser.add_argument("--seed", type=int, default=SEED, help=tr("随机种子", "seed of the posts"))
    parser.add_argument("--json", action="store_true", help=tr("输出 JSON", "print JSON"))
    parser.add_argument("--misses", type=int, default=0, help=tr("列出若干漏掉与误改的例子", "print so many misses"))
    asked = parser.parse_args(arguments)
    if asked.count < 1:
        parser.error(tr("--count 至少为 1", "--count must be at least 1"))
    found = report(personal(asked.count, asked.seed) + lookalikes(asked.count, asked.seed))
    if asked.json:
        print(json.dumps(found.to_dict(), ensure_ascii=False))
        return 0
    print(table(found))
    if asked.misses:
        print("\n".join(_cases(tr("漏掉", "missed"), found.missed, asked.misses)))
        print("\n".join(_cases(tr("误改", "wrongly masked"), found.wrong, asked.misses)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
