"""One module a group of commands; importing this package registers them all."""

from __future__ import annotations

from pipeline.cli.commands import (
    ask,
    backtest,
    dashboards,
    demo,
    evaluate,
    evaluate_drift,
    events,
    explain,
    keep,
    kibana,
    label,
    operate,
    rules,
    setup,
    show,
    sources,
    words,
    work,
)

__all__ = [
    "ask",
    "backtest",
    "dashboards",
    "demo",
    "evaluate",
    "evaluate_drift",
    "events",
    "explain",
    "keep",
    "kibana",
    "label",
    "operate",
    "rules",
    "setup",
    "show",
    "sources",
    "words",
    "work",
]
