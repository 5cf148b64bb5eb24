"""How well reposts are found, on edited copies and notices of our own: `python -m nlp.copies_report --data DIR [--json]`."""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp.copies import band_keys, normal_form
from nlp.copy_clusters import Post, place
from nlp.copy_relation import relation
from nlp.notice_frames import notices

# Texts of the data with a higher Jaccard, or held in each other by more than that, are reposts themselves.
REPEATED = 0.5
HELD = 0.8
Pair = tuple[int, int]
Edit = Callable[[str, random.Random], str]

# Characters that random edits put in: frequent ones, digits among them as often as they are in posts.
_TYPED = (
    "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天而能好都然没"
    "日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理"
    "美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北"
    "少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感"
    "金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认"
    "算论百吃义科怎元社术结六功指思非流每青管夫连远资队跟带花快条院变联言权往展该领传近留红治决周保达办运武半候七必城父强步完"
    "革深区即求品士转量空甚众技轻程告江语英基派满式李息写呢识极令黄德收脸钱党倒未持取设始版双历越史商千片容研像找友孩站广改议"
    "形委早房音火际则首单据导影失拿网香似斯专石若兵弟谁校读志飞观争究包组造落视济喜离虽坏兴切"
    "0123456789"
)
_ADDED = (
    "这件事大家怎么看？",
    "希望有关部门尽快核实处理。",
    "已经向街道反映，等待答复。",
    "有同样情况的邻居请留言。",
    "来源：网友爆料，未经核实。",
)
_PREFIXES = (
    "转发微博：",
    "转：",
    "【转】",
    "//@热心市民：",
    "转发微博 //@城事播报：",
    "RT @本地同城: ",
    "[转发] ",
    "转自@身边事：",
)


def edited(share: float) -> Edit:
    """Substitutes, inserts or deletes a random character at `share` of the positions."""

    def edit(text: str, rng: random.Random) -> str:
        characters = list(text)
        for _ in range(max(1, round(share * len(text)))):
            at, kind = rng.randrange(len(characters)), rng.randrange(3)
            put = [rng.choice(_TYPED)] if kind < 2 else []
            characters[at : at + (kind != 1)] = put
        return "".join(characters)

    return edit


KINDS: dict[str, Edit] = {
    "edits_5": edited(0.05),
    "edits_10": edited(0.10),
    "edits_20": edited(0.20),
    "cut_70": lambda text, rng: text[: round(0.7 * len(text))],
    "prefix": lambda text, rng: rng.choice(_PREFIXES) + text,
    "extended": lambda text, rng: text + rng.choice(_ADDED),
}


def candidates(keys: NDArray[np.uint32], *, most: int = 50) -> Iterator[Pair]:
    """Pairs (i < j) that share a key in a band, each once; of a key with more than `most` texts only neighbours."""
    seen: set[Pair] = set()
    for band in range(keys.shape[1]):
        groups: dict[int, list[int]] = defaultdict(list)
        for number, key in enumerate(keys[:, band].tolist()):
            if key:
                groups[key].append(number)
        for group in groups.values():
            for at, one in enumerate(group):
                seen.update((one, two) for two in group[at + 1 : at + 1 + most])
    yield from sorted(seen)


def speed(texts: Sequence[str]) -> float:
    """Texts of 50 characters a second that get their keys, in batches of 1,000."""
    cut = [text[:50] for text in texts if len(text) >= 50] or list(texts)
    started = time.perf_counter()
    for start in range(0, len(cut), 1_000):
        band_keys(cut[start : start + 1_000])
    return len(cut) / (time.perf_counter() - started)


def _copies_found(texts: Sequence[str], edit: Edit, rng: random.Random) -> tuple[float, float]:
    """Shares of the copies that share a band with their original, and that are found to be copies."""
    copies = [edit(text, rng) for text in texts]
    shared = (band_keys(texts) == band_keys(copies)).any(axis=1)
    pairs = [(texts[number], copies[number]) for number in np.flatnonzero(shared).tolist()]
    return len(pairs) / len(texts), sum(relation(two, one) is not None for one, two in pairs) / len(texts)


def _repeats(a: str, b: str) -> bool:
    """Whether two texts of the data repeat each other as they are, by sets of character pairs alone."""
    left, right = ({form[at : at + 2] for at in range(len(form) - 1)} for form in (normal_form(a), normal_form(b)))
    shared = len(left & right)
    return shared >= REPEATED * len(left | right) or shared >= HELD * min(len(left), len(right))


def _precision(texts: Sequence[str], rng: random.Random) -> dict[str, object]:
    """All pairs that are found among the texts and one copy of each (10 % edits): right if of the same text.

    repeats: pairs of texts that repeat each other in the data as it is (`_repeats`); neither right nor wrong.
    """
    both = [*texts, *(KINDS["edits_10"](text, rng) for text in texts)]
    pairs = list(candidates(band_keys(both)))
    found = [(one, two) for one, two in pairs if relation(both[one], both[two])]
    right = sum(two - one == len(texts) for one, two in found)
    other = [(one % len(texts), two % len(texts)) for one, two in found if two - one != len(texts)]
    repeats = sum(_repeats(texts[one], texts[two]) for one, two in other)
    return {
        "candidates": len(pairs),
        "found": len(found),
        "repeats": repeats,
        "precision": round(right / max(1, len(found) - repeats), 4),
        "precision_with_repeats": round(right / max(1, len(found)), 4),
    }


def _notices_merged(rng: random.Random) -> dict[str, object]:
    """Share of the pairs of notices of one frame that are taken for copies; share that are candidates at all."""
    merged = pairs = met = 0
    for group in notices(rng):
        keys = band_keys(group)
        for one in range(len(group)):
            for two in range(one + 1, len(group)):
                pairs += 1
                met += bool((keys[one] == keys[two]).any())
                merged += relation(group[one], group[two]) is not None
    return {"pairs": pairs, "candidates": round(met / pairs, 4), "merged": round(merged / pairs, 4)}


def _clusters(texts: Sequence[str]) -> dict[str, int]:
    """Clusters of the texts as they are, in the order given; copies; of these chained: not related to their original, so
    that a rule that asks for this relation would leave them out."""
    asked: dict[str, list[str]] = defaultdict(list)
    for one, two in candidates(band_keys(texts)):
        asked[str(two)].append(str(one))
    posts = [Post(str(number), text, number) for number, text in enumerate(texts)]
    placed = place(posts, asked, {}, {}).posts
    copies = [(int(one), int(found.duplicate_of)) for one, found in placed.items() if found.duplicate_of]
    sizes = Counter(found.cluster for found in placed.values())
    return {
        "clusters": sum(size > 1 for size in sizes.values()),
        "largest": max(sizes.values(), default=0),
        "copies": len(copies),
        "chained": sum(relation(texts[one], texts[two]) is None for one, two in copies),
    }


def report(texts: Sequence[str], *, seed: int = 1) -> dict[str, object]:
    """Recall by kind of copy (and the share that LSH lets through), precision, notices merged, texts/s.

    texts: different posts, those of 20 characters and more are used.
    """
    rng = random.Random(seed)  # noqa: S311 - no secret
    kept = [text for text in dict.fromkeys(texts) if len(text) >= 20]
    found = {kind: _copies_found(kept, edit, rng) for kind, edit in KINDS.items()}
    return {
        "texts": len(kept),
        "band_shared": {kind: round(shares[0], 4) for kind, shares in found.items()},
        "recall": {kind: round(shares[1], 4) for kind, shares in found.items()},
        "precision": _precision(kept, rng),
        "notices": _notices_merged(rng),
        "clusters": _clusters(kept),
        "texts_per_second": round(speed(kept)),
    }


def read_texts(data: Path, count: int, *, seed: int = 1) -> list[str]:
    """`count` different random texts of 20 characters and more out of board and weibo data. data: holds board/, sentiment/."""
    texts: list[str] = []
    names = (
        "board/messages",
        "board/replied",
        "sentiment/weibo2018",
        "sentiment/weibo_general",
        "sentiment/weibo_epidemic",
    )
    for name in names:
        with gzip.open(data / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
            texts.extend(json.loads(line)["text"] for line in file)
    kept = [text for text in dict.fromkeys(texts) if len(text) >= 20]
    random.Random(seed).shuffle(kept)  # noqa: S311 - no secret
    return kept[:count]


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = report(read_texts(arguments.data, arguments.count))
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for key, value in found.items():
        print(f"{key}\t{value}")


if __name__ == "__main__":
    main()
