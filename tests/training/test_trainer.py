"""What the loop does when something breaks, stops improving, or has to stop."""

import json

import pytest
import torch
from reversal import reversed_digits, run_config, run_data, write_dev

from training.checkpoint import BEST, LAST, read_checkpoint, recent_checkpoints
from training.errors import DivergedError, TrainingError
from training.fit import build_trainer, fit
from training.journal import read_journal
from training.reporter import Observer
from training.step import Learner
from training.validate import Validation


class Lines(Observer):
    def __init__(self):
        self.lines = []

    def logged(self, line):
        self.lines.append(line)


@pytest.fixture
def data():
    return run_data(reversed_digits(300, 1))


@pytest.fixture
def trainer_of(tmp_path, data):
    """Builds trainers in `tmp_path` and closes their journals."""
    made = []

    def build(config, observer=None, folder=tmp_path):
        made.append(build_trainer(config, data, folder, observer))
        return made[-1]

    yield build
    for trainer in made:
        trainer.reporter.journal.close()


def poisoned(learner, updates):
    """Makes the loss of these calls NaN."""
    inner, calls = learner.forward_backward, []

    def forward_backward(batch, scale):
        calls.append(scale)
        loss, nll = inner(batch, scale)
        return (loss * float("nan") if len(calls) in updates else loss), nll

    learner.forward_backward = forward_backward


def test_nan_rolls_back_halves_the_rate_and_says_why(trainer_of, tmp_path):
    lines = Lines()
    trainer = trainer_of(run_config("lstm", max_updates=8, checkpoint_every=3), lines)
    poisoned(trainer.learner, {5})
    state = trainer.run()
    assert (state.update, state.rollbacks, state.rate_scale) == (8, 1, 0.5)
    assert any("loss nan at update 5: back to update 3 with 0.5" in x for x in lines.lines)
    lines = (tmp_path / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    rollback = [json.loads(x) for x in lines]
    assert [r["update"] for r in rollback if r["event"] == "rollback"] == [3]


def test_nan_gradients_name_the_part_of_the_network(trainer_of):
    lines = Lines()
    trainer = trainer_of(run_config("lstm", max_updates=3), lines)
    hook = trainer.learner.model.bridge.weight.register_hook(lambda g: g * float("inf"))
    trainer.reporter.observer.logged = lambda line: (lines.lines.append(line), hook.remove())
    assert trainer.run().rollbacks == 1
    assert any("gradient not finite in bridge" in x for x in lines.lines)


def test_nan_again_and_again_gives_up(trainer_of):
    trainer = trainer_of(run_config("lstm", max_rollbacks=2))
    poisoned(trainer.learner, set(range(1, 100)))
    with pytest.raises(DivergedError, match=r"loss nan at update 1; 2 times .* lower train"):
        trainer.run()


def scarce(learner, rows):
    """Lets only batches of so many rows fit into memory."""
    inner = learner.forward_backward

    def forward_backward(batch, scale):
        if batch.rows > rows:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB")
        return inner(batch, scale)

    learner.forward_backward = forward_backward


def test_out_of_memory_cuts_the_batches_and_continues(trainer_of):
    lines = Lines()
    trainer = trainer_of(run_config("lstm", max_updates=3), lines)
    scarce(trainer.learner, rows=16)
    state = trainer.run()
    assert state.update == 3
    assert state.splits >= 2
    assert any("out of memory: batches are cut into" in x for x in lines.lines)


def test_cut_batches_give_the_same_gradients(trainer_of):
    config = run_config("lstm", max_updates=3)
    trainer = trainer_of(config)
    trainer.learner.model.eval()  # dropout would draw differently
    batch = trainer.batches.take(False)
    gradients = []
    for splits in (1, 3):
        trainer.learner.gradients([batch], splits, 0.0)
        gradients.append([p.grad.clone() for p in trainer.learner.model.parameters()])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_out_of_memory_with_single_rows_is_an_error(trainer_of):
    trainer = trainer_of(run_config("lstm"))
    scarce(trainer.learner, rows=0)
    with pytest.raises(TrainingError, match=r"even with one row at a time \(CUDA out of memory"):
        trainer.run()


def test_other_runtime_errors_are_not_taken_for_memory(trainer_of):
    trainer = trainer_of(run_config("lstm"))

    def broken(batch, scale):
        raise RuntimeError("shapes differ")

    trainer.learner.forward_backward = broken
    with pytest.raises(RuntimeError, match="shapes differ"):
        trainer.run()


def test_accumulated_batches_equal_one_update_on_all_tokens(trainer_of):
    config = run_config("lstm", accumulate=2)
    trainer = trainer_of(config)
    trainer.learner.model.eval()
    batches = [trainer.batches.take(False) for _ in range(2)]
    loss, _, tokens, _ = trainer.learner.gradients(batches, 1, 0.0)
    assert tokens == sum(b.tokens for b in batches)
    each = [trainer.learner.gradients([b], 1, 0.0)[0] * b.tokens for b in batches]
    torch.testing.assert_close(loss, sum(each) / tokens)


def fixed_scores(*scores):
    """A validation whose chrF is as given, one after the other."""
    left = list(scores)
    return lambda model: Validation(1.0, 0.0, left.pop(0), 1, ())


def test_early_stopping_keeps_the_best(trainer_of, tmp_path):
    config = run_config("lstm", max_updates=50, validate_every=2, patience=2)
    trainer = trainer_of(config)
    trainer.validate = fixed_scores(10.0, 30.0, 20.0, 25.0, 99.0)
    state = trainer.run()
    assert (state.update, state.best_update, state.best_score) == (8, 4, 30.0)
    best = read_checkpoint(tmp_path / BEST)
    assert (best["update"], best["score"]) == (4, 30.0)


def test_stop_request_saves_and_pauses(trainer_of, tmp_path):
    trainer = trainer_of(run_config("lstm"))
    trainer.stop_requested = lambda: trainer.state.update >= 5
    state = trainer.run()
    assert (state.update, state.finished) == (5, False)
    assert read_checkpoint(tmp_path / LAST)["state"]["update"] == 5


def test_recent_weights_are_kept_up_to_the_limit(tmp_path, data):
    fit(run_config("lstm", checkpoint_every=4, keep_recent=2), tmp_path, data=data)
    names = [p.name for p in recent_checkpoints(tmp_path)]
    assert names == ["update-0000016.ckpt", "update-0000020.ckpt"]


def test_minutes_end_a_run(tmp_path, data):
    config = run_config("lstm", max_updates=0, max_minutes=0.01, warmup_updates=0)
    state = fit(config, tmp_path, data=data)
    assert state.finished
    assert state.elapsed_s >= 0.6
    assert state.update > 0


def test_init_from_takes_the_weights_of_another_run(trainer_of, tmp_path, data):
    first = fit(run_config("lstm", max_updates=2), tmp_path / "a", data=data)
    config = run_config("lstm", max_updates=1, init_from=str(tmp_path / "a"))
    trainer = trainer_of(config, folder=tmp_path / "b")
    weights = read_checkpoint(tmp_path / "a" / LAST)["ema"]
    for name, parameter in trainer.learner.model.named_parameters():
        assert torch.equal(parameter, weights[name]), name
    assert first.update == 2


def test_journal_has_norms_per_part_and_validations_with_samples(tmp_path, data):
    dev = write_dev(tmp_path, reversed_digits(6, 5))
    fit(run_config("luong", dev, max_updates=6, log_every=3, validate_every=6), tmp_path / "run",
        data=data)  # fmt: skip
    records = read_journal(tmp_path / "run" / "journal.jsonl")
    assert [r["event"] for r in records] == [
        "start", "probe", "checkpoint", "train", "train", "validation", "end", "checkpoint",
    ]  # fmt: skip
    assert {"encoder", "cell", "attention"} <= records[3]["grad_norms"].keys()
    assert records[3]["grad_norm"] > 0
    assert len(records[5]["samples"][0]) == 3


def test_averaged_weights_are_in_place_only_inside_the_context(trainer_of):
    learner: Learner = trainer_of(run_config("lstm")).learner
    name, parameter = next(iter(learner.model.named_parameters()))
    before = parameter.detach().clone()
    learner.ema.weights[name].zero_()
    with learner.averaged():
        assert not parameter.any()
    assert torch.equal(parameter, before)


def test_bf16_runs_on_a_cpu_and_stays_close_to_fp32(tmp_path, data):
    losses = []
    for precision in ("fp32", "bf16"):
        fit(run_config("luong", max_updates=4, log_every=4, precision=precision),
            tmp_path / precision, data=data)  # fmt: skip
        records = read_journal(tmp_path / precision / "journal.jsonl")
        losses += [r["loss"] for r in records if r["event"] == "train"]
    assert losses[1] == pytest.approx(losses[0], rel=0.02)
