"""What the tests of the service share: settings, an app with a tiny model, the real process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2 as httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from nmt.bundle import load_bundle, write_bundle

# Tests are imported one by one (importlib mode), so their folder is not on the path by itself.
sys.path.insert(0, str(Path(__file__).parent))

START_S = 90
_LISTENING = re.compile(r"listening on (http://\S+)")

MakeSettings = Callable[..., Settings]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("NMT_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def make_settings(tiny_bundle: Path, tmp_path: Path) -> MakeSettings:
    """Gives settings for the tiny model, with some of them changed."""

    def make(**changed: object) -> Settings:
        given: dict[str, object] = {"models": f"tiny={tiny_bundle}", "device": "cpu"}
        return Settings.model_validate({"data_folder": tmp_path / "data", **given, **changed})

    return make


@pytest.fixture
def second_bundle(tiny_bundle: Path, tmp_path: Path) -> Path:
    """A bundle with another checksum."""
    bundle = load_bundle(tiny_bundle)
    source, target = bundle.load_tokenizers()
    return write_bundle(
        tmp_path / "second",
        name="second",
        model_config=bundle.model_config,
        weights={name: value * 1.25 for name, value in bundle.load_weights().items()},
        source_tokenizer=source,
        target_tokenizer=target,
        search=bundle.search,
        card="# Another\n",
        metrics={},
        scores={},
    )


@pytest.fixture
def settings(make_settings: MakeSettings) -> Settings:
    """Settings for the tiny model."""
    return make_settings()


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """The application, not started."""
    return create_app(settings)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A client of the started application, its model loaded."""
    with start(app) as started:
        yield started


def start(app: FastAPI) -> TestClient:
    """Gives a client that, once entered, waits until the models are loaded."""
    return _ReadyClient(app, raise_server_exceptions=False)


class _ReadyClient(TestClient):
    def __enter__(self) -> TestClient:
        entered = super().__enter__()
        assert self.portal is not None
        self.portal.call(self._wait)
        return entered

    async def _wait(self) -> None:
        await self.app.state.loading  # type: ignore[attr-defined]


class ServerProcess:
    """A running `nmt serve`.

    Args:
        environment: its `NMT_…` settings.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("NMT_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "nmt.cli", "serve", "--port", "0"],
            env=inherited | {"OMP_NUM_THREADS": "1"} | environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        try:
            self.url = self._address()
            self._reader.start()
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> int:
        """Asks it to end; gives the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(START_S)
        self.kill()
        return code

    def kill(self) -> None:
        """Ends it if it runs, and reads its last lines."""
        self.process.kill()
        self.process.wait()
        if self._reader.is_alive():
            self._reader.join(START_S)
        if self.process.stderr is not None:
            self.process.stderr.close()

    def _address(self) -> str:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            found = _LISTENING.search(line)
            if found:
                return found[1]
        raise RuntimeError("".join(self.lines))

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.lines.extend(self.process.stderr)

    def _wait_until_ready(self) -> None:
        transport = httpx.HTTPTransport(retries=3)
        with httpx.Client(base_url=self.url, transport=transport, timeout=START_S) as client:
            ready = threading.Event()
            while self.process.poll() is None:
                try:
                    if client.get("/readyz").status_code == 200:
                        return
                except httpx.TransportError:
                    self.process.wait(START_S)
                ready.wait(0.1)
        self._reader.join(START_S)
        raise RuntimeError("the server did not become ready: " + "".join(self.lines))


@pytest.fixture
def open_client(make_settings: MakeSettings) -> Iterator[Callable[..., TestClient]]:
    """Starts applications with some settings changed; gives a client of each."""
    with ExitStack() as stack:
        yield lambda **changed: stack.enter_context(start(create_app(make_settings(**changed))))


@pytest.fixture
def run_server(tiny_bundle: Path, tmp_path: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Starts real services with the tiny model; a setting is given as NMT_…="…"."""
    running: list[ServerProcess] = []

    def run(**environment: str) -> ServerProcess:
        given = {"NMT_MODELS": f"tiny={tiny_bundle}", "NMT_DATA_FOLDER": str(tmp_path / "data")}
        running.append(ServerProcess(given | environment))
        return running[-1]

    yield run
    for server in running:
        server.kill()


@pytest.fixture(scope="session")
def server(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real service with the tiny model."""
    data = tmp_path_factory.mktemp("server") / "data"
    running = ServerProcess({"NMT_MODELS": f"tiny={tiny_bundle}", "NMT_DATA_FOLDER": str(data)})
    yield running.url
    assert running.stop() == 0, "".join(running.lines)


@pytest.fixture(scope="session")
def http(server: str) -> Iterator[httpx.Client]:
    """A client of the real service; cheaper than an application for each test."""
    with httpx.Client(base_url=server, timeout=START_S) as client:
        yield client
