"""The dashboard is served on this machine only, and tells nobody."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.project import Project, init_project, open_project
from dashboard.serve import is_loopback, serve_command


@pytest.fixture
def project(tmp_path: Path) -> Project:
    init_project(tmp_path)
    return open_project(tmp_path, {})


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_loopback_is_served(project: Project, address: str) -> None:
    argv = serve_command(project, port=8765, address=address)
    assert f"--server.address={address}" in argv
    assert "--server.port=8765" in argv
    assert "--browser.gatherUsageStats=false" in argv
    assert "--server.enableXsrfProtection=true" in argv


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])
def test_an_address_others_can_reach_is_refused(project: Project, address: str) -> None:
    assert not is_loopback(address)
    with pytest.raises(ConfigError, match="127"):
        serve_command(project, port=8501, address=address)


def test_the_command_ends_with_the_reason_and_code_2(project: Project) -> None:
    argv = [sys.executable, "-m", "dashboard", "--project", str(project.root), "--address", "0.0.0.0"]
    done = subprocess.run(argv, capture_output=True, text=True, encoding="utf-8", env={**os.environ}, timeout=60)
    assert done.returncode == 2
    assert "127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr
