"""One module a group of commands; importing this package registers them all."""

from __future__ import annotations

from pipeline.cli.commands import (
    alerts,
    ask,
    backtest,
    cases,
    cases_told,
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
    setup,
    show,
    sources,
    words,
    work,
)

__all__ = [
    "alerts",
    "ask",
    "backtest",
    "cases",
    "cases_told",
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
    "setup",
    "show",
    "sources",
    "words",
    "work",
]
