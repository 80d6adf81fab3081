"""Long work for clients that give up after some seconds of silence."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import deepl
import httpx2 as httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.errors import DeadlineError, OverloadedError
from api.faults import handle_errors
from api.keepalive import answer_alive

EVERY_S = 0.2
PATIENCE_S = 1.0
"""Of the client, in these tests."""
LONG_S = 2.0
ANSWER = {
    "translations": [{"detected_source_language": "KO", "text": "Hi", "billed_characters": 1}]
}


@dataclass
class LongWork:
    """An application whose work takes its time; counts requests and what was given up."""

    seconds: float = LONG_S
    error: Exception | None = None
    n_requests: int = 0
    given_up: threading.Event = field(default_factory=threading.Event)

    async def work(self) -> dict[str, Any]:
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.given_up.set()
            raise
        if self.error is not None:
            raise self.error
        return ANSWER

    async def answer(self, request: Request) -> Response:
        self.n_requests += 1
        await request.body()
        return await answer_alive(request, self.work(), EVERY_S)

    @contextmanager
    def served(self) -> Iterator[str]:
        """Runs it on a free port; gives its address."""
        app = Starlette(routes=[Route("/v2/translate", self.answer, methods=["POST"])])
        handle_errors(app)  # type: ignore[arg-type]
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            ready = threading.Event()
            while not server.started:
                ready.wait(0.01)
            yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(autouse=True)
def _impatient_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deepl.http_client, "min_connection_timeout", PATIENCE_S)
    monkeypatch.setattr(deepl.http_client._BackoffTimer, "BACKOFF_INITIAL", 0.05)
    monkeypatch.setattr(deepl.http_client._BackoffTimer, "BACKOFF_MAX", 0.05)


@pytest.fixture
def translate() -> Callable[[str], deepl.TextResult]:
    def ask(url: str) -> deepl.TextResult:
        client = deepl.DeepLClient("key", server_url=url)
        result = client.translate_text("네", target_lang="EN-US")
        assert isinstance(result, deepl.TextResult)
        return result

    return ask


Translate = Callable[[str], deepl.TextResult]


def test_client_waits_for_long_work_and_asks_once(translate: Translate) -> None:
    long = LongWork()
    with long.served() as url:
        assert translate(url).text == "Hi"
    assert long.n_requests == 1


def test_short_work_is_answered_without_white_space() -> None:
    with LongWork(seconds=0).served() as url:
        reply = httpx.post(f"{url}/v2/translate", json={})
    assert reply.content.startswith(b"{")
    assert "content-length" in reply.headers


def test_early_errors_keep_their_status(translate: Translate) -> None:
    refused = LongWork(seconds=0, error=OverloadedError("the queue is full"))
    with refused.served() as url, pytest.raises(deepl.DeepLException, match="queue is full") as e:
        translate(url)
    assert e.value.http_status_code == 503
    assert refused.n_requests == 1 + deepl.http_client.max_network_retries


def test_late_errors_close_the_connection_and_are_not_retried(translate: Translate) -> None:
    late = LongWork(error=DeadlineError("not done in time"))
    with late.served() as url, pytest.raises(deepl.ConnectionException, match="Request failed"):
        translate(url)
    assert late.n_requests == 1


@pytest.mark.parametrize("after_s", [EVERY_S / 2, EVERY_S * 3])
def test_work_is_given_up_when_the_client_goes(after_s: float) -> None:
    long = LongWork(seconds=60)
    with long.served() as url:
        with (
            pytest.raises(httpx.TimeoutException),
            httpx.stream("POST", f"{url}/v2/translate", json={}, timeout=after_s) as reply,
        ):
            for _ in reply.iter_raw():
                raise httpx.ReadTimeout("enough")
        assert long.given_up.wait(20)
