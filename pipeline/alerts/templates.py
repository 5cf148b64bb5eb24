"""Templates of alerts: the project's own `config/templates/` first, else the shipped ones, also where an own one is broken."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape
from jinja2.sandbox import SandboxedEnvironment

from config.project import Project
from config.settings import SHIPPED
from config.text import tr

logger = logging.getLogger(__name__)
# Every template there is; one that stands in a project's folder replaces the shipped one of its name.
NAMES = (
    "alert_subject.txt",
    "alert.txt",
    "alert.html",
    "alert_letter.txt",
    "alert_letter.html",
    "alert_chat.txt",
    "alert_ack.html",
)
_SHIPPED = FileSystemLoader(SHIPPED / "templates")
# A template of an operator can be broken in more ways than Jinja tells: a filter may raise anything of these.
_BROKEN = (TemplateError, OSError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)


@dataclass(frozen=True)
class Templates:
    """The templates of a project. own: its folder; faults: what was wrong with them, filled while they are used."""

    own: Path
    faults: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, project: Project) -> Templates:
        """Those of `project`."""
        return cls(project.config_dir / "templates")

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """The template `name` (one of NAMES) filled in. Where the project's own is broken it says so and uses the shipped one."""
        if (self.own / name).is_file():
            try:
                return (
                    _environment(ChoiceLoader([FileSystemLoader(self.own), _SHIPPED])).get_template(name).render(values)
                )
            except _BROKEN as error:
                self._tell(name, error)
        return _environment(_SHIPPED).get_template(name).render(values)

    def _tell(self, name: str, error: Exception) -> None:
        fault = fault_of(self.own / name, error)
        if fault not in self.faults:
            self.faults.append(fault)
        # The message of Jinja names a variable or a sign, never what was filled in; others are named by their kind.
        logger.error("alerts template broken, shipped one used fault=%s", fault)


def fault_of(path: Path, error: Exception) -> str:
    """What is wrong with a template: file, line, problem, remedy."""
    number = getattr(error, "lineno", None) or _line_of(error, path.name)
    what = str(error.message) if isinstance(error, TemplateError) and error.message else type(error).__name__
    return tr(
        "{f}:{n}: 模板有误（{w}）；已改用自带的模板，改正后下一封起生效",
        "{f}:{n}: the template is broken ({w}); the shipped one is used, mend it and the next mail has it",
        f=path,
        n=number or 1,
        w=what[:200],
    )


def _line_of(error: Exception, name: str) -> int:
    """The line of the template that raised: Jinja writes it into the traceback."""
    at, found = error.__traceback__, 0
    while at is not None:
        if Path(at.tb_frame.f_code.co_filename).name == name:
            found = at.tb_lineno
        at = at.tb_next
    return found


def _environment(loader: BaseLoader) -> SandboxedEnvironment:
    made = SandboxedEnvironment(
        loader=loader,
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,  # a misspelt name is a fault, not an empty place in an alert
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    made.globals["tr"] = tr
    return made
