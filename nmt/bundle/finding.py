"""Where bundles are: a path, the folders of `$NMT_MODELS`, and those that ship with the package."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nmt.bundle.reading import CONFIG_FILE, read_config
from nmt.errors import BundleError, BundleNotFoundError

DEFAULT_BUNDLE = "transformer"
FOLDERS_VARIABLE = "NMT_MODELS"


@dataclass(frozen=True)
class BundleSummary:
    """What a list shows of a bundle; its files have not been checked."""

    name: str
    """What `--model` takes."""
    path: Path
    architecture: str = ""
    """E.g. `transformer`, `rnn (lstm, no attention)`."""
    created: str = ""
    scores: Mapping[str, Any] = field(default_factory=dict)
    size_bytes: int = 0
    problem: str = ""
    """Why it cannot be used; empty where nothing is known against it."""


def bundle_folders() -> list[Path]:
    """Folders in which names are looked up, in order."""
    given = os.environ.get(FOLDERS_VARIABLE, "")
    return [*(Path(part) for part in given.split(os.pathsep) if part), packaged_bundles()]


def packaged_bundles() -> Path:
    """The folder of the bundles that ship with this package."""
    return Path(__file__).parents[1] / "bundles"


def find_bundle(name_or_path: Path | str) -> Path:
    """Gives the folder of a bundle: `name_or_path` itself if a bundle is there, else by name.

    Raises:
        BundleNotFoundError: nothing of that name; the message lists the names there are.
    """
    path = Path(name_or_path)
    if (path / CONFIG_FILE).is_file():
        return path
    folders = bundle_folders()
    if len(path.parts) == 1 and path.name not in ("", ".."):
        for folder in folders:
            if (folder / path / CONFIG_FILE).is_file():
                return folder / path
    names = ", ".join(summary.name for summary in list_bundles()) or "none"
    looked_in = ", ".join(map(str, folders))
    raise BundleNotFoundError(
        f"no bundle {str(name_or_path)!r}; names at hand: {names}; give one of them, the path of "
        f"a bundle folder, or set {FOLDERS_VARIABLE} to the folder that holds it "
        f"(looked in {looked_in})"
    )


def list_bundles() -> list[BundleSummary]:
    """Gives the bundles that names can reach; of two with one name only the first is reached."""
    found: dict[str, BundleSummary] = {}
    for path in _iter_candidates():
        if path.name not in found:
            found[path.name] = summarise(path)
    return list(found.values())


def _iter_candidates() -> Iterator[Path]:
    for folder in bundle_folders():
        if folder.is_dir():
            yield from sorted(p for p in folder.iterdir() if (p / CONFIG_FILE).is_file())


def summarise(path: Path) -> BundleSummary:
    """Gives what a list shows of the bundle in `path`; a broken one is shown with its problem."""
    try:
        content = read_config(path)
    except BundleError as error:
        return BundleSummary(path.name, path, problem=str(error))
    size_bytes = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    scores = content.get("scores")
    return BundleSummary(
        path.name,
        path,
        _architecture(content.get("architecture")),
        str(content.get("created", "")),
        scores if isinstance(scores, dict) else {},
        size_bytes,
    )


def _architecture(config: object) -> str:
    if not isinstance(config, dict):
        return "unknown"
    name = str(config.get("architecture", "unknown"))
    if name != "rnn":
        return name
    attention = config.get("attention", "none")
    return f"rnn ({config.get('cell')}, {'no' if attention == 'none' else attention} attention)"
