"""The documents tell the truth: links lead somewhere, the README's tree is the repository's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("nmt", "training", "api")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
TREE_LINE = re.compile(r"(?P<indent> *)(?P<name>[\w.\-]+/?)(?: {2,}(?P<about>.+))?")


def relative_links(document: Path) -> list[str]:
    targets = LINK.findall(document.read_text(encoding="utf-8"))
    return [target for target in targets if not re.match(r"[a-z]+:|#", target)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_document_links_lead_to_files(document: Path) -> None:
    missing = [
        target
        for target in relative_links(document)
        if not (document.parent / target.split("#")[0]).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_document_anchors_are_headings(document: Path) -> None:
    for target in relative_links(document):
        path, _, anchor = target.partition("#")
        if anchor:
            text = (document.parent / path).read_text(encoding="utf-8")
            headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
            slugs = [re.sub(r"[^\w\- ]", "", h).strip().lower().replace(" ", "-") for h in headings]
            assert anchor in slugs


def parse_tree(text: str) -> dict[Path, list[str]]:
    """Path of each line of a drawn tree → the modules that its line names.

    A line is `name  about`; a folder's about is a list of modules, `one · two · three`, where every
    entry of it (up to a dash) is a module's name, and free text otherwise. A line that starts with
    `·` goes on with the list above.
    """
    tree: dict[Path, list[str]] = {}
    parents: list[tuple[int, Path]] = []
    for line in re.sub(r"\n +· ", " · ", text).splitlines():
        match = TREE_LINE.fullmatch(line.rstrip())
        if match is None:
            raise ValueError(f"not a line of a tree: {line!r}")
        indent = len(match["indent"])
        parents = [entry for entry in parents if entry[0] < indent]
        path = (parents[-1][1] if parents else Path()) / match["name"]
        names = (match["about"] or "").split(" — ")[0].split(" · ")
        is_list = match["name"].endswith("/") and all(re.fullmatch("[a-z0-9_]+", n) for n in names)
        tree[path] = names if is_list else []
        parents.append((indent, path))
    return tree


@pytest.fixture(scope="module")
def readme_tree() -> dict[Path, list[str]]:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"^## The tree\n+```\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    if block is None:
        raise ValueError("README.md has no code block under `## The tree`")
    return parse_tree(block[1])


def test_parse_tree_reads_folders_files_and_module_lists() -> None:
    text = (
        "nmt/\n  text/    normalize · protect\n           · segment — Korean\n"
        "  cli.py   the command\ndocs/    guide pages"
    )
    assert parse_tree(text) == {
        Path("nmt"): [],
        Path("nmt/text"): ["normalize", "protect", "segment"],
        Path("nmt/cli.py"): [],
        Path("docs"): [],
    }


def test_readme_tree_names_only_what_exists(readme_tree: dict[Path, list[str]]) -> None:
    named = [path for path in readme_tree if not (ROOT / path).exists()]
    for folder, modules in readme_tree.items():
        named += [folder / f"{m}.py" for m in modules if not (ROOT / folder / f"{m}.py").is_file()]
    assert named == []


def test_readme_tree_names_every_module(readme_tree: dict[Path, list[str]]) -> None:
    named = set(readme_tree)
    for folder, modules in readme_tree.items():
        named |= {folder / f"{module}.py" for module in modules}
    modules_here = {
        path.relative_to(ROOT)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path.name != "__init__.py"
    }
    assert sorted(modules_here - named) == []


def test_readme_starts_with_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^(make \w+|nmt \w+)", readme, re.MULTILINE)
    assert commands[:2] == ["make translate", "make test"]


def test_readme_make_targets_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)\b", readme)) - targets == set()


def test_changelog_has_an_unreleased_part() -> None:
    assert "\n## Unreleased\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
