"""The service under more load than it can take, then ended and swapped under load.

    python benchmarks/service_load.py --seconds 60

Open loop: requests come at their times, whether or not earlier ones were answered, at twice the
measured capacity unless `--rate` says otherwise. Sentences all differ, so no cache answers.
Clients are in this process, the service is in another: `client_lag_ms` and `server_lag` say how
late the event loop of each came to what was due, and so which of the two made an answer slow.
Prints JSON, with what went wrong under `faults`; the exit code is 1 if there is anything.
"""

import argparse
import asyncio
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from record import add_output, environment, surroundings_line, write
from service_process import Connection, Server, percentile, sentences, wait_until_ready

from api.lag import watch_lag

PATH = "/v1/translate"
CONNECT_ERROR = "not connected"
CUT = "cut"
GIVE_UP_S = 120.0
LAG_EVERY_S = 0.005
REFUSED, LATE = "overloaded", "deadline"
"""The two kinds of 503: told at once, and told after the deadline."""


@dataclass
class Sent:
    """A request and what became of it."""

    at_s: float
    result: int | str = "no answer"
    seconds: float = 0.0
    connect_s: float = 0.0
    """Of these, until the connection was there; 0 for one that was kept open."""


@dataclass
class Load:
    """Sends one sentence a request.

    Args:
        server: where to.
        texts: the sentences.
    """

    server: Server
    texts: Iterator[str]
    sent: list[Sent] = field(default_factory=list)
    _idle: list[Connection] = field(default_factory=list)
    _in_work: set[asyncio.Task[None]] = field(default_factory=set)

    async def open_loop(self, rate: float, is_over: Callable[[], bool]) -> None:
        """Sends at a rate until it is over, then waits for what is not answered."""
        start, n_sent = time.perf_counter(), 0
        while not is_over():
            due = int((time.perf_counter() - start) * rate)
            for _ in range(due - n_sent):
                task = asyncio.create_task(self._send())
                self._in_work.add(task)
                task.add_done_callback(self._in_work.discard)
            n_sent = max(due, n_sent)
            await asyncio.sleep(0.002)
        if self._in_work:
            await asyncio.wait(self._in_work, timeout=GIVE_UP_S)
        for connection in self._idle:
            connection.close()

    async def _send(self) -> None:
        connection = self._idle.pop() if self._idle else Connection(self.server)
        sent = Sent(time.perf_counter())
        self.sent.append(sent)
        try:
            await connection.open()
            sent.connect_s = time.perf_counter() - sent.at_s
            reply = await connection.post(PATH, {"text": next(self.texts)})
            sent.result = reply.status if reply.status != 503 else _kind_of(reply.body)
            self._idle.append(connection)
        except ConnectionRefusedError:
            sent.result = CONNECT_ERROR
        except OSError:
            sent.result = CUT
        sent.seconds = time.perf_counter() - sent.at_s


def _kind_of(problem: bytes) -> str:
    return str(json.loads(problem)["type"]).rpartition(":")[2]


async def capacity(server: Server, texts: Iterator[str], clients: int, seconds: float) -> float:
    """Gives the requests per second that some clients get who wait for each answer."""
    n_done, start = 0, time.perf_counter()

    async def client() -> None:
        nonlocal n_done
        connection = Connection(server)
        while time.perf_counter() < start + seconds:
            await connection.post(PATH, {"text": next(texts)})
            n_done += 1
        connection.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return n_done / (time.perf_counter() - start)


async def sample_memory(server: Server, every_s: float, samples: list[int]) -> None:
    """Notes the memory again and again, in MiB."""
    while True:
        samples.append(server.resident_bytes() // 2**20)
        await asyncio.sleep(every_s)


def times_ms(seconds: list[float]) -> dict[str, float]:
    """Percentiles."""
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: round(1000 * percentile(seconds, share), 1) for name, share in shares.items()}


def summary(sent: list[Sent]) -> dict[str, Any]:
    """What became of requests."""
    accepted = [one for one in sent if one.result == 200]
    refused = [one for one in sent if one.result == REFUSED]
    return {
        "sent": len(sent),
        "results": {str(result): n for result, n in Counter(s.result for s in sent).items()},
        "accepted_ms": times_ms([one.seconds for one in accepted]),
        "refused_ms": times_ms([one.seconds for one in refused]),
        "refused_connect_ms": times_ms([one.connect_s for one in refused]),
    }


async def server_lag(server: Server) -> Counter[str]:
    """Gives how often the server's event loop was late by up to so many seconds."""
    connection = Connection(server)
    text = (await connection.get("/metrics")).body.decode()
    connection.close()
    found = re.findall(r'^nmt_event_loop_lag_seconds_bucket\{le="(.+)"\} (\S+)$', text, re.M)
    below = [0, *(int(float(n)) for _, n in found)]
    return Counter({le: n - m for (le, _), m, n in zip(found, below, below[1:], strict=False)})


async def overload(server: Server, args: argparse.Namespace) -> dict[str, Any]:
    """More than it can take."""
    texts = sentences(seed=2)
    await capacity(server, texts, args.clients, min(3.0, args.seconds / 2))
    possible = await capacity(server, texts, args.clients, min(10.0, args.seconds))
    rate = args.rate or args.factor * possible
    samples: list[int] = []
    lags: list[float] = []
    watching = [
        asyncio.create_task(sample_memory(server, args.seconds / 20, samples)),
        asyncio.create_task(watch_lag(lags.append, LAG_EVERY_S)),
    ]
    load = Load(server, texts)
    before = await server_lag(server)
    end = time.perf_counter() + args.seconds
    await load.open_loop(rate, lambda: time.perf_counter() > end)
    for task in watching:
        task.cancel()
    return {
        "capacity_per_s": round(possible, 1),
        "rate_per_s": round(rate, 1),
        **summary(load.sent),
        "client_lag_ms": times_ms(lags),
        "server_lag": dict(await server_lag(server) - before),
        "memory_mib": samples,
    }


async def swap(server: Server, args: argparse.Namespace, rate: float) -> dict[str, Any]:
    """The model is loaded again while half of what is possible comes in."""
    load = Load(server, sentences(seed=3))
    swaps: list[int] = []
    ended = asyncio.Event()

    async def swap_models() -> None:
        connection = Connection(server)
        header = f"Authorization: Bearer {server.admin_key}\r\n"
        for _ in range(args.swaps):
            name = args.model.partition("=")[0]
            reply = await connection.post(f"/v1/admin/models/{name}", {}, header)
            swaps.append(reply.status)
        connection.close()
        ended.set()

    swapping = asyncio.create_task(swap_models())
    await load.open_loop(rate, lambda: ended.is_set() or swapping.done())
    await swapping
    return {"rate_per_s": round(rate, 1), "swaps": swaps, **summary(load.sent)}


async def terminate(server: Server, rate: float, seconds: float) -> dict[str, Any]:
    """SIGTERM in the middle of the load."""
    load = Load(server, sentences(seed=4))
    middle = time.perf_counter() + seconds
    loading = asyncio.create_task(load.open_loop(rate, lambda: server.process.poll() is not None))
    await asyncio.sleep(seconds)
    server.terminate()
    await loading
    before = [one for one in load.sent if one.at_s < middle]
    after = [one for one in load.sent if one.at_s >= middle]
    code = server.process.wait()
    return {"exit_code": code, "sent_before": summary(before), "sent_after": summary(after)}


def faults_of(found: dict[str, Any]) -> list[str]:
    """What must not be."""
    faults = []
    for name, results, allowed in (
        ("overload", found["overload"]["results"], {"200", REFUSED, LATE}),
        ("swap", found["swap"]["results"], {"200"}),
        ("SIGTERM", found["terminate"]["sent_before"]["results"], {"200", REFUSED, LATE}),
    ):
        bad = {result: n for result, n in results.items() if result not in allowed}
        if bad:
            faults.append(f"{name}: {bad}")
    if set(found["swap"]["swaps"]) != {200}:
        faults.append(f"swaps: {found['swap']['swaps']}")
    if found["terminate"]["exit_code"]:
        faults.append(f"exit code {found['terminate']['exit_code']}")
    return faults


async def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Runs all of it."""
    settings = {"NMT_MODELS": args.model, "NMT_ENGINE": args.engine, "NMT_DEVICE": "cpu"}
    if args.deadline:
        settings["NMT_DEADLINE_S"] = str(args.deadline)
    server = Server(settings)
    try:
        await wait_until_ready(server)
        found = {"overload": await overload(server, args)}
        half = found["overload"]["capacity_per_s"] / 2
        found["swap"] = await swap(server, args, half)
        found["terminate"] = await terminate(server, half, min(5.0, args.seconds / 2))
        found["unexpected"] = [  # type: ignore[assignment]
            line for line in server.log().splitlines() if "ERROR" in line or "Traceback" in line
        ]
    finally:
        server.stop()
    found["faults"] = faults_of(found)  # type: ignore[assignment]
    return found


def report(found: dict[str, Any]) -> str:
    """What became of the requests of each part, as Markdown."""
    parts = {
        "overload": found["overload"], "swaps": found["swap"],
        "before SIGTERM": found["terminate"]["sent_before"],
        "after SIGTERM": found["terminate"]["sent_after"],
    }  # fmt: skip
    lines = [
        "| | sent | results | p50 ms | p99 ms | refused, p99 ms |",
        "|---|--:|---|--:|--:|--:|",
    ]
    for name, part in parts.items():
        results = ", ".join(f"{result}: {n}" for result, n in part["results"].items())
        accepted, refused = part["accepted_ms"], part["refused_ms"]
        lines.append(
            f"| {name} | {part['sent']} | {results} | {accepted['p50']} | {accepted['p99']} "
            f"| {refused['p99']} |"
        )
    return "\n".join([*lines, "", f"Faults: {'; '.join(found['faults']) or 'none'}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="transformer", help="bundle or NAME=PATH")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--clients", type=int, default=32, help="for the capacity")
    parser.add_argument("--seconds", type=float, default=60.0, help="of overload")
    parser.add_argument("--factor", type=float, default=2.0, help="times the capacity")
    parser.add_argument("--rate", type=float, help="requests per second instead")
    parser.add_argument("--deadline", type=float, help="seconds; else the service's own")
    parser.add_argument("--swaps", type=int, default=3)
    add_output(parser)
    args = parser.parse_args()
    around = environment()
    found = asyncio.run(measure(args))
    print(json.dumps(found, indent=1))
    if args.output:
        text = f"{report(found)}\n\n{surroundings_line(around)}\n"
        write(found, around, text, args.output)
    sys.exit(bool(found["faults"]))


if __name__ == "__main__":
    main()
