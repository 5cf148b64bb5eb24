"""How long a rule stays silent after a firing: elastalert2's `realert` and `exponential_realert`. Pure."""

from __future__ import annotations

# The exponent is kept below it: 2**40 s are 35,000 years.
_MOST = 40


def silent_s(realert_s: float, most_s: float | None, exponent: int) -> float:
    """Seconds of silence at this exponent: realert, doubled so many times, at most `most_s`."""
    if most_s is None:
        return realert_s
    return min(most_s, realert_s * 2.0 ** min(max(exponent, 0), _MOST))


def next_exponent(realert_s: float, most_s: float | None, exponent: int, since_end_s: float) -> int:
    """The exponent of a firing `since_end_s` after the silence before it ended (or would have; never negative).

    It rises by one where that silence was as long again or less ago, and falls by one for each silence's length that passed
    beyond, as elastalert2 has it; it never rises past the one that reaches `most_s`.
    """
    if most_s is None or realert_s <= 0:
        return 0
    length = silent_s(realert_s, most_s, exponent)
    if since_end_s < length:
        return exponent if length >= most_s else exponent + 1
    left = since_end_s
    while exponent > 0 and left > silent_s(realert_s, most_s, exponent):
        left -= silent_s(realert_s, most_s, exponent)
        exponent -= 1
    return exponent
