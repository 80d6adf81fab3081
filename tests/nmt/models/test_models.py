"""The equivalences that every network owes, for every architecture."""

import itertools

import pytest
import torch

from nmt.config import ModelConfig, RnnConfig, TransformerConfig, build_model_config
from nmt.errors import ConfigError
from nmt.models.base import Seq2Seq, count_parameters
from nmt.models.build import build_model
from nmt.models.transformer import TransformerState

SRC, TGT = 31, 29


def rnn(**settings: object) -> RnnConfig:
    base: dict[str, object] = {
        "src_vocab_size": SRC, "tgt_vocab_size": TGT, "d_embed": 12, "d_model": 16, "dropout": 0.3,
    }  # fmt: skip
    return RnnConfig(**{**base, **settings})  # type: ignore[arg-type]


CONFIGS: dict[str, ModelConfig] = {
    **{f"{cell}-none": rnn(cell=cell) for cell in ("rnn", "gru", "lstm")},
    "lstm-one-way": rnn(bidirectional=False, tie_output=False, n_encoder_layers=1),
    "lstm-residual": rnn(residual=True, d_embed=16, attention="luong", n_encoder_layers=3),
    "gru-bahdanau": rnn(cell="gru", attention="bahdanau"),
    "lstm-bahdanau": rnn(attention="bahdanau", n_decoder_layers=3),
    **{
        f"lstm-luong-{score}{'-feeding' if feed else ''}": rnn(
            attention="luong", luong_score=score, input_feeding=feed
        )
        for score, feed in itertools.product(("dot", "general", "concat"), (False, True))
    },
    "transformer": TransformerConfig(
        SRC, TGT, d_model=16, d_ff=32, n_heads=4, n_encoder_layers=3, n_decoder_layers=2
    ),
    "transformer-head": TransformerConfig(
        SRC, TGT, d_model=16, d_ff=32, n_heads=2, n_encoder_layers=1, n_decoder_layers=3,
        alignment_layer=1, alignment_head=1,
    ),
}  # fmt: skip

pytestmark = pytest.mark.parametrize("name", list(CONFIGS))


def make(name: str) -> Seq2Seq:
    torch.manual_seed(3)
    return build_model(CONFIGS[name]).eval()


def batch() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(5)
    src = torch.randint(4, SRC, (4, 7), generator=generator)
    mask = torch.arange(7)[None, :] < torch.tensor([7, 3, 5, 1])[:, None]
    tgt_in = torch.randint(4, TGT, (4, 6), generator=generator)
    return src.masked_fill(~mask, 0), mask, tgt_in


@torch.no_grad()
def test_models_steps_equal_full_forward(name: str) -> None:
    model, (src, mask, tgt_in) = make(name), batch()
    full = model(src, mask, tgt_in)
    state = model.start(src, mask)
    for t in range(tgt_in.size(1)):
        out = model.step(state, tgt_in[:, t])
        state = out.state
        torch.testing.assert_close(
            out.log_probs, full.logits[:, t].log_softmax(-1), atol=1e-5, rtol=1e-4
        )
        if full.attention is None:
            assert out.attention is None
        else:
            assert out.attention is not None
            torch.testing.assert_close(out.attention, full.attention[:, t], atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_models_batch_equals_singles_whatever_the_padding(name: str) -> None:
    model, (src, mask, tgt_in) = make(name), batch()
    together = model(src, mask, tgt_in).logits
    for row, length in enumerate(mask.sum(1).tolist()):
        alone = model(
            src[row : row + 1, :length], mask[row : row + 1, :length], tgt_in[row : row + 1]
        )
        torch.testing.assert_close(together[row], alone.logits[0], atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_models_ignore_what_stands_at_padding(name: str) -> None:
    model, (src, mask, tgt_in) = make(name), batch()
    changed = src.masked_fill(~mask, 9)
    torch.testing.assert_close(
        model(src, mask, tgt_in).logits, model(changed, mask, tgt_in).logits, atol=1e-6, rtol=1e-5
    )


@torch.no_grad()
def test_models_later_target_changes_nothing_earlier(name: str) -> None:
    model, (src, mask, tgt_in) = make(name), batch()
    changed = tgt_in.clone()
    changed[:, 4] = (changed[:, 4] + 1 - 4) % (TGT - 4) + 4
    before, after = model(src, mask, tgt_in).logits, model(src, mask, changed).logits
    torch.testing.assert_close(before[:, :4], after[:, :4], atol=1e-6, rtol=1e-5)
    assert not torch.allclose(before[:, 4], after[:, 4])


@torch.no_grad()
def test_models_use_the_source(name: str) -> None:
    model, (src, mask, tgt_in) = make(name), batch()
    other = torch.where(mask, (src + 1 - 4) % (SRC - 4) + 4, src)
    assert not torch.allclose(model(src, mask, tgt_in).logits, model(other, mask, tgt_in).logits)


@torch.no_grad()
def test_models_attention_rows_sum_to_one_over_real_pieces(name: str) -> None:
    model, (src, mask, tgt_in) = make(name), batch()
    attention = model(src, mask, tgt_in).attention
    if getattr(model.config, "attention", "some") == "none":
        assert attention is None
        return
    assert attention is not None
    torch.testing.assert_close(attention.sum(-1), torch.ones(tgt_in.shape))
    assert (attention.masked_select(~mask[:, None, :].expand_as(attention)) == 0).all()


@torch.no_grad()
def test_models_reorder_picks_rows(name: str) -> None:
    model, (src, mask, tgt_in) = make(name), batch()
    rows = torch.tensor([2, 0, 0, 3, 2])
    state = model.step(model.start(src, mask), tgt_in[:, 0]).state
    expected = model.step(state, tgt_in[:, 1]).log_probs[rows]
    moved = model.step(model.reorder(state, rows), tgt_in[rows, 1]).log_probs
    torch.testing.assert_close(moved, expected, atol=1e-6, rtol=1e-5)


@torch.no_grad()
def test_models_reorder_moves_rows_within_their_sources(name: str) -> None:
    model, (src, mask, tgt_in) = make(name), batch()
    twice = torch.arange(len(src)).repeat_interleave(2)
    state = model.reorder(model.start(src, mask), twice)
    first = torch.stack([tgt_in[:, 0], tgt_in[:, 1]], dim=1).flatten()
    state = model.step(state, first).state
    rows = torch.tensor([1, 0, 2, 2, 5, 5, 6, 7])
    pieces = tgt_in[twice, 2]
    expected = model.step(state, pieces).log_probs[rows]
    moved = model.reorder(state, rows)
    torch.testing.assert_close(model.step(moved, pieces).log_probs, expected, atol=1e-6, rtol=1e-5)
    if isinstance(moved, TransformerState):
        assert moved.cross is state.cross


def test_models_every_parameter_gets_a_gradient(name: str) -> None:
    model, (src, mask, tgt_in) = make(name), batch()
    hidden, _ = model.train().decode_hidden(src, mask, tgt_in)
    model.project(hidden).square().mean().backward()
    missing = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert missing == []
    assert count_parameters(model) == sum(p.numel() for p in model.parameters())


def test_models_config_round_trips(name: str) -> None:
    config = CONFIGS[name]
    assert build_model_config({**config.__dict__}) == config


def test_models_config_names_the_closest_key(name: str) -> None:
    with pytest.raises(ConfigError, match=r"unknown setting model\.drop_out; did you mean dropout"):
        build_model_config({**CONFIGS[name].__dict__, "drop_out": 0.1})
