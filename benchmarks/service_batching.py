"""What joining sentences of many clients gives, and what the service costs a lone one.

    python benchmarks/service_batching.py --seconds 10 --rounds 3

Closed loop: each client sends one sentence, waits for the answer, sends the next. One client and
many take turns, so that other work on the machine meets both alike. Then a lone client and a bare
`Translator` in this process translate the same sentences in turn. Prints Markdown.
"""

import argparse
import asyncio
import re
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

from service_process import Connection, Server, percentile, sentences, wait_until_ready

from nmt.translator import Translator

PATH = "/v1/translate"


@dataclass(frozen=True)
class Round:
    """What some clients got in some seconds."""

    clients: int
    n_done: int
    seconds: float
    cpu_s: float
    latencies_s: list[float]
    n_batches: float

    @property
    def per_s(self) -> float:
        """Sentences per second."""
        return self.n_done / self.seconds


async def closed_loop(server: Server, texts: Iterator[str], clients: int, seconds: float) -> Round:
    """Lets some clients ask one sentence after the other."""
    latencies: list[float] = []
    n_batches = await batches(server)
    start, cpu_s = time.perf_counter(), server.cpu_s()

    async def client() -> None:
        connection = Connection(server)
        while (began := time.perf_counter()) < start + seconds:
            reply = await connection.post(PATH, {"text": next(texts)})
            if reply.status != 200:
                raise RuntimeError(reply.body.decode())
            latencies.append(time.perf_counter() - began)
        connection.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    elapsed = time.perf_counter() - start
    n_batches = await batches(server) - n_batches
    return Round(clients, len(latencies), elapsed, server.cpu_s() - cpu_s, latencies, n_batches)


async def batches(server: Server) -> float:
    """Gives how many batches went through the model so far."""
    connection = Connection(server)
    text = (await connection.get("/metrics")).body.decode()
    connection.close()
    found = re.search(r"^nmt_batch_sentences_count\{.*\} (\S+)$", text, re.M)
    return float(found[1]) if found else 0.0


async def added_latency(
    server: Server, texts: Iterator[str], translator: Translator, n: int
) -> list[tuple[float, float]]:
    """Gives seconds of the bare translator and of the service for the same sentences."""
    connection = Connection(server)
    pairs = []
    for index in range(n):
        text = next(texts)
        took = {}
        for who in ("bare", "service") if index % 2 else ("service", "bare"):
            began = time.perf_counter()
            if who == "bare":
                translator.translate([text])
            else:
                await connection.post(PATH, {"text": text})
            took[who] = time.perf_counter() - began
        pairs.append((took["bare"], took["service"]))
    connection.close()
    return pairs


def report(rounds: list[Round]) -> None:
    print(
        "| clients | sentences/s | p50 ms | p99 ms | server CPU ms/sentence | sentences a batch |"
    )
    print("|---|---|---|---|---|---|")
    for clients in dict.fromkeys(r.clients for r in rounds):
        own = [r for r in rounds if r.clients == clients]
        waits = [s for r in own for s in r.latencies_s]
        rates = [r.per_s for r in own]
        cpu_ms = 1000 * sum(r.cpu_s for r in own) / sum(r.n_done for r in own)
        a_batch = sum(r.n_done for r in own) / max(1.0, sum(r.n_batches for r in own))
        print(
            f"| {clients} | {statistics.median(rates):.1f} ({min(rates):.1f}–{max(rates):.1f}) "
            f"| {1000 * percentile(waits, 0.5):.1f} | {1000 * percentile(waits, 0.99):.1f} "
            f"| {cpu_ms:.2f} | {a_batch:.1f} |"
        )


def report_latency(pairs: list[tuple[float, float]]) -> None:
    bare, service = (statistics.median(side) * 1000 for side in zip(*pairs, strict=True))
    added = statistics.median(s - b for b, s in pairs) * 1000
    print(f"\nlone client, {len(pairs)} sentences: bare {bare:.2f} ms, service {service:.2f} ms, "
          f"median of the differences {added:.2f} ms")  # fmt: skip


async def measure(args: argparse.Namespace) -> None:
    """Runs all and prints it."""
    server = Server({"NMT_MODELS": args.model, "NMT_ENGINE": args.engine, "NMT_DEVICE": "cpu"})
    try:
        await wait_until_ready(server)
        texts = sentences(seed=1)
        for clients in args.clients:
            await closed_loop(server, texts, clients, 2)
        rounds = [
            await closed_loop(server, texts, clients, args.seconds)
            for _ in range(args.rounds)
            for clients in args.clients
        ]
        report(rounds)
        by_clients = {
            c: statistics.median(r.per_s for r in rounds if r.clients == c) for c in args.clients
        }
        first, last = args.clients[0], args.clients[-1]
        print(f"\n{last} clients against {first}: {by_clients[last] / by_clients[first]:.2f} times")
        location = args.model.partition("=")[2] or args.model
        translator = Translator.load(location, args.engine, "cpu")
        await added_latency(server, texts, translator, 20)
        report_latency(await added_latency(server, texts, translator, args.sentences))
    finally:
        server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="transformer", help="bundle or NAME=PATH")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--seconds", type=float, default=10.0, help="of each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sentences", type=int, default=200, help="of the lone client")
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
