"""Python's garbage collector during bulk work."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Batches are thousands of objects without cycles that live until their batch is done: looking for cycles among them took a
# twelfth of the stage. Cycles are still found, later.
_THRESHOLDS = (100_000, 50, 1_000)


def collect_seldom() -> None:
    """From now on, in this process, look for cycles seldom; what there is now is not looked at again."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Within the block cycles are looked for seldom; behind it as before."""
    before = gc.get_threshold()
    collect_seldom()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
