"""Label-smoothed cross-entropy, computed and differentiated a chunk of positions at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


class _SmoothedCrossEntropy(torch.autograd.Function):
    """Σ (1-ε)·(-log p(y)) + ε·mean_v(-log p(v)); one [N, V] array serves for all of it."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor, smoothing: float) -> tuple[Tensor, ...]:
        scores = logits.detach().float()
        torch.log_softmax(scores, dim=-1, out=scores)
        nll = -scores.gather(1, targets[:, None])[:, 0]
        loss = (1 - smoothing) * nll
        if smoothing:
            loss = loss - smoothing * scores.mean(dim=-1)
        ctx.save_for_backward(scores, targets)
        ctx.smoothing = smoothing
        total_nll = nll.sum()
        ctx.mark_non_differentiable(total_nll)
        return loss.sum(), total_nll

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        scores, targets = ctx.saved_tensors
        # In place: nobody reads the log-probabilities after this.
        grad = scores.exp_()
        if ctx.smoothing:
            grad -= ctx.smoothing / scores.shape[1]
        hit = torch.full_like(targets, ctx.smoothing - 1, dtype=scores.dtype)[:, None]
        grad.scatter_add_(1, targets[:, None], hit)
        return grad.mul_(grads[0]), None, None


def smoothed_cross_entropy(
    logits: Tensor, targets: Tensor, smoothing: float
) -> tuple[Tensor, Tensor]:
    """Gives the summed label-smoothed loss and the summed negative log-likelihood, in nats.

    Szegedy 2016, section 7: the target distribution is (1-ε)·one-hot + ε/V.

    Args:
        logits: [N, V], any float type; sums are formed in float32. Float32 logits are overwritten.
        targets: [N] ids, no padding.
        smoothing: ε.
    """
    loss, nll = _SmoothedCrossEntropy.apply(logits, targets, smoothing)  # type: ignore[no-untyped-call]
    return loss, nll


def chunked_loss(
    hidden: Tensor,
    targets: Tensor,
    project: Callable[[Tensor], Tensor],
    smoothing: float,
    chunk_tokens: int,
) -> tuple[Tensor, Tensor]:
    """Gives the summed loss and negative log-likelihood without keeping any graph.

    Args:
        hidden: [N, D] decoder outputs at the target positions.
        targets: [N] ids.
        project: [n, D] → logits [n, V].
    """
    loss = hidden.new_zeros((), dtype=torch.float32)
    nll = torch.zeros_like(loss)
    with torch.no_grad():
        for part, wanted in zip(
            hidden.split(chunk_tokens), targets.split(chunk_tokens), strict=True
        ):
            part_loss, part_nll = smoothed_cross_entropy(project(part), wanted, smoothing)
            loss += part_loss
            nll += part_nll
    return loss, nll


def backward_chunked(
    hidden: Tensor,
    targets: Tensor,
    project: Callable[[Tensor], Tensor],
    smoothing: float,
    chunk_tokens: int,
    scale: float | Tensor,
    extra: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Adds the gradients of scale × loss to all parameters; gives the unscaled loss and nll sums.

    Each chunk's logits are made, differentiated and dropped before the next, so [B, T, V] never
    exists; no recomputation is needed because the chunk's gradient stops at `hidden`, whose own
    graph is walked once at the end.

    Args: as `chunked_loss`; `scale` is e.g. 1 / tokens of the update (× the fp16 loss scale);
    `extra` is one more summed loss on the same graph, 0-d, that is scaled alike.
    """
    loss = hidden.new_zeros((), dtype=torch.float32)
    nll = torch.zeros_like(loss)
    grads = []
    cut = hidden.detach()
    for part, wanted in zip(cut.split(chunk_tokens), targets.split(chunk_tokens), strict=True):
        part = part.requires_grad_()
        part_loss, part_nll = smoothed_cross_entropy(project(part), wanted, smoothing)
        torch.autograd.backward(part_loss * scale)
        grads.append(part.grad)
        loss += part_loss.detach()
        nll += part_nll
    ends, ends_grads = [hidden], [torch.cat([g for g in grads if g is not None])]
    if extra is not None:
        ends.append(extra)
        ends_grads.append(torch.ones_like(extra) * scale)
    torch.autograd.backward(ends, ends_grads)
    return loss, nll
