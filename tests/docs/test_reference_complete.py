"""The reference names every command, option, setting and source key, because it is made from them."""

import re
from pathlib import Path

import pytest

from pipeline.reference import pages

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["cli.md", "settings.md", "sources.md", "dashboards.md", "rules.md"])
def test_the_page_is_up_to_date(name: str) -> None:
    stored = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")
    assert stored == pages()[name], "run `make docs`"


def test_every_entry_says_what_it_means() -> None:
    for name, text in pages().items():
        rows = [line for line in text.splitlines() if line.startswith("| `")]
        assert rows
        for row in rows:
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
            meaning = cells[1] if name == "cli.md" else cells[3]
            assert meaning, f"{name}: {row} has no meaning"


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/**/*.md")) + [ROOT / "README.md", ROOT / "README.en.md"])
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
