"""Three months of 2019 lived through in minutes: the real schedule, real crawls of the replay board, real detection."""

from datetime import datetime
from pathlib import Path

import pytest

from bench.schedule_2019 import BOARD, Span, live
from pipeline.schedule.plan import SHANGHAI

pytestmark = [
    pytest.mark.shared,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not BOARD.exists(), reason="../shared is not here"),
]


def test_the_summer_of_2019(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QINGYU_LANGUAGE", raising=False)
    first, last, known = (datetime(2019, *day, tzinfo=SHANGHAI) for day in ((6, 15), (9, 15), (6, 1)))
    found = live(Span(first, last, every_h=72.0, known_from=known), tmp_path / "p")
    assert found.failures == []
    assert {name: done for name, (done, wanted) in found.jobs.items()} == {
        name: wanted for name, (done, wanted) in found.jobs.items()
    }
    assert found.jobs["crawl board"] == found.jobs["rules"] == (31, 31)
    assert found.jobs["purge"] == found.jobs["backup"] == (92, 92)
    assert found.published == found.stored > 1000
    assert (found.missing, found.unlike) == ([], [])
    assert found.replied > 100
    # Day by day and at once: the same posts come to the same events. Flags of series are about the day they are raised on.
    assert found.same_groups == 1.0
    assert found.lived["flags_of_events"] == found.straight["flags_of_events"]
