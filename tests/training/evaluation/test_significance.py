from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from small_systems import reference_lines, with_errors, write_lines

from training.errors import DataError
from training.evaluation.metrics import Scorer
from training.evaluation.significance import certainties

REFERENCES = reference_lines(60)
GOOD = with_errors(REFERENCES, 0.1, seed=1)
BAD = with_errors(REFERENCES, 0.5, seed=2)
ALIKE = with_errors(REFERENCES, 0.1, seed=3)


def test_p_is_small_for_systems_that_differ() -> None:
    sure = certainties(Scorer(REFERENCES, ["chrf"]), {"bad": BAD, "good": GOOD}, 200, 200)["chrf"]
    assert sure["good"].p_bootstrap is not None and sure["good"].p_bootstrap < 0.02
    assert sure["good"].p_randomisation is not None and sure["good"].p_randomisation < 0.02


def test_p_is_large_for_systems_alike() -> None:
    scorer = Scorer(REFERENCES, ["bleu"])
    sure = certainties(scorer, {"good": GOOD, "alike": ALIKE}, 200, 200)["bleu"]["alike"]
    assert sure.p_randomisation is not None and sure.p_randomisation > 0.05


def test_first_system_has_an_interval_and_no_p() -> None:
    sure = certainties(Scorer(REFERENCES, ["bleu"]), {"good": GOOD}, 200, 200)["bleu"]["good"]
    assert sure.half_width > 0
    assert (sure.p_bootstrap, sure.p_randomisation) == (None, None)


def test_certainties_are_the_same_each_time() -> None:
    outputs = {"bad": BAD, "good": GOOD}
    first, second = (certainties(Scorer(REFERENCES, ["chrf"]), outputs, 50, 50) for _ in "ab")
    assert first == second


def sacrebleu_command(folder: Path, *options: str) -> str:
    paths = [str(write_lines(folder / name, lines))
             for name, lines in (("ref", REFERENCES), ("a", GOOD), ("b", ALIKE))]  # fmt: skip
    command = [sys.executable, "-m", "sacrebleu", paths[0], "-i", *paths[1:], "-m", "bleu"]
    return subprocess.run(
        [*command, "-w", "4", "-f", "text", *options], capture_output=True, text=True, check=True
    ).stdout


def test_intervals_equal_the_sacrebleu_command(tmp_path: Path) -> None:
    printed = sacrebleu_command(tmp_path, "--paired-bs", "--paired-bs-n", "100")
    intervals = re.findall(r"± ([\d.]+)\)", printed)
    ours = certainties(Scorer(REFERENCES, ["bleu"]), {"a": GOOD, "b": ALIKE}, 100, 10)["bleu"]
    assert [float(width) for width in intervals] == pytest.approx(
        [ours[name].half_width for name in "ab"], abs=1e-4
    )


def test_randomisation_equals_the_sacrebleu_command(tmp_path: Path) -> None:
    printed = sacrebleu_command(tmp_path, "--paired-ar", "--paired-ar-n", "100")
    (p_value,) = re.findall(r"\(p = ([\d.]+)\)", printed)
    ours = certainties(Scorer(REFERENCES, ["bleu"]), {"a": GOOD, "b": ALIKE}, 10, 100)["bleu"]
    assert f"{ours['b'].p_randomisation:.4f}" == p_value


def test_equal_systems_do_not_differ() -> None:
    sure = certainties(Scorer(REFERENCES, ["chrf"]), {"a": GOOD, "b": GOOD}, 50, 50)["chrf"]["b"]
    assert (sure.p_bootstrap, sure.p_randomisation) == (1.0, 1.0)


def test_one_differing_sentence_proves_nothing() -> None:
    nearly = ["something else", *GOOD[1:]]
    sure = certainties(Scorer(REFERENCES, ["chrf"]), {"a": GOOD, "b": nearly}, 200, 50)["chrf"]["b"]
    assert sure.p_randomisation == 1.0
    assert sure.p_bootstrap == pytest.approx(0.37, abs=0.1)  # resamples without it: (1 - 1/N)^N


@pytest.mark.parametrize(("resamples", "trials"), [(0, 10), (10, 0)])
def test_certainties_need_resamples_and_trials(resamples: int, trials: int) -> None:
    with pytest.raises(DataError, match="allowed: 1 or more of each"):
        certainties(Scorer(["a"], ["bleu"]), {"x": ["a"]}, resamples, trials)
