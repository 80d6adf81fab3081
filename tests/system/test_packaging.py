"""What is declared, pinned and shipped."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    table: dict[str, Any] = settings["project"]
    return table


def pins() -> dict[str, str]:
    """Package → version of constraints.txt, names in PEP 503 form."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in rows}


def test_constraints_are_exact_versions_only() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    wrong = [line for line in lines if not re.fullmatch(r"#.*|[\w.-]+==[\w.]+", line)]
    assert wrong == []


def test_constraints_pin_every_declared_package(project: dict[str, Any]) -> None:
    declared = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        declared += extra
    names = {re.split(r"[\[<>=;\s]", requirement)[0].lower() for requirement in declared}
    assert names - {project["name"]} - pins().keys() == set()


def test_base_dependencies_leave_torch_out(project: dict[str, Any]) -> None:
    assert not any("torch" in requirement for requirement in project["dependencies"])


def packaged_files() -> list[Path]:
    """Files under the three packages that git tracks or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(
        [*command, "nmt", "training", "api"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [Path(line) for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def test_wheel_holds_every_file_of_the_packages() -> None:
    from hatchling.builders.wheel import WheelBuilder

    shipped = {
        Path(file.distribution_path) for file in WheelBuilder(str(ROOT)).recurse_project_files()
    }
    assert set(packaged_files()) - shipped == set()
    assert {path.parts[0] for path in shipped} == {"nmt", "training", "api"}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_wheel_translates_outside_the_repository(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    wheel = next(tmp_path.glob("*.whl"))
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    if not (site / "nmt" / "bundles" / "transformer").is_dir():
        pytest.skip("no released bundle in the repository yet")
    program = f"import sys; sys.path.insert(0, {str(site)!r}); import nmt.cli; nmt.cli.main()"
    translated = subprocess.run(
        [sys.executable, "-c", program, "translate"],
        input="안녕하세요.\n",
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        check=True,
    )
    assert re.search("[A-Za-z]", translated.stdout)
