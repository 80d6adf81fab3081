"""The real process under more load than it can take, in short; benchmarks/ has the long form."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MEMORY_MIB = 200
"""Far above what a queue of a few thousand sentences needs; a leak of bodies would be seen."""


@pytest.mark.slow
def test_service_survives_overload_swaps_and_sigterm(tiny_bundle: Path) -> None:
    done = subprocess.run(
        [
            sys.executable, str(ROOT / "benchmarks" / "service_load.py"), "--model",
            f"tiny={tiny_bundle}", "--seconds", "4", "--clients", "8", "--deadline", "2",
            "--swaps", "2",
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert found["faults"] == []
    assert found["unexpected"] == []
    assert found["overload"]["results"]["200"] > 0
    assert found["swap"]["results"].keys() == {"200"}
    memory = found["overload"]["memory_mib"]
    assert memory[-1] - memory[0] < MEMORY_MIB
