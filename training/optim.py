"""AdamW, gradient norms per part of the network with clipping, moving average of the weights."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from training.config import TrainConfig


def build_optimizer(model: nn.Module, config: TrainConfig) -> torch.optim.AdamW:
    """Gives fused AdamW (Loshchilov 2019); vectors (biases, norms) are not decayed."""
    matrices = [p for p in model.parameters() if p.requires_grad and p.ndim >= 2]
    vectors = [p for p in model.parameters() if p.requires_grad and p.ndim < 2]
    return torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": config.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ],
        lr=config.learning_rate,
        betas=(config.beta1, config.beta2),
        eps=config.epsilon,
        fused=True,
    )


def parts_of(model: nn.Module) -> dict[str, list[nn.Parameter]]:
    """Groups the parameters by top-level module, e.g. encoder and decoder; each is in one group."""
    parts: dict[str, list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        parts.setdefault(name.partition(".")[0], []).append(parameter)
    return parts


def clip_gradients(parts: dict[str, list[nn.Parameter]], clip_norm: float) -> dict[str, Tensor]:
    """Scales all gradients so that their norm is at most `clip_norm` (Pascanu 2013).

    Gives:
        the L2 norm before clipping of each part and `all`, as 0-d tensors (no device sync).
        Vanishing and exploding gradients show as parts drifting apart.
    """
    norms, everything = {}, []
    for name, parameters in parts.items():
        grads = [p.grad for p in parameters if p.grad is not None]
        if grads:
            norms[name] = torch.stack(torch._foreach_norm(grads)).norm()
            everything += grads
    total = torch.stack(list(norms.values())).norm()
    if clip_norm:
        factor = (clip_norm / (total + 1e-6)).clamp(max=1.0)
        torch._foreach_mul_(everything, factor)
    norms["all"] = total
    return norms


class Ema:
    """Exponential moving average of the weights (Polyak 1992), warmed up over the first updates."""

    def __init__(self, parameters: Iterable[tuple[str, Tensor]], decay: float) -> None:
        self.decay = decay
        self.weights = {name: p.detach().clone() for name, p in parameters}

    def update(self, parameters: Iterable[tuple[str, Tensor]], update: int) -> None:
        """Moves the average towards the current weights; `update` counts from 1."""
        decay = min(self.decay, (1 + update) / (10 + update))
        live = dict(parameters)
        torch._foreach_lerp_(
            list(self.weights.values()), [live[n].detach() for n in self.weights], 1 - decay
        )


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Gives every parameter group this rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate
