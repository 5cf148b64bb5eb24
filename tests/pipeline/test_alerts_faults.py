"""A server that refuses three of ten mails and drops some after it took them, processes ended by kill -9 at every step:
no alert is lost and no mailbox shows one twice."""

from pathlib import Path

import pytest

from bench.alert_faults import run
from tests.stores import Stores


@pytest.mark.slow
def test_nothing_is_lost_and_nothing_doubled_whatever_is_refused_or_killed(stores: Stores, tmp_path: Path) -> None:
    outcome = run(stores.project(tmp_path / "p"), kills=6, refuse=0.3, seed=3)
    assert sum(outcome.kills.values()) == 6
    assert all(outcome.kills.values()), "each moment once"
    assert outcome.refused > 0
    assert (outcome.lost, outcome.doubled) == (0, 0)
    assert outcome.raw_doubled <= outcome.unknown
