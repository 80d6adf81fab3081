"""From a hypothesis to the English sentence: decode, tidy, restore, check, align."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from nmt.flags import has_hangul, length_is_odd, runs_away, without_placeholders
from nmt.hypothesis import Hypothesis
from nmt.plan import SourceSentence, printable
from nmt.text.english import tidy
from nmt.text.numerals import numbers_differ
from nmt.text.protect import restore
from nmt.tokenizers.base import UNK_ID, Tokenizer
from nmt.translation import Flag, Token

_PLACEHOLDER = re.compile(r"⟦(\d|1[0-5])⟧")
_RAW_TOKEN = re.compile(r"⟦(?:\d|1[0-5])⟧|.", re.DOTALL)
_EMOJI = re.compile("[\u2600-\u27bf\u2b50\u2b55\U0001f300-\U0001faff]+")
_REPLACEMENT = "\ufffd"


@dataclass(frozen=True)
class Rendering:
    """What a sentence becomes with one hypothesis."""

    text: str
    """The sentence as the caller gets it; every protected span is in it."""
    flags: tuple[Flag, ...]
    hypothesis: Hypothesis
    raw: str
    """As the model wrote it, with placeholders; empty where nothing came of it."""

    @property
    def faults(self) -> int:
        """How many reasons there are to look for another hypothesis; 0 is good."""
        return (
            2 * (not self.raw)
            + (Flag.PLACEHOLDER_LOST in self.flags)
            + (Flag.REPETITION in self.flags)
        )


def render(sentence: SourceSentence, hypothesis: Hypothesis, tokenizer: Tokenizer) -> Rendering:
    """Makes the English sentence of a hypothesis; nothing protected is lost on the way.

    Placeholders that the model dropped are appended with their values, and so are emoji. Where
    the model wrote nothing, the source stands in the place of its translation.
    """
    raw = tokenizer.decode(list(hypothesis.ids))
    # Models that write bytes can write control characters.
    restored = restore(printable(tidy(raw)), sentence.protected)
    if not restored.text.strip():
        text = as_given(sentence)
        return Rendering(text, _with_part(sentence, [Flag.COPIED_SOURCE]), hypothesis, "")
    text = " ".join([restored.text, *restored.lost])
    missing = [e for e in _EMOJI.findall(sentence.protected.text) if e not in text]
    text = printable(sentence.prefix) + " ".join([text, *missing]) + printable(sentence.suffix)
    flags = _flags(sentence, hypothesis, raw, bool(restored.lost))
    return Rendering(text, _with_part(sentence, flags), hypothesis, raw)


def as_given(sentence: SourceSentence) -> str:
    """The sentence as it came, without what cannot be printed; glossary terms are in English."""
    if not has_terms(sentence):
        return printable(sentence.source)
    text = restore(sentence.protected.text, sentence.protected).text
    return printable(sentence.prefix) + printable(text) + printable(sentence.suffix)


def has_terms(sentence: SourceSentence) -> bool:
    """Whether a term of the glossary stands in the sentence."""
    return any(span.kind == "term" for span in sentence.protected.spans)


def _with_part(sentence: SourceSentence, flags: list[Flag]) -> tuple[Flag, ...]:
    return (*flags, Flag.SPLIT) if sentence.is_part else tuple(flags)


def _flags(
    sentence: SourceSentence, hypothesis: Hypothesis, raw: str, has_lost: bool
) -> list[Flag]:
    source = without_placeholders(sentence.protected.text)
    target = without_placeholders(raw)
    unknown = UNK_ID in sentence.ids or UNK_ID in hypothesis.ids or _REPLACEMENT in raw
    checks = {
        Flag.TRUNCATED: not hypothesis.finished,
        Flag.REPETITION: runs_away(hypothesis.ids, sentence.ids),
        Flag.LENGTH_RATIO: length_is_odd(source, target),
        Flag.COPIED_SOURCE: has_hangul(target),
        Flag.NUMBERS_DIFFER: numbers_differ(source, target),
        Flag.PLACEHOLDER_LOST: has_lost,
        Flag.UNKNOWN: unknown,
    }
    return [flag for flag, is_set in checks.items() if is_set]


def target_tokens(
    sentence: SourceSentence, rendering: Rendering, tokenizer: Tokenizer
) -> tuple[Token, ...]:
    """Gives the pieces of the hypothesis with their characters in `rendering.text`."""
    ids = list(rendering.hypothesis.ids)
    ranges = _align(sentence, rendering)
    text = rendering.text
    tokens = []
    for start, end in _piece_ranges(ids, rendering.raw, tokenizer):
        covered = [r for r in ranges[start:end] if r[0] < r[1]]
        first, last = (covered[0][0], covered[-1][1]) if covered else (ranges[start][0],) * 2
        first += len(text[first:last]) - len(text[first:last].lstrip())
        tokens.append(Token(text[first:last], first, last))
    if rendering.hypothesis.finished:
        tokens.append(Token("</s>", len(text), len(text)))
    return tuple(tokens)


def _piece_ranges(ids: list[int], raw: str, tokenizer: Tokenizer) -> list[tuple[int, int]]:
    """Characters of `raw` behind each piece; the bytes of one character all carry its range."""
    lengths = [min(len(tokenizer.decode(ids[: n + 1])), len(raw)) for n in range(len(ids))]
    starts = [0, *lengths[:-1]]
    return [
        (start, end) if end > start else (max(0, end - 1), end) if raw else (0, 0)
        for start, end in zip(starts, lengths, strict=True)
    ]


def _align(sentence: SourceSentence, rendering: Rendering) -> list[tuple[int, int]]:
    """Characters of `rendering.text` behind each character of `raw`, and one range for its end.

    Tidying adds and drops spaces, drops repeated marks and changes single characters; restoring
    puts values in the place of placeholders. So both texts are walked side by side.
    """
    text = rendering.text
    at = len(printable(sentence.prefix))
    ranges: list[tuple[int, int]] = []
    tokens = [match[0] for match in _RAW_TOKEN.finditer(rendering.raw)]
    for token, following in zip(tokens, [*tokens[1:], ""], strict=True):
        value = _value(token, sentence)
        if not token.isspace():
            while not text.startswith(value or " ", at) and text[at : at + 1].isspace():
                at += 1
        length = _matched(value, following, text, at)
        ranges += [(at, at + length)] * len(token)
        at += length
    return [*ranges, (at, at)]


def _value(token: str, sentence: SourceSentence) -> str:
    """What stands in the translation for a character or placeholder; empty for an unknown one."""
    placeholder = _PLACEHOLDER.fullmatch(token)
    if placeholder is None:
        return token
    values = sentence.protected.values
    return values[int(placeholder[1])] if int(placeholder[1]) < len(values) else ""


def _matched(value: str, following: str, text: str, at: int) -> int:
    """How many characters at `at` stand for `value`: all of it, one that replaces it, or none."""
    if not value or at >= len(text):
        return 0
    if text.startswith(value, at):
        return len(value)
    here, there = text[at], text[at + 1 : at + 2]
    if value.isspace() or here.isspace():
        return int(value.isspace() and here.isspace())
    if _folded(here) == _folded(value):
        return 1
    return int(bool(following) and _folded(there) == _folded(following) and len(value) == 1)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
