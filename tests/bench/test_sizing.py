"""The sizing of docs/scale.md: the table there is what the command prints, and each rule by a figure worked out by hand."""

import json
from pathlib import Path

import pytest

from bench.sizing import SIZES, Measured, copies_days, hosts_of, main, markdown, need, nodes_of, trend_s

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scale.md"
AS_MEASURED = Measured()


def test_the_page_holds_what_the_command_prints() -> None:
    printed = markdown({name: need(posts, AS_MEASURED) for name, posts in SIZES.items()})
    assert printed in PAGE.read_text(encoding="utf-8"), "put what `python -m bench.sizing --markdown` prints there"


def test_a_site_gives_43_200_pages_a_day_at_the_default_pace() -> None:
    assert hosts_of(43_200, 1) == 1
    assert hosts_of(43_201, 1) == 2
    assert hosts_of(43_200 * 20, 20) == 1


def test_a_county_needs_one_node_and_no_second_tier() -> None:
    assert nodes_of(10**4, 1095, AS_MEASURED) == (1, 0)


def test_more_than_one_node_means_three_so_that_one_may_die() -> None:
    hot, warm = nodes_of(10**6, 1095, AS_MEASURED)
    assert (hot, warm) == (3, 2)


def test_tiers_follow_bytes_and_speed() -> None:
    # 10^9 posts of 1,000 bytes, twice, for 60 days: 120 TB on nodes of 4 TB; 1,035 days more: 2,070 TB on nodes of 12 TB.
    assert nodes_of(10**9, 1095, Measured(index_bytes=1_000)) == (30, 173)
    # In the busiest hour 57,870 posts a second, twice, on nodes eight times as quick as one that takes 100.
    assert nodes_of(10**9, 1095, Measured(index_bytes=1_000, node_docs_s=100))[0] == 145
    # All that is kept is hot where it is kept no longer.
    assert nodes_of(10**9, 60, Measured(index_bytes=1_000)) == (30, 0)


def test_the_index_of_copies_fills_until_its_holder_falls_behind() -> None:
    # A post each 8,640 µs; 640 go for grouping and writing: 8,000 are left, 1,000 full segments of 131,072 posts.
    quick = Measured(holder_s=1e6 / 640, copy_look_us=8)
    assert copies_days(10**7, 1095, quick) == round(1_000 * 131_072 / 10**7, 1)
    assert copies_days(10**7, 10, quick) is None
    assert copies_days(10**9, 1095, quick) == 0


def test_a_trend_costs_by_the_posts_and_is_shared_among_processors() -> None:
    measured = Measured(trend_ms=10, trend_ns=100)
    assert trend_s(10**7, 2, measured) == pytest.approx(1.01)
    assert trend_s(10**7, 20, measured) == pytest.approx(0.11)


def test_the_model_gives_back_what_was_measured() -> None:
    # Three nodes, 2,000,000 posts: 178 ms; 500,000: 53 ms; see the table of docs/scale.md.
    assert trend_s(2_000_000, 2, AS_MEASURED) * 1e3 == pytest.approx(178.16, rel=0.05)
    assert trend_s(500_000, 2, AS_MEASURED) * 1e3 == pytest.approx(52.99, rel=0.05)


def test_the_command_takes_figures_of_other_machines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["sizing", "--json", "--index-bytes", "5000"])
    main()
    printed = json.loads(capsys.readouterr().out)
    assert printed["province"]["index_tb"] == pytest.approx(1e7 * 1095 * 5000 * 2 / 1e12)
    assert printed["province"]["holder_load"] == need(10**7, AS_MEASURED).holder_load


def test_the_command_prints_every_figure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["sizing"])
    main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines][:3] == ["posts_a_day", "posts_kept", "peak_s"]
    assert all(len(line.split()) == 1 + len(SIZES) for line in lines)
