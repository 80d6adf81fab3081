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


def test_certainties_equal_the_sacrebleu_command(tmp_path: Path) -> None:
    paths = [str(write_lines(tmp_path / name, lines))
             for name, lines in (("ref", REFERENCES), ("a", GOOD), ("b", ALIKE))]  # fmt: skip
    found = subprocess.run(
        [sys.executable, "-m", "sacrebleu", paths[0], "-i", *paths[1:], "-m", "bleu", "-w", "4",
         "--paired-bs", "--paired-bs-n", "100", "-f", "text"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    intervals = re.findall(r"± ([\d.]+)\)", found.stdout)
    (p_value,) = re.findall(r"\(p = ([\d.]+)\)", found.stdout)
    ours = certainties(Scorer(REFERENCES, ["bleu"]), {"a": GOOD, "b": ALIKE}, 100, 10)["bleu"]
    assert [f"{ours[name].half_width:.4f}" for name in "ab"] == intervals
    assert f"{ours['b'].p_bootstrap:.4f}" == p_value


@pytest.mark.parametrize(("resamples", "trials"), [(0, 10), (10, 0)])
def test_certainties_need_resamples_and_trials(resamples: int, trials: int) -> None:
    with pytest.raises(DataError, match="allowed: 1 or more of each"):
        certainties(Scorer(["a"], ["bleu"]), {"x": ["a"]}, resamples, trials)
