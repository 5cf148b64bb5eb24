"""What the models over hashed n-grams share: logistic models over margins, and their artefacts."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from config.errors import ConfigError
from config.text import tr
from nlp import features

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

F64 = NDArray[np.float64]
W = TypeVar("W", bound="DataclassInstance")


def told(by: F64, model: F64) -> F64:
    """Linear model over `by` (n, k): (n, outcomes); model: (outcomes, k + 1), the last column is added."""
    return np.asarray(by @ model[:, :-1].T + model[:, -1], np.float64)


def softmax(logits: F64) -> F64:
    """Probabilities of outcomes, each row summing to 1."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float64)


def logistic(logits: F64) -> F64:
    """Probability of yes, of each logit alone."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float64)


def save_weights(weights: DataclassInstance, path: Path) -> None:
    """Writes weights whose `table` is (buckets, heads); the same weights give the same bytes."""
    values = asdict(weights)
    # Head by head neighbours are alike (many zeros), which halves the file.
    np.savez_compressed(path, **values | {"table": np.ascontiguousarray(values["table"].T)})


def load_weights(kind: type[W], path: Path, heads: int) -> tuple[W, str]:
    """Weights as `save_weights` wrote them, and their version (12 characters).

    Raises ConfigError when the file is missing, holds something else, or has another number of heads or buckets.
    """
    try:
        data = path.read_bytes()
        with np.load(path, allow_pickle=False) as saved:
            found = {field.name: saved[field.name] for field in fields(kind)}
    except (OSError, ValueError, KeyError) as error:
        message = tr(
            "{p}：不是这里的模型，请运行 make model（{e}）",
            "{p}: not the model that belongs here, run make model ({e})",
            p=path,
            e=error,
        )
        raise ConfigError(message) from error
    if found["table"].shape != (heads, features.BUCKETS):
        message = tr(
            "{p}：模型与程序版本不合，请运行 make model", "{p}: made for another version, run make model", p=path
        )
        raise ConfigError(message)
    weights = kind(**found | {"table": np.ascontiguousarray(found["table"].T)})
    return weights, hashlib.blake2b(data, digest_size=6).hexdigest()
