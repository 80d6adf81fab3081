"""A tiny model of every architecture learns to reverse digit strings that it has not seen."""

import dataclasses

import pytest
from reversal import reversed_digits, run_config, run_data, write_dev

from training.fit import fit

RNN = {"architecture": "rnn", "d_embed": 32, "d_model": 48, "n_encoder_layers": 1,
       "n_decoder_layers": 1, "dropout": 0.0}  # fmt: skip
TRANSFORMER = {"architecture": "transformer", "d_model": 64, "d_ff": 128, "n_heads": 4,
               "n_encoder_layers": 1, "n_decoder_layers": 1, "dropout": 0.0}  # fmt: skip
LUONG = RNN | {"cell": "lstm", "attention": "luong"}
slow = pytest.mark.slow


@pytest.mark.parametrize(
    ("model", "updates", "rate"),
    [
        pytest.param(TRANSFORMER, 200, 4e-3, id="transformer"),
        pytest.param(LUONG, 100, 1e-2, id="luong"),
        pytest.param(LUONG | {"luong_score": "dot"}, 100, 1e-2, id="luong-dot", marks=slow),
        pytest.param(LUONG | {"luong_score": "concat"}, 100, 1e-2, id="luong-concat", marks=slow),
        pytest.param(LUONG | {"input_feeding": True}, 120, 1e-2, id="luong-feeding", marks=slow),
        pytest.param(RNN | {"cell": "gru", "attention": "bahdanau"}, 150, 1e-2, id="bahdanau",
                     marks=slow),
        pytest.param(RNN | {"cell": "lstm"}, 250, 1e-2, id="lstm", marks=slow),
        pytest.param(RNN | {"cell": "gru"}, 250, 1e-2, id="gru", marks=slow),
        pytest.param(RNN | {"cell": "rnn"}, 500, 3e-3, id="rnn", marks=slow),
    ],
)  # fmt: skip
def test_tiny_model_learns_to_reverse_digits(tmp_path, model, updates, rate):
    data = write_dev(tmp_path, reversed_digits(40, seed=9, shortest=2, longest=4))
    config = run_config(
        "luong", data, max_updates=updates, batch_tokens=500, learning_rate=rate, log_every=1000,
        warmup_updates=20, label_smoothing=0.0, loss_chunk_tokens=10_000,
    )  # fmt: skip
    pairs = reversed_digits(1500, seed=1, shortest=2, longest=4)
    state = fit(dataclasses.replace(config, model=model), tmp_path / "run",
                data=run_data(pairs, chunk_pairs=2000))  # fmt: skip
    assert state.best_score > 75, "chrF of greedy translations; an untrained model has about 15"
