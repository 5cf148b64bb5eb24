"""Labels of our own for messages to government, kept by message number without their texts, and those messages."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any, Literal

TRAINING = Path(__file__).resolve().parent / "training"
BOARD_LABELS = TRAINING / "board_labels.jsonl"
_BOARD_FILES = ("replied.jsonl.gz", "messages.jsonl.gz")


def board_messages(folder: Path) -> dict[int, dict[str, Any]]:
    """The messages to government of a folder by their number: id, title, text and more."""
    lines = [
        line
        for name in _BOARD_FILES
        for line in gzip.decompress((folder / name).read_bytes()).decode("utf-8").strip().split("\n")
    ]
    return {row["id"]: row for row in map(json.loads, lines)}


def board_labels(part: Literal["train", "test"]) -> list[dict[str, Any]]:
    """Our own labels of messages to government: id, sentiment, intent, appeal; of those to train with or to test on."""
    rows = [json.loads(line) for line in BOARD_LABELS.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["part"] == part]
