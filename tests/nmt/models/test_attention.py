"""Attention against the formulas written out with loops."""

import math

import pytest
import torch

from nmt.config import RnnConfig
from nmt.models.attention import (
    BahdanauAttention,
    LuongDot,
    LuongGeneral,
    MultiHeadAttention,
    attend,
    build_attention,
)
from nmt.models.masks import causal_mask, masked_softmax
from nmt.models.positions import sinusoidal_positions
from nmt.models.rnn_encoder import reverse_sequences

B, T, S, D = 2, 3, 4, 6


@pytest.fixture
def tensors() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    mask = torch.tensor([[True, True, True, False], [True, True, True, True]])
    return torch.randn(B, T, D), torch.randn(B, S, D), mask


def naive_contexts(
    scores: torch.Tensor, memory: torch.Tensor, mask: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    weights, contexts = torch.zeros(B, T, S), torch.zeros(B, T, memory.size(2))
    for b in range(B):
        for t in range(T):
            total = sum(math.exp(scores[b, t, s]) for s in range(S) if mask[b, s])
            for s in range(S):
                if mask[b, s]:
                    weights[b, t, s] = math.exp(scores[b, t, s]) / total
                    contexts[b, t] += weights[b, t, s] * memory[b, s]
    return contexts, weights


def naive_score(module: object, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    if isinstance(module, LuongDot):
        return query @ key
    if isinstance(module, LuongGeneral):
        return query @ module.weight.weight @ key
    assert isinstance(module, BahdanauAttention)
    hidden = module.query.weight @ query + module.key.weight @ key + module.key.bias
    return module.energy.weight[0] @ torch.tanh(hidden)


@pytest.mark.parametrize(
    ("attention", "score"),
    [("bahdanau", "general"), ("luong", "dot"), ("luong", "general"), ("luong", "concat")],
)
@torch.no_grad()
def test_attention_equals_the_naive_formula(
    tensors: tuple[torch.Tensor, ...], attention: str, score: str
) -> None:
    query, memory, mask = tensors
    config = RnnConfig(9, 9, attention=attention, luong_score=score, d_model=D)  # type: ignore[arg-type]
    module = build_attention(config)
    scores = module.scores(query, module.prepare(memory))
    naive = torch.stack(
        [torch.stack([torch.stack([naive_score(module, query[b, t], memory[b, s])
         for s in range(S)]) for t in range(T)]) for b in range(B)]
    )  # fmt: skip
    torch.testing.assert_close(scores, naive, atol=1e-5, rtol=1e-4)
    contexts, weights = attend(scores, memory, mask)
    expected_contexts, expected_weights = naive_contexts(naive, memory, mask)
    torch.testing.assert_close(weights, expected_weights, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(contexts, expected_contexts, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_attention_multi_head_equals_the_naive_formula(tensors: tuple[torch.Tensor, ...]) -> None:
    query, memory, mask = tensors
    module = MultiHeadAttention(D, n_heads=2, dropout=0.0)
    keys, values = module.project_memory(memory)
    output = module(query, keys, values, mask[:, None, None, :])
    weights = module.weights(query, keys, mask[:, None, None, :])
    q = module.query(query)
    k, v = module.key_value(memory).chunk(2, dim=-1)
    heads = []
    for h in range(2):
        part = slice(3 * h, 3 * h + 3)
        scores = torch.einsum("btd,bsd->bts", q[..., part], k[..., part]) / math.sqrt(3)
        contexts, expected = naive_contexts(scores, v[..., part], mask)
        torch.testing.assert_close(weights[:, h], expected, atol=1e-5, rtol=1e-4)
        heads.append(contexts)
    torch.testing.assert_close(output, module.output(torch.cat(heads, -1)), atol=1e-5, rtol=1e-4)


def test_positions_match_the_paper() -> None:
    table = sinusoidal_positions(5, 8)
    for position in range(5):
        for i in range(4):
            angle = position / 10000 ** (i / 3)
            assert table[position, i].item() == pytest.approx(math.sin(angle), abs=1e-6)
            assert table[position, 4 + i].item() == pytest.approx(math.cos(angle), abs=1e-6)


def test_masks_hide_positions_exactly() -> None:
    weights = masked_softmax(torch.zeros(1, 3), torch.tensor([[True, False, True]]))
    assert weights.tolist() == [[0.5, 0.0, 0.5]]
    assert causal_mask(3).tolist() == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


def test_reverse_sequences_leaves_padding_in_place() -> None:
    x = torch.tensor([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]])
    mask = torch.tensor([[True, True, False], [True, True, True]])
    assert reverse_sequences(x, mask)[:, :, 0].tolist() == [[2, 1, 3], [6, 5, 4]]
    torch.testing.assert_close(reverse_sequences(reverse_sequences(x, mask), mask), x)
