"""What holds for the repository as a whole."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Built from parts, so that this file does not hold what it looks for.
REGISTRIES = ["py" + "pi", "files.python" + "hosted", "registry." + "npm", "repo." + "maven", "deb." + "debian"]


def tracked_texts() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    paths = [ROOT / name for name in listed.decode().split("\0") if name]
    return [p for p in paths if p.is_file() and p.suffix not in {".png", ".npz", ".gz", ".xlsx"}]


def test_no_file_names_a_registry_or_a_machine() -> None:
    pattern = re.compile(
        "|".join(rf"https?://[^\s\"']*{re.escape(r)}" for r in REGISTRIES) + r"|(?<![\w.])/(?:work|root|farm)/", re.I
    )
    for path in tracked_texts():
        found = pattern.search(path.read_text(encoding="utf-8", errors="replace"))
        assert not found, f"{path.relative_to(ROOT)} names {found[0]}"


def test_nothing_large_is_tracked() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in listed.decode().split("\0"):
        if name and (ROOT / name).is_file():
            assert (ROOT / name).stat().st_size <= 12_000_000, name


def test_every_make_target_is_explained_and_does_something() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z-]+):", text, re.M)
    explained = re.findall(r"^([a-z-]+):.*## \S", text, re.M)
    assert sorted(set(targets)) == sorted(set(explained))
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in explained:
        assert re.search(rf"^{target}\s+\S", shown, re.M), target


@pytest.mark.parametrize("lock", ["run.lock", "dev.lock", "elasticsearch.lock", "postgres.lock"])
def test_the_lock_pins_by_hash_and_names_no_address(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    pinned = re.findall(r"^([a-z0-9._-]+)==\S+ \\$", text, re.M)
    assert len(pinned) > 40
    assert text.count("--hash=sha256:") >= len(pinned)
