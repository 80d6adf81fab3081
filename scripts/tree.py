"""Draws the repository's tree into README.md, from the folders and the modules' docstrings.

python scripts/tree.py
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("nmt", "training", "api")
DATA_FOLDERS = {
    "nmt/bundles": "the released models",
    "api/web": "the page at /: HTML, style sheets, ES modules",
    "training/sample": "the pairs that `nmt train quickstart` trains on",
}
OTHER_FOLDERS = {
    "configs": "settings of training runs, TOML",
    "docker": "images; proxy, Prometheus and Grafana of docker-compose.yml",
    "tests": "mirrors the packages; system/ checks the repository as a whole",
    "benchmarks": "speed, memory and accuracy, side by side with other systems",
    "scripts": "install.py makes .venv; tree.py draws this tree",
    "docs": "guide pages, adr/ (one page a decision), experiments.md",
}
COLUMN = 22
WIDTH = 100
BLOCK = re.compile(r"(^## The tree\n+```\n)(.*?)(^```)", re.MULTILINE | re.DOTALL)


def summary(module: Path) -> str:
    """First clause of a module's docstring; empty without one."""
    if not module.is_file():
        return ""
    text = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return re.split(r"\n|[:;.] |[:.]$| \(", text, maxsplit=1)[0].rstrip(".")


def modules(folder: Path) -> list[Path]:
    """The modules of a folder, without `__init__.py`."""
    return sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")


def subfolders(folder: Path) -> list[Path]:
    """Folders below that hold files of the project."""
    found = (path for path in folder.iterdir() if path.is_dir() and path.name[0] not in "._")
    return sorted(path for path in found if any(child.is_file() for child in path.rglob("*.*")))


def head(indent: int, name: str) -> str:
    """The left column of a line."""
    return (" " * indent + name).ljust(COLUMN - 2) + "  "


def line(indent: int, name: str, about: str) -> str:
    """A file or folder and what it is, on one line."""
    return head(indent, name) + textwrap.shorten(about, WIDTH - COLUMN, placeholder=" …")


def list_line(indent: int, folder: Path) -> str:
    """A folder with the names of its modules; rows after the first start with a dot."""
    names = " · ".join(module.stem for module in modules(folder))
    rows = textwrap.wrap(names, WIDTH - COLUMN - 2, break_on_hyphens=False)
    rows = [row.removesuffix(" ·").removeprefix("· ") for row in rows]
    return head(indent, f"{folder.name}/") + f"\n{' ' * COLUMN}· ".join(rows)


def package_lines(package: Path) -> list[str]:
    """A package, its modules one a line, its folders with their modules as a list."""
    lines = [line(0, f"{package.name}/", summary(package / "__init__.py"))]
    lines += [line(2, module.name, summary(module)) for module in modules(package)]
    for folder in subfolders(package):
        about = DATA_FOLDERS.get(f"{package.name}/{folder.name}", summary(folder / "__init__.py"))
        lines.append(list_line(2, folder) if modules(folder) else line(2, f"{folder.name}/", about))
        lines += [list_line(4, inner) for inner in subfolders(folder) if modules(inner)]
    return lines


def draw(root: Path) -> str:
    """The whole tree."""
    lines = [text for name in PACKAGES for text in package_lines(root / name)]
    lines += [line(0, f"{n}/", about) for n, about in OTHER_FOLDERS.items() if (root / n).is_dir()]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Replaces the block under `## The tree`; returns the exit code."""
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    if BLOCK.search(text) is None:
        print("README.md has no code block under `## The tree`; add one", file=sys.stderr)
        return 1
    tree = draw(ROOT)
    new = BLOCK.sub(lambda found: found[1] + tree + found[3], text)
    readme.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
