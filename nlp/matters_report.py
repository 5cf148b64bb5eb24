"""How good the heads for category, intent and appeal are on rows they have not seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nlp.matters import CATEGORIES, INTENTS, Matters, categories
from nlp.matters_data import Data, Post, columns, title_only


def macro_f1(truth: Sequence[str], said: Sequence[str], names: Sequence[str]) -> float:
    """Mean F1 of the classes `names`."""
    pairs = list(zip(truth, said, strict=True))
    scores = []
    for name in names:
        hits = sum(a == b == name for a, b in pairs)
        scores.append(2 * hits / max(1, sum((a == name) + (b == name) for a, b in pairs)))
    return round(sum(scores) / len(names), 4)


def report_categories(model: Matters, rows: Sequence[Post]) -> dict[str, float]:
    """Figures of rows held out: the best guess of every row, the share that gets a category, how often the first of those
    is right, and one of those given; of title and text, and of titles alone."""
    found: dict[str, float] = {}
    truth = [row.category for row in rows]
    for kind, posts in (("whole", list(rows)), ("title", [title_only(row) for row in rows])):
        chance = categories(model.margins(*columns(posts)), model.weights)
        best = [CATEGORIES[i] for i in chance.argmax(axis=1).tolist()]
        given = [verdict.categories for verdict in model.judge(*columns(posts))]
        said = [(names, name) for names, name in zip(given, truth, strict=True) if names]
        right = np.array([a == b for a, b in zip(best, truth, strict=True)])
        found[f"{kind}_macro_f1"] = macro_f1(truth, best, CATEGORIES)
        found[f"{kind}_accuracy"] = round(float(right.mean()), 4)
        found[f"{kind}_confidence"] = round(float(chance.max(axis=1).mean()), 4)
        found[f"{kind}_judged_macro_f1"] = macro_f1(truth, [names[0] if names else "" for names in given], CATEGORIES)
        found[f"{kind}_given"] = round(len(said) / len(rows), 4)
        found[f"{kind}_first_right"] = round(sum(n[0] == t for n, t in said) / max(1, len(said)), 4)
        found[f"{kind}_one_right"] = round(sum(t in n for n, t in said) / max(1, len(said)), 4)
        found[f"{kind}_two"] = round(sum(len(n) == 2 for n, _ in said) / max(1, len(said)), 4)
    return found


def report_intents(model: Matters, rows: Sequence[Post]) -> dict[str, float]:
    """Figures of intent and appeal on rows that were not trained with; macro-F1 of the intents that five rows have."""
    verdicts = model.judge(*columns(rows))
    truth, said = [row.intent for row in rows], [verdict.intent for verdict in verdicts]
    some = [name for name in INTENTS if truth.count(name) >= 5]
    found = {
        "intent_macro_f1": macro_f1(truth, said, some),
        "intent_accuracy": round(sum(a == b for a, b in zip(truth, said, strict=True)) / len(rows), 4),
        "intent_confidence": round(sum(verdict.intent_confidence for verdict in verdicts) / len(rows), 4),
    }
    found |= {f"{name}_f1": macro_f1(truth, said, [name]) for name in some}
    asked, says = (
        ["yes" if one else "no" for one in side] for side in ([r.appeal for r in rows], [v.appeal for v in verdicts])
    )
    return found | {f"appeal_{name}_f1": macro_f1(asked, says, [name]) for name in ("yes", "no")}


def report(model: Matters, data: Data) -> dict[str, float]:
    """All figures on what is held out, how many rows of each kind there are, and the band."""
    rows = {"raw": data.raw, "tokenised": data.tokenised, "labelled": data.labelled, "told": data.told}
    first, second = model.weights.band.tolist()
    return {
        **report_categories(model, data.raw),
        **report_intents(model, data.told),
        **{f"rows_{name}": len(posts) for name, posts in rows.items()},
        "band_first": first,
        "band_second": second,
    }
