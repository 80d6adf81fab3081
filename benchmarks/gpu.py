"""One GPU: the torch engine beside CTranslate2 float16, and training with its FLOP utilisation.

    PYTHONPATH=. python benchmarks/gpu.py --output gpu.json

Same device, same random weights in the shape of configs/transformer.toml, same sentences, same
beam, every translation equally long; wall-clock, median (least–most) of five calls or more.
Training is `nmt train`'s own step at the batch of that file; the utilisation counts the operations
that real tokens need (no padding) against the peak of the device by its data sheet and against
the rate of matrix products measured before. Every part is a process with a limit: what fails or
hangs is told and takes nothing else along, and the file is written after each part. All ends
within `--budget-s`. Exit code 2 without a CUDA device; `--device cpu --smoke` runs the same code
with a tiny network. Needs torch, numpy and safetensors; where ctranslate2 is missing, its part
says so. Prints Markdown.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from record import ROOT, Figures, add_output, environment, finish, shown, write

SCRIPT = Path(__file__).with_name("gpu_parts.py")
PEAKS = {
    "B200": 2250e12, "H200": 989e12, "H100 PCIe": 756e12, "H100": 989e12, "A100": 312e12,
    "L40S": 362e12, "L40": 181e12, "L4": 121e12, "A10G": 70e12, "A10": 125e12, "A30": 165e12,
    "V100": 125e12, "T4": 65e12, "RTX 4090": 165e12, "RTX 3090": 71e12,
}  # fmt: skip
"""Dense 16-bit floating-point operations a second, by data sheet; longer names come first."""
LEAST_S = 15.0
"""A part is not begun with less than this left."""
MOST_S = 150.0
"""No part takes longer; the slowest, compiling the training step, is far below."""
SMOKE_MODEL = {
    "src_vocab_size": 600, "tgt_vocab_size": 600, "d_model": 16, "d_ff": 32, "n_heads": 2,
    "n_encoder_layers": 1, "n_decoder_layers": 1,
}  # fmt: skip
SMOKE = {
    "model": SMOKE_MODEL, "batches": [1, 4], "source_pieces": 6, "target_pieces": 7,
    "seconds": 0.05, "repeats": 2, "pairs": 60, "train": {"batch_tokens": 512, "max_updates": 9},
}  # fmt: skip


def full_job(config: Path, beam: int) -> Figures:
    """What all parts share: shape and batch of a training configuration."""
    from training.config import load_config

    run = load_config(config)
    sizes = run.tokenizer.training
    model = run.model_config(sizes.source_vocab_size, sizes.target_vocab_size)
    train = {
        name: getattr(run.train, name)
        for name in ("batch_tokens", "loss_chunk_tokens", "label_smoothing", "ema_decay")
    }
    return {
        "model": asdict(model), "batches": [1, 8, 64, 256], "source_pieces": 25,
        "target_pieces": 28, "beam": beam, "seconds": 2.0, "repeats": 5, "pairs": 12_000,
        "train": train | {"max_updates": 1_000_000},
    }  # fmt: skip


def plan(device: str) -> list[tuple[str, Figures]]:
    """Name and job of each part, the most telling first."""
    half = "bf16" if device == "cuda" else "fp32"
    parts: list[tuple[str, Figures]] = [
        ("device", {"part": "device"}),
        ("ctranslate2 float16", {"part": "ctranslate2", "compute_type": "float16"}),
        ("torch graphs float16", {"part": "graphs", "dtype": "float16"}),
        ("torch bfloat16", {"part": "torch", "dtype": "bfloat16"}),
        (f"training {half}", {"part": "training", "precision": half, "compile": False}),
        ("torch float16", {"part": "torch", "dtype": "float16"}),
        (f"training {half}, compiled", {"part": "training", "precision": half, "compile": True}),
        ("torch float32", {"part": "torch", "dtype": "float32"}),
        ("ctranslate2 int8_float16", {"part": "ctranslate2", "compute_type": "int8_float16"}),
    ]
    cpu_lacks = ("compiled", "int8_float16") if device == "cpu" else ()
    return [(name, job) for name, job in parts if not name.endswith(cpu_lacks or "\0")]


def run_part(job: Figures, limit_s: float) -> Figures:
    """Runs a part in a process and gives its cases, and its error where there is one."""
    command = [sys.executable, str(SCRIPT), json.dumps(job)]
    surroundings = {
        **os.environ,
        "PYTHONPATH": joined(str(ROOT), str(SCRIPT.parent), os.environ.get("PYTHONPATH", "")),
        "LD_LIBRARY_PATH": joined(*cuda_libraries(), os.environ.get("LD_LIBRARY_PATH", "")),
    }
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as answers, tempfile.TemporaryFile("w+") as messages:
        process = subprocess.Popen(command, stdout=answers, stderr=messages, env=surroundings)
        try:
            code: int | None = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = None
        answers.seek(0)
        messages.seek(0)
        found = read_answers(answers.read())
        told = messages.read()[-2000:]
    if code is None:
        found["error"] = f"stopped after {limit_s:.0f} s; what was measured until then stays"
    elif code and "error" not in found:
        found["error"] = f"ended with code {code}"
    if "error" in found:
        found["messages"] = told
    return {**found, "seconds": round(time.monotonic() - began, 1)}


def joined(*paths: str) -> str:
    """A variable of several paths."""
    return os.pathsep.join(filter(None, paths))


def cuda_libraries() -> list[str]:
    """Folders of the CUDA libraries that came with torch, where CTranslate2 would not look."""
    spec = importlib.util.find_spec("nvidia")
    roots = (spec.submodule_search_locations or []) if spec else []
    return [str(folder) for root in roots for folder in sorted(Path(root).glob("*/lib"))]


def read_answers(text: str) -> Figures:
    """Cases and error from a part's lines; a line that was cut off counts for nothing."""
    found: Figures = {"cases": []}
    for line in text.splitlines():
        try:
            case = json.loads(line)
        except json.JSONDecodeError:
            continue
        if "error" in case:
            found["error"] = case["error"]
        else:
            found["cases"].append(case)
    return found


def peak_of(name: str) -> float | None:
    """16-bit operations a second of a device by its name; none where it is not known."""
    return next((peak for part, peak in PEAKS.items() if part in name), None)


def utilisation(parts: Figures) -> Figures:
    """Share of the peak, and of the measured matrix rate, that each training part reached."""
    device = (parts.get("device", {}).get("cases") or [{}])[0]
    peak = peak_of(device.get("name", ""))
    rate = device.get("matrix_flops_per_s", {}).get("median")
    found = {}
    for name, part in parts.items():
        for case in part["cases"] if name.startswith("training") else []:
            done = case["tokens_per_s"]["median"] * case["flops_per_token"]
            found[name] = {
                "flops_per_s": done, "of_peak": done / peak if peak else None,
                "of_matrix_rate": done / rate if rate else None,
            }  # fmt: skip
    return found


def share_shown(share: float | None) -> str:
    """Per cent; a dash where it is not known."""
    return "–" if share is None else f"{100 * share:.1f} %"


def report(result: Figures) -> str:
    """The figures as Markdown."""
    parts, lines = result["parts"], []
    for case in parts.get("device", {}).get("cases", []):
        rate = case["matrix_flops_per_s"]["median"] / 1e12
        lines += [f"{case['name']}: {rate:,.1f} TFLOP/s in {case['matrix_dtype']} products", ""]
    lines += [f"| engine, beam {result['beam']} | batch | sentences/s | target tokens/s | "
              "latency, ms | p95 |", "|---|--:|--:|--:|--:|--:|"]  # fmt: skip
    for name, part in parts.items():
        for case in part["cases"] if name.startswith(("torch", "ctranslate2")) else []:
            milliseconds = {k: 1000 * v for k, v in case["latency_s"].items()}
            lines.append(
                f"| {name} | {case['batch']} | {shown(case['sentences_per_s'])} | "
                f"{case['tokens_per_s']['median']:,.0f} | {shown(milliseconds)} | "
                f"{milliseconds['p95']:.1f} |"
            )
    lines += ["", "| training | target tokens/s | TFLOP/s | of the peak | of the matrix rate | "
              "peak MiB |", "|---|--:|--:|--:|--:|--:|"]  # fmt: skip
    for name, of_part in result["utilisation"].items():
        case = parts[name]["cases"][0]
        memory = "–" if case["peak_mib"] is None else f"{case['peak_mib']:,.0f}"
        lines.append(
            f"| {name} | {shown(case['tokens_per_s'], 0)} | {of_part['flops_per_s'] / 1e12:,.3f} | "
            f"{share_shown(of_part['of_peak'])} | {share_shown(of_part['of_matrix_rate'])} | "
            f"{memory} |"
        )
    failed = [f"- {name}: {part['error']}" for name, part in parts.items() if "error" in part]
    return "\n".join([*lines, "", *failed])


def measure(
    shared: Figures, planned: list[tuple[str, Figures]], budget_s: float, keep: Any
) -> Figures:
    """Runs the parts until the budget is used; `keep` gets the result after each."""
    until = time.monotonic() + budget_s
    parts: Figures = {}
    result = {**shared, "budget_s": budget_s, "parts": parts, "utilisation": {}}
    for name, job in planned:
        left = until - time.monotonic()
        if left < LEAST_S:
            parts[name] = {"cases": [], "error": "not begun: the budget of time is used up"}
        else:
            parts[name] = run_part({**shared, **job}, min(left, MOST_S))
        result["utilisation"] = utilisation(parts)
        keep(result)
        print(f"{name}: {parts[name].get('error', 'done')}", file=sys.stderr)
    return result


def main(argv: list[str] | None = None) -> int:
    """Runs the benchmark; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--config", type=Path, default=ROOT / "configs" / "transformer.toml")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--smoke", action="store_true", help="a tiny network, to try the script")
    parser.add_argument("--beam", type=int, default=4)
    parser.add_argument("--only", default="", help="parts whose name contains this")
    parser.add_argument("--budget-s", type=float, default=480.0, help="for everything")
    add_output(parser)
    arguments = parser.parse_args(argv)
    if arguments.device == "cuda" and not has_cuda():
        print("no CUDA device that torch can use; check `nvidia-smi` and the PyTorch build, or "
              "try the script with --device cpu --smoke", file=sys.stderr)  # fmt: skip
        return 2
    around = environment()
    shared = {**SMOKE, "beam": arguments.beam} if arguments.smoke else None
    shared = shared or full_job(arguments.config, arguments.beam)
    shared |= {"device": arguments.device}
    planned = [part for part in plan(arguments.device) if arguments.only in part[0]]

    def keep(result: Figures) -> None:
        if arguments.output:
            write(result, around, report(result), arguments.output)

    result = measure(shared, planned, arguments.budget_s, keep)
    finish(result, around, report(result), arguments.output)
    return 0 if any(part["cases"] for part in result["parts"].values()) else 1


def has_cuda() -> bool:
    """Whether torch is there and finds a CUDA device."""
    try:
        import torch
    except ImportError:
        return False
    return torch.cuda.is_available()


if __name__ == "__main__":
    sys.exit(main())
