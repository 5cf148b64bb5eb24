"""The YAML of the how-to pages on forums and WordPress is read as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.sources import read_sources
from config.yamlfile import read_yaml

DOCS = Path(__file__).resolve().parents[2] / "docs" / "how-to"


@pytest.mark.parametrize(("name", "kind"), [("forum", "forum"), ("wordpress", "wordpress")])
def test_the_yaml_of_the_how_to_works(tmp_path: Path, name: str, kind: str) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (DOCS / f"{name}.md").read_text("utf-8"), re.S)
    whole = [block for block in blocks if "kind:" in block]
    parts = [block for block in blocks if "kind:" not in block]
    assert whole
    for number, block in enumerate([*whole, *(whole[0] + part for part in parts)]):
        path = tmp_path / f"{number}.yaml"
        path.write_text(block, "utf-8")
        (source,) = read_sources(read_yaml(path))
        assert source.kind == kind
