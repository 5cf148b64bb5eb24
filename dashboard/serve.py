"""The command that serves the dashboard: Streamlit with every setting said on the command line."""

from __future__ import annotations

import ipaddress
import sys
from pathlib import Path

from config.errors import ConfigError
from config.project import Project
from config.text import tr
from crawlers.store import opened
from pipeline.access.accounts import any_account

_APP = Path(__file__).resolve().parent / "server.py"
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


def _guarded(project: Project) -> bool:
    """Whether people have to sign in."""
    if project.settings.oidc.discovery:
        return True
    with opened(project) as store:
        return any_account(store)


def serve_command(project: Project, *, port: int, address: str = "127.0.0.1") -> list[str]:
    """The arguments that serve the dashboard of `project`; run them with QINGYU_PROJECT set to its root.

    Raises ConfigError for an address that others could reach while nobody has to sign in.
    """
    if not is_loopback(address) and not _guarded(project):
        message = tr(
            "还没有账户，谁都能进，所以看板只在本机地址 127.0.0.1 上提供，不能用 {a}；"
            "先建一个管理员：qingyu user add 名字 --role admin，或用 SSH 转发：ssh -L {p}:127.0.0.1:{p} 本机",
            "there is no account, so anybody could enter: the dashboard is served on 127.0.0.1 only, not on {a}; "
            "make an administrator first: qingyu user add NAME --role admin, or forward the port: "
            "ssh -L {p}:127.0.0.1:{p} this-host",
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
