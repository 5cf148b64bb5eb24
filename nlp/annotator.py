"""All that nlp says of a post, in one pass over a batch: tokens, sentiment, intent, topics, places, keyphrases, copies."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from config.errors import ConfigError
from config.settings import SHIPPED, Nlp
from config.text import tr
from nlp.annotation import Annotation
from nlp.copies import band_keys
from nlp.frequencies import read_frequencies
from nlp.keyphrases import Keyphrases, read_stop_words
from nlp.matters import Matter, Matters, load_matters
from nlp.normalise import normalise
from nlp.places import Places, load_places
from nlp.segment import Segmenter
from nlp.sentiment import SentimentModel, Verdict, load_sentiment
from nlp.taxonomy import Taxonomy, load_taxonomy
from nlp.units import Units, load_units

# Raise it when the code of this room changes what an annotation says; all posts are then annotated anew.
_RULES = "4"


@dataclass(frozen=True)
class Annotator:
    """Annotates posts. model: version of all that decides (rules, model, taxonomy, dictionaries), 40 characters at most.
    Build it with `load_annotator`."""

    model: str
    segmenter: Segmenter
    sentiment: SentimentModel
    matters: Matters
    places: Places
    units: Units
    taxonomy: Taxonomy
    keyphrases: Keyphrases

    def annotate(self, items: Sequence[tuple[str, str]]) -> list[Annotation]:
        """What is said of each post, in order. items: (title, text), n of them, any strings. Never raises for a text."""
        if not items:
            return []
        plain = [(normalise(title), normalise(text)) for title, text in items]
        cut = self.segmenter.words
        tokens = [(cut(title), cut(text)) for title, text in plain]
        whole = [f"{title}\n{text}" if title else text for title, text in items]
        titles, texts = [title for title, _ in items], [text for _, text in items]
        felt = self.sentiment.score(whole, [title + text for title, text in tokens])
        wanted = self.matters.judge(titles, texts, [title for title, _ in tokens], [text for _, text in tokens])
        # What is passed on is the text; posts without one say it all in the title.
        keys = band_keys([text or title for title, text in items])
        rows = zip(plain, tokens, felt, wanted, keys, strict=True)
        return [self._one(*row) for row in rows]

    def _one(
        self,
        plain: tuple[str, str],
        tokens: tuple[list[str], list[str]],
        felt: Verdict,
        wanted: Matter,
        keys: NDArray[np.uint32],
    ) -> Annotation:
        (title, text), (label, score, confidence) = tokens, felt
        topics, places = self.taxonomy.match(title, text), self.places.match(*plain)
        return Annotation(
            title_tokens=" ".join(title),
            text_tokens=" ".join(text),
            sentiment=label,
            score=score,
            confidence=confidence,
            topics=topics,
            keyphrases=self.keyphrases.phrases(title, text, "\n".join(plain)),
            unsure=confidence < self.sentiment.unsure_below,
            intent=wanted.intent,
            appeal=wanted.appeal,
            sectors=wanted.categories,
            places=places,
            duty=self.units.suggest(wanted.categories, topics, places, self.places.lineage),
            copy_keys=keys.tobytes(),
        )

    def content_words(self, annotation: Annotation) -> list[str]:
        """Distinct content words of an annotated post, in order, 64 at most."""
        return self.keyphrases.words(annotation.title_tokens.split() + annotation.text_tokens.split())


def load_annotator(nlp: Nlp, find: Callable[[str], Path]) -> Annotator:
    """The annotator those settings ask for. find: where a file of the config folder is (the project's own first).

    Raises ConfigError for a missing or faulty file, or a package that is not installed.
    """
    user_words, stop_words, topics = find(nlp.user_words), find(nlp.stop_words), find(nlp.topics)
    places_file, units_file = find(nlp.places), find(nlp.units)
    sentiment, matters = load_sentiment(nlp.sentiment), load_matters()
    taxonomy, places = load_taxonomy(topics), load_places(places_file)
    # Rules as shipped name topics and places that an installation's own files need not have.
    own = units_file.parent != SHIPPED
    units = load_units(
        units_file,
        topics={topic.id for topic in taxonomy.topics} if own or topics == SHIPPED / nlp.topics else None,
        places={place.id for place in places.places} if own or places_file == SHIPPED / nlp.places else None,
    )
    frequencies, documents = read_frequencies()
    digest = hashlib.blake2b(digest_size=6)
    for part in (
        _RULES,
        nlp.segmenter,
        sentiment.version,
        matters.version,
        str(documents),
        repr(sorted(frequencies.items())),
    ):
        digest.update(part.encode() + b"\x1f")
    for path in (user_words, stop_words, topics, places_file, units_file):
        digest.update(_bytes(path) + b"\x1f")
    return Annotator(
        model=f"{nlp.sentiment}-{nlp.segmenter}-{digest.hexdigest()}",
        segmenter=Segmenter(nlp.segmenter, user_words),
        sentiment=sentiment,
        matters=matters,
        places=places,
        units=units,
        taxonomy=taxonomy,
        keyphrases=Keyphrases(read_stop_words(stop_words), frequencies, documents),
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = tr("{p} 读不了：{e}", "{p} cannot be read: {e}", p=path, e=error.strerror)
        raise ConfigError(message) from error
