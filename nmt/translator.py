"""The one door: text in, translation out.

    translator = Translator.load("transformer")
    translator.translate(["안녕하세요. 반갑습니다."])[0].text

The way of a text: nmt/plan.py (normalise, segment, protect, encode) → engine (search) →
nmt/rendering.py (decode, tidy, restore, check) → join. Imports no torch; the engine does if it
needs it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from nmt.bundle import DEFAULT_BUNDLE, Bundle, find_bundle, load_bundle
from nmt.config import SearchConfig
from nmt.engines.base import Engine
from nmt.engines.load import load_engine
from nmt.errors import InputError
from nmt.hypothesis import Hypothesis
from nmt.plan import Plan, Planner, SourceSentence
from nmt.rendering import Rendering, as_given, has_terms, render, target_tokens
from nmt.streaming import iter_chunks
from nmt.tokenizers.base import Tokenizer
from nmt.translation import (
    Alternative,
    Flag,
    SentenceTranslation,
    TranslateOptions,
    Translation,
    join,
    whole_alternatives,
)

RETRY_BEAM = 4
"""A sentence whose translation has a fault is searched again with a beam of this size at least."""
RETRY_NGRAM = 3
"""A translation that repeats itself is searched again with no n-gram of this size twice."""


class Translator:
    """Translates with one model. Safe to share among threads if its engine is.

    Args:
        engine: runs the model.
        source_tokenizer: of the Korean side.
        target_tokenizer: of the English side.
        search: search defaults.
        max_source_pieces: longer sentences are cut before translation.
        bundle: where all that came from, if from a bundle.
    """

    def __init__(
        self,
        engine: Engine,
        source_tokenizer: Tokenizer,
        target_tokenizer: Tokenizer,
        search: SearchConfig,
        max_source_pieces: int,
        bundle: Bundle | None = None,
    ) -> None:
        self.engine = engine
        self.search = search
        self.bundle = bundle
        self._source_tokenizer = source_tokenizer
        self._target_tokenizer = target_tokenizer
        self._planner = Planner(source_tokenizer, max_source_pieces)

    @classmethod
    def load(
        cls,
        name_or_path: Path | str = DEFAULT_BUNDLE,
        engine: str = "auto",
        device: str = "auto",
        threads: int | None = None,
    ) -> Translator:
        """Loads a bundle by its name or path (see `nmt.bundle.find_bundle`).

        `engine`, `device` and `threads` are those of `nmt.engines.load.load_engine`.

        Raises:
            BundleError: not found, of a newer format, or corrupt.
            EngineUnavailableError: the engine or device is not on this machine.
            TokenizerError: the analyzer is not installed, or in another version.
        """
        bundle = load_bundle(find_bundle(name_or_path))
        source, target = bundle.load_tokenizers()
        running = load_engine(bundle, engine, device, threads)
        return cls(running, source, target, bundle.search, bundle.max_source_pieces, bundle)

    def translate(
        self, texts: Sequence[str], options: TranslateOptions | None = None
    ) -> list[Translation]:
        """Translates texts of any length; each comes back in its place.

        A text may have several lines: line breaks and the white space between sentences stay.
        What comes out for one text does not depend on the others.

        Raises:
            ConfigError: an option is out of range.
            InputError: `texts` is a single string, or a glossary term is empty.
        """
        if isinstance(texts, str):
            raise InputError("texts is one string; give a list of strings, [text] for one")
        options = options or TranslateOptions()
        search = options.search_config(self.search)
        plans = [self.plan(text, options) for text in texts]
        sentences = [sentence for plan in plans for sentence in plan.sentences]
        translated = iter(self.translate_sentences(sentences, search, options.attention))
        return [assemble(plan, [next(translated) for _ in plan.sentences]) for plan in plans]

    def iter_translate(
        self, texts: Iterable[str], options: TranslateOptions | None = None
    ) -> Iterator[Translation]:
        """Translates an endless stream in order, in constant memory.

        Texts are read and translated in chunks of some thousand characters, small at first so
        that output begins early.
        """
        for chunk in iter_chunks(texts):
            yield from self.translate(chunk, options)

    def plan(self, text: str, options: TranslateOptions | None = None) -> Plan:
        """Cuts a text into the sentences that `translate_sentences` takes."""
        options = options or TranslateOptions()
        return self._planner.plan(text, options.terms, options.segmentation)

    def translate_sentences(
        self, sentences: Sequence[SourceSentence], search: SearchConfig, attention: bool = False
    ) -> list[SentenceTranslation]:
        """Translates planned sentences, of whatever texts and callers, in one go."""
        asked = [sentence for sentence in sentences if sentence.ids]
        found = iter(self._search(asked, search, attention))
        return [
            self._finish(sentence, next(found), attention) if sentence.ids else untouched(sentence)
            for sentence in sentences
        ]

    def _search(
        self, sentences: Sequence[SourceSentence], search: SearchConfig, attention: bool
    ) -> list[list[Rendering]]:
        """Gives the renderings of each sentence, best first; those with faults are retried."""
        found = self._rendered(sentences, search, attention)
        for retry, needs_it in _retries(search):
            faulty = [at for at, renderings in enumerate(found) if needs_it(renderings[0])]
            again = self._rendered([sentences[at] for at in faulty], retry, attention)
            for at, renderings in zip(faulty, again, strict=True):
                both = sorted([*found[at], *renderings], key=lambda r: r.faults)
                found[at] = _distinct(both)[: search.n_best]
        return found

    def _rendered(
        self, sentences: Sequence[SourceSentence], search: SearchConfig, attention: bool
    ) -> list[list[Rendering]]:
        """Searches once and renders what is asked for; where the best has a fault, the whole beam.

        A beam is found in full anyway, so that its other hypotheses cost nothing.
        """
        if not sentences:
            return []
        n_found = search.n_best if search.sampling else search.beam_size
        whole = dataclasses.replace(search, n_best=n_found)
        results = self.engine.search([s.ids for s in sentences], whole, attention)
        return [
            self._best(sentence, hypotheses, search.n_best)
            for sentence, hypotheses in zip(sentences, results, strict=True)
        ]

    def _best(
        self, sentence: SourceSentence, hypotheses: Sequence[Hypothesis], n_best: int
    ) -> list[Rendering]:
        """Gives `n_best` renderings, those with fewer faults first."""
        tokenizer = self._target_tokenizer
        first = [render(sentence, found, tokenizer) for found in hypotheses[:n_best]]
        if not first[0].faults:
            return _distinct(first)
        others = [render(sentence, found, tokenizer) for found in hypotheses[n_best:]]
        return _distinct(sorted([*first, *others], key=lambda r: r.faults))[:n_best]

    def _finish(
        self, sentence: SourceSentence, renderings: list[Rendering], attention: bool
    ) -> SentenceTranslation:
        best = renderings[0]
        translation = SentenceTranslation(
            sentence.source,
            sentence.start,
            sentence.end,
            best.text,
            best.hypothesis.score,
            best.flags,
            tuple(Alternative(other.text, other.hypothesis.score) for other in renderings[1:]),
        )
        if not attention:
            return translation
        encoding = self._source_tokenizer.encode(sentence.protected.text)
        return dataclasses.replace(
            translation,
            source_tokens=sentence.tokens(encoding),
            target_tokens=target_tokens(sentence, best, self._target_tokenizer),
            attention=_rows(best.hypothesis),
        )


def _retries(
    search: SearchConfig,
) -> Iterator[tuple[SearchConfig, Callable[[Rendering], bool]]]:
    """Gives settings for another search, each with what says that a rendering needs it.

    First a wider beam, for any fault; where the beam was as wide before, only for sentences of
    which nothing came: at least one piece is asked for. Then, for what still repeats itself, the
    same with no n-gram twice.
    """
    beam_size = max(search.beam_size, RETRY_BEAM)
    wider = dataclasses.replace(
        search, beam_size=beam_size, n_best=beam_size, min_length=max(1, search.min_length)
    )
    is_wider = search.sampling or beam_size > search.beam_size
    yield wider, (lambda best: bool(best.faults)) if is_wider else (lambda best: not best.raw)
    if not search.no_repeat_ngram:
        free = dataclasses.replace(wider, no_repeat_ngram=RETRY_NGRAM)
        yield free, lambda best: Flag.REPETITION in best.flags


def _distinct(renderings: list[Rendering]) -> list[Rendering]:
    """The renderings without those whose text came before."""
    first: dict[str, Rendering] = {}
    for rendering in renderings:
        first.setdefault(rendering.text, rendering)
    return list(first.values())


def untouched(sentence: SourceSentence) -> SentenceTranslation:
    """Gives a sentence without Hangul as it came; no model is asked.

    One that consists of glossary terms is their English.
    """
    checks = {Flag.NOT_KOREAN: not has_terms(sentence), Flag.SPLIT: sentence.is_part}
    flags = tuple(flag for flag, is_set in checks.items() if is_set)
    text = as_given(sentence)
    return SentenceTranslation(sentence.source, sentence.start, sentence.end, text, None, flags)


def _rows(hypothesis: Hypothesis) -> tuple[tuple[float, ...], ...] | None:
    if hypothesis.attention is None:
        return None
    weights = hypothesis.attention.astype(float)
    weights /= weights.sum(axis=1, keepdims=True)
    return tuple(map(tuple, weights.tolist()))


def assemble(plan: Plan, sentences: Sequence[SentenceTranslation]) -> Translation:
    """Joins the translated sentences of a plan."""
    translated = tuple(sentences)
    some_korean = any(Flag.NOT_KOREAN not in sentence.flags for sentence in translated)
    flags = tuple(
        dict.fromkeys(
            flag
            for sentence in translated
            for flag in sentence.flags
            if not (some_korean and flag is Flag.NOT_KOREAN and _has_no_words(sentence))
        )
    )
    return Translation(
        source=plan.source,
        text=join([sentence.text for sentence in translated], plan.gaps),
        score=_mean_score(translated),
        sentences=translated,
        flags=flags if translated else (Flag.EMPTY,),
        alternatives=whole_alternatives(translated, plan.gaps),
    )


def _has_no_words(sentence: SentenceTranslation) -> bool:
    """Whether it is emoji and marks only: beside Korean sentences that is nothing to report."""
    return not any(char.isalnum() for char in sentence.source)


def _mean_score(sentences: Sequence[SentenceTranslation]) -> float | None:
    scored = [(s.score, len(s.source)) for s in sentences if s.score is not None]
    total = sum(length for _, length in scored)
    return sum(score * length for score, length in scored) / total if total else None
