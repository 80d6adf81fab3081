"""scripts/tree.py draws what there is."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tree() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tree", ROOT / "scripts" / "tree.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError("scripts/tree.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for package in ("nmt", "training", "api"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text(f'"""Package {package}."""\n')
    (tmp_path / "nmt" / "config.py").write_text('"""Settings: frozen.\n\nMore.\n"""\n')
    (tmp_path / "nmt" / "text").mkdir()
    for number in range(20):
        (tmp_path / "nmt" / "text" / f"module_{number:02}.py").write_text('"""One."""\n')
    (tmp_path / "nmt" / "__pycache__").mkdir()
    (tmp_path / "nmt" / "__pycache__" / "config.pyc").write_text("")
    return tmp_path


def test_tree_names_modules_with_their_summary(tree: ModuleType, project: Path) -> None:
    lines = tree.draw(project).splitlines()
    assert lines[0].split() == ["nmt/", "Package", "nmt"]
    assert lines[1].split() == ["config.py", "Settings"]
    assert not any("__pycache__" in line for line in lines)


def test_tree_goes_on_with_a_long_list_below(tree: ModuleType, project: Path) -> None:
    lines = tree.draw(project).splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith("  text/"))
    assert lines[start].endswith(" · module_05")
    assert lines[start + 1].startswith(" " * tree.COLUMN + "· module_06 · ")
    assert max(map(len, lines)) <= tree.WIDTH
