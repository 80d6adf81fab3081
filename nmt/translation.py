"""What a caller asks for and what it gets: options, translations, sentences, tokens, flags."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import zip_longest

from nmt.config import SearchConfig
from nmt.text.protect import Terms


class Flag(StrEnum):
    """What a reader should know about a translation. A flag is a string: `"truncated"`."""

    EMPTY = "empty"
    """The input is empty or white space only; so is the translation."""
    NOT_KOREAN = "not_korean"
    """There is no Hangul syllable to translate; the input comes back as it is."""
    SPLIT = "split"
    """A part of a sentence that is too long for the model; parts are translated on their own."""
    TRUNCATED = "truncated"
    """The translation met the length limit before its end."""
    REPETITION = "repetition"
    """The translation repeats itself, also after a retry that forbids it."""
    LENGTH_RATIO = "length_ratio"
    """The translation is much shorter or longer than translations of such sentences are."""
    COPIED_SOURCE = "copied_source"
    """Korean is left in the translation, or nothing could be made of the sentence."""
    NUMBERS_DIFFER = "numbers_differ"
    """A number of the source is not in the translation, or the other way round."""
    PLACEHOLDER_LOST = "placeholder_lost"
    """The model dropped an address, tag, slot or glossary term; it stands at the sentence's end."""
    UNKNOWN = "unknown"
    """A character could not be read by the model or written by it."""


@dataclass(frozen=True)
class Token:
    """A piece of the model and the characters that it stands for."""

    text: str
    """The characters; `</s>` for the end of the sentence."""
    start: int
    """First character: in the input text for source tokens, in `Sentence.text` for target ones."""
    end: int


@dataclass(frozen=True)
class Alternative:
    """Another translation of a sentence."""

    text: str
    score: float
    """Normalised log-probability, higher is better."""


@dataclass(frozen=True)
class SentenceTranslation:
    """One sentence of the input and its translation."""

    source: str
    """`input[start:end]`."""
    start: int
    end: int
    text: str
    score: float | None
    """Normalised log-probability, higher is better; none where no model was asked."""
    flags: tuple[Flag, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    """The next best translations; `n_best - 1` at most."""
    source_tokens: tuple[Token, ...] = ()
    """On request; the last is `</s>`."""
    target_tokens: tuple[Token, ...] = ()
    """On request; the last is `</s>` unless truncated."""
    attention: tuple[tuple[float, ...], ...] | None = None
    """On request, from models with attention: [target tokens, source tokens], rows sum to 1."""

    def moved_to(self, start: int) -> SentenceTranslation:
        """Gives the same for a sentence that begins at `start` of another input."""
        by = start - self.start
        if not by:
            return self
        tokens = tuple(Token(t.text, t.start + by, t.end + by) for t in self.source_tokens)
        return dataclasses.replace(self, start=start, end=self.end + by, source_tokens=tokens)


@dataclass(frozen=True)
class Translation:
    """A text and its translation."""

    source: str
    text: str
    """The sentences' texts, with the white space between them that the source has."""
    score: float | None
    """Mean of the sentences' scores, weighted by their characters; none where none has any."""
    sentences: tuple[SentenceTranslation, ...]
    flags: tuple[Flag, ...]
    """Flags of all sentences, each once; `empty` for blank input."""
    alternatives: tuple[str, ...] = ()
    """Whole texts: the k-th takes every sentence's k-th alternative, or its last where it has
    fewer."""


class Segmentation(StrEnum):
    """What the model translates at once."""

    SENTENCES = "sentences"
    LINES = "lines"
    """Whole lines, for callers that know each to be one sentence; too long ones are cut."""


@dataclass(frozen=True)
class TranslateOptions:
    """What may be chosen for each call; none takes the bundle's default."""

    beam_size: int | None = None
    n_best: int | None = None
    """Translations per sentence; a beam that is smaller is widened unless `beam_size` is given."""
    length_penalty: float | None = None
    attention: bool = False
    """Also give tokens and, where the model has it, attention."""
    glossary: Mapping[str, str] = field(default_factory=dict)
    """Korean term → English text that stands for it."""
    segmentation: Segmentation = Segmentation.SENTENCES
    search: SearchConfig | None = None
    """All search settings, in place of the bundle's; the fields above still count."""

    @cached_property
    def terms(self) -> Terms:
        """The glossary, ready to be looked for in all texts of the call.

        Raises:
            InputError: a term is empty.
        """
        return Terms(self.glossary)

    def search_config(self, defaults: SearchConfig) -> SearchConfig:
        """Gives the search settings of a call.

        Raises:
            ConfigError: a value is out of range.
        """
        base = self.search or defaults
        n_best = base.n_best if self.n_best is None else self.n_best
        beam_size = base.beam_size if self.beam_size is None else self.beam_size
        if self.beam_size is None and not base.sampling:
            beam_size = max(beam_size, n_best)
        penalty = base.length_penalty if self.length_penalty is None else self.length_penalty
        if (n_best, beam_size, penalty) == (base.n_best, base.beam_size, base.length_penalty):
            return base
        return dataclasses.replace(base, n_best=n_best, beam_size=beam_size, length_penalty=penalty)


def whole_alternatives(
    sentences: tuple[SentenceTranslation, ...], gaps: list[str]
) -> tuple[str, ...]:
    """Gives alternatives of a whole text from those of its sentences.

    Args:
        sentences: of the text, in order.
        gaps: what stands before each sentence and, last, after all.
    """
    depth = max((len(sentence.alternatives) for sentence in sentences), default=0)
    return tuple(
        join([_alternative(sentence, place) for sentence in sentences], gaps)
        for place in range(depth)
    )


def _alternative(sentence: SentenceTranslation, place: int) -> str:
    others = sentence.alternatives
    return others[min(place, len(others) - 1)].text if others else sentence.text


def join(texts: list[str], gaps: list[str]) -> str:
    """Gives `gaps[0] + texts[0] + gaps[1] + …`; there is one gap more than texts."""
    return "".join(part for pair in zip_longest(gaps, texts, fillvalue="") for part in pair)
