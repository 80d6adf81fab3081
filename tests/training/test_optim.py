"""Clipping, norms per part, decay groups and the moving average."""

import pytest
import torch
from torch import nn

from training.config import TrainConfig
from training.optim import Ema, build_optimizer, clip_gradients, parts_of


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(2, 2)
        self.decoder = nn.Linear(2, 2)


def with_gradients():
    model = Pair()
    for i, p in enumerate(model.parameters()):
        p.grad = torch.full_like(p, float(i + 1))
    return model


def test_clip_gradients_gives_norms_per_part_and_clips_the_whole():
    model = with_gradients()
    before = [p.grad.clone() for p in model.parameters()]
    norms = clip_gradients(parts_of(model), 1.0)
    # encoder: 4 × 1² + 2 × 2²; decoder: 4 × 3² + 2 × 4²
    assert float(norms["encoder"]) == pytest.approx(12**0.5)
    assert float(norms["decoder"]) == pytest.approx(68**0.5)
    assert float(norms["all"]) == pytest.approx(80**0.5)
    for p, old in zip(model.parameters(), before, strict=True):
        torch.testing.assert_close(p.grad, old / 80**0.5, rtol=1e-4, atol=1e-6)


def test_clip_gradients_leaves_small_ones_alone():
    model = with_gradients()
    clip_gradients(parts_of(model), 100.0)
    assert float(model.encoder.weight.grad.max()) == 1.0


def test_optimizer_decays_matrices_only():
    groups = build_optimizer(Pair(), TrainConfig(weight_decay=0.5)).param_groups
    assert [(g["weight_decay"], {p.ndim for p in g["params"]}) for g in groups] == [
        (0.5, {2}), (0.0, {1}),
    ]  # fmt: skip


def test_ema_is_warmed_up_then_moves_by_its_decay():
    weight = nn.Parameter(torch.zeros(1))
    ema = Ema([("w", weight)], decay=0.9)
    weight.data.fill_(1.0)
    ema.update([("w", weight)], update=1)
    first = 1 - 2 / 11
    assert float(ema.weights["w"]) == pytest.approx(first)
    ema.update([("w", weight)], update=1000)
    assert float(ema.weights["w"]) == pytest.approx(first + 0.1 * (1 - first))
