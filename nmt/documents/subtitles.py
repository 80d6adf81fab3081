"""Subtitles (SubRip and WebVTT): cues and their times stay, sentences run over cues.

A sentence that goes on in the next cue is translated as one and dealt out again: each cue gets the
share of the words that it had of the characters. Where a cue has several lines, so has its
translation.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from nmt.documents.base import DocumentOptions, Slot
from nmt.documents.encoding import decode_text
from nmt.documents.hangul import has_hangul
from nmt.documents.plain import one_line
from nmt.errors import DocumentError
from nmt.text.segment import split_sentences

_TIME = r"(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}"
_TIMES = re.compile(rf"[ \t]*({_TIME})[ \t]*-->[ \t]*({_TIME})[^\n]*")
_FRAME = re.compile(
    r"(?P<before>(?:\{\\[^}]*\}|<(?!/)[^>]*>|[♪♬#]\s*)*)(?P<core>.*?)"
    r"(?P<after>(?:</[^>]*>|\s*[♪♬#])*)",
    re.DOTALL,
)
_DIALOGUE = re.compile(r"\s*[-–—]\s*(?=\S)")
MAX_PAUSE_S = 2.0
"""A sentence does not go on after a longer pause between two cues."""

MAX_CUES = 4
"""What goes on for longer without an end is no sentence; its cues are translated one by one."""


@dataclass
class _Line:
    """A line of a cue, or several that are one text."""

    text: str
    """Without the tags around it."""
    before: str
    after: str
    n_lines: int
    is_alone: bool
    """Whether it is one speaker's of several in a cue."""
    cue: int
    start_s: float
    end_s: float
    raw: str
    """As it now stands in the file."""


class Subtitles:
    """A file of cues; see `Content`."""

    def __init__(self, text: str, bom: bytes) -> None:
        self._bom = bom
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._pieces: list[str | _Line] = list(_iter_pieces(text.replace("\r\n", "\n")))
        lines = [piece for piece in self._pieces if isinstance(piece, _Line)]
        self.slots: Sequence[Slot] = [slot for group in _groups(lines) for slot in _slots(group)]

    def save(self) -> bytes:
        """See `Content`."""
        text = "".join(p if isinstance(p, str) else p.raw for p in self._pieces)
        return self._bom + text.replace("\n", self._newline).encode("utf-8", "replace")


def load_subtitles(data: bytes, options: DocumentOptions) -> Subtitles:
    """Gives the sentences of a subtitle file.

    Raises:
        DocumentError: there is no cue in it, or it is no text.
    """
    decoded = decode_text(data)
    if not _TIMES.search(decoded.text):
        raise DocumentError(
            "the file has no cue (a line such as `00:00:01,000 --> 00:00:02,500`), so it is no "
            "SubRip or WebVTT file"
        )
    return Subtitles(decoded.text, decoded.bom)


def _iter_pieces(text: str) -> Iterator[str | _Line]:
    """Gives the texts of cues, and all else as it is."""
    times: re.Match[str] | None = None
    cue = 0
    block: list[str] = []
    for line in [*text.splitlines(keepends=True), ""]:
        if times and line.strip():
            block.append(line)
            continue
        if times and block:
            yield from _iter_lines("".join(block), cue, times)
            block = []
        times = _TIMES.match(line)
        cue += times is not None
        yield line


def _iter_lines(block: str, cue: int, times: re.Match[str]) -> Iterator[str | _Line]:
    """Gives the text of a cue as one, or each line where the lines are a dialogue."""
    lines = block.rstrip("\n").split("\n")
    is_dialogue = len(lines) > 1 and all(map(_DIALOGUE.match, lines))
    for at, part in enumerate(lines if is_dialogue else ["\n".join(lines)]):
        yield "\n" if at else ""
        dash = _DIALOGUE.match(part) if is_dialogue else None
        yield dash[0] if dash else ""
        rest = part[dash.end() :] if dash else part
        frame = _FRAME.fullmatch(rest)
        before, core, after = frame.groups() if frame else ("", rest, "")
        n_lines = core.count("\n") + 1
        start_s, end_s = _seconds(times[1]), _seconds(times[2])
        yield _Line(one_line(core), before, after, n_lines, is_dialogue, cue, start_s, end_s, rest)
    yield block[len(block.rstrip("\n")) :]


def _seconds(time: str) -> float:
    *hours, minutes, seconds = time.replace(",", ".").split(":")
    return (int(hours[0]) if hours else 0) * 3600 + int(minutes) * 60 + float(seconds)


def _groups(lines: Sequence[_Line]) -> Iterator[list[_Line]]:
    """Gives lines that sentences may run over: of cues one after another, without a pause."""
    group: list[_Line] = []
    for line in lines:
        if group and not _goes_on(group[-1], line):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _goes_on(line: _Line, following: _Line) -> bool:
    """Whether a sentence of one line may go on in the next."""
    return (
        not line.is_alone
        and not following.is_alone
        and line.before == following.before
        and following.start_s - line.end_s <= MAX_PAUSE_S
    )


@dataclass(frozen=True)
class _Share:
    """A sentence's part in a line."""

    line: int
    n_chars: int


class _Group:
    """Lines and the translations of their sentences so far."""

    def __init__(self, lines: Sequence[_Line]) -> None:
        self._lines = lines
        self._sentences: list[tuple[str, list[_Share]]] = []
        self._of_line: dict[int, list[int]] = {}
        self._translations: dict[int, str] = {}

    def add(self, sentence: str, shares: list[_Share]) -> Callable[[str], None]:
        """Takes a sentence; gives a function that takes its translation."""
        number = len(self._sentences)
        self._sentences.append((sentence, shares))
        for share in shares:
            self._of_line.setdefault(share.line, []).append(number)

        def put(translation: str) -> None:
            self._translations[number] = one_line(translation)
            for share in shares:
                self._write(share.line)

        return put

    def _write(self, at: int) -> None:
        parts = [self._part(number, at) for number in self._of_line[at]]
        line = self._lines[at]
        text = " ".join(part for part in parts if part)
        wrapped = "\n".join(part for part in deal([1] * line.n_lines, text) if part)
        line.raw = line.before + wrapped + line.after

    def _part(self, number: int, line: int) -> str:
        """What a sentence, or its translation, has in a line."""
        sentence, shares = self._sentences[number]
        parts = deal([s.n_chars for s in shares], self._translations.get(number, sentence))
        return next(p for s, p in zip(shares, parts, strict=True) if s.line == line)


@dataclass(frozen=True)
class _SentenceSlot:
    text: str
    put: Callable[[str], None]


def _slots(lines: Sequence[_Line]) -> Iterator[Slot]:
    """Gives the sentences of a group of lines."""
    joined = " ".join(line.text for line in lines)
    starts, at = [], 0
    for line in lines:
        starts.append(at)
        at += len(line.text) + 1
    group = _Group(lines)
    for sentence in split_sentences(joined):
        shares = []
        for number in range(bisect_right(starts, sentence.start) - 1, len(lines)):
            start, end = starts[number], starts[number] + len(lines[number].text)
            if start >= sentence.end:
                break
            n_chars = min(sentence.end, end) - max(sentence.start, start)
            if n_chars > 0:
                shares.append(_Share(number, n_chars))
        for part in [shares] if len(shares) <= MAX_CUES else [[share] for share in shares]:
            first, last = (
                starts[part[0].line],
                starts[part[-1].line] + len(lines[part[-1].line].text),
            )
            text = joined[max(first, sentence.start) : min(last, sentence.end)]
            put = group.add(text, part)
            if has_hangul(text):
                yield _SentenceSlot(text, put)


def deal(shares: Sequence[int], text: str) -> list[str]:
    """Gives `text` in as many parts as there are shares, cut between words, near to their sizes.

    A cut moves to a place after a punctuation mark if one is near.
    """
    words = text.split()
    parts: list[str] = []
    total, given, start = sum(shares), 0, 0
    lengths = [0]
    for word in words:
        lengths.append(lengths[-1] + len(word) + 1)
    for share in shares[:-1]:
        given += share
        wanted = given / total * lengths[-1]
        places = range(start + bool(words[start:]), len(words) + 1)
        end = min(places, key=lambda n: _distance(words, lengths, n, wanted), default=start)
        parts.append(" ".join(words[start:end]))
        start = end
    return [*parts, " ".join(words[start:])]


def _distance(words: Sequence[str], lengths: Sequence[int], n: int, wanted: float) -> float:
    after_mark = n > 0 and words[n - 1][-1:] in ",.;:!?…"
    return abs(lengths[n] - wanted) - 6 * after_mark
