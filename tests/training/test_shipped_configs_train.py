"""Every file in configs/ trains, survives kill -9 bit for bit, exports, evaluates and translates.

A file for each kind of attention by default; `NMT_TEST_UPDATES=200` takes all files, for as many
updates.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from training.checkpoint import LAST, read_checkpoint
from training.config import RunConfig
from training.data.prepare import prepare
from training.data.settings import FilterConfig, PrepareConfig
from training.quickstart import SAMPLE, quickstart_config
from training.tokenizers import train_tokenizers

ROOT = Path(__file__).parents[2]
ALL = sorted(path.stem for path in (ROOT / "configs").glob("*.toml"))
ASKED = os.environ.get("NMT_TEST_UPDATES")
CONFIGS = ALL if ASKED else ["lstm-cpu", "bahdanau", "luong-cpu", "transformer-cpu"]
UPDATES = int(ASKED or "8")
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
CLOCK = ("elapsed_s", "validated_s", "about")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    """The sample that ships with the project, prepared and with tokenizers."""
    config = quickstart_config(tmp_path_factory.mktemp("sample"), minutes=1)
    prepare(PrepareConfig(
        corpora=(str(SAMPLE / "pairs.tsv"),), output=config.data.prepared, workers=1,
        filters=FilterConfig(max_same_target=10, near_duplicates=False),
    ))  # fmt: skip
    train_tokenizers(config, workers=1)
    return config


def fit_command(name: str, config: RunConfig, run: Path) -> list[str]:
    """`nmt train fit` with the file's model and training, on little data, by updates."""
    settings = {
        "data.prepared": config.data.prepared,
        "data.dev_source": SAMPLE / "dev.ko",
        "data.dev_target": SAMPLE / "dev.en",
        "tokenizer.source": config.tokenizer.source,
        "tokenizer.target": config.tokenizer.target,
        "train.max_updates": UPDATES,
        "train.max_minutes": 0,
        "train.batch_tokens": 200,
        "train.log_every": 1,
        "train.validate_every": UPDATES,
        "train.validation_lines": 4,
        "train.checkpoint_every": max(1, UPDATES // 4),
        "train.keep_recent": 1,
        "train.device": "cpu",
    }
    given = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    file = str(ROOT / "configs" / f"{name}.toml")
    return nmt("train", "fit", file, "-o", str(run), "--resume", "--threads", "1", *given)


def nmt(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "nmt.cli", *arguments]


def run(command: list[str], **given: str) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False, **given
    )  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr
    output: str = done.stdout
    return output


def run_killed(command: list[str], folder: Path) -> None:
    """Runs the command and kills it when it is past its middle."""
    with subprocess.Popen(
        command, cwd=ROOT, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True
    ) as p:
        assert p.stderr is not None
        for line in p.stderr:
            if f"update {UPDATES * 5 // 8} " in " ".join(line.split()):
                p.kill()
                break
        p.stderr.read()
    assert p.returncode == -9
    assert read_checkpoint(folder / LAST)["state"]["update"] < UPDATES


def learnt(folder: Path) -> dict[str, object]:
    """What a run ended with, without its clock."""
    content = read_checkpoint(folder / LAST)
    state = {key: value for key, value in content["state"].items() if key not in CLOCK}
    return {"state": state, "model": content["model"], "optimizer": content["optimizer"]}


def same(one: object, other: object) -> bool:
    """Bit-equality through dictionaries and lists of tensors."""
    import torch

    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        assert isinstance(other, dict)
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        assert isinstance(other, list | tuple)
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", CONFIGS)
def test_config_trains_resumes_after_a_kill_and_translates(
    name: str, prepared: RunConfig, tmp_path: Path
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    run(fit_command(name, prepared, whole))
    command = fit_command(name, prepared, killed)
    run_killed(command, killed)
    run(command)
    assert same(learnt(whole), learnt(killed))

    bundle = tmp_path / "bundle"
    run(nmt("train", "export", str(killed), "-o", str(bundle)))
    text = run(nmt("translate", "--model", str(bundle)), input="안녕하세요.\n")
    assert text.endswith("\n")
    for side in ("ko", "en"):
        lines = (SAMPLE / f"dev.{side}").read_text("utf-8").splitlines()[:4]
        (tmp_path / f"few.{side}").write_text("\n".join(lines) + "\n", "utf-8")
    report = tmp_path / "report"
    run(nmt("evaluate", str(bundle), "--data", str(tmp_path / "few"), "--output", str(report)))
    assert "bleu" in json.dumps(json.loads((report / "report.json").read_text("utf-8")))
