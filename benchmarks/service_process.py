"""A real `nmt serve` and a lean client for it, for the benchmarks of the service."""

import asyncio
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from api.keys import new_key

START_S = 120
_PLACES = ("서울", "부산", "대구", "인천", "광주", "대전", "울산", "수원", "제주", "강릉", "전주")
_PEOPLE = ("친구", "동생", "선생님", "의사", "기자", "학생", "사장님", "이웃", "손님", "작가")
_TIMES = ("어제", "오늘", "내일", "지난주", "주말", "작년", "아침", "저녁", "새벽")
_FORMS = (
    "{person}는 {time} {place}에서 {n}번 버스를 기다렸습니다.",
    "{time} {place}역 앞에서 {person}를 만나기로 했는데 {n}분이나 늦었어요.",
    "{place} 시장에서는 {time}부터 사과 {n}상자를 싸게 팔고 있다고 {person}가 말했다.",
    "{person}의 가방 안에는 책 {n}권과 {place} 지도가 들어 있었습니다.",
    "{time} 비가 많이 와서 {place}로 가는 기차 {n}편이 모두 취소되었습니다.",
)


def sentences(seed: int) -> Iterator[str]:
    """Sentences that are all different, so that no cache knows them."""
    words = itertools.cycle(itertools.product(_PLACES, _PEOPLE, _TIMES, _FORMS))
    for number, (place, person, when, form) in enumerate(words, 1 + seed * 1_000_000):
        # Neighbours differ in more than one word.
        scattered = number * 7919 % 10_000_019
        yield form.format(place=place, person=person, time=when, n=scattered)


class Server:
    """A running service on a free port, with an admin key.

    Args:
        environment: its `NMT_…` settings.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self.admin_key, key = new_key("admin", ["admin"])
        (folder / "keys").write_text(key.line)
        self._log = (folder / "log").open("w+")
        given = {
            "NMT_DATA_FOLDER": str(folder / "data"),
            "NMT_API_KEYS_FILE": str(folder / "keys"),
            "NMT_ALLOW_ANONYMOUS": "true",
        }
        command = [sys.executable, "-m", "nmt.cli", "serve", "--port", "0"]
        self.process = subprocess.Popen(
            command, env=os.environ | given | environment, stderr=self._log
        )
        self.host, self.port = self._address()

    def _address(self) -> tuple[str, int]:
        until = time.monotonic() + START_S
        while time.monotonic() < until and self.process.poll() is None:
            found = re.search(r"listening on (http://\S+)", self.log())
            if found:
                parts = urlsplit(found[1])
                return str(parts.hostname), int(parts.port or 0)
            time.sleep(0.05)
        raise RuntimeError(self.log())

    def log(self) -> str:
        """Gives what it wrote so far."""
        return Path(self._log.name).read_text()

    def resident_bytes(self) -> int:
        """Gives its memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        return int(found[1]) * 1024 if found else 0

    def cpu_s(self) -> float:
        """Gives the processor seconds that it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def terminate(self) -> None:
        """Sends SIGTERM."""
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """Ends it; gives the exit code."""
        if self.process.poll() is None:
            self.terminate()
        code = self.process.wait(START_S)
        self._log.close()
        self._folder.cleanup()
        return code


@dataclass(frozen=True)
class Reply:
    """An answer."""

    status: int
    body: bytes
    closes: bool
    """Whether the server closes the connection."""


class Address(Protocol):
    """Where a server listens."""

    host: str
    port: int


class Connection:
    """One connection that is kept open; as little work as possible for each request."""

    def __init__(self, server: Address) -> None:
        self._server = server
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connects where that was not done yet.

        Raises:
            OSError: the connection was refused.
        """
        if self._streams is not None and self._streams[0].at_eof():
            self.close()  # the server has closed it while it was idle
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._server.host, self._server.port)
        return self._streams

    async def post(self, path: str, body: object, headers: str = "") -> Reply:
        """Sends JSON and gives the answer.

        Raises:
            OSError: the connection was refused or cut.
        """
        content = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"{headers}Content-Length: {len(content)}\r\n\r\n"
        )
        return await self.exchange(head.encode() + content)

    async def get(self, path: str) -> Reply:
        """Asks for a path.

        Raises:
            OSError: the connection was refused or cut.
        """
        return await self.exchange(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    async def exchange(self, request: bytes) -> Reply:
        """Sends a request and reads the answer.

        Raises:
            OSError: the connection was refused or cut.
        """
        reader, writer = await self.open()
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            found = re.search(rb"content-length: (\d+)", head)
            body = await reader.readexactly(int(found[1])) if found else b""
        except (OSError, asyncio.IncompleteReadError) as error:
            self.close()
            raise ConnectionError(str(error)) from error
        except asyncio.CancelledError:
            self.close()
            raise
        closes = b"connection: close" in head
        if closes:
            self.close()
        return Reply(int(head[9:12]), body, closes)

    def close(self) -> None:
        """Closes it; the next request opens it again."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def wait_until_ready(server: Server) -> None:
    """Waits until models are loaded.

    Raises:
        RuntimeError: they are not.
    """
    connection = Connection(server)
    for _ in range(START_S * 10):
        if (await connection.get("/readyz")).status == 200:
            connection.close()
            return
        await asyncio.sleep(0.1)
    raise RuntimeError(server.log())


def percentile(values: list[float], share: float) -> float:
    """Gives the value below which `share` of the values are; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
