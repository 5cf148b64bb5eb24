"""Chinese numerals of headings."""

from __future__ import annotations

_DIGITS = "零一二三四五六七八九"


def numeral(n: int) -> str:
    """一, 十, 十一, 二十三 … for 1 … 99."""
    tens, ones = divmod(n, 10)
    if not tens:
        return _DIGITS[ones]
    return ("" if tens == 1 else _DIGITS[tens]) + "十" + (_DIGITS[ones] if ones else "")
