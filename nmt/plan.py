"""From a text to the sentences that a model translates: normalise, segment, cut, protect, encode.

Nothing of the text is altered on the way that could not be undone: every sentence knows its
characters in the input, and what stands between two sentences is kept.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from nmt.offsets import NormalizedLine, normalize_line
from nmt.text.long import split_long
from nmt.text.protect import Protected, Terms, protect
from nmt.text.segment import Sentence, split_sentences
from nmt.tokenizers.base import Encoding, Tokenizer
from nmt.translation import Segmentation, Token

_LINE = re.compile("[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_PLACEHOLDER = re.compile(r"⟦\d{1,2}⟧")
_SYLLABLE = re.compile("[가-힣\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]")
_EMOJI = "\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff♡♥※"
_PREFIX = re.compile(rf"(?:[{_EMOJI}•·*\-–—]+\s+|[{_EMOJI}]+)+(?=\S)")
_SUFFIX = re.compile(rf"(?:\s*[{_EMOJI}]+)+$")
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_REPLACED = ("term",)
"""Kinds of spans that come back as something else than what stood in the source."""
_MAX_CHARS = 1000
"""Longer sentences are cut before they are even encoded."""
_MIN_CHARS = 16
_WINDOW = 1.25
"""Longest part, as a multiple of an even share: room to find a good place for the cut."""


@dataclass(frozen=True)
class SourceSentence:
    """A sentence, or a part of one that is too long, on its way to the model."""

    source: str
    """`input[start:end]`."""
    start: int
    end: int
    protected: Protected
    """What the model translates, of the normalised sentence without `prefix` and `suffix`."""
    ids: tuple[int, ...]
    """Its pieces; empty where there is no Hangul to translate."""
    prefix: str
    """Emoji and list marks at the sentence's start, with the space after them, as given."""
    suffix: str
    """Emoji at its end, with the space before them, as given."""
    is_part: bool
    """Whether the sentence was too long and this is one part of it."""
    line: NormalizedLine
    line_start: int
    """Where the line begins in the input."""
    core_start: int
    """Where `protected.source` begins in the normalised line."""

    def tokens(self, encoding: Encoding) -> tuple[Token, ...]:
        """Gives the pieces with their characters in the input, and the end of the sentence."""
        tokens = []
        for start, end in encoding.offsets:
            first, last = _trimmed(self.protected.text, start, end)
            first, last = self.protected.source_range(first, last)
            first, last = self.line.source_range(first + self.core_start, last + self.core_start)
            text = self.line.source[first:last]
            tokens.append(Token(text, first + self.line_start, last + self.line_start))
        return (*tokens, Token("</s>", self.end, self.end))


@dataclass(frozen=True)
class Plan:
    """A text, cut into sentences."""

    source: str
    sentences: tuple[SourceSentence, ...]
    gaps: list[str]
    """What stands before each sentence in the translation and, last, after all."""


@dataclass(frozen=True)
class _Line:
    """What all sentences of a line share."""

    line: NormalizedLine
    start: int
    """Where it begins in the input."""
    protected: Protected
    """Of the whole line, so that no sentence ends inside a span."""
    terms: Terms


class Planner:
    """Plans texts for one model.

    Args:
        tokenizer: of the source side.
        max_pieces: longer sentences are cut.
    """

    def __init__(self, tokenizer: Tokenizer, max_pieces: int) -> None:
        self._tokenizer = tokenizer
        self._max_pieces = max_pieces

    def plan(
        self,
        text: str,
        glossary: Terms | Mapping[str, str] | None = None,
        segmentation: Segmentation = Segmentation.SENTENCES,
    ) -> Plan:
        """Cuts `text` into sentences, or only into lines, and encodes them.

        Raises:
            InputError: a glossary term is empty.
        """
        terms = glossary if isinstance(glossary, Terms) else Terms(glossary or {})
        sentences = tuple(
            sentence
            for match in _LINE.finditer(text)
            for sentence in self._iter_line(
                normalize_line(match[0]), match.start(), terms, _SPLITS[segmentation]
            )
        )
        return Plan(text, sentences, _gaps(text, sentences))

    def _iter_line(
        self,
        line: NormalizedLine,
        line_start: int,
        terms: Terms,
        split: Callable[[str], Sequence[Sentence]],
    ) -> Iterator[SourceSentence]:
        protected = protect(line.text, terms)
        context = _Line(line, line_start, protected, terms)
        for sentence in split(protected.text):
            yield from self._iter_parts(context, sentence, is_part=False)

    def _iter_parts(
        self, context: _Line, sentence: Sentence, is_part: bool
    ) -> Iterator[SourceSentence]:
        """Gives the sentence, or its parts if it has too many pieces."""
        n_chars, n_parts = len(sentence.text), 1.0
        if n_chars > _MAX_CHARS:
            n_parts = n_chars / _MAX_CHARS
        else:
            whole = self._sentence(context, sentence, is_part)
            n_parts = len(whole.ids) / self._max_pieces
            if n_parts <= 1 or n_chars <= _MIN_CHARS:
                yield whole
                return
        max_chars = max(_MIN_CHARS, int(n_chars / math.ceil(n_parts) * _WINDOW))
        for part in split_long(sentence, max_chars):
            yield from self._iter_parts(context, part, is_part=True)

    def _sentence(self, context: _Line, sentence: Sentence, is_part: bool) -> SourceSentence:
        """Protects and encodes one sentence of a line."""
        line = context.line
        start, end = context.protected.source_range(sentence.start, sentence.end)
        first, last = line.source_range(start, end)
        core_start, core_end = _core(line.text, start, end)
        protected = context.protected
        if (core_start, core_end) != (0, len(line.text)):
            protected = protect(line.text[core_start:core_end], context.terms)
        ids: tuple[int, ...] = ()
        if _SYLLABLE.search(_PLACEHOLDER.sub("", protected.text)):
            ids = tuple(self._tokenizer.encode_ids(protected.text))
        inner = line.source_range(core_start, core_end)
        return SourceSentence(
            source=line.source[first:last],
            start=first + context.start,
            end=last + context.start,
            protected=_with_values_as_given(protected, line, core_start),
            ids=ids,
            prefix=line.source[first : inner[0]],
            suffix=line.source[inner[1] : last],
            is_part=is_part,
            line=line,
            line_start=context.start,
            core_start=core_start,
        )


def _whole_line(text: str) -> list[Sentence]:
    """A normalised line as one sentence; none where it is empty."""
    return [Sentence(0, len(text), text)] if text else []


_SPLITS: Mapping[Segmentation, Callable[[str], Sequence[Sentence]]] = {
    Segmentation.SENTENCES: split_sentences,
    Segmentation.LINES: _whole_line,
}


def _with_values_as_given(protected: Protected, line: NormalizedLine, start: int) -> Protected:
    """`protected` with the spans as they were before normalisation.

    Args:
        protected: of a part of the line.
        line: the line.
        start: where that part begins in the normalised line.
    """
    if line.starts is None or not protected.spans:
        return protected
    values = list(protected.values)
    for span in reversed(protected.spans):
        if span.kind not in _REPLACED:
            first, last = line.source_range(span.source_start + start, span.source_end + start)
            values[span.index] = printable(line.source[first:last])
    return dataclasses.replace(protected, values=tuple(values))


def printable(text: str) -> str:
    """`text` without control characters and unpaired surrogates."""
    return _UNPRINTABLE.sub("", text)


def _core(text: str, start: int, end: int) -> tuple[int, int]:
    """`text[start:end]` without emoji and list marks at its ends, if anything else is there."""
    prefix = _PREFIX.match(text, start, end)
    core_start = prefix.end() if prefix else start
    suffix = _SUFFIX.search(text[core_start:end])
    core_end = core_start + suffix.start() if suffix else end
    return (core_start, core_end) if core_end > core_start else (start, end)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The range without the space at its start, unless nothing else is in it."""
    while start < end - 1 and text[start] == " ":
        start += 1
    return start, end


def _gaps(text: str, sentences: tuple[SourceSentence, ...]) -> list[str]:
    """White space before, between and after the sentences; at least one space between two."""
    bounds = [0, *(at for s in sentences for at in (s.start, s.end)), len(text)]
    between = [text[a:b] for a, b in zip(bounds[::2], bounds[1::2], strict=True)]
    gaps = ["".join(_plain_space(char) for char in gap) for gap in between]
    return [gaps[0], *(gap or " " for gap in gaps[1:-1]), *gaps[1:][-1:]]


def _plain_space(char: str) -> str:
    """A line break or tab as it is, other white space as a space, anything else as nothing."""
    if not char.isspace():
        return ""
    return char if char == "\t" or not _LINE.match(char) else " "
