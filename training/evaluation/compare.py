"""Runs an evaluation: each system in turn, then the scores of all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from training.errors import DataError
from training.evaluation.challenge import SuiteResult
from training.evaluation.results import AttentionExample, Evaluation, Statistics, assess
from training.evaluation.run import SystemOutput, read_hypothesis
from training.evaluation.systems import System, Tasks, answer, load_system

Load = Callable[[str, str, str, str], System]
"""(path or name of the bundle, name to show, engine, device) → system."""


@dataclass(frozen=True)
class NamedPath:
    """A bundle or file, and what tables call it."""

    name: str
    path: str

    @classmethod
    def parse(cls, text: str) -> NamedPath:
        """Reads `NAME=PATH`, or a path alone, whose last part without ending is the name.

        Raises:
            DataError: nothing is named.
        """
        name, equals, path = text.partition("=")
        if not equals:
            name, path = Path(text).stem, text
        if not name or not path:
            raise DataError(f"{text!r} names nothing; give a name, a path or NAME=PATH")
        return cls(name, path)


@dataclass(frozen=True)
class Request:
    """What `nmt evaluate` is asked to do."""

    models: tuple[NamedPath, ...]
    hypotheses: tuple[NamedPath, ...]
    """Files of ready translations of the only test set."""
    tasks: Tasks
    engine: str = "auto"
    device: str = "auto"
    statistics: Statistics = field(default_factory=Statistics)
    limit: int | None = None
    """How many lines of the test sets were read."""

    @property
    def lines(self) -> int:
        """Lines that all models together translate."""
        sets = sum(len(test_set.sources) for test_set in self.tasks.test_sets)
        return len(self.models) * (sets + sum(len(suite.items) for suite in self.tasks.suites))


def compare(
    request: Request,
    load: Load = load_system,
    progress: Callable[[int], None] = lambda lines: None,
) -> tuple[Evaluation, dict[str, list[SystemOutput]]]:
    """Lets each system do its tasks and scores them all.

    Args:
        request: what to do.
        load: gives a system; only one is held at a time.
        progress: told how many lines have been translated since it was last told.

    Returns:
        What was found, and for each test set the systems' outputs.

    Raises:
        NmtError: a bundle, file or option cannot be used.
    """
    tasks = request.tasks
    ready = {
        test_set.name: [
            read_hypothesis(Path(named.path), named.name, test_set, request.limit)
            for named in request.hypotheses
        ]
        for test_set in tasks.test_sets
    }
    outputs: dict[str, list[SystemOutput]] = {test_set.name: [] for test_set in tasks.test_sets}
    challenge: dict[str, tuple[SuiteResult, ...]] = {}
    attention: list[AttentionExample] = []
    for named in request.models:
        system = load(named.path, named.name, request.engine, request.device)
        answers = answer(system, tasks, progress)
        for test_set, output in zip(tasks.test_sets, answers.outputs, strict=True):
            outputs[test_set.name].append(output)
        attention += answers.attention
        if tasks.suites:
            challenge[named.name] = answers.suites
    for name, of_set in outputs.items():
        of_set += ready[name]
    results = tuple(assess(t, outputs[t.name], request.statistics) for t in tasks.test_sets)
    return Evaluation(results, challenge, tuple(attention)), outputs
