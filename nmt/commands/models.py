"""`nmt models`: the bundles that names can reach, with their scores."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from nmt.bundle import BundleSummary

_NAMES = {"bleu": "BLEU", "chrf": "chrF", "ter": "TER"}


class ListFormat(StrEnum):
    """How the list is written."""

    TEXT = "text"
    JSON = "json"


def models(
    format: Annotated[ListFormat, typer.Option(help="How to write.")] = ListFormat.TEXT,
) -> None:
    """List the models at hand with their scores."""
    from nmt.bundle import list_bundles

    bundles = list_bundles()
    if format is ListFormat.JSON:
        rows = [asdict(bundle) | {"path": str(bundle.path)} for bundle in bundles]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for bundle in bundles:
        typer.echo(_line(bundle).rstrip())
    if not bundles:
        typer.echo(
            "no models found; train one with `nmt train quickstart`, or set NMT_MODELS to the "
            "folder that holds your bundles",
            err=True,
        )


def _line(bundle: BundleSummary) -> str:
    if bundle.problem:
        return f"{bundle.name:<16} unusable: {bundle.problem}"
    size = f"{bundle.size_bytes / 1e6:.1f} MB"
    return f"{bundle.name:<16} {bundle.architecture:<28} {size:>8}  {_scores(bundle.scores)}"


def _scores(scores: Mapping[str, Any]) -> str:
    """`flores-dev: BLEU 20.1, chrF 48.0; …`, or as the bundle has it."""
    parts = []
    for test_set, values in scores.items():
        named = values.items() if isinstance(values, Mapping) else [("", values)]
        parts.append(
            f"{test_set}: " + ", ".join(f"{_NAMES.get(k, k)} {_rounded(v)}" for k, v in named)
        )
    return "; ".join(parts)


def _rounded(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)
