"""The Tantivy schema, made from the one field list, and how a post becomes a document of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import tantivy

from pipeline.index.document import KEYWORDS, REAL, SORT_FIELDS, TEXTS, TIMES, WHOLE, IndexDocument, values_of

# Raise with each change of fields, analysers or of `grams.indexed`: an older index is then refused, not misread.
SCHEMA_VERSION = "5"
ANALYSER = "tokens"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _build() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    for name in TEXTS:
        builder.add_text_field(name, tokenizer_name=ANALYSER, index_option="position")
    for name in KEYWORDS:
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for name in WHOLE:
        builder.add_integer_field(name, fast=True)
    for name in REAL:
        builder.add_float_field(name, fast=True)
    for name in TIMES:
        builder.add_date_field(name, fast=True)
    for name in SORT_FIELDS.values():
        builder.add_integer_field(name, fast=True)
    return builder.build()


_SCHEMA = _build()


def schema() -> tantivy.Schema:
    """The schema of this version."""
    return _SCHEMA


def register(index: tantivy.Index) -> None:
    """Make the analyser of token fields known to an opened index: cut at white space, lower case, nothing else."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    index.register_tokenizer(ANALYSER, builder.filter(tantivy.Filter.lowercase()).build())


def when(ms: int) -> datetime:
    """A time of ms since 1970."""
    return _EPOCH + timedelta(milliseconds=ms)


def record_of(post: IndexDocument) -> tantivy.Document:
    """The document of a post."""
    values = values_of(post)
    values["published"], values["collected"] = when(post.published_ms), when(post.collected_ms)
    return tantivy.Document.from_dict(values, _SCHEMA)
