"""What every benchmark writes down."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

Script = Callable[[str], ModuleType]
BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def test_spread_is_median_least_and_most(script: Script) -> None:
    record = script("record")
    figures = record.spread([3.0, 1.0, 2.0, 10.0, 2.5])
    assert figures == {"median": 2.5, "min": 1.0, "max": 10.0, "n": 5}
    assert record.shown(figures, 2) == "2.50 (1.00–10.00)"
    assert record.shown(record.spread([1234.5]), 0) == "1,234 (1,234–1,234)"


def test_environment_names_what_a_figure_depends_on(script: Script) -> None:
    around = script("record").environment(threads=3)
    assert around["threads"] == 3
    assert around["versions"]["numpy"]
    assert len(around["load"]) == 3
    assert around["cores"] >= 1
    assert around["cpu"] and around["commit"] and around["date"]


def test_processor_is_read_from_cpuinfo(script: Script, tmp_path: Path) -> None:
    record = script("record")
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: Fast One 9000\nmodel name\t: Fast One 9000\n")
    assert record.processor(cpuinfo) == "Fast One 9000"
    assert record.processor(tmp_path / "none")


def test_versions_leave_out_what_is_not_installed(script: Script) -> None:
    assert set(script("record").installed(["numpy", "no-such-package"])) == {"numpy"}


def test_output_keeps_figures_and_tables(
    script: Script, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = script("record")
    output = tmp_path / "new" / "out.json"
    record.finish({"speed": 1.5}, record.environment(threads=1), "| a |\n\n", output)
    content = json.loads(output.read_text())
    assert content["speed"] == 1.5
    assert content["environment"]["threads"] == 1
    assert len(content["environment"]["load_after"]) == 3
    printed = capsys.readouterr().out
    assert printed.startswith("| a |\n\n20")
    assert ", 1 thread, " in printed
    assert output.with_suffix(".md").read_text() == printed


@pytest.mark.parametrize(
    "name",
    ["engines", "peers_decoding", "peers_training", "translate_overhead", "service_batching",
     "service_load", "segmentation", "prepare_memory", "growth", "gpu", "cost", "depths",
     "peers_text"],
)  # fmt: skip
def test_benchmark_has_an_output_option(name: str) -> None:
    source = (BENCHMARKS / f"{name}.py").read_text(encoding="utf-8")
    assert "add_output(parser)" in source
    assert "environment(" in source


@pytest.mark.slow
@pytest.mark.parametrize("name", ["engines", "cost", "gpu", "growth", "depths", "service_load"])
def test_benchmark_tells_its_options(name: str) -> None:
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / f"{name}.py"), "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "--output FILE.json" in done.stdout
