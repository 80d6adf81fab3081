"""The service beside LibreTranslate with the same weights, on LibreTranslate's own route.

    python benchmarks/service_libretranslate.py dev/written-dev.ko --peer-python peer/bin/python

Both serve one Transformer: ours from the bundle, LibreTranslate from an Argos package with the same
`model.bin` in int8 (peers/argos_package.py), with the same beam. Closed loop: each client posts one
sentence to /translate, waits for the answer and posts the next. Only lines of one sentence are
taken; our cache of translations is off, LibreTranslate remembers nothing but its last text.

LibreTranslate runs by its own command and server, without limits and web page, as installed
("LibreTranslate") and with the settings that are better for it ("…, tuned"): a thread for each
client, and one engine thread for each core. Its sentence splitter is one that costs next to nothing
(peers/one_sentence.py), to its advantage, unless `--splitter` gives the real one.

Servers take turns, round by round, and a turn begins with a moment that does not count. Ratios are
formed within a round: median (least–most). Prints Markdown.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import process_tree
from peers.argos_package import write_package
from peers.children import versions
from peers.libretranslate import LibreTranslate
from peers.one_sentence import splitter_model
from peers.pieces import of_argos, of_ours
from record import THREAD_VARIABLES, Figures, add_output, environment, finish, shown, spread
from service_process import START_S, Connection, Server, percentile

from nmt.bundle import Bundle, find_bundle, load_bundle
from nmt.cores import usable_cores
from nmt.translator import Translator

PATH = "/translate"
OURS, PEER, TUNED = "ours", "LibreTranslate", "LibreTranslate, tuned"
WARM_UP_S = 1.0
SHARES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
HEADS = ("sentences/s", "p50 ms", "p95 ms", "p99 ms", "CPU s per 1000 sentences")
PEER_PYTHON_HELP = (
    "Python of an environment with the peer: "
    "`python -m venv peer && peer/bin/pip install libretranslate`"
)
Running = Server | LibreTranslate


@dataclass(frozen=True)
class Turn:
    """What some clients got of a server."""

    server: str
    clients: int
    figures: Figures


def single_sentences(file: Path, translator: Translator) -> list[str]:
    """Gives the lines that are one sentence, in an order of no meaning."""
    lines = file.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if len(translator.plan(line).sentences) == 1]
    random.Random(1).shuffle(kept)
    return kept


async def post(connection: Connection, text: str) -> int:
    """Has a sentence translated; gives the status."""
    body = {"q": text, "source": "ko", "target": "en", "format": "text"}
    reply = await connection.post(PATH, body)
    if reply.status == 200 and not json.loads(reply.body)["translatedText"]:
        raise RuntimeError(f"nothing came back for {text!r}")
    return reply.status


async def start_up_s(start: Callable[[], Running], text: str) -> tuple[Running, float]:
    """Starts a server; gives it and the seconds until it has translated a sentence."""
    began = time.perf_counter()
    server = start()
    while time.perf_counter() < began + START_S and server.process.poll() is None:
        connection = Connection(server)
        try:
            if await post(connection, text) == 200:
                return server, time.perf_counter() - began
        except OSError:
            pass  # it does not listen yet
        finally:
            connection.close()
        await asyncio.sleep(0.02)
    log = server.log()
    server.stop()
    raise RuntimeError(log)


async def closed_loop(
    server: Running, texts: Iterator[str], clients: int, seconds: float
) -> Figures:
    """Lets clients ask one sentence after the other."""
    latencies: list[float] = []
    pid = server.process.pid
    start, cpu_s = time.perf_counter(), process_tree.cpu_s(pid)

    async def client() -> None:
        connection = Connection(server)
        while (began := time.perf_counter()) < start + seconds:
            status = await post(connection, next(texts))
            if status != 200:
                raise RuntimeError(f"status {status}:\n{server.log()}")
            latencies.append(time.perf_counter() - began)
        connection.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    took_s, cpu_s = time.perf_counter() - start, process_tree.cpu_s(pid) - cpu_s
    waits = {name: 1000 * percentile(latencies, share) for name, share in SHARES.items()}
    cpu_s_per_1000 = 1000 * cpu_s / len(latencies)
    return {"per_s": len(latencies) / took_s, **waits, "cpu_s_per_1000": cpu_s_per_1000}


async def measure(
    servers: Mapping[str, Running], sentences: Sequence[str], args: argparse.Namespace
) -> list[Turn]:
    """Lets the servers take turns."""
    turns = []
    for number, clients in itertools.product(range(args.rounds), args.clients):
        # Who was last begins the next round.
        for name in list(servers)[:: 1 if number % 2 else -1]:
            texts = itertools.cycle(sentences)  # the same for all
            await closed_loop(servers[name], texts, clients, WARM_UP_S)
            figures = await closed_loop(servers[name], texts, clients, args.seconds)
            turns.append(Turn(name, clients, figures))
    return turns


def starts(
    args: argparse.Namespace, bundle: Bundle, packages: Path
) -> dict[str, Callable[[], Running]]:
    """Gives, for each server, what starts it."""
    model = str(bundle.path)
    beam = {"ARGOS_BEAM_SIZE": str(bundle.search.beam_size)}
    cores = {"ARGOS_INTER_THREADS": str(usable_cores()), "ARGOS_INTRA_THREADS": "1"}
    threads = ["--threads", str(max(args.clients))]
    ours = {"NMT_MODELS": f"transformer={model}", "NMT_DEVICE": "cpu", "NMT_CACHE_BYTES": "0"}
    ours |= dict(setting.split("=", 1) for setting in args.ours)
    peer = args.peer_python
    return {
        OURS: lambda: Server(ours),
        PEER: lambda: LibreTranslate(peer, packages, [], beam),
        TUNED: lambda: LibreTranslate(peer, packages, threads, beam | cores),
    }


def by_server(turns: Sequence[Turn], clients: int) -> dict[str, list[Figures]]:
    """Gives the figures of each server, round by round."""
    return {
        name: [t.figures for t in turns if (t.server, t.clients) == (name, clients)]
        for name in (OURS, PEER, TUNED)
    }


def times_better(ours: Sequence[Figures], theirs: Sequence[Figures]) -> Figures:
    """Gives ratios of figures of the same round; seconds are better if there are less of them."""
    return {
        key: spread(
            [
                a[key] / b[key] if key == "per_s" else b[key] / a[key]
                for a, b in zip(ours, theirs, strict=True)
            ]
        )
        for key in ours[0]
    }


def summarise(turns: Sequence[Turn], clients: int) -> Figures:
    """Gives the figures and the ratios for a number of clients."""
    rounds = by_server(turns, clients)
    return {
        "clients": clients,
        "figures": {
            name: {key: spread([one[key] for one in of_name]) for key in of_name[0]}
            for name, of_name in rounds.items()
        },
        "times_better_than": {
            peer: times_better(rounds[OURS], rounds[peer]) for peer in (PEER, TUNED)
        },
        "rounds": rounds,
    }


def report(result: Figures) -> str:
    """Gives the figures as Markdown."""
    lines = []
    for case in result["cases"]:
        clients = f"{case['clients']} client{'s' * (case['clients'] > 1)}"
        lines += [f"| {clients} | {' | '.join(HEADS)} |", "|---" + "|--:" * len(HEADS) + "|"]
        for name, figures in case["figures"].items():
            lines.append(f"| {name} | {' | '.join(shown(one) for one in figures.values())} |")
        for name, figures in case["times_better_than"].items():
            cells = " | ".join(shown(one, 2) for one in figures.values())
            lines.append(f"| ours, times better than {name} | {cells} |")
        lines.append("")
    lines += ["| | start to first answer, s | peak memory, MiB |", "|---|--:|--:|"]
    for name, used in result["processes"].items():
        lines.append(f"| {name} | {used['start_s']:.1f} | {used['peak_bytes'] / 2**20:.0f} |")
    lines += ["", "| pieces of a sentence, mean | source | target |", "|---|--:|--:|"]
    for name, (source, target) in result["pieces"].items():
        lines.append(f"| {name} | {source:.2f} | {target:.2f} |")
    settings = (f"{result['sentences']} sentences, beam {result['beam_size']}", result["splitter"])
    peers = ", ".join(f"{name} {version}" for name, version in result["peers"].items())
    return "\n".join([*lines, "", "; ".join((*settings, peers))])


async def run(args: argparse.Namespace, folder: Path) -> Figures:
    """Starts all servers, has them take turns, and gives the figures."""
    bundle = load_bundle(find_bundle(args.model))
    splitter = args.splitter.read_bytes() if args.splitter else splitter_model()
    package = write_package(bundle, folder, splitter)
    translator = Translator.load(bundle.path, "ctranslate2", "cpu")
    sentences = single_sentences(args.sentences, translator)
    beam_size = bundle.search.beam_size
    pieces = {
        OURS: of_ours(translator, sentences),
        PEER: of_argos(package, sentences, beam_size),
    }
    with ExitStack() as stack:
        servers, processes = {}, {}
        for name, start in starts(args, bundle, folder).items():
            servers[name], start_s = await start_up_s(start, sentences[0])
            stack.callback(servers[name].stop)
            processes[name] = {"start_s": start_s}
        turns = await measure(servers, sentences, args)
        for name, server in servers.items():
            processes[name]["peak_bytes"] = process_tree.peak_bytes(server.process.pid)
    return {
        "sentences": len(sentences), "beam_size": beam_size,
        "splitter": f"splitter {args.splitter.name if args.splitter else 'for one sentence'}",
        "cases": [summarise(turns, clients) for clients in args.clients],
        "processes": processes, "pieces": pieces,
    }  # fmt: skip


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("sentences", type=Path, help="Korean, one on each line")
    parser.add_argument("--peer-python", required=True, help=PEER_PYTHON_HELP)
    parser.add_argument("--model", default="transformer", help="bundle with a CTranslate2 export")
    parser.add_argument("--splitter", type=Path, help="MiniSBD's ko.onnx instead of one for free")
    parser.add_argument("--ours", nargs="+", default=[], metavar="NMT_…=…", help="our settings")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--seconds", type=float, default=15.0, help="of each turn")
    parser.add_argument("--rounds", type=int, default=5)
    add_output(parser)
    args = parser.parse_args()
    for variable in THREAD_VARIABLES:
        os.environ.pop(variable, None)  # the servers choose by themselves
    around = environment()
    peers = versions(args.peer_python, ("libretranslate", "argos-translate-lt", "ctranslate2"))
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(run(args, Path(folder))) | {"peers": peers}
    finish(result, around, report(result), args.output)


if __name__ == "__main__":
    main()
