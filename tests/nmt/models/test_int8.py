"""Recurrent networks rounded to int8 against themselves in float32."""

import pytest
import torch

from nmt.config import RnnConfig
from nmt.models.build import build_model
from nmt.models.int8 import Int8Linear, round_to_int8
from nmt.models.rnn import RnnSeq2Seq

SRC, TGT = 31, 29
CONFIGS = {
    "rnn": {"cell": "rnn"},
    "gru-bahdanau": {"cell": "gru", "attention": "bahdanau", "n_decoder_layers": 2},
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
    exact = torch.nn.Linear(64, 50)
    x = torch.randn(3, 5, 64) * torch.tensor([1e-3, 1.0, 1e3])[:, None, None]
    expected, got = exact(x) - exact.bias, Int8Linear(exact.weight, exact.bias)(x) - exact.bias
    error = (got - expected).norm(dim=-1) / expected.norm(dim=-1)
    assert 0 < error.max() < 0.02  # each row by its own measure


@torch.no_grad()
def test_int8_linear_takes_inputs_of_a_known_bound():
    torch.manual_seed(0)
    exact, x = torch.nn.Linear(64, 50), torch.randn(5, 64).tanh()
    rounded = Int8Linear(exact.weight, exact.bias, bound=1.0)
    assert 0 < (rounded(x) - exact(x)).norm() / exact(x).norm() < 0.02
    ends = torch.tensor([[1.0, -1.0] * 32])
    assert (rounded(ends) - exact(ends)).norm() / exact(ends).norm() < 0.02


@torch.no_grad()
def test_int8_linear_takes_rows_of_zeros():
    rounded = Int8Linear(torch.zeros(4, 8), torch.arange(4.0))
    assert torch.equal(rounded(torch.zeros(2, 8)), torch.arange(4.0).expand(2, 4))


@pytest.mark.parametrize("name", list(CONFIGS))
@torch.no_grad()
def test_int8_networks_say_nearly_what_float32_says(name):
    model = make(name)
    expected = log_probs_by_steps(model, *batch())
    round_to_int8(model)
    difference = (log_probs_by_steps(model, *batch()) - expected).abs().max()
    assert 0 < difference < 0.1


@pytest.mark.parametrize("name", list(CONFIGS))
@torch.no_grad()
def test_int8_steps_equal_the_full_forward(name):
    model, (src, mask, tgt_in) = make(name), batch()
    round_to_int8(model)
    steps = log_probs_by_steps(model, src, mask, tgt_in)
    full = model(src, mask, tgt_in).logits.log_softmax(-1)
    torch.testing.assert_close(steps, full, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", list(CONFIGS))
@torch.no_grad()
def test_int8_rows_do_not_feel_their_neighbours(name):
    model, (src, mask, tgt_in) = make(name), batch()
    round_to_int8(model)
    together = log_probs_by_steps(model, src, mask, tgt_in)
    for row in range(src.size(0)):
        alone = log_probs_by_steps(model, *(x[row : row + 1] for x in (src, mask, tgt_in)))
        torch.testing.assert_close(alone[0], together[row], atol=1e-5, rtol=1e-4)
