"""How common words are in public messages."""

from __future__ import annotations

from importlib import resources


def read_frequencies() -> tuple[dict[str, int], int]:
    """In how many of how many public messages each word stands; the artefact of `python -m nlp.document_frequency`."""
    text = resources.files("nlp").joinpath("models/document_frequency.tsv").read_text(encoding="utf-8")
    head, *lines = text.splitlines()
    pairs = (line.split("\t") for line in lines)
    return {word: int(count) for word, count in pairs}, int(head.split("\t")[1])
