"""Rules that hold for all code: import directions, torch-free start, sizes, no assert."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(
    path for package in ("nmt", "training", "api") for path in (ROOT / package).rglob("*.py")
)
LONGEST_FILE = 300
BANNED_NAMES = {"utils", "helpers", "common", "constants"}
HEAVY = ("torch", "pydantic", "mecab_ko", "kiwipiepy", "konlpy", "jpype", "sacrebleu", "matplotlib")


def test_import_directions_hold() -> None:
    # In a process of its own: import-linter replaces the logging set-up.
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def loaded_by(statement: str) -> set[str]:
    """Top-level names that a fresh interpreter has loaded after `statement`."""
    program = f"{statement}\nimport sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    return set(found.stdout.split())


@pytest.mark.parametrize(
    "module",
    ["nmt", "nmt.config", "nmt.bundle", "nmt.translator", "nmt.engines.base", "nmt.text.normalize"],
)
def test_module_imports_nothing_heavy(module: str) -> None:
    assert loaded_by(f"import {module}") & set(HEAVY) == set()


def test_command_starts_without_anything_heavy() -> None:
    assert loaded_by("import nmt.cli") & {*HEAVY, "training", "api"} == set()


def test_nothing_is_logged_or_parsed_on_import() -> None:
    program = "import logging, nmt.translator; print(len(logging.getLogger().handlers))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    assert found.stdout.strip() == "0"


def test_files_stop_at_three_hundred_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in MODULES
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_modules_have_telling_names() -> None:
    assert [path for path in MODULES if path.stem in BANNED_NAMES] == []


def test_modules_have_docstrings() -> None:
    bare = [p for p in MODULES if not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))]
    assert bare == []


def test_assert_stands_only_in_tests() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assert)
    ]
    assert found == []


def test_test_files_have_unique_names() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []
