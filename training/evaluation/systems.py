"""Systems under test: bundles that translate, one loaded at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from nmt.translation import TranslateOptions, Translation
from training.evaluation.challenge import Suite, SuiteResult, run_suite
from training.evaluation.heatmap import AttentionMap, attention_map
from training.evaluation.results import AttentionExample
from training.evaluation.run import SystemOutput, TestSet, translate_set

if TYPE_CHECKING:
    from nmt.translator import Translator

MAX_DRAWN_PIECES = 60
"""Sentences with more pieces on a side make pictures that nobody reads."""


class Translating(Protocol):
    """What evaluation needs of a `nmt.translator.Translator`."""

    def translate(
        self, texts: Sequence[str], options: TranslateOptions | None = None
    ) -> list[Translation]:
        """Translates texts, each in its place."""
        ...


@dataclass(frozen=True)
class System:
    """A translator that is ready, and what the report says about it."""

    name: str
    translator: Translating
    description: str = ""
    """Engine and device."""
    size_bytes: int | None = None


@dataclass(frozen=True)
class Tasks:
    """What each system is to do."""

    test_sets: tuple[TestSet, ...] = ()
    suites: tuple[Suite, ...] = ()
    options: TranslateOptions = field(default_factory=TranslateOptions)
    attention_examples: int = 0
    """Pictures for each test set and system."""


@dataclass(frozen=True)
class Answers:
    """What a system makes of its tasks."""

    outputs: tuple[SystemOutput, ...]
    """One for each test set."""
    suites: tuple[SuiteResult, ...]
    attention: tuple[AttentionExample, ...]


def load_system(name_or_path: str, name: str, engine: str = "auto", device: str = "auto") -> System:
    """Loads a bundle.

    Args:
        name_or_path: of the bundle.
        name: what tables and files call it.
        engine: as in `nmt translate --engine`.
        device: as in `nmt translate --device`.

    Raises:
        BundleError: not found, of a newer format, or corrupt.
        EngineUnavailableError: the engine or device is not on this machine.
        TokenizerError: the analyzer is not installed, or in another version.
    """
    from nmt.translator import Translator

    translator = Translator.load(name_or_path, engine, device)
    engine_used = translator.engine
    return System(
        name, translator, f"{engine_used.name}, {engine_used.device}", _size_bytes(translator)
    )


def _size_bytes(translator: Translator) -> int | None:
    if translator.bundle is None:
        return None
    return sum(f.stat().st_size for f in translator.bundle.path.rglob("*") if f.is_file())


def answer(
    system: System, tasks: Tasks, progress: Callable[[int], None] = lambda lines: None
) -> Answers:
    """Lets a system do its tasks.

    Args:
        system: loaded.
        tasks: what to do.
        progress: told how many lines have been translated since it was last told.
    """

    def translate(lines: list[str]) -> Sequence[Translation]:
        return system.translator.translate(lines, tasks.options)

    outputs = []
    for test_set in tasks.test_sets:
        found = translate_set(translate, test_set, system.name, progress)
        outputs.append(replace(found, size_bytes=system.size_bytes, description=system.description))
    suites = []
    for suite in tasks.suites:
        suites.append(run_suite(translate, suite))
        progress(len(suite.items))
    attention = [e for test_set in tasks.test_sets for e in _iter_examples(system, test_set, tasks)]
    return Answers(tuple(outputs), tuple(suites), tuple(attention))


def _iter_examples(system: System, test_set: TestSet, tasks: Tasks) -> Iterator[AttentionExample]:
    """Gives attention on a few lines, spread evenly over those that are short enough."""
    options = TranslateOptions(
        tasks.options.beam_size, 1, tasks.options.length_penalty, attention=True
    )
    short = [i for i, line in enumerate(test_set.sources) if 0 < len(line) <= MAX_DRAWN_PIECES * 2]
    wanted = min(tasks.attention_examples, len(short))
    rows = [short[i * len(short) // wanted] for i in range(wanted)]
    for row in rows:
        (translation,) = system.translator.translate([test_set.sources[row]], options)
        drawn = (attention_map(sentence) for sentence in translation.sentences)
        fitting = [m for m in drawn if m is not None and _is_readable(m)]
        if fitting:
            yield AttentionExample(test_set.name, system.name, row + 1, fitting[0])


def _is_readable(attention: AttentionMap) -> bool:
    return max(len(attention.source), len(attention.target)) <= MAX_DRAWN_PIECES
