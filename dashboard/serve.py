"""The command that serves the dashboard: Streamlit with every setting said on the command line."""

from __future__ import annotations

import ipaddress
import sys
from pathlib import Path

from config.errors import ConfigError
from config.project import Project
from config.text import tr

_APP = Path(__file__).resolve().parent / "app.py"
# Streamlit would read a `.streamlit` folder of whatever directory it is started in; flags are the same everywhere.
_FLAGS = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.enableXsrfProtection": "true",
    "server.enableCORS": "true",
    "server.showEmailPrompt": "false",
    "server.maxUploadSize": "1",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "runner.magicEnabled": "false",
    "theme.font": "'Noto Sans CJK SC', 'Noto Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif",
    "theme.baseFontSize": "15",
    "theme.baseRadius": "0.4rem",
    "theme.light.primaryColor": "#1f6f8b",
    "theme.light.backgroundColor": "#ffffff",
    "theme.light.secondaryBackgroundColor": "#f3f6f7",
    "theme.light.textColor": "#1c2a30",
    "theme.dark.primaryColor": "#5fb3cc",
    "theme.dark.backgroundColor": "#12191d",
    "theme.dark.secondaryBackgroundColor": "#1b252a",
    "theme.dark.textColor": "#e3eaed",
}


def is_loopback(address: str) -> bool:
    """Whether that address is this machine and nothing else."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def serve_command(project: Project, *, port: int, address: str = "127.0.0.1") -> list[str]:
    """The arguments that serve the dashboard of `project`; run them with QINGYU_PROJECT set to its root.

    Raises ConfigError for an address that others could reach: there is no login yet.
    """
    if not is_loopback(address):
        message = tr(
            "看板没有登录功能，只能在本机地址 127.0.0.1 上提供，不能用 {a}；"
            "要从别的机器看，请用 SSH 转发：ssh -L {p}:127.0.0.1:{p} 本机",
            "the dashboard has no login, so it is served on 127.0.0.1 only, not on {a}; "
            "to look from another machine, forward the port: ssh -L {p}:127.0.0.1:{p} this-host",
            a=address,
            p=port,
        )
        raise ConfigError(message, root=str(project.root))
    flags = {**_FLAGS, "server.address": address, "server.port": str(port)}
    return [
        sys.executable,
        "-P",
        "-m",
        "streamlit",
        "run",
        str(_APP),
        *(f"--{key}={value}" for key, value in flags.items()),
    ]
