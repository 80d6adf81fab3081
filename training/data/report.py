"""What `prepare` did: counts and examples, as JSON and Markdown."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class SourceReport:
    """Counts of one source."""

    name: str
    group: str
    licence: str
    origin: str
    read: int = 0
    kept: int = 0
    """Clean pairs written."""
    noised: int = 0
    """Noised and joined copies written beside them."""
    weight: float = 1.0
    drops: Counter[str] = field(default_factory=Counter)


@dataclass
class PrepareReport:
    """Counts of a whole run."""

    output: str
    sources: list[SourceReport]
    examples: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    """Up to 20 dropped pairs per reason: source, Korean, English."""
    seconds: float = 0.0
    peak_memory_bytes: int = 0
    """Largest resident memory of this process so far."""

    @property
    def read(self) -> int:
        """Pairs read."""
        return sum(source.read for source in self.sources)

    @property
    def kept(self) -> int:
        """Clean pairs written."""
        return sum(source.kept for source in self.sources)

    @property
    def drops(self) -> Counter[str]:
        """Dropped pairs by reason."""
        return sum((source.drops for source in self.sources), Counter())

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "read": self.read,
            "kept": self.kept,
            "drops": dict(self.drops.most_common()),
            "output": self.output,
            "seconds": self.seconds,
            "peak_memory_bytes": self.peak_memory_bytes,
            "sources": [{**vars(source), "drops": dict(source.drops)} for source in self.sources],
            "examples": self.examples,
        }

    def to_markdown(self) -> str:
        """The report as a page."""
        noised = sum(source.noised for source in self.sources)
        lines = [
            "# Prepared data",
            "",
            f"{self.read:,} pairs read, {self.kept:,} kept, {noised:,} noised copies; "
            f"{self.seconds:.0f} s, peak memory {self.peak_memory_bytes / 2**20:.0f} MiB.",
            "",
            "| reason | dropped | share |",
            "|---|---:|---:|",
        ]
        for reason, count in self.drops.most_common():
            lines.append(f"| {reason} | {count:,} | {count / max(1, self.read):.2%} |")
        lines += ["", "| source | group | licence | made by | read | kept | weight |",
                  "|---|---|---|---|---:|---:|---:|"]  # fmt: skip
        for s in self.sources:
            lines.append(
                f"| {s.name} | {s.group} | {_cell(s.licence)} | {s.origin} | {s.read:,} "
                f"| {s.kept:,} | {s.weight:.2f} |"
            )
        lines += ["", "## Examples of dropped pairs"]
        for reason, examples in sorted(self.examples.items()):
            lines += ["", f"### {reason}", "", "| source | Korean | English |", "|---|---|---|"]
            lines += [f"| {name} | {_cell(src)} | {_cell(tgt)} |" for name, src, tgt in examples]
        return "\n".join(lines) + "\n"

    def save(self, folder: Path) -> None:
        """Writes `report.json` and `report.md`."""
        text = json.dumps(self.to_dict(), ensure_ascii=False, indent=1)
        (folder / "report.json").write_text(text + "\n", encoding="utf-8")
        (folder / "report.md").write_text(self.to_markdown(), encoding="utf-8")


def _cell(text: str) -> str:
    """A text as a table cell, cut at 200 characters."""
    short = text if len(text) <= 200 else text[:199] + "…"
    return short.replace("|", "\\|").replace("<", "&lt;")
