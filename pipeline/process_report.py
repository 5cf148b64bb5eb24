"""What a run of the process stage did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

# Told how many posts are done, and of how many (None: not known).
Progress = Callable[[int, int | None], None]


@dataclass(slots=True)
class ProcessReport:
    """read = indexed + set_aside: every post read ends in exactly one status. reused: of the indexed, those whose
    counters alone had changed, so their annotation was kept. rebuilt: posts put back first, into an index that was gone.
    seconds: wall time."""

    model: str
    read: int = 0
    indexed: int = 0
    set_aside: int = 0
    reused: int = 0
    rebuilt: int = 0
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)
