"""The user's language: Chinese by default, English by setting.

Both wordings stand side by side where they are used, so neither can be forgotten when the other changes.
"""

from __future__ import annotations

import os
from typing import Literal

Language = Literal["zh", "en"]

# The one process-wide state of this room: help texts of the command line are built at import, before settings are read,
# so the environment decides first and the settings may change it later.
_language: Language = "en" if os.environ.get("QINGYU_LANGUAGE", "zh").lower().startswith("en") else "zh"


def language() -> Language:
    """The language messages are given in now."""
    return _language


def set_language(new: Language) -> None:
    """Give messages in `new` from now on; called once at the edge, after the settings are read."""
    global _language
    _language = new


def tr(zh: str, en: str, /, **values: object) -> str:
    """The wording of the current language, with `{name}` places filled from `values` (plain, never interpreted)."""
    wording = zh if _language == "zh" else en
    return wording.format(**values) if values else wording
