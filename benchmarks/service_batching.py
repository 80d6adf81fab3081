"""What joining sentences of many clients gives, and what the service costs them.

    python benchmarks/service_batching.py --seconds 10 --rounds 5

Closed loop: each client sends one sentence, waits for the answer, sends the next. One client, many,
and the bare engine (in this process, in batches of 16 with all threads, from pieces to pieces) take
turns, so that other work on the machine meets all alike. Then a lone client and a bare `Translator`
translate the same sentences in turn. Prints Markdown.
"""

import argparse
import asyncio
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bare_engine import BATCH_ROWS, BareRound, bare_round
from record import Figures, add_output, environment, finish, shown, spread
from service_process import Connection, Server, percentile, sentences, wait_until_ready

from nmt.cores import usable_cores
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


def summarise(
    rounds: list[Round], bare_rounds: list[BareRound], pairs: list[tuple[float, float]]
) -> Figures:
    """The figures of each number of clients, of the engine, and of the lone client."""
    rows = []
    for clients in dict.fromkeys(r.clients for r in rounds):
        own = [r for r in rounds if r.clients == clients]
        waits = [s for r in own for s in r.latencies_s]
        n_done = sum(r.n_done for r in own)
        rows.append({
            "clients": clients, "sentences_per_s": spread([r.per_s for r in own]),
            "p50_ms": spread([1000 * percentile(r.latencies_s, 0.5) for r in own]),
            "p99_ms": 1000 * percentile(waits, 0.99), "n_done": n_done,
            "server_cpu_ms_a_sentence": spread([1000 * r.cpu_s / max(1, r.n_done) for r in own]),
            "sentences_a_batch": n_done / max(1.0, sum(r.n_batches for r in own)),
        })  # fmt: skip
    bare, service = (spread([1000 * s for s in side]) for side in zip(*pairs, strict=True))
    added = spread([1000 * (s - b) for b, s in pairs])
    medians = [row["sentences_per_s"]["median"] for row in rows]
    many = [r.per_s for r in rounds if r.clients == rows[-1]["clients"]]
    return {
        "rows": rows, "gain": medians[-1] / medians[0],
        "bare_engine": {
            "sentences_per_s": spread([r.per_s for r in bare_rounds]),
            "cpu_ms_a_sentence": spread([1000 * r.cpu_s / r.n_done for r in bare_rounds]),
        },
        "share_of_bare_engine": spread(
            [rate / bare.per_s for rate, bare in zip(many, bare_rounds, strict=True)]
        ),
        "lone_client": {"bare_ms": bare, "service_ms": service, "added_ms": added},
    }  # fmt: skip


def report(result: Figures) -> str:
    """The figures as Markdown."""
    lines = [
        "| clients | sentences/s | p50 ms | p99 ms | server CPU ms/sentence | sentences a batch |",
        "|--:|--:|--:|--:|--:|--:|",
        *(
            f"| {row['clients']} | {shown(row['sentences_per_s'])} | {shown(row['p50_ms'])} "
            f"| {row['p99_ms']:.1f} | {shown(row['server_cpu_ms_a_sentence'], 2)} "
            f"| {row['sentences_a_batch']:.1f} |"
            for row in result["rows"]
        ),
    ]
    engine = result["bare_engine"]
    lines.append(
        f"| bare engine | {shown(engine['sentences_per_s'])} | | "
        f"| {shown(engine['cpu_ms_a_sentence'], 2)} | {BATCH_ROWS} |"
    )
    first, last = (result["rows"][place]["clients"] for place in (0, -1))
    lone = result["lone_client"]
    bare, service, added = (lone[f"{key}_ms"]["median"] for key in ("bare", "service", "added"))
    return "\n".join([
        *lines, "", f"{last} clients against {first}: {result['gain']:.2f} times", "",
        f"{last} clients against the bare engine: {shown(result['share_of_bare_engine'], 2)} of "
        "its rate", "",
        f"lone client, {lone['bare_ms']['n']} sentences: bare {bare:.2f} ms, service "
        f"{service:.2f} ms, median of the differences {added:.2f} ms",
    ])  # fmt: skip


async def measure(args: argparse.Namespace) -> Figures:
    """Runs all and gives the figures."""
    server = Server({"NMT_MODELS": args.model, "NMT_ENGINE": args.engine, "NMT_DEVICE": "cpu"})
    try:
        await wait_until_ready(server)
        texts = sentences(seed=1)
        for clients in args.clients:
            await closed_loop(server, texts, clients, 2)
        location = args.model.partition("=")[2] or args.model
        translator = Translator.load(location, args.engine, "cpu", usable_cores())
        rounds, bare_rounds = [], []
        for _ in range(args.rounds):
            for clients in args.clients:
                rounds.append(await closed_loop(server, texts, clients, args.seconds))
            bare_rounds.append(bare_round(translator, texts, args.seconds))
        await added_latency(server, texts, translator, 20)
        pairs = await added_latency(server, texts, translator, args.sentences)
    finally:
        server.stop()
    return summarise(rounds, bare_rounds, pairs)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="transformer", help="bundle or NAME=PATH")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--seconds", type=float, default=10.0, help="of each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sentences", type=int, default=200, help="of the lone client")
    add_output(parser)
    args = parser.parse_args()
    around = environment()
    result = {"seconds": args.seconds, "rounds": args.rounds, **asyncio.run(measure(args))}
    finish(result, around, report(result), args.output)


if __name__ == "__main__":
    main()
