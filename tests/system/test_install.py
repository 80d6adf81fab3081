"""scripts/install.py picks the PyTorch build that is right for the machine."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def install() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", ROOT / "scripts" / "install.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError("scripts/install.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class RecordingRunner:
    """Stands in for pip: notes the commands, answers with the exit codes given."""

    def __init__(self, codes: Sequence[int]) -> None:
        self.codes = list(codes)
        self.commands: list[list[str]] = []

    def __call__(self, command: Sequence[str]) -> int:
        self.commands.append(list(command))
        return self.codes.pop(0)


@pytest.mark.parametrize(
    ("system", "machine", "nvidia", "expected"),
    [
        ("Linux", "x86_64", False, True),
        ("Linux", "x86_64", True, False),
        ("Linux", "aarch64", False, False),
        ("Darwin", "arm64", False, False),
        ("Windows", "AMD64", False, False),
    ],
)
def test_cpu_index_is_wanted_only_where_the_default_brings_cuda(
    install: ModuleType, system: str, machine: str, nvidia: bool, expected: bool
) -> None:
    assert install.wants_cpu_index(system, machine, nvidia) is expected


def test_torch_comes_from_the_cpu_index_where_that_answers(install: ModuleType) -> None:
    runner = RecordingRunner([0])
    assert install.install_torch("python", "torch==9.9", True, runner) == 0
    assert len(runner.commands) == 1
    assert install.CPU_INDEX in runner.commands[0]


def test_torch_falls_back_to_the_default_build(install: ModuleType) -> None:
    runner = RecordingRunner([1, 0])
    assert install.install_torch("python", "torch==9.9", True, runner) == 0
    assert install.CPU_INDEX not in runner.commands[1]
    assert runner.commands[1][-1] == "torch==9.9"


def test_torch_default_build_is_taken_at_once_elsewhere(install: ModuleType) -> None:
    runner = RecordingRunner([0])
    install.install_torch("python", "torch==9.9", False, runner)
    assert install.CPU_INDEX not in runner.commands[0]


def test_project_is_installed_with_its_constraints(install: ModuleType) -> None:
    runner = RecordingRunner([0])
    assert install.install_project("python", "dev", runner) == 0
    assert str(ROOT / "constraints.txt") in runner.commands[0]
    assert runner.commands[0][-1] == f"{ROOT}[dev]"


def test_pinned_finds_the_exact_package(install: ModuleType) -> None:
    assert install.pinned("torch", "torchmetrics==1.0\ntorch==2.0\n") == "torch==2.0"


def test_pinned_refuses_a_missing_package(install: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"pins no torch; add a line `torch==VERSION`"):
        install.pinned("torch", "numpy==2.0\n")


def test_main_refuses_an_unknown_purpose(
    install: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert install.main(["everything"]) == 2
    assert "usage: install.py run|serve|dev" in capsys.readouterr().err
