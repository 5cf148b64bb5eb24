"""All errors of the project, in one tree.

    QingyuError
    ├── ConfigError     settings or sources are wrong: stop before starting (exit 2)
    ├── TransientError  the other side did not answer: retry with back-off
    ├── RecordError     this record cannot be used: set it aside, the rest goes on
    ├── QueryError      the question cannot be understood: points at the character
    ├── AccessError     the person may not do this: says which right is missing and who can give it
    ├── StageError      a stage stopped: says what is pending and which command resumes (exit 1)
    └── DeliveryError   a message was not delivered: it stays in the outbox

Each carries a message that says what to do, and `context`, facts for the log (never post text or authors).
"""

from __future__ import annotations


class QingyuError(Exception):
    """Root of the tree. message: what happened and what to do, in the user's language; context: facts for the log."""

    def __init__(self, message: str, **context: object) -> None:
        super().__init__(message)
        self.message = message
        self.context = context


class ConfigError(QingyuError):
    """Settings, sources or words are wrong; nothing was started."""


class TransientError(QingyuError):
    """The other side did not answer now; trying again later may work."""


class RecordError(QingyuError):
    """One record cannot be used; it is set aside with `message` as the reason."""


class QueryError(QingyuError):
    """A query cannot be read. position: 0-based index of the character at fault in `query`."""

    def __init__(self, message: str, *, query: str, position: int) -> None:
        super().__init__(message, position=position)
        self.query = query
        self.position = position

    def pointer(self) -> str:
        """The query with a caret below the character at fault, two lines, wide characters counted as two columns."""
        width = sum(2 if ord(c) > 0x2E7F else 1 for c in self.query[: self.position])
        return f"{self.query}\n{' ' * width}^"


class AccessError(QingyuError):
    """The person's roles do not allow it; nothing was looked at or done."""


class StageError(QingyuError):
    """A stage stopped before its end; what was done so far is kept."""


class DeliveryError(QingyuError):
    """A message was not taken by the other side; it stays in the outbox."""
