"""Posts as moments: when each was published, and a few numbers of it, in columns. What rules count with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.index.document import KEY_BITS
from pipeline.index.engine import Columns

Whole = npt.NDArray[np.int64]
Real = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moments:
    """Posts in order of publication. keys: of each, see `pipeline.index.document.published_key`; values: numbers by name, NaN
    where a post has none; "voice" numbers the distinct voices of this answer from 0 on, and means nothing outside it."""

    keys: Whole
    values: Mapping[str, Real]

    @property
    def at(self) -> Whole:
        """When each was published, ms since 1970 UTC."""
        return self.keys >> KEY_BITS


def moments_of(found: Columns) -> Moments:
    """The engine's answer as arrays."""
    values = {n: _voices(c) if n == "voice" else np.array(c, dtype=np.float64) for n, c in found.values.items()}
    return Moments(np.fromiter(found.keys, dtype=np.int64, count=len(found.keys)), values)


def _voices(column: Sequence[float | None]) -> Real:
    """Numbers from 0 on; where a source shows no authors, they are one voice."""
    numbers = np.fromiter((-1 if v is None else int(v) for v in column), dtype=np.int64, count=len(column))
    return np.unique(numbers, return_inverse=True)[1].astype(np.float64)
