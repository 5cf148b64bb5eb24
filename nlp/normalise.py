"""The form of a text that is matched and segmented, never the one shown: what writers do to evade word lists is undone."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import cache

import opencc

from nlp.frequencies import read_frequencies

_HAN = "\u3400-\u9fff\U00020000-\U0003ffff"
_INVISIBLE = (0xAD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF)
# Blocks whose compatibility forms stand in for letters, digits and characters; superscripts (m²) mean something else.
_STAND_INS = (
    range(0x2100, 0x2150),  # letterlike symbols
    range(0x2460, 0x2500),  # enclosed letters and digits
    range(0x2E80, 0x2FD6),  # radicals
    range(0x3280, 0x32B1),  # circled characters
    range(0xF900, 0xFB00),  # compatibility ideographs
    range(0x1D400, 0x1D800),  # mathematical letters and digits
    range(0x1F110, 0x1F14A),  # parenthesised and squared letters
    range(0x2F800, 0x2FA20),  # compatibility ideographs, supplement
)
# Letters of the same shape (Unicode TR 39, confusables), case by case: Greek Ν is an N, ν a v.
_LOOKALIKES = dict(
    zip(
        "АВЕКМНОРСТУХІЈЅаеорсухіјѕԁһΑΒΕΖΗΙΚΜΝΟΡΤΥΧονρ",
        "ABEKMHOPCTYXIJSaeopcyxijsdhABEZHIKMNOPTYXovp",
        strict=True,
    )
)


def _compatible() -> dict[int, str]:
    table: dict[int, str] = {}
    for code in (code for block in _STAND_INS for code in block):
        plain = unicodedata.normalize("NFKC", chr(code)).lower()
        if len(plain) == 1 and plain != chr(code) and plain.isalnum():
            table[code] = plain
    # Negative circled and squared letters and dingbat digits have no compatibility form.
    for start in (0x1F150, 0x1F170):
        table.update({start + n: chr(ord("a") + n) for n in range(26)})
    for start in (0x2776, 0x2780, 0x278A):
        table.update({start + n: str(n + 1) for n in range(9)})
    return table


def _in_gb2312(character: str) -> bool:
    try:
        return bool(character.encode("gb2312"))
    except UnicodeEncodeError:
        return False


def _simplified() -> dict[int, str]:
    """Traditional characters by OpenCC's table. Those that simplified text uses too (乾 in 乾隆) stay as they are."""
    codes = [*range(0x3400, 0xA000), *range(0x20000, 0x2EBE1)]
    converted = opencc.OpenCC("t2s").convert("\n".join(map(chr, codes))).split("\n")
    pairs = zip(codes, converted, strict=True)
    return {
        code: plain for code, plain in pairs if len(plain) == 1 and plain != chr(code) and not _in_gb2312(chr(code))
    }


def _table() -> dict[int, str]:
    simplified = _simplified()
    table = {**simplified, **{code: plain.translate(simplified) for code, plain in _compatible().items()}}
    table.update({code: chr(code - 0xFEE0).lower() for code in range(0xFF01, 0xFF5F)})
    table[0x3000] = " "
    return table


_CHARACTERS = _table()
_ALL = {**_CHARACTERS, **dict.fromkeys(_INVISIBLE, "")}

_SEPARATORS = " ·•・.*_~|/-"
# Nobody parts the words of a sentence by these; the others part words, names (济南 山东) and units (元/月) too.
_WITHIN = frozenset("*_~")
_PARTS_TWO = frozenset(" ·•・*_~|")
_SPACED = re.compile(rf"[{_HAN}]([{_SEPARATORS}])[{_HAN}](?:\1[{_HAN}])*")
_PINYIN = re.compile(rf"(?<![^\s{_HAN}，。！？；：、“”（）])[a-z]{{2,6}}(?![^\s{_HAN}，。！？；：、“”（）])")
_FOREIGN = re.compile(r"[A-Za-z0-9\u0370-\u052f]*[\u0370-\u052f][A-Za-z0-9\u0370-\u052f]*")
# The characters without which `_ANY` cannot match: a search for one is much faster, and most texts have none.
_MAYBE = re.compile(rf"[a-z{_SEPARATORS}\u0370-\u052f]")
_ANY = re.compile(rf"[{_HAN}](?:[{_SEPARATORS}][{_HAN}]|[a-z]{{2}})|[a-z]{{2}}[{_HAN}]|[\u0370-\u052f]")
# Syllables that are words, brands or abbreviations of their own beside Chinese characters.
_OWN_WORDS = frozenset(
    re.findall(
        "[a-z]+",
        "ai an ao ba ban bang bi bin can cha chang chen da dan dang di die du en er fa fan gang ge gun guide hang "
        "he hen hi hu hua ka la lai lan li lo long lu ma man mao me men mi mo na nan ne ni nu pa pan pang pen pi "
        "pin ping po pu ran run sa sai san sang sao sha she shun si song su sun ta tan tang te ti ting tong wan "
        "wang wo xi xin ya yang ye you yu ",
    )
)
# Characters that follow a name or a verb as often as they end a word.
_LIGHT = frozenset("和对了的在是不到去来有上下")
# Messages a word must stand in (of 6,028) before a syllable is read as part of it.
_FREQUENT = 10
_ROUNDS = 4


def normalise(text: str) -> str:
    """`text` as it is matched: half width, lower case, simplified, without invisible characters, look-alike letters,
    characters parted by a sign (停*水) or written in pinyin (停shui). Doing it again changes nothing; never raises.

    Source of the tables: OpenCC t2s, Unicode NFKC, Unicode TR 39; words: the shipped document frequencies.
    """
    if text.isascii():
        return text.lower()
    plain = text.translate(_ALL)
    if _MAYBE.search(plain) is None or _ANY.search(plain) is None:
        return plain.lower()
    for _ in range(_ROUNDS):
        done = _once(plain)
        if done == plain:
            break
        plain = done
    return plain


def _once(plain: str) -> str:
    plain = plain.translate(_ALL)
    # Look-alikes are told by case, so they come before the lower case.
    plain = _FOREIGN.sub(_latin, plain).lower()
    return _PINYIN.sub(_restored, _SPACED.sub(_joined, plain))


@cache
def match_character(character: str) -> str:
    """The character a shown one is matched as, exactly one: for finding places in shown text."""
    plain = _CHARACTERS.get(ord(character), character).lower()
    return plain if len(plain) == 1 else character


def _latin(found: re.Match[str]) -> str:
    """A run of letters and digits: letters of another script become Latin when all of them have the shape and the rest
    is Latin; between digits an О is a zero. Words wholly in Greek or Russian stay."""
    run = found[0]
    rest = [c for c in run if not "\u0370" <= c <= "\u052f"]
    if not rest:
        return run
    if all(c.isdigit() for c in rest):
        zeros = re.sub(r"(?<=\d)[ОоΟο](?=\d)", "0", run)
        return zeros if zeros.isdigit() else run
    if all(c in _LOOKALIKES for c in run if "\u0370" <= c <= "\u052f"):
        return "".join(_LOOKALIKES.get(c, c) for c in run)
    return run


def _is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" or character >= "\U00020000"


def _joined(found: re.Match[str]) -> str:
    """A run of parted characters, joined where three stand alone or where they are a word and their neighbours are not."""
    text, run, sign = found.string, found[0], found[1]
    before, after = text[max(0, found.start() - 1) : found.start()], text[found.end() : found.end() + 1]
    first = 1 if before and _is_han(before) else 0
    characters = run[::2]
    last = len(characters) - (1 if after and _is_han(after) else 0)
    alone = characters[first:last]
    if before.isdigit():
        return run
    whole = sign in _PARTS_TWO and len(characters) > 2 and characters in _words()
    if whole:
        return characters
    if len(alone) >= 3 or (len(alone) > 1 and len(characters) == 2 and sign in _PARTS_TWO and alone in _words()):
        return sign.join([*characters[:first], alone, *characters[last:]])
    within = sign in _WITHIN and characters in _words()
    if within and not {before + characters[0], characters[-1] + after} & _words().keys():
        return characters
    return run


def _restored(found: re.Match[str]) -> str:
    """A syllable, as the character it stands for when one frequent word alone fits the character beside it."""
    syllable = found[0]
    if syllable in _OWN_WORDS:
        return syllable
    text = found.string
    before, after = text[max(0, found.start() - 1) : found.start()], text[found.end() : found.end() + 1]
    fitting = {(word, word[1]) for word in _by_sound().get((before, syllable), ())}
    if after not in _LIGHT:
        fitting |= {(word, word[0]) for word in _by_sound().get((syllable, after), ())}
    return next(iter(fitting))[1] if len(fitting) == 1 else syllable


@cache
def _words() -> dict[str, int]:
    """Words of public messages and in how many they stand."""
    return read_frequencies()[0]


@cache
def _by_sound() -> dict[tuple[str, str], list[str]]:
    """Frequent words of two characters by one of them and the other's toneless pinyin, in their order."""
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for word, (first, second) in _sounded(w for w, n in _words().items() if n >= _FREQUENT and len(w) == 2):
        found[word[0], second].append(word)
        found[first, word[1]].append(word)
    return dict(found)


def _sounded(words: Iterable[str]) -> Iterable[tuple[str, tuple[str, str]]]:
    from pypinyin import lazy_pinyin  # its tables take long to load and few texts need them

    for word in words:
        sounds = lazy_pinyin(word)
        if len(sounds) == 2:
            yield word, (sounds[0], sounds[1])
