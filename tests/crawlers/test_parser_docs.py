"""The declarations in the how-to pages of feeds, sitemaps and imports load as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.sources import read_sources
from config.yamlfile import parse_yaml

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to"


@pytest.mark.parametrize("kind", ["feed", "sitemap", "import"])
def test_each_declaration_loads(kind: str) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (HOW_TO / f"{kind}.md").read_text(encoding="utf-8"), re.S)
    assert len(blocks) >= 2
    for block in blocks:
        (source,) = read_sources(parse_yaml(block, name=f"{kind}.md"))
        assert source.kind == kind
