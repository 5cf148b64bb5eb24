"""A real WordPress on loopback, from Debian's packages: MariaDB on a socket and PHP's own server, all in one folder."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WORDPRESS = Path("/usr/share/wordpress")
CONTENT = Path("/var/lib/wordpress/wp-content")
PROGRAMS = ("php", "mariadbd", "mariadb-install-db", "mariadb")
PACKAGES = "wordpress wordpress-theme-twentytwentyone mariadb-server php-cli php-mysql php-curl php-xml php-mbstring"
SEED = Path(__file__).with_name("wordpress_seed.php")
_CONFIG = """<?php
define('DB_NAME', 'wp'); define('DB_USER', 'root'); define('DB_PASSWORD', ''); define('DB_HOST', 'localhost:{socket}');
define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('WP_HOME', '{url}'); define('WP_SITEURL', '{url}'); define('WP_CONTENT_DIR', __DIR__ . '/wp-content');
define('DISABLE_WP_CRON', true); define('AUTOMATIC_UPDATER_DISABLED', true); define('WP_HTTP_BLOCK_EXTERNAL', true);
define('WP_DEFAULT_THEME', '{theme}'); define('WP_MEMORY_LIMIT', '256M');
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""
_ROUTER = """<?php
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if (file_exists(__DIR__ . '/deny') && preg_match(trim(file_get_contents(__DIR__ . '/deny')), $_SERVER['REQUEST_URI'])) {
    http_response_code(403); echo 'closed'; return true;
}
file_put_contents(__DIR__ . '/requests.log', $_SERVER['REQUEST_URI'] . "\\n", FILE_APPEND | LOCK_EX);
if ($path !== '/' && is_file(__DIR__ . $path)) return false;
$_SERVER['SCRIPT_NAME'] = '/index.php'; $_SERVER['PHP_SELF'] = '/index.php';
require __DIR__ . '/index.php';
"""


def missing() -> list[str]:
    """What this machine lacks to run WordPress; empty when nothing."""
    lacking = [program for program in PROGRAMS if shutil.which(program) is None]
    return lacking + [str(path) for path in (WORDPRESS, CONTENT) if not path.is_dir()]


@dataclass(frozen=True, slots=True)
class WordPress:
    """A running site. folder: its document root; url: without an end slash."""

    folder: Path
    url: str

    def seed(self, plan: Mapping[str, Any]) -> None:
        """Carry out a plan of `wordpress_seed.php`. Raises CalledProcessError when WordPress refuses."""
        path = self.folder / "plan.json"
        path.write_text(json.dumps({"host": self.url.partition("//")[2], **plan}, ensure_ascii=False), "utf-8")
        subprocess.run(["php", str(SEED), str(self.folder), str(path)], check=True, stdout=subprocess.DEVNULL)

    def close(self, pattern: str) -> None:
        """Answer 403 from now on to addresses that match `pattern` (a PHP regular expression), "" to none."""
        deny = self.folder / "deny"
        if pattern:
            deny.write_text(pattern, "utf-8")
        else:
            deny.unlink(missing_ok=True)

    def requests(self) -> list[str]:
        """What was asked so far; forgets it."""
        log = self.folder / "requests.log"
        lines = log.read_text("utf-8").splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines


@contextmanager
def wordpress(folder: Path, *, theme: str = "twentytwentyone") -> Iterator[WordPress]:
    """A fresh WordPress below `folder`; stopped at the end."""
    root = folder / "wp"
    shutil.copytree(WORDPRESS, root, symlinks=False, ignore=shutil.ignore_patterns("wp-content", "wp-config.php"))
    shutil.copytree(CONTENT, root / "wp-content", ignore_dangling_symlinks=True)
    with _database(folder) as db:
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        (root / "wp-config.php").write_text(_CONFIG.format(socket=db, url=url, theme=theme), "utf-8")
        (root / "router.php").write_text(_ROUTER, "utf-8")
        with _server(root, port):
            yield WordPress(root, url)


@contextmanager
def _database(folder: Path) -> Iterator[Path]:
    data, sock = folder / "db", folder / "db.sock"
    common = ["--no-defaults", f"--datadir={data}", f"--user={os.environ.get('USER') or 'root'}"]
    install = ["mariadb-install-db", *common, "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(install, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    log = (folder / "db.log").open("wb")
    daemon = ["mariadbd", *common, f"--socket={sock}", "--skip-networking", f"--pid-file={folder / 'db.pid'}"]
    process = subprocess.Popen([*daemon, "--innodb-flush-log-at-trx-commit=0"], stdout=log, stderr=log)
    try:
        create = [
            "mariadb",
            "--no-defaults",
            f"--socket={sock}",
            "-uroot",
            "-e",
            "CREATE DATABASE wp CHARACTER SET utf8mb4",
        ]
        _until(lambda: subprocess.run(create, stderr=subprocess.DEVNULL).returncode == 0, process, "MariaDB")
        yield sock
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


@contextmanager
def _server(root: Path, port: int) -> Iterator[None]:
    log = (root.parent / "php.log").open("wb")
    command = ["php", "-d", "display_errors=0", "-S", f"127.0.0.1:{port}", "-t", str(root), str(root / "router.php")]
    process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _until(lambda: _answers(f"http://127.0.0.1:{port}/readme.html"), process, "php -S")
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _until(ready: Any, process: subprocess.Popen[bytes], name: str) -> None:
    """Wait, a minute at most, until `ready()`. Raises RuntimeError when the program ended or never got ready."""
    deadline = time.monotonic() + 60
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{name} did not start")
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
