"""The cache that replicas share, with a real Redis."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from api.batching.redis_cache import PAUSE_S, RedisCache, connect
from api.build import build_parts
from api.service import Call, TranslationService
from api.settings import Settings
from nmt.translation import SentenceTranslation, TranslateOptions

CALL = Call("1.2.3.4")
START_S = 20
HELLO = SentenceTranslation("안녕", 0, 2, "Hello", -0.5)
MakeSettings = Callable[..., Settings]


class RedisProcess:
    """A Redis that keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._command = [
            "redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
            "--dir", str(folder),
        ]  # fmt: skip
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
        raise RuntimeError("Redis did not start")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def redis_process(tmp_path: Path) -> Iterator[RedisProcess]:
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server")
    process = RedisProcess(tmp_path)
    yield process
    process.kill()


def play(
    settings: Settings,
    scene: Callable[[TranslationService, TranslationService], Awaitable[None]],
) -> None:
    """Runs a scene with two replicas."""

    async def whole() -> None:
        parts = [build_parts(settings) for _ in range(2)]
        services = [part.service for part in parts]
        for service in services:
            await service.registry.load()
        await scene(services[0], services[1])
        for service in services:
            await service.close()

    asyncio.run(whole())


def test_replicas_share_translations(
    make_settings: MakeSettings, redis_process: RedisProcess
) -> None:
    async def scene(one: TranslationService, other: TranslationService) -> None:
        options = TranslateOptions(attention=True)
        first = await one.translate(["커피 한 잔 주세요."], options, CALL)
        await one.remembered()
        other._count_cache = lambda hits, misses: counts.append((hits, misses))
        again = await other.translate(["커피 한 잔 주세요."], options, CALL)
        assert counts == [(1, 0)]
        assert again.translations == first.translations

    counts: list[tuple[int, int]] = []
    play(make_settings(redis_url=redis_process.url, redis_timeout_s=5), scene)


def test_redis_that_dies_costs_no_request(
    make_settings: MakeSettings, redis_process: RedisProcess
) -> None:
    async def scene(one: TranslationService, other: TranslationService) -> None:
        async def ask(number: int) -> None:
            done = await one.translate([f"{number}번 버스는 출발해요."], TranslateOptions(), CALL)
            assert done.translations[0].text

        for number in range(40):
            if number == 20:
                redis_process.kill()
            await ask(number)

    play(make_settings(redis_url=redis_process.url), scene)


def test_redis_that_comes_back_is_used_again(redis_process: RedisProcess) -> None:
    now_s = [0.0]

    async def scene() -> None:
        client = connect(redis_process.url, 5)
        cache = RedisCache(client, 60, lambda: now_s[0])
        await cache.put_many({"a": HELLO})
        redis_process.kill()
        assert await cache.get_many(["a"]) == {}
        redis_process.start()
        await cache.put_many({"a": HELLO})  # left alone for now
        now_s[0] = PAUSE_S + 1
        assert await cache.get_many(["a"]) == {}
        await cache.put_many({"a": HELLO})
        assert await cache.get_many(["a"]) == {"a": HELLO}
        assert 0 < await client.ttl("nmt:sentence:a") <= 60
        await cache.close()

    asyncio.run(scene())


def test_redis_that_hangs_is_asked_once_then_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    connections = []

    async def scene() -> None:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connections.append(writer)
            await reader.read()

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        cache = RedisCache(connect(f"redis://127.0.0.1:{port}/0", 0.05), 60, lambda: 0.0)
        for _ in range(5):
            assert await cache.get_many(["a"]) == {}
            await cache.put_many({"a": HELLO})
        await cache.close()
        server.close()
        for writer in connections:
            writer.close()

    asyncio.run(scene())
    assert len(connections) == 1
    assert caplog.text.count("the shared cache failed and is left alone for 5 s") == 1
    assert "Hello" not in caplog.text


def test_redis_that_answers_nonsense_costs_no_answer(redis_process: RedisProcess) -> None:
    async def scene() -> None:
        client: Redis = connect(redis_process.url, 5)
        await client.set("nmt:sentence:a", b"nonsense")
        cache = RedisCache(client, 60)
        assert await cache.get_many(["a"]) == {}
        await cache.close()

    asyncio.run(scene())
