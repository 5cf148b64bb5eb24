"""The list of origins that ends a brief: which question each figure answers, figures of one question together."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.briefs.model import Brief, Figure
from pipeline.briefs.showing import fit
from pipeline.briefs.words import ground_words, measure_words


def grouped(brief: Brief) -> Iterator[tuple[str, list[Figure]]]:
    """Each ground in words with its figures, in the order of their ids; verbatim text is left out: it stands by its link."""
    groups: dict[str, list[Figure]] = {}
    for figure in brief.figures():
        if figure.form != "text":
            groups.setdefault(ground_words(figure.origin), []).append(figure)
    yield from groups.items()


def told(figure: Figure) -> str:
    """`条数 12`; the numbers of a chart by their name alone."""
    name = measure_words(figure)
    return name if figure.form == "series" else f"{name} {figure.shown}"


def origin_lines(brief: Brief) -> list[tuple[str, str]]:
    """Each ground with its figures, in words fit for print."""
    return [(fit(ground), "；".join(told(one) for one in figures)) for ground, figures in grouped(brief)]
