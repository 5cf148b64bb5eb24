"""Agreement of the two passes over our own labels."""

import pytest

from nlp.agreement import agreement, kappa


def test_kappa_by_hand() -> None:
    # 7 of 10 alike; by chance .5 · .6 + .5 · .4 = .5: (.7 − .5) / (1 − .5).
    one, other = list("aaaaabbbbb"), list("aaaabbbaab")
    assert sum(a == b for a, b in zip(one, other, strict=True)) == 7
    assert kappa(one, other) == pytest.approx(0.4)
    assert kappa(["a", "a"], ["a", "a"]) == 1


def test_the_two_passes_agree_well_beyond_chance() -> None:
    found = agreement()
    assert set(found) == {"sentiment", "intent", "appeal"}
    assert min(value for _, value in found.values()) > 0.8
