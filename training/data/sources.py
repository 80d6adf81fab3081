"""The sources that a configuration names: found, joined with the manifest, filtered by licence."""

from __future__ import annotations

import fnmatch
import glob
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

from training.data.manifest import MANIFEST, Source, read_manifest, weight_of
from training.data.readers import group_files
from training.data.settings import PrepareConfig
from training.errors import DataError

log = logging.getLogger(__name__)


def _find_manifest(config: PrepareConfig) -> dict[str, dict[str, str]]:
    if config.manifest is not None:
        return read_manifest(Path(config.manifest))
    for corpora in map(Path, config.corpora):
        for folder in (corpora, corpora.parent):
            if (folder / MANIFEST).is_file():
                return read_manifest(folder / MANIFEST)
    return {}


def find_sources(config: PrepareConfig) -> list[Source]:
    """Lists the sources that the configuration names and whose licences it accepts.

    Order: better origins first (human and llm before mt), then higher weights, so that of two
    duplicates the better one stays.

    Raises:
        DataError: a folder is missing, or nothing is left to read.
    """
    table = _find_manifest(config)
    sources = []
    for corpora in map(Path, config.corpora):
        if not corpora.exists():
            raise DataError(f"no corpora at {corpora}; give a folder or file that exists")
        for name, files in group_files(corpora):
            row = table.get(name, {})
            sources.append(
                Source(
                    name=name,
                    files=files,
                    group=row.get("group") or "ungrouped",
                    licence=row.get("licence") or row.get("license") or "unknown",
                    origin=row.get("human_or_mt") or row.get("origin") or "unknown",
                    domain=row.get("domain", ""),
                    origin_url=row.get("source", ""),
                    note=row.get("note", ""),
                )
            )
    _require_unique(sources)
    kept = [s for s in sources if _wanted(s, config)]
    if not kept:
        raise DataError(
            f"no source is left of the {len(sources)} in {', '.join(config.corpora)}; "
            "check include, data.skip and the licence globs"
        )
    if len(kept) > 65535:
        raise DataError(f"{len(kept)} sources; allowed: 65535; put small files together")
    return sorted(kept, key=lambda s: (s.origin == "mt", -weight_of(s, config.weights), s.name))


def _require_unique(sources: Sequence[Source]) -> None:
    seen: dict[str, Source] = {}
    for source in sources:
        if source.name in seen:
            raise DataError(
                f"two sources are called {source.name}: {seen[source.name].files[0]} and "
                f"{source.files[0]}; rename one"
            )
        seen[source.name] = source


def _wanted(source: Source, config: PrepareConfig) -> bool:
    if not any(map(source.matches, config.include)) or any(map(source.matches, config.skip)):
        return False
    if not licence_allowed(source.licence, config.allowed_licences, config.forbidden_licences):
        log.info("%s is left out for its licence %s", source.name, source.licence)
        return False
    return True


def licence_allowed(licence: str, allowed: Sequence[str], forbidden: Sequence[str]) -> bool:
    """Says whether a licence passes the globs, compared without case; forbidden wins."""

    def match(patterns: Iterable[str]) -> bool:
        return any(fnmatch.fnmatchcase(licence.lower(), p.lower()) for p in patterns)

    return not match(forbidden) and (not allowed or match(allowed))


def exclude_files(patterns: Sequence[str]) -> list[Path]:
    """Files that the exclusion patterns name.

    Raises:
        DataError: a pattern names no file, which would leave test lines in the training data.
    """
    files: list[Path] = []
    for pattern in patterns:
        found = [Path(name) for name in sorted(glob.glob(pattern, recursive=True))]
        found = [path for path in found if path.is_file()]
        if not found:
            raise DataError(f"exclude names {pattern!r}, but no such file exists")
        files.extend(found)
    return files
