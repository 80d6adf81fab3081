"""Recurrent networks rounded to int8 against themselves in float32."""

import pytest
import torch

from nmt.config import RnnConfig
from nmt.models import int8
from nmt.models.build import build_model
from nmt.models.int8 import Int8Linear, Int8Rnn
from nmt.models.rnn import RnnSeq2Seq

SRC, TGT = 31, 29
CONFIGS = {
    "rnn": {"cell": "rnn"},
    "rnn-bahdanau": {"cell": "rnn", "attention": "bahdanau"},
    "gru": {"cell": "gru"},
    "gru-bahdanau": {"cell": "gru", "attention": "bahdanau", "n_decoder_layers": 2},
    "gru-luong-feeding": {"cell": "gru", "attention": "luong", "input_feeding": True},
    "lstm-bahdanau": {"attention": "bahdanau"},
    "lstm-luong-dot": {"attention": "luong", "luong_score": "dot"},
    "lstm": {"n_decoder_layers": 2, "tie_output": False},
    "lstm-luong": {"attention": "luong", "n_decoder_layers": 3},
    "lstm-luong-feeding": {"attention": "luong", "input_feeding": True},
}


def make(name):
    torch.manual_seed(3)
    model = build_model(RnnConfig(SRC, TGT, d_embed=24, d_model=32, **CONFIGS[name])).eval()
    assert isinstance(model, RnnSeq2Seq)
    return model


def batch():
    generator = torch.Generator().manual_seed(5)
    src = torch.randint(4, SRC, (4, 7), generator=generator)
    mask = torch.arange(7)[None, :] < torch.tensor([7, 3, 5, 1])[:, None]
    return src.masked_fill(~mask, 0), mask, torch.randint(4, TGT, (4, 6), generator=generator)


def log_probs_by_steps(model, src, mask, tgt_in):
    state, rows = model.start(src, mask), []
    for t in range(tgt_in.size(1)):
        out = model.step(state, tgt_in[:, t])
        state = out.state
        rows.append(out.log_probs)
    return torch.stack(rows, 1)


@torch.no_grad()
def test_int8_linear_is_a_rounded_product():
    torch.manual_seed(0)
    exact, x = torch.nn.Linear(64, 50), torch.randn(5, 64).tanh()
    rounded = Int8Linear(exact.weight, exact.bias)
    assert 0 < (rounded(x) - exact(x)).norm() / exact(x).norm() < 0.02
    ends = torch.tensor([[1.0, -1.0] * 32])
    assert (rounded(ends) - exact(ends)).norm() / exact(ends).norm() < 0.02


@torch.no_grad()
def test_int8_linear_adds_what_it_is_given_in_place_of_the_bias():
    torch.manual_seed(0)
    x, plus = torch.randn(5, 8).tanh(), torch.randn(5, 6)
    weight = torch.randn(6, 8)
    expected = Int8Linear(weight)(x) + plus
    torch.testing.assert_close(Int8Linear(weight, torch.ones(6))(x, plus), expected)


@torch.no_grad()
def test_int8_linear_takes_rows_of_zeros():
    rounded = Int8Linear(torch.zeros(4, 8), torch.arange(4.0))
    assert torch.equal(rounded(torch.zeros(2, 8)), torch.arange(4.0).expand(2, 4))


@pytest.mark.parametrize("table", ["table", "product"])
@pytest.mark.parametrize("name", list(CONFIGS))
@torch.no_grad()
def test_int8_networks_say_nearly_what_float32_says(name, table, monkeypatch):
    model = make(name)
    expected = log_probs_by_steps(model, *batch())
    if table == "product":
        monkeypatch.setattr(int8, "LARGEST_TABLE", 100)
    rounded = Int8Rnn(model)
    assert (rounded.of_piece.table is None) == (table == "product")
    difference = (log_probs_by_steps(rounded, *batch()) - expected).abs().max()
    assert 0 < difference < 0.1


@pytest.mark.parametrize("name", list(CONFIGS))
@torch.no_grad()
def test_int8_networks_attend_nearly_as_in_float32(name):
    model, (src, mask, tgt_in) = make(name), batch()
    rounded = Int8Rnn(model)
    rows = []
    for network in (model, rounded):
        out = network.step(network.start(src, mask), tgt_in[:, 0])
        rows.append(network.step(out.state, tgt_in[:, 1]).attention)
    if model.config.attention == "none":
        assert rows == [None, None]
    else:
        torch.testing.assert_close(rows[1], rows[0], atol=0.01, rtol=0.01)
        assert (rows[1][~mask] == 0).all()


@pytest.mark.parametrize("name", list(CONFIGS))
@torch.no_grad()
def test_int8_rows_do_not_feel_their_neighbours(name):
    src, mask, tgt_in = batch()
    rounded = Int8Rnn(make(name))
    together = log_probs_by_steps(rounded, src, mask, tgt_in)
    for row in range(src.size(0)):
        alone = log_probs_by_steps(rounded, *(x[row : row + 1] for x in (src, mask, tgt_in)))
        torch.testing.assert_close(alone[0], together[row], atol=1e-5, rtol=1e-4)
