"""How commands speak: tables and progress bars for people, JSON for scripts, errors with what to do."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from config.text import tr
from pipeline.cli.words import Words

SHANGHAI = ZoneInfo("Asia/Shanghai")
# Exit codes scripts can rely on.
DONE, FAILED, USAGE, PIECES = 0, 1, 2, 3

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

# Escape sequences and bidirectional overrides in web text could repaint the terminal.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def plain(value: object) -> str:
    """`value` as text that cannot steer the terminal."""
    return _UNSAFE.sub("", str(value))


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(type(value).__name__)


def emit_json(value: Any) -> None:
    """One JSON document on standard output; pure ASCII escapes only where the terminal cannot show more."""
    text = json.dumps(value, ensure_ascii=False, default=_json_value, indent=None if not sys.stdout.isatty() else 2)
    sys.stdout.write(text.encode("utf-8", "replace").decode("utf-8") + "\n")


def emit_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[int] = ()
) -> None:
    """A table on standard output. right: indices of columns with numbers."""
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain("" if cell is None else cell)) for cell in row))
    console.print(table)


def say(message: str) -> None:
    """A line on standard output, taken literally; the terminal breaks it, so that addresses and YAML can be copied."""
    console.print(Text(plain(message)), soft_wrap=True)


def complain(message: str) -> None:
    """A line on standard error, taken literally."""
    errors.print(Text(plain(message), style="red" if errors.is_terminal else ""), soft_wrap=True)


def note(message: str) -> None:
    """A line on standard error that is no complaint, taken literally."""
    errors.print(Text(plain(message)), soft_wrap=True)


@contextmanager
def progress(label: str, *, quiet: bool) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar on standard error; call the yielded function with (done, total or None)."""
    if quiet or not errors.is_terminal:
        yield lambda done, total: None
        return
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
    )
    with bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def local_time(value: datetime | None) -> str:
    """Date and time in Asia/Shanghai, to the minute; "—" for none."""
    return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if value else "—"


def counts_line(counts: Mapping[str, Any], names: Words) -> str:
    """`新帖 12，有变更 3`, in English `12 new, 3 changed`, of those counts that are not zero."""
    told = [(tr(*names[key]), counts[key]) for key in names if counts.get(key)]
    return tr("，", ", ").join(tr("{w} {n}", "{n} {w}", w=label, n=count) for label, count in told)
