"""Images and compose file, built and run by a real engine.

`NMT_TEST_DOCKER_BUILD_ARGS` holds options that `docker build` needs here, e.g. of a package mirror.
HAProxy, Redis and Prometheus are their public images where the engine has them, else Debian's
packages (tests/system/stand_ins). Grafana is not run.
"""

from __future__ import annotations

import concurrent.futures
import functools
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.docker, pytest.mark.timeout(1200)]

IMAGE = "korean-nmt-test:cpu"
PUBLIC = {
    "PROXY_IMAGE": ("haproxy", "haproxy:3.2-alpine"),
    "REDIS_IMAGE": ("redis", "redis:7.4-alpine"),
    "PROMETHEUS_IMAGE": ("prometheus", "prom/prometheus:v3.5.0"),
}
WAIT_S = 90
SEPARATOR = "-- next --"
TEXT = "저는 서울에 살아요. 내일 부산에 가요."


def run(*command: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> str:
    """Runs a command that must succeed; gives its stdout."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, (
        f"{shlex.join(command)}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    )
    return done.stdout.strip()


def wait_for(claim: Callable[[], bool], what: str, logs: Callable[[], str] = str) -> None:
    """Returns once the claim is true; fails with the logs when it never is."""
    end = time.monotonic() + WAIT_S
    while not claim():
        assert time.monotonic() < end, f"{what}: not within {WAIT_S} s\n{logs()[-3000:]}"
        time.sleep(0.2)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def translate(url: str, text: str = TEXT, **headers: str) -> httpx.Response:
    return httpx.post(f"{url}/v1/translate", json={"text": text}, headers=headers, timeout=60)


def logs_of(container: str) -> str:
    return subprocess.run(["docker", "logs", container], capture_output=True, text=True).stderr


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh copy of the last commit."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    folder = tmp_path_factory.mktemp("fresh")
    run("git", "archive", "--output", str(folder / "all.tar"), "--prefix=project/", "HEAD")
    shutil.unpack_archive(folder / "all.tar", folder, filter="data")
    return folder / "project"


@pytest.fixture(scope="module")
def image(checkout: Path) -> str:
    """The CPU image, built from the fresh copy."""
    options = shlex.split(os.environ.get("NMT_TEST_DOCKER_BUILD_ARGS", ""))
    file = ["-f", "docker/cpu.Dockerfile", "-t", IMAGE]
    run("docker", "build", *options, *file, "--build-arg", "REVISION=tested", ".", cwd=checkout)
    return IMAGE


def has_image(name: str) -> bool:
    return not subprocess.run(["docker", "image", "inspect", name], capture_output=True).returncode


def compose_command() -> list[str]:
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    if subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0:
        return ["docker", "compose"]
    pytest.skip("no docker-compose")


@dataclass(frozen=True)
class Deployment:
    """docker-compose in a folder, with an environment of its own."""

    folder: Path
    environment: dict[str, str]
    url: str

    def compose(self, *arguments: str, **environment: str) -> str:
        env = self.environment | environment
        return run(*compose_command(), *arguments, cwd=self.folder, env=env)

    def containers(self, service: str) -> list[str]:
        return self.compose("ps", "-q", service).split()

    def start(self, *arguments: str, **environment: str) -> None:
        self.compose(*arguments, **environment)
        logs = functools.partial(self.compose, "logs", "--no-color")
        wait_for(lambda: is_ready(self.url), "the service behind the proxy", logs)


@pytest.fixture(scope="module")
def deployment(checkout: Path, image: str) -> Iterator[Deployment]:
    """The compose file in the fresh copy, nothing started; all is removed at the end."""
    stand_ins = ROOT / "tests" / "system" / "stand_ins"
    images = {"NMT_IMAGE": image}
    for variable, (target, public) in PUBLIC.items():
        images[variable] = public
        if not has_image(public):
            images[variable] = f"korean-nmt-test:{target}"
            run("docker", "build", "--network=host", "--target", target,
                "-t", images[variable], str(stand_ins))  # fmt: skip
    port = free_port()
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("NMT_", "COMPOSE_"))}
    project = {"COMPOSE_PROJECT_NAME": f"nmttest{port}", "NMT_PUBLISH": f"127.0.0.1:{port}"}
    found = Deployment(checkout, inherited | images | project, f"http://127.0.0.1:{port}")
    yield found
    every = [f"--profile={name}" for name in ("gpu", "cache", "monitoring")]
    found.compose(*every, "down", "--volumes", "--timeout", "5")


@pytest.fixture(scope="module")
def replicas(deployment: Deployment) -> list[str]:
    """Two replicas with a shared cache, proxy and Prometheus; gives the replicas' containers."""
    deployment.start(
        "--profile=cache", "--profile=monitoring",
        "up", "-d", "--scale", "nmt=2", "nmt", "proxy", "redis", "prometheus",
        NMT_REDIS_URL="redis://redis:6379/0", NMT_REDIS_TIMEOUT_S="5",
        NMT_BATCH_TOKENS="32", NMT_LOG_ADDRESSES="true", NMT_CACHE_BYTES="0",
    )  # fmt: skip
    wait_for(lambda: proxied(deployment) == 2, "two replicas behind the proxy")
    return deployment.containers("nmt")


def fetch(deployment: Deployment, *urls: str) -> list[str]:
    """What these addresses inside the deployment answer, seen from Prometheus' container."""
    script = 'for url; do wget -q -O - "$url" || exit; printf "%s" "$0"; done'
    (container,) = deployment.containers("prometheus")
    said = run("docker", "exec", container, "sh", "-c", script, SEPARATOR, *urls)
    return said.removesuffix(SEPARATOR).split(SEPARATOR)


def ask_prometheus(deployment: Deployment, *paths: str) -> list[dict[str, Any]]:
    """What its API answers."""
    urls = [f"http://127.0.0.1:9090/api/v1/{path}" for path in paths]
    return [json.loads(said) for said in fetch(deployment, *urls)]


def proxied(deployment: Deployment) -> int:
    """How many replicas the proxy holds for ready."""
    (said,) = fetch(deployment, "http://proxy:8404/metrics")
    return int(re.findall(r"^haproxy_backend_active_servers\S* (\d+)", said, re.MULTILINE)[0])


def ask_inside(container: str, path: str, body: object = None) -> str:
    """The answer of one replica, asked from inside its container."""
    program = (
        "import sys, urllib.request as u; data = sys.argv[2].encode() or None;"
        "r = u.Request('http://127.0.0.1:8000' + sys.argv[1], data,"
        " {'Content-Type': 'application/json'}); print(u.urlopen(r, timeout=60).read().decode())"
    )
    sent = "" if body is None else json.dumps(body)
    return run("docker", "exec", container, "python", "-c", program, path, sent)


# ---------------------------------------------------------------- the image
def test_image_is_labelled_and_runs_as_nobody_special(image: str) -> None:
    config = json.loads(run("docker", "image", "inspect", image))[0]["Config"]
    assert config["User"] == "10001:10001"
    assert config["Labels"]["org.opencontainers.image.revision"] == "tested"
    assert config["Entrypoint"] == ["nmt"]
    assert config["StopSignal"] == "SIGTERM"


def test_image_holds_only_what_serves(image: str) -> None:
    program = (
        "import importlib.util as u, pathlib, shutil, nmt;"
        "names = ('torch', 'pip', 'hatchling', 'training', 'tests', 'konlpy');"
        "print('unwanted:', *filter(u.find_spec, names),"
        " *filter(None, map(shutil.which, ('gcc', 'git'))));"
        "print(*sorted(p.name for p in (pathlib.Path(nmt.__file__).parent / 'bundles').iterdir()))"
    )
    command = ["--entrypoint", "/opt/venv/bin/python", image, "-c", program]
    unwanted, _, bundles = run("docker", "run", "--rm", *command).partition("\n")
    # The base image may have a pip of its own; the environment has none.
    assert unwanted == "unwanted:"
    assert bundles == "transformer"


def test_container_is_healthy_translates_and_ends_well(image: str) -> None:
    port = free_port()
    hardening = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"]
    container = run("docker", "run", "-d", *hardening, "-p", f"127.0.0.1:{port}:8000", image)
    try:
        wait_for(lambda: is_ready(f"http://127.0.0.1:{port}"), "it", lambda: logs_of(container))
        answer = translate(f"http://127.0.0.1:{port}")
        assert answer.status_code == 200
        assert answer.json()["translations"][0]["text"].strip()
        assert run("docker", "exec", container, "id", "-u") == "10001"
        health = ["docker", "inspect", "-f", "{{.State.Health.Status}}", container]
        wait_for(lambda: run(*health) == "healthy", "its health check")
        run("docker", "stop", "--time", "60", container)
        state = json.loads(run("docker", "inspect", container))[0]["State"]
        assert (state["ExitCode"], state["OOMKilled"]) == (0, False)
    finally:
        run("docker", "rm", "--force", "--volumes", container)


def test_other_commands_run_in_the_image(image: str) -> None:
    assert "transformer" in run("docker", "run", "--rm", image, "models")


# ---------------------------------------------------------------- compose
@pytest.mark.parametrize("profile", ["", "gpu", "cache", "monitoring"])
def test_compose_file_is_valid_for_profile(deployment: Deployment, profile: str) -> None:
    deployment.compose(*([f"--profile={profile}"] if profile else []), "config", "--quiet")


def test_compose_up_alone_translates(deployment: Deployment) -> None:
    deployment.start("up", "-d")
    answer = translate(deployment.url)
    assert answer.status_code == 200
    assert answer.json()["model"]["name"] == "transformer"
    assert httpx.get(f"{deployment.url}/metrics").status_code == 404


def test_replicas_share_the_cache(replicas: list[str]) -> None:
    first, second = replicas
    text = "오늘은 버스를 타고 도서관에 갔어요."
    answers = [
        json.loads(ask_inside(replica, "/v1/translate", {"text": text}))["translations"]
        for replica in (first, second)
    ]
    assert answers[0] == answers[1]
    hits = re.findall(r"^nmt_cache_hits_total (\S+)", ask_inside(second, "/metrics"), re.MULTILINE)
    assert float(hits[0]) >= 1


def test_replicas_are_on_a_network_without_a_way_out(replicas: list[str]) -> None:
    for replica in replicas:
        networks = json.loads(run("docker", "inspect", replica))[0]["NetworkSettings"]["Networks"]
        assert len(networks) == 1
        assert json.loads(run("docker", "network", "inspect", *networks))[0]["Internal"]


def test_proxy_says_who_the_client_is_and_believes_no_one(
    deployment: Deployment, replicas: list[str]
) -> None:
    mark = f"marked-{time.time_ns()}"
    translate(deployment.url, **{"X-Forwarded-For": "203.0.113.9", "X-Request-ID": mark})
    logs = "".join(map(logs_of, replicas))
    (line,) = [line for line in logs.splitlines() if mark in line and "address" in line]
    project = deployment.environment["COMPOSE_PROJECT_NAME"]
    proxy = json.loads(run("docker", "inspect", *deployment.containers("proxy")))[0]
    networks = proxy["NetworkSettings"]["Networks"]
    assert json.loads(line)["address"] == networks[f"{project}_edge"]["Gateway"]


def test_proxy_passes_sentences_on_as_they_come(
    deployment: Deployment, replicas: list[str]
) -> None:
    text = " ".join(f"저는 {n}번 버스를 타고 학교에 가서 친구를 만났습니다." for n in range(60))
    url = f"{deployment.url}/v1/translate/stream"
    with httpx.stream("POST", url, json={"text": text}, timeout=60) as answer:
        pieces = list(answer.iter_raw())
    assert b"event: sentence" in pieces[0]
    assert b"event: done" not in pieces[0]
    assert b"event: done" in pieces[-1]


def test_prometheus_sees_every_replica_and_knows_what_the_dashboard_asks(
    deployment: Deployment, replicas: list[str]
) -> None:
    def up() -> list[str]:
        (said,) = ask_prometheus(deployment, "targets?state=active")
        return sorted(
            t["labels"]["job"] for t in said["data"]["activeTargets"] if t["health"] == "up"
        )

    wait_for(lambda: up() == ["nmt", "nmt", "prometheus", "proxy"], "Prometheus' targets")
    file = deployment.folder / "docker" / "grafana" / "dashboards" / "korean-nmt.json"
    panels = json.loads(file.read_text("utf-8"))["panels"]
    expressions = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    plain = [text.replace("$__rate_interval", "1m") for text in expressions]
    names, *answers = ask_prometheus(
        deployment,
        "label/__name__/values",
        *(f"query?{httpx.QueryParams({'query': text})}" for text in plain),
    )
    asked = set(re.findall(r"\b(?:haproxy|process)_[a-z_]+", " ".join(expressions)))
    assert asked - set(names["data"]) == set()
    assert [answer["status"] for answer in answers] == ["success"] * len(expressions)


def test_no_request_fails_when_a_replica_dies(deployment: Deployment, replicas: list[str]) -> None:
    texts = [f"저는 {n}번 버스를 타고 {n * 7}명의 친구를 만났습니다." for n in range(100, 240)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(translate, deployment.url, text) for text in texts]
        wait_for(lambda: sum(answer.done() for answer in answers) >= 20, "the first answers")
        run("docker", "kill", "--signal", "KILL", replicas[0])
        assert not all(answer.done() for answer in answers)
        assert [answer.result().status_code for answer in answers] == [200] * len(texts)
    wait_for(lambda: proxied(deployment) == 1, "the proxy to notice")
