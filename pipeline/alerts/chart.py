"""The curve of an alert as a small picture, and in words for those who see none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from config.text import tr

# Two and a half times the days of a phone's width: crisp on its screen, some 15 kB.
_SCALE = 2.0
_WIDTH, _HEIGHT = 320, 110
_WINDOW, _BEFORE = "#c2410c", "#94a3b8"


def curve_png(days: Sequence[tuple[date, int]], first: date) -> bytes:
    """Posts by day as bars, those from `first` on in another colour; b"" where there was no post at all."""
    if not any(count for _, count in days):
        return b""
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(_spec(days, first), scale=_SCALE))


def _spec(days: Sequence[tuple[date, int]], first: date) -> dict[str, Any]:
    # Digits only: no font for characters is needed where the mail is made.
    values = [{"day": d.strftime("%m-%d"), "n": n, "of": "window" if d >= first else "before"} for d, n in days]
    marks = [value["day"] for value in values[:: max(1, len(values) // 5)]]
    top = max(n for _, n in days)
    whole = sorted({0, (top + 1) // 2, top})  # posts are counted: no tick between two of them
    colour = {"domain": ["window", "before"], "range": [_WINDOW, _BEFORE]}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": _WIDTH,
        "height": _HEIGHT,
        "background": "white",
        "data": {"values": values},
        "mark": "bar",
        "encoding": {
            "x": {"field": "day", "type": "ordinal", "sort": None, "title": None, "axis": {"values": marks, "labelAngle": 0}},
            "y": {"field": "n", "type": "quantitative", "title": None, "axis": {"values": whole, "format": "d"}},
            "color": {"field": "of", "type": "nominal", "scale": colour, "legend": None},
        },
        "config": {"view": {"stroke": None}},
    }  # fmt: skip


def curve_words(days: Sequence[tuple[date, int]], first: date) -> str:
    """The same in a sentence."""
    before = [n for d, n in days if d < first]
    inside = [(d, n) for d, n in days if d >= first]
    told = "、".join(f"{d:%m-%d} {n}" for d, n in inside if n) or "0"
    usual = sum(before) / len(before) if before else 0.0
    return tr(
        "窗口内每日条数：{t}；此前 {n} 天平均每天 {u:.1f} 条",
        "posts a day in the window: {t}; in the {n} days before {u:.1f} a day",
        t=told,
        n=len(before),
        u=usual,
    )
