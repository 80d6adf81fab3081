"""Dockerfiles, compose file and their settings agree with each other and with the code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml

from api.settings import Settings
from nmt import __version__
from nmt.bundle import DEFAULT_BUNDLE

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILES = [ROOT / "docker" / f"{kind}.Dockerfile" for kind in ("cpu", "gpu")]
FIXED = {"HOST", "PORT", "DATA_FOLDER", "DEVICE", "FORWARDED_ALLOW_IPS"}
"""Settings that images and compose file decide."""


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.fixture
def services() -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = yaml.safe_load(read("docker-compose.yml"))["services"]
    return found


def test_dockerfiles_differ_only_in_their_heads() -> None:
    cpu, gpu = (path.read_text(encoding="utf-8").split("\n# ---- ", 1) for path in DOCKERFILES)
    assert cpu[1] == gpu[1]
    assert cpu[0] != gpu[0]


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: str(path.name))
def test_image_version_is_the_projects(dockerfile: Path) -> None:
    text = dockerfile.read_text(encoding="utf-8")
    assert re.findall(r"^ARG VERSION=(.*)$", text, re.MULTILINE) == [__version__]


def test_compose_names_images_of_this_version() -> None:
    versions = re.findall(r"korean-nmt:([\w.]+?)(?:-gpu)?\b[}\n]", read("docker-compose.yml"))
    assert versions == [__version__, __version__]


@pytest.mark.parametrize("file", ["docker-compose.yml", ".env.example"])
def test_every_setting_can_be_given_to_compose(file: str) -> None:
    wanted = {f"NMT_{name.upper()}" for name in Settings.model_fields}
    wanted -= {f"NMT_{name}" for name in FIXED}
    assert sorted(wanted - set(re.findall(r"NMT_[A-Z_]+", read(file)))) == [], f"add to {file}"


def test_env_example_holds_only_what_compose_reads() -> None:
    named = set(re.findall(r"^#?([A-Z_]+)=", read(".env.example"), re.MULTILINE))
    compose = read("docker-compose.yml")
    read_by_compose = set(re.findall(r"\$\{([A-Z_]+)", compose))
    read_by_compose |= set(re.findall(r"^  (NMT_[A-Z_]+):$", compose, re.MULTILINE))
    assert named - read_by_compose == {"COMPOSE_PROFILES"}
    assert read_by_compose - named == set()


def test_every_service_is_hardened_and_limited(services: dict[str, dict[str, object]]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["restart"] == "unless-stopped", name
        assert {"mem_limit", "pids_limit", "logging"} <= set(service), name


def test_only_proxy_and_grafana_have_ports(services: dict[str, dict[str, object]]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert set(published) == {"proxy", "grafana"}
    assert all("127.0.0.1:" in str(ports) for ports in published.values())


def test_files_that_compose_mounts_exist(services: dict[str, dict[str, object]]) -> None:
    mounts = [str(mount) for service in services.values() for mount in service.get("volumes", [])]  # type: ignore[attr-defined]
    files = [mount.split(":")[0] for mount in mounts if mount.startswith("./")]
    assert len(files) >= 5
    assert [file for file in files if not (ROOT / file).exists()] == []


def test_only_the_default_bundle_enters_the_images() -> None:
    lines = read(".dockerignore").splitlines()
    assert lines[1] == "*"
    assert [line for line in lines if "bundles" in line] == [
        "nmt/bundles/*",
        f"!nmt/bundles/{DEFAULT_BUNDLE}",
    ]


def test_dashboard_has_panels_with_queries_and_places_of_their_own() -> None:
    dashboard = json.loads(read("docker/grafana/dashboards/korean-nmt.json"))
    panels = dashboard["panels"]
    assert all(panel["targets"] for panel in panels if panel["type"] != "row")
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (place["x"] + dx, place["y"] + dy)
        for place in (panel["gridPos"] for panel in panels)
        for dx in range(place["w"])
        for dy in range(place["h"])
    ]
    assert len(set(cells)) == len(cells), "panels overlap"


@pytest.fixture
def answering() -> Iterator[tuple[dict[str, int], str]]:
    """A server's answers by path, which may be changed, and its port."""
    answers = {"/readyz": 200}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answers.get(self.path, 404))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield answers, str(server.server_port)
        server.shutdown()


def check_health(port: str) -> tuple[int, str]:
    environment = {**os.environ, "NMT_PORT": port, "http_proxy": "http://127.0.0.1:1"}
    command = [sys.executable, "-I", "-S", str(ROOT / "docker" / "healthcheck.py")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=30)
    return done.returncode, done.stdout


def test_healthcheck_passes_when_the_service_is_ready(
    answering: tuple[dict[str, int], str],
) -> None:
    assert check_health(answering[1]) == (0, "/readyz: 200\n")


def test_healthcheck_fails_when_it_is_not_ready_or_not_there(
    answering: tuple[dict[str, int], str],
) -> None:
    answers, port = answering
    answers["/readyz"] = 503
    assert check_health(port) == (1, "/readyz: 503\n")
    code, said = check_health("1")
    assert code == 1
    assert "port 1: ConnectionRefusedError" in said
