"""The Chinese fonts of this machine, by the names documents use, best first. One look a process: it takes a tenth of a second."""

from __future__ import annotations

from functools import lru_cache

from config.errors import StageError
from config.text import tr

# By what a font is for: those GB/T 9704 names, then others of the same cut, then what free systems have.
_FREE_SERIF = ("Noto Serif CJK SC", "Noto Serif SC", "Source Han Serif SC", "Source Han Serif CN", "AR PL UMing CN")
_FREE_SANS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
)
FAMILIES: dict[str, tuple[str, ...]] = {
    "title": ("方正小标宋简体", "FZXiaoBiaoSong-B05S", "FZXiaoBiaoSong-B05", "STZhongsong", "SimSun", *_FREE_SERIF),
    "body": (
        "仿宋_GB2312",
        "FangSong_GB2312",
        "FangSong",
        "STFangsong",
        "Fandol Fang R",
        "SimSun",
        *_FREE_SERIF,
        *_FREE_SANS,
    ),
    "black": ("黑体", "SimHei", "STHeiti", "Microsoft YaHei", *_FREE_SANS, *_FREE_SERIF),
    "kai": ("楷体_GB2312", "KaiTi_GB2312", "KaiTi", "STKaiti", "AR PL UKai CN", *_FREE_SERIF, *_FREE_SANS),
    "song": ("宋体", "SimSun", "STSong", *_FREE_SERIF, *_FREE_SANS),
}


@lru_cache(maxsize=1)
def installed() -> frozenset[str]:
    """Names of the font families of this machine."""
    import typst

    return frozenset(typst.Fonts(include_embedded_fonts=False).families())


def present(use: str, families: frozenset[str]) -> list[str]:
    """Those of FAMILIES[use] that are there, best first; where there is none, any Chinese one."""
    found = [name for name in FAMILIES[use] if name in families]
    return found or sorted(name for name in families if "CJK SC" in name or "CJK" in name)


def chart_font(families: frozenset[str]) -> str:
    """The font of charts; "" where this machine has no Chinese one: a chart would show boxes."""
    return next(iter(present("black", families)), "")


def need_chinese(families: frozenset[str]) -> None:
    """Raises StageError that says what to install where no Chinese font is on this machine."""
    if not present("body", families):
        message = tr(
            "这台机器没有中文字体，做不了 PDF；安装后再试：apt-get install fonts-noto-cjk（DOCX 与 HTML 不受影响）",
            "this machine has no Chinese font, so no PDF can be made; install one: apt-get install fonts-noto-cjk "
            "(DOCX and HTML are not concerned)",
        )
        raise StageError(message)
