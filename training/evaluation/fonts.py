"""A font that has Hangul, for plots; without one, an error instead of empty boxes."""

from __future__ import annotations

import importlib.util
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from training.errors import TrainingError

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

FONT_VARIABLE = "NMT_HANGUL_FONT"
FAMILIES = (
    "Noto Sans CJK KR", "Noto Sans KR", "Pretendard", "NanumGothic", "NanumBarunGothic",
    "Apple SD Gothic Neo", "AppleGothic", "Malgun Gothic", "Noto Sans CJK JP", "Noto Sans CJK SC",
    "Source Han Sans KR", "UnDotum", "Baekmuk Dotum", "WenQuanYi Zen Hei",
)  # fmt: skip
"""Looked for in this order."""
SAMPLE = "가힣한ㄱ"
FALLBACK = "DejaVu Sans"
"""Ships with matplotlib; has signs and other alphabets, no Hangul."""


class FontMissingError(TrainingError):
    """No font with Hangul is installed; the message says how to get one."""


def _characters(path: Path) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(path)).get_charmap())


@dataclass(frozen=True)
class HangulFont:
    """A font file that has Hangul, with matplotlib's own font for what it lacks."""

    path: Path

    @cached_property
    def _drawable(self) -> frozenset[int]:
        from matplotlib.font_manager import findfont

        return _characters(self.path) | _characters(Path(findfont(FALLBACK)))

    def properties(self, size: float) -> FontProperties:
        """Gives the font to matplotlib, `size` in points."""
        from matplotlib.font_manager import FontProperties, fontManager, get_font

        family = get_font(str(self.path)).family_name
        if family not in {entry.name for entry in fontManager.ttflist}:
            fontManager.addfont(str(self.path))
        return FontProperties(family=[family, FALLBACK], size=size)

    def drawable(self, text: str) -> str:
        """Gives `text` with each character that neither font has as its number, e.g. U+1F600."""
        return "".join(
            c if ord(c) in self._drawable and unicodedata.category(c)[0] != "C"
            else f"U+{ord(c):04X}"
            for c in text
        )  # fmt: skip


def _packaged_fonts() -> Iterator[Path]:
    """Fonts inside the package koreanize-matplotlib, which is not imported: it changes settings."""
    spec = importlib.util.find_spec("koreanize_matplotlib")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        yield Path(folder) / "fonts" / "NanumGothic.ttf"


def _installed_fonts() -> Iterator[Path]:
    from matplotlib.font_manager import fontManager

    by_family = {entry.name: Path(entry.fname) for entry in reversed(fontManager.ttflist)}
    yield from (by_family[family] for family in FAMILIES if family in by_family)


def find_hangul_font() -> HangulFont:
    """Finds a font: `$NMT_HANGUL_FONT`, then a known family, then koreanize-matplotlib's.

    Raises:
        FontMissingError: there is none, or the file named has no Hangul.
    """
    named = os.environ.get(FONT_VARIABLE, "")
    if named:
        path = Path(named)
        if not path.is_file() or not _characters(path).issuperset(map(ord, SAMPLE)):
            raise FontMissingError(
                f"{FONT_VARIABLE} is {named}, which is not a font file with Hangul; "
                "name a .ttf or .otf file such as NanumGothic.ttf, or unset the variable"
            )
        return HangulFont(path)
    for path in (*_installed_fonts(), *_packaged_fonts()):
        if path.is_file() and _characters(path).issuperset(map(ord, SAMPLE)):
            return HangulFont(path)
    raise FontMissingError(
        "no font with Hangul is installed, so the Korean side of attention cannot be drawn; "
        "install one (`pip install koreanize-matplotlib`, `apt install fonts-nanum` or "
        f"`fonts-noto-cjk`), or set {FONT_VARIABLE} to a .ttf file"
    )
