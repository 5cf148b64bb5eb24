"""All that nlp says of a post, in one pass over a batch: tokens, sentiment, topics, keyphrases."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.errors import ConfigError
from config.settings import Nlp
from config.text import tr
from nlp.annotation import Annotation
from nlp.keyphrases import Keyphrases, read_frequencies, read_stop_words
from nlp.segment import Segmenter
from nlp.sentiment import SentimentModel, load_sentiment
from nlp.taxonomy import Taxonomy, load_taxonomy

# Raise it when the code of this room changes what an annotation says; all posts are then annotated anew.
_RULES = "2"


@dataclass(frozen=True)
class Annotator:
    """Annotates posts. model: version of all that decides (rules, model, taxonomy, dictionaries), 40 characters at most.
    Build it with `load_annotator`."""

    model: str
    segmenter: Segmenter
    sentiment: SentimentModel
    taxonomy: Taxonomy
    keyphrases: Keyphrases

    def annotate(self, items: Sequence[tuple[str, str]]) -> list[Annotation]:
        """What is said of each post, in order. items: (title, text), n of them, any strings. Never raises for a text."""
        cut = self.segmenter.tokens
        tokens = [(cut(title), cut(text)) for title, text in items]
        whole = [f"{title}\n{text}" if title else text for title, text in items]
        felt = self.sentiment.score(whole, [title + text for title, text in tokens])
        return [
            Annotation(
                title_tokens=" ".join(title),
                text_tokens=" ".join(text),
                sentiment=label,
                score=score,
                confidence=confidence,
                topics=self.taxonomy.match(title, text),
                keyphrases=self.keyphrases.phrases(title, text, raw),
            )
            for (title, text), raw, (label, score, confidence) in zip(tokens, whole, felt, strict=True)
        ]

    def content_words(self, annotation: Annotation) -> list[str]:
        """Distinct content words of an annotated post, in order, 64 at most."""
        return self.keyphrases.words(annotation.title_tokens.split() + annotation.text_tokens.split())


def load_annotator(nlp: Nlp, find: Callable[[str], Path]) -> Annotator:
    """The annotator those settings ask for. find: where a file of the config folder is (the project's own first).

    Raises ConfigError for a missing or faulty file, or a package that is not installed.
    """
    user_words, stop_words, topics = find(nlp.user_words), find(nlp.stop_words), find(nlp.topics)
    sentiment = load_sentiment(nlp.sentiment)
    frequencies, documents = read_frequencies()
    digest = hashlib.blake2b(digest_size=6)
    for part in (_RULES, nlp.segmenter, sentiment.version, str(documents), repr(sorted(frequencies.items()))):
        digest.update(part.encode() + b"\x1f")
    for path in (user_words, stop_words, topics):
        digest.update(_bytes(path) + b"\x1f")
    return Annotator(
        model=f"{nlp.sentiment}-{nlp.segmenter}-{digest.hexdigest()}",
        segmenter=Segmenter(nlp.segmenter, user_words),
        sentiment=sentiment,
        taxonomy=load_taxonomy(topics),
        keyphrases=Keyphrases(read_stop_words(stop_words), frequencies, documents),
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = tr("{p} 读不了：{e}", "{p} cannot be read: {e}", p=path, e=error.strerror)
        raise ConfigError(message) from error
