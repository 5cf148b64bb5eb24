"""`config/deploy/`: what the unit files and the compose file promise is in them, and what they call exists."""

import configparser
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from pipeline.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "config" / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
SERVERS = ("elasticsearch", "kibana", "postgres")
ONCE = ("certificates", "users")
SECRET = re.compile(r"PASSWORD|ENCRYPTIONKEY$")
# `${NAME:?…}`: compose refuses to start where it is not set.
REQUIRED = re.compile(r"\$\{([A-Z_]+):\?[^}]+\}")
HARDENING = {
    "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes", "PrivateDevices": "yes",
    "ProtectKernelTunables": "yes", "ProtectKernelModules": "yes", "ProtectControlGroups": "yes", "RestrictSUIDSGID": "yes",
    "RestrictNamespaces": "yes", "LockPersonality": "yes", "CapabilityBoundingSet": "", "UMask": "0077",
}  # fmt: skip


class _Many(dict[str, Any]):
    """Keys that stand more than once keep all their values, one a line."""

    def __setitem__(self, key: str, value: Any) -> None:
        old = self.get(key)
        super().__setitem__(key, [*old, *value] if isinstance(value, list) and isinstance(old, list) else value)


def unit(path: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False, dict_type=_Many, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path, encoding="utf-8")
    return parser


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_runs_a_command_that_exists_as_a_user_of_its_own(path: Path) -> None:
    import pipeline.cli.commands  # noqa: F401 - registers the commands

    service = unit(path)["Service"]
    program, *words = service["ExecStart"].split()
    assert program == "/opt/qingyu/.venv/bin/qingyu"
    assert words[0] in typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert len(words) == 1
    assert (service["User"], service["Group"]) == ("qingyu", "qingyu")
    assert service["Restart"] == "on-failure" and service["RestartPreventExitStatus"] == "2"
    for name, wanted in HARDENING.items():
        assert service[name] == wanted, name
    assert service["ReadWritePaths"].split()[0] == "/srv/qingyu"
    assert "PASSWORD" not in path.read_text(encoding="utf-8").upper()
    assert unit(path)["Install"]["WantedBy"] == "multi-user.target"


def test_the_dashboard_is_for_this_machine_alone() -> None:
    service = unit(DEPLOY / "systemd" / "qingyu-dashboard.service")["Service"]
    assert (service["IPAddressDeny"], service["IPAddressAllow"]) == ("any", "localhost")


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_understands_a_unit_and_finds_it_tight(path: Path, tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd here")
    here = tmp_path / path.name
    # It looks whether the program is there.
    here.write_text(path.read_text(encoding="utf-8").replace("/opt/qingyu/.venv/bin/qingyu", sys.executable))
    verified = subprocess.run(["systemd-analyze", "verify", here], capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stderr
    assert path.name not in verified.stderr, verified.stderr
    argv = ["systemd-analyze", "security", "--offline=yes", "--threshold=20", "--no-pager", here]
    rated = subprocess.run(argv, capture_output=True, text=True, check=False)
    if "unrecognized option" in rated.stderr:
        pytest.skip("this systemd cannot rate a file")
    assert rated.returncode == 0, rated.stdout[-500:] + rated.stderr


def test_every_secret_must_be_set_and_none_stands_in_the_file(compose: dict[str, Any]) -> None:
    found = set()
    for name, service in compose["services"].items():
        for key, value in service.get("environment", {}).items():
            if SECRET.search(key):
                match = REQUIRED.fullmatch(str(value))
                assert match, f"{name}.{key}"
                found.add(match[1])
    example = dict(
        line.split("=", 1)
        for line in (DEPLOY / "env.example").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
    assert found == {"ELASTIC_PASSWORD", "KIBANA_PASSWORD", "QINGYU_ES_PASSWORD", "KIBANA_KEY", "POSTGRES_PASSWORD"}
    assert all(example[name] == "" for name in found)
    needed = set(REQUIRED.findall((DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    assert needed <= set(example), "each that must be set stands in the example"


def test_the_env_file_is_never_committed() -> None:
    ignored = subprocess.run(["git", "check-ignore", "-q", "config/deploy/.env"], cwd=ROOT, check=False)
    assert ignored.returncode == 0


def test_security_is_on(compose: dict[str, Any]) -> None:
    es, kibana = (compose["services"][name]["environment"] for name in ("elasticsearch", "kibana"))
    for key in ("enabled", "http.ssl.enabled", "transport.ssl.enabled"):
        assert es[f"xpack.security.{key}"] == "true"
    assert es["xpack.security.transport.ssl.verification_mode"] == "full"
    assert kibana["SERVER_SSL_ENABLED"] == "true"
    assert kibana["ELASTICSEARCH_HOSTS"].startswith("https://")
    assert kibana["ELASTICSEARCH_USERNAME"] == "kibana_system"
    assert kibana["ELASTICSEARCH_SSL_CERTIFICATEAUTHORITIES"].endswith("ca.crt")
    assert "verification" not in json.dumps(kibana).lower(), "nothing is switched off"
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    assert "-k " not in text and "--insecure" not in text


def test_ports_are_on_loopback_data_in_volumes_and_health_is_asked(compose: dict[str, Any]) -> None:
    volumes, used = set(compose["volumes"]), set()
    for name, service in compose["services"].items():
        assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", [])), name
        for mount in service["volumes"]:
            source = mount.split(":")[0]
            used.add(source)
            if source.startswith("./"):
                assert (DEPLOY / source).is_dir() and mount.endswith(":ro")
    assert {source for source in used if not source.startswith(".")} == volumes
    for name in SERVERS:
        service = compose["services"][name]
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] == "CMD-SHELL" and service["healthcheck"]["retries"] >= 10
        assert "no-new-privileges:true" in service["security_opt"]
        assert any(mount.split(":")[0].endswith("-data") for mount in service["volumes"])
    for name in ONCE:
        assert compose["services"][name]["restart"] == "no"
        script = compose["services"][name]["command"][1].replace("/deploy/", "")
        assert (DEPLOY / "elasticsearch" / script).is_file()
    assert [n for n, s in compose["services"].items() if any(m.startswith("ca:") for m in s["volumes"])] == [
        "certificates"
    ]


def test_each_starts_after_what_it_needs(compose: dict[str, Any]) -> None:
    services = compose["services"]
    needs = {name: {k: v["condition"] for k, v in s.get("depends_on", {}).items()} for name, s in services.items()}
    assert needs["elasticsearch"] == {"certificates": "service_completed_successfully"}
    assert needs["users"] == {"elasticsearch": "service_healthy"}
    assert needs["kibana"] == {"users": "service_completed_successfully"}
    assert set(services) == {*SERVERS, *ONCE}


def test_no_file_names_a_host_of_images(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        plain = re.sub(r"\$\{[^}]*\}", "X", service["image"])
        assert plain in ("X/elasticsearch/elasticsearch:X", "X/kibana/kibana:X", "postgres:X"), name
    assert "STACK_VERSION=9.2" in (DEPLOY / "env.example").read_text(encoding="utf-8")


def test_who_may_what() -> None:
    writer, reader = (
        json.loads((DEPLOY / "elasticsearch" / f"role-{n}.json").read_text()) for n in ("qingyu", "reader")
    )
    assert [one["names"] for one in writer["indices"]] == [["qingyu", "qingyu-*"]]
    assert not {"all", "manage_security"} & {*writer["cluster"], *writer["indices"][0]["privileges"]}
    (only,) = reader["indices"]
    assert only["names"] == ["qingyu"] and set(only["privileges"]) == {"read", "view_index_metadata"}
    assert reader["cluster"] == []


FAKE_CURL = """#!/usr/bin/env python3
import os, sys
with open(os.environ["SEEN"], "a") as file:
    file.write(repr((sys.argv[1:], sys.stdin.read())) + "\\n")
"""


def fake(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_users_are_made_without_a_password_on_a_command_line(tmp_path: Path) -> None:
    fake(tmp_path, "curl", FAKE_CURL)
    seen = tmp_path / "seen"
    secret = "Geheim_12345-678"
    env = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}", "SEEN": str(seen), "ELASTIC_URL": "https://elasticsearch:9200",
        "ELASTIC_CA": "/certs/ca.crt", "ELASTIC_PASSWORD": secret, "KIBANA_PASSWORD": secret, "QINGYU_ES_PASSWORD": secret,
    }  # fmt: skip
    script = ["bash", DEPLOY / "elasticsearch" / "users.sh"]
    subprocess.run(script, env=env, check=True, capture_output=True)
    calls = [eval(line) for line in seen.read_text().splitlines()]  # written by the fake above
    asked = {}
    for argv, said in calls:
        assert secret not in " ".join(argv)
        assert "--cacert" in argv and "--fail-with-body" in argv
        options = dict(line.split(" = ", 1) for line in said.strip().splitlines())
        body = json.loads(options["data"][1:-1].replace('\\"', '"').replace("\\\\", "\\"))
        asked[options["url"].strip('"').rpartition(":9200/")[2]] = body
    assert asked["_security/user/kibana_system/_password"] == {"password": secret}
    assert asked["_security/user/qingyu"]["roles"] == ["qingyu"]
    assert asked["_security/role/qingyu"] == json.loads((DEPLOY / "elasticsearch" / "role-qingyu.json").read_text())
    assert asked["_security/role/qingyu_reader"]["cluster"] == []
    for bad in ("short", 'quote"quote"quote', "line\nline\nline\n"):
        refused = subprocess.run(
            script, env=env | {"KIBANA_PASSWORD": bad}, check=False, capture_output=True, text=True
        )
        assert refused.returncode == 1
        assert "KIBANA_PASSWORD" in refused.stderr and bad not in refused.stderr


FAKE_CERTUTIL = """#!/usr/bin/env python3
import sys, zipfile
words = sys.argv
out = words[words.index("--out") + 1]
names = ["ca/ca.crt", "ca/ca.key"] if words[1] == "ca" else ["elasticsearch/elasticsearch.crt", "kibana/kibana.crt"]
if words[1] == "cert":
    for option in ("--ca-key", "--ca-cert", "--in"):
        open(words[words.index(option) + 1]).close()
with zipfile.ZipFile(out, "x") as made:
    for name in names:
        made.writestr(name, words[1])
"""
FAKE_UNZIP = """#!/usr/bin/env python3
import sys, zipfile
zipfile.ZipFile(sys.argv[2]).extractall(sys.argv[4])
"""


def test_certificates_are_made_once(tmp_path: Path) -> None:
    fake(tmp_path, "certutil", FAKE_CERTUTIL)
    fake(tmp_path, "unzip", FAKE_UNZIP)
    fake(tmp_path, "chown", "#!/bin/sh\n")
    ca, certs = tmp_path / "ca", tmp_path / "certs"
    ca.mkdir()
    certs.mkdir()
    env = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}", "CERTUTIL": str(tmp_path / "certutil"),
        "CA_FOLDER": str(ca), "CERTS_FOLDER": str(certs),
    }  # fmt: skip
    script = ["bash", DEPLOY / "elasticsearch" / "certificates.sh"]
    first = subprocess.run(script, env=env, check=True, capture_output=True, text=True)
    assert first.stdout == "making the CA\nmaking the certificates\n"
    assert sorted(str(path.relative_to(certs)) for path in certs.rglob("*.crt")) == [
        "ca.crt", "elasticsearch/elasticsearch.crt", "kibana/kibana.crt",
    ]  # fmt: skip
    assert not list(certs.rglob("ca.key"))
    assert stat.S_IMODE((ca / "ca" / "ca.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((certs / "kibana" / "kibana.crt").stat().st_mode) == 0o640
    assert subprocess.run(script, env=env, check=True, capture_output=True).stdout == b""
    # Killed in between: what is half there is made again.
    (certs / "done").unlink()
    assert subprocess.run(script, env=env, check=True, capture_output=True).stdout == b"making the certificates\n"
