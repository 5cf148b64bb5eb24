"""From the raw post in memory to the post that may be written: cleaned, bounded, redacted, pseudonymised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from config.errors import RecordError
from config.text import tr
from crawlers.encoding import clean as usable
from crawlers.pseudonym import pseudonym
from crawlers.record import Engagement, Official, Post, RawPost, post_id
from nlp.redact import redact

# Before public boards existed, and further ahead than clocks and zones explain: such a date is a mistake of the page.
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=2)
_MAX_TITLE, _MAX_SHORT, _MAX_COUNT = 500, 80, 10**12


def clean(text: str) -> str:
    """`text` without control characters and lone surrogates, line ends as newlines, trimmed."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return usable(text).strip()


@dataclass(frozen=True, slots=True)
class Intake:
    """How raw posts of one source become posts. text_chars: the longest text taken."""

    source: str
    region: str
    key: bytes
    text_chars: int

    def admit(self, raw: RawPost, collected: datetime) -> tuple[Post, bool]:
        """The post that may be written, and whether an impossible date was dropped from it.

        Raises RecordError when there is no text at all, or more than a post can hold.
        """
        # Cut with room to spare before redaction, so that no number is cut in two and then not known as one.
        title, text = clean(raw.title)[: 2 * _MAX_TITLE], clean(raw.text)
        if not title and not text and not (raw.official and raw.official.text.strip()):
            raise RecordError(tr("没有文字", "no text"))
        if len(text) > self.text_chars:
            raise RecordError(tr("正文超过 {n} 字", "the text is longer than {n} characters", n=self.text_chars))
        published, dropped = _plausible(raw.published, collected)
        post = Post(
            id=post_id(self.source, clean(raw.native_id), clean(raw.url), raw.floor),
            source=self.source,
            kind=raw.kind,
            url=clean(raw.url),
            thread_url=clean(raw.thread_url),
            parent_id=post_id(self.source, clean(raw.parent_native), "") if raw.parent_native else "",
            title=redact(title)[:_MAX_TITLE],
            text=redact(text),
            author=pseudonym(clean(raw.author), source=self.source, at=published or collected, key=self.key),
            published=published,
            collected=collected,
            edited=_plausible(raw.edited, collected)[0],
            region=clean(raw.region)[:40] or self.region,
            category=redact(clean(raw.category)[: 2 * _MAX_TITLE])[:_MAX_SHORT],
            engagement=_bounded(raw.engagement),
            official=self._official(raw.official, collected),
        )
        return post, dropped

    def _official(self, raw: Official | None, collected: datetime) -> Official | None:
        if raw is None:
            return None
        text = clean(raw.text)
        if len(text) > self.text_chars:
            raise RecordError(tr("答复超过 {n} 字", "the reply is longer than {n} characters", n=self.text_chars))
        return Official(
            redact(clean(raw.unit)[: 2 * _MAX_TITLE])[:200], _plausible(raw.replied, collected)[0], redact(text)
        )


def _plausible(value: datetime | None, collected: datetime) -> tuple[datetime | None, bool]:
    if value is None:
        return None, False
    if not _EARLIEST <= value <= collected + _AHEAD:
        return None, True
    # To the millisecond, as the store keeps it: the hash of the content must come out the same from both.
    return value.astimezone(UTC).replace(microsecond=value.microsecond // 1000 * 1000), False


def _bounded(raw: Engagement) -> Engagement:
    """Counters that a column holds; a negative or absurd one is dropped."""
    values = (raw.views, raw.likes, raw.dislikes, raw.replies)
    return Engagement(*(v if v is not None and 0 <= v <= _MAX_COUNT else None for v in values))
