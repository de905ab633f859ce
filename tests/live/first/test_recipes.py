"""The recipes of the pages are valid to the programs that they are for, where those are installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[3] / "docs"


def blocks(page: str, begins: str = "", *, of: str = "") -> list[str]:
    """Code blocks of a page, of a language, that begin with a text."""
    found: list[str] = []
    language: str | None = None
    for line in (DOCS / page).read_text(encoding="utf-8").splitlines(keepends=True):
        if not line.startswith("```"):
            if language == of:
                found[-1] += line
        elif language is None:
            language = line.strip().removeprefix("```")
            found += [""] if language == of else []
        else:
            language = None
    return [one for one in found if one.startswith(begins)]


def program(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def certificate(folder: Path) -> tuple[Path, Path]:
    key, certificate = folder / "alerts.key", folder / "alerts.pem"
    subprocess.run(
        [
            program("openssl"),
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=alerts.example.org",
            "-keyout",
            str(key),
            "-out",
            str(certificate),
        ],
        check=True,
        capture_output=True,
    )
    return key, certificate


def test_nginx(tmp_path):
    nginx = program("nginx")
    [recipe] = blocks("live_security.md", of="nginx")
    key, pem = certificate(tmp_path)
    recipe = re.sub(r"/etc/nginx/alerts\.key", str(key), recipe)
    recipe = re.sub(r"/etc/nginx/(alerts|tradingview-issuer)\.pem", str(pem), recipe)
    own = "".join(
        f"{name}_temp_path {tmp_path}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = tmp_path / "nginx.conf"
    file.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{own}{recipe}}}\n", encoding="utf-8")
    done = subprocess.run(
        [nginx, "-t", "-p", str(tmp_path), "-c", str(file), "-g", f"error_log {tmp_path}/error.log;"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "8001" not in recipe


def test_caddy(tmp_path):
    caddy = program("caddy")
    [recipe] = blocks("live_security.md", "alerts.example.org {", of="")
    _, pem = certificate(tmp_path)
    version = subprocess.run([caddy, "version"], capture_output=True, text=True, check=True).stdout
    number = re.search(r"v?(\d+)\.(\d+)", version)
    if number is not None and (int(number[1]), int(number[2])) < (2, 8):
        recipe = recipe.replace("trust_pool file ", "trusted_ca_cert_file ")
    recipe = recipe.replace("/etc/caddy/tradingview-issuer.pem", str(pem))
    file = tmp_path / "Caddyfile"
    file.write_text(recipe, encoding="utf-8")
    done = subprocess.run(
        [caddy, "validate", "--adapter", "caddyfile", "--config", str(file)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert "8001" not in recipe


@pytest.mark.parametrize("number", [0, 1, 2])
def test_systemd(number, tmp_path):
    analyze = program("systemd-analyze")
    unit = [*blocks("live_recipes.md", of="ini"), *blocks("live.md", "[Unit]", of="ini")][number]
    unit = re.sub(r"ExecStart=\S+", f"ExecStart={sys.executable}", unit)
    unit = re.sub(r"User=zepix", "User=root", unit)
    file = tmp_path / "zepix.service"
    file.write_text(unit, encoding="utf-8")
    done = subprocess.run([analyze, "verify", str(file)], capture_output=True, text=True, check=False)
    told = [line for line in done.stderr.splitlines() if "zepix.service" in line]
    assert not told, done.stderr


def test_the_settings_that_recipes_name_are_settings(tmp_path):
    import tomllib

    from zepix_live.settings import read_settings

    for page in ("first_alert.md", "live_recipes.md", "live_security.md"):
        for block in blocks(page, "[live.receiver]", of="toml"):
            table = tomllib.loads(block)["live"]["receiver"]
            assert read_settings(tmp_path, table, {})


def test_the_tunnel_hands_on_these_paths_alone():
    [recipe] = blocks("live_recipes.md", "tunnel:", of="yaml")
    path = re.search(r"path: (\S+)", recipe)
    assert path is not None
    is_open = re.compile(path[1])
    assert all(is_open.search(one) for one in ("/webhook", "/webhook/tradingview/TOKEN", "/api/health"))
    assert not any(
        is_open.search(one) for one in ("/api/status", "/api/operator", "/webhooks", "/x/webhook", "/metrics")
    )
