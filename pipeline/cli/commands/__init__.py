"""One module a group of commands; importing this package registers them all."""

from __future__ import annotations

from pipeline.cli.commands import ask, demo, keep, setup, show, sources, work

__all__ = ["ask", "demo", "keep", "setup", "show", "sources", "work"]
