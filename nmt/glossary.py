"""Glossary files: a Korean term, a tab and the English text that stands for it on each line."""

from __future__ import annotations

from pathlib import Path

from nmt.errors import InputError
from nmt.text.normalize import normalize

MAX_GLOSSARY_BYTES = 8 * 2**20


def read_glossary(path: Path) -> dict[str, str]:
    """Gives the terms of a file, for `TranslateOptions.glossary`.

    Raises:
        InputError: see `parse_glossary`; or the file is too large or not UTF-8.
        OSError: the file cannot be read.
    """
    data = path.read_bytes()
    if len(data) > MAX_GLOSSARY_BYTES:
        raise InputError(
            f"glossary {path} has {len(data) / 2**20:.0f} MiB, {MAX_GLOSSARY_BYTES // 2**20} are "
            "allowed; give one with fewer terms"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"glossary {path} is not UTF-8 (byte {error.start + 1}); save it as UTF-8"
        ) from error
    return parse_glossary(text, str(path))


def parse_glossary(text: str, name: str = "the glossary") -> dict[str, str]:
    """Gives the terms of a text; blank lines are left out.

    Args:
        text: lines of `Korean<TAB>English`.
        name: for messages.

    Raises:
        InputError: a line is not of two parts, a part is empty, a term stands twice with different
            translations, or there is no term at all.
    """
    terms: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        term = normalize(cells[0])
        if len(cells) != 2 or not term or not cells[1]:
            raise InputError(
                f"{name}: line {number} has {len(cells)} parts, {_n_empty(cells)} of them empty; "
                "write a Korean term, a tab and its English text"
            )
        if terms.setdefault(term, cells[1]) != cells[1]:
            raise InputError(
                f"{name}: line {number} gives {term!r} another translation than a line before; "
                "keep one of them"
            )
    if not terms:
        raise InputError(f"{name} has no term; write a Korean term, a tab and its English text")
    return terms


def _n_empty(cells: list[str]) -> int:
    return sum(not cell for cell in cells)
