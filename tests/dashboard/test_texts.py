"""Every wording stands in both languages, names the same values, and is used."""

import re
from pathlib import Path

from dashboard import texts

FOLDER = Path(texts.__file__).resolve().parent
PAGES = [p for p in FOLDER.rglob("*.py") if p.name != "texts.py" and p.parent.name != "wording"]
SOURCE = "\n".join(p.read_text(encoding="utf-8") for p in PAGES)
# Keys built from values, by what they begin with; where a figure stands.
BEGUN = tuple(re.findall(r"""\bt\(\s*f?["'](\w+_)(?:\{|["'] \+)""", SOURCE))
BUILT = {"above", "below", "within"}


def test_both_languages_name_the_same_values() -> None:
    for key, (zh, en) in texts.TEXTS.items():
        assert zh.strip(), key
        assert en.strip(), key
        assert set(re.findall(r"\{(\w+)", zh)) == set(re.findall(r"\{(\w+)", en)), key


def test_every_wording_is_used_and_every_wording_used_is_there() -> None:
    for key in texts.TEXTS.keys() - BUILT:
        assert key.startswith(BEGUN) or f'"{key}"' in SOURCE or f"'{key}'" in SOURCE, key
    for key in re.findall(r"""\bt\(\s*["'](\w+)["']""", SOURCE):
        assert key in texts.TEXTS, key


def test_states_of_the_other_rooms_have_their_words() -> None:
    from typing import get_args

    from crawlers.health import Health
    from crawlers.record import Kind
    from nlp.annotation import Sentiment
    from pipeline.index.engine import SORTS

    assert set(get_args(Health)) <= set(texts.HEALTH)
    assert {k.value for k in Kind} == set(texts.KINDS)
    assert set(get_args(Sentiment)) == set(texts.SENTIMENTS)
    assert set(texts.SORTS) == set(SORTS)


def test_health_and_sentiment_are_told_by_a_sign_and_not_by_colour_alone() -> None:
    for table in (texts.HEALTH, texts.SENTIMENTS):
        signs = [zh.split()[0] for zh, _ in table.values()]
        assert len(set(signs)) == len(signs)
