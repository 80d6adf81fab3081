"""From characters of a normalised line back to characters of the line as it was given."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from nmt.text.normalize import normalize

# What can join the character before it: vowels and finals of conjoining jamo, sound marks of
# half-width katakana. Marks and characters that normalisation removes are found by category.
_JOINING = re.compile("[\u1160-\u11ff\ud7b0-\ud7ff\uff9e\uff9f\u3164\uffa0\ufff0-\uffff]")


@dataclass(frozen=True)
class NormalizedLine:
    """A line without line breaks, normalised, and where its characters came from."""

    source: str
    text: str
    """`normalize(source)`."""
    starts: tuple[int, ...] | None = None
    """First source character behind each character of `text`; none where both texts are equal."""
    ends: tuple[int, ...] | None = None

    def source_range(self, start: int, end: int) -> tuple[int, int]:
        """Source characters behind `text[start:end]`, those that were removed after it included."""
        if self.starts is None or self.ends is None:
            return start, end
        if start >= end:
            at = self.starts[start] if start < len(self.starts) else self._last_end()
            return at, at
        return self.starts[start], self.ends[end - 1]

    def _last_end(self) -> int:
        return self.ends[-1] if self.ends else 0


def normalize_line(source: str) -> NormalizedLine:
    """Normalises one line and keeps track of where every character came from.

    The line is cut into clusters (a character and what joins it or is removed after it), which
    normalise independently of each other. A character of the result maps to its cluster, which is
    the character itself unless something was composed, expanded or removed there; a space maps to
    the whole run of white space that it stands for.
    """
    text = normalize(source)
    if text == source:
        return NormalizedLine(source, text)
    starts: list[int] = []
    ends: list[int] = []
    characters: list[str] = []
    for start, end in _clusters(source):
        cluster = source[start:end]
        result = " " if cluster.isspace() else cluster if _is_plain(cluster) else normalize(cluster)
        if result == " " and (not characters or characters[-1] == " "):
            if characters:
                ends[-1] = end
            continue
        characters += result
        one_to_one = len(result) == len(cluster)
        starts += range(start, end) if one_to_one else [start] * len(result)
        ends += range(start + 1, end + 1) if one_to_one else [end] * len(result)
    if characters[-1:] == [" "]:
        del characters[-1], starts[-1], ends[-1]
    if "".join(characters) != text:
        return _proportional(source, text)
    return NormalizedLine(source, text, tuple(starts), tuple(ends))


def _is_plain(cluster: str) -> bool:
    """Whether it is one syllable or printable ASCII character, which normalises to itself."""
    return len(cluster) == 1 and ("가" <= cluster <= "힣" or " " <= cluster <= "~")


def _clusters(source: str) -> Iterator[tuple[int, int]]:
    """Ranges of the characters that normalise together; white space stands alone."""
    start = 0
    for at in range(1, len(source)):
        if source[at - 1].isspace() or not _joins(source[at]):
            yield start, at
            start = at
    if source:
        yield start, len(source)


def _joins(char: str) -> bool:
    if "가" <= char <= "힣":
        return False
    if char.isascii():
        return not char.isprintable() and not char.isspace()
    category = unicodedata.category(char)
    return not char.isspace() and (category[0] in "MC" or bool(_JOINING.match(char)))


def _proportional(source: str, text: str) -> NormalizedLine:
    """Offsets by share of the length: for text whose clusters do not normalise independently."""
    scale = len(source) / max(1, len(text))
    starts = tuple(int(at * scale) for at in range(len(text)))
    ends = tuple(max(start + 1, int((at + 1) * scale)) for at, start in enumerate(starts))
    return NormalizedLine(source, text, starts, ends)
