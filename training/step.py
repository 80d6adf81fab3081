"""One optimiser update: forward and backward over its batches, clipping, AdamW, average."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from nmt.models.base import Seq2Seq
from nmt.tokenizers.base import BOS_ID
from training.config import TrainConfig
from training.data.batch import Batch, split_batch
from training.errors import CheckpointError, TrainingError
from training.lexicon import AlignmentGuide
from training.loss import backward_chunked
from training.optim import Ema, build_optimizer, clip_gradients, parts_of, set_learning_rate
from training.precision import Precision


@dataclass(frozen=True)
class UpdateResult:
    """What an update did; tensors stay on the device until they are asked for."""

    loss: Tensor
    """Label-smoothed loss per target token, 0-d."""
    nll: Tensor
    """Negative log-likelihood per target token, 0-d, in nats."""
    norms: dict[str, Tensor]
    """Gradient norms before clipping per part of the network and of `all`."""
    tokens: int
    """Target tokens."""
    rate: float


def is_out_of_memory(error: BaseException) -> bool:
    """Tells whether an exception means that a tensor did not fit, on the GPU or the CPU."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and (
        "can't allocate memory" in text or "out of memory" in text
    )


def mix_in_predictions(
    model: Seq2Seq, batch: Batch, share: float, autocast: Callable[[], object]
) -> Batch:
    """Replaces a share of the target inputs by what the model itself would have put there.

    Scheduled sampling (Bengio 2015) in two passes (Mihaylova and Martins 2019): predictions under
    teacher forcing first, then the real pass on the mixture.
    """
    with torch.no_grad(), autocast():  # type: ignore[attr-defined]
        hidden, _ = model.decode_hidden(batch.src_ids, batch.src_mask, batch.tgt_in)
        predicted = model.project(hidden).argmax(-1)
    shifted = torch.cat([torch.full_like(predicted[:, :1], BOS_ID), predicted[:, :-1]], dim=1)
    swap = torch.rand(shifted.shape, device=shifted.device) < share
    swap[:, 0] = False
    tgt_in = torch.where(swap, shifted, batch.tgt_in)
    return Batch(batch.src_ids, batch.src_mask, tgt_in, batch.targets, batch.positions)


class Learner:
    """Network, optimiser and moving average; `update` makes them one step better."""

    def __init__(
        self,
        model: Seq2Seq,
        config: TrainConfig,
        precision: Precision,
        guide: AlignmentGuide | None = None,
    ) -> None:
        self.model = model
        self.guide = guide
        self.config = config
        self.precision = precision
        self.optimizer = build_optimizer(model, config)
        self.parts = parts_of(model)
        self.ema = Ema(model.named_parameters(), config.ema_decay) if config.ema_decay else None
        self.scaler = torch.amp.GradScaler(enabled=precision.scales_loss)
        self._decode = model.decode_hidden
        if config.compile:
            self._decode = torch.compile(model.decode_hidden, dynamic=True)

    def forward_backward(self, batch: Batch, scale: float) -> tuple[Tensor, Tensor]:
        """Adds the gradients of scale × summed loss; gives the sums of loss and nll."""
        config = self.config
        factor: float | Tensor = scale
        if self.precision.scales_loss:
            factor = self.scaler.scale(torch.full((), scale, device=batch.targets.device))
        with self.precision.autocast():
            hidden, attention = self._decode(
                batch.src_ids, batch.src_mask, batch.tgt_in, self.guide is not None
            )
            real = hidden.flatten(0, 1)[batch.positions]
            guiding = None
            if self.guide is not None and attention is not None:
                guiding = config.guide_weight * self.guide.loss(
                    attention, batch.src_ids, batch.src_mask, batch.tgt_out
                )
        # Outside: the backward pass takes its formats from the forward pass.
        return backward_chunked(
            real, batch.targets, self._project, config.label_smoothing,
            config.loss_chunk_tokens, factor, guiding,
        )  # fmt: skip

    def _project(self, hidden: Tensor) -> Tensor:
        with self.precision.autocast():
            return self.model.project(hidden)

    def _accumulate(
        self, batches: list[Batch], splits: int, sampling: float
    ) -> tuple[Tensor, Tensor, int]:
        tokens = sum(batch.tokens for batch in batches)
        losses = []
        for whole in batches:
            for batch in split_batch(whole, splits) if splits > 1 else [whole]:
                if sampling:
                    autocast = self.precision.autocast
                    batch = mix_in_predictions(self.model, batch, sampling, autocast)
                losses.append(self.forward_backward(batch, 1.0 / tokens))
        loss = torch.stack([loss for loss, _ in losses]).sum() / tokens
        nll = torch.stack([nll for _, nll in losses]).sum() / tokens
        return loss, nll, tokens

    def gradients(
        self, batches: list[Batch], splits: int, sampling: float
    ) -> tuple[Tensor, Tensor, int, int]:
        """Computes the gradients; cuts the batches finer for as long as memory runs out.

        Gives:
            loss, nll, tokens and the number of pieces that fitted.

        Raises:
            TrainingError: single rows do not fit.
        """
        while True:
            self.optimizer.zero_grad(set_to_none=True)
            try:
                return *self._accumulate(batches, splits, sampling), splits
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                rows = max(batch.rows for batch in batches)
                reason = str(error).splitlines()[0]
            # Outside the handler: the traceback would keep the tensors that filled the memory.
            if splits >= rows:
                raise TrainingError(
                    f"out of memory even with one row at a time ({reason}); lower "
                    "data.max_target_pieces, train.loss_chunk_tokens or the model's sizes"
                )
            splits *= 2
            if torch.cuda.is_available():
                torch.cuda.empty_cache()

    def update(
        self, batches: list[Batch], number: int, rate: float, splits: int, sampling: float
    ) -> tuple[UpdateResult, int]:
        """Makes update `number` (from 1); gives its figures and the pieces that fitted."""
        loss, nll, tokens, splits = self.gradients(batches, splits, sampling)
        self.scaler.unscale_(self.optimizer)
        norms = clip_gradients(self.parts, self.config.clip_norm)
        set_learning_rate(self.optimizer, rate)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        if self.ema is not None:
            self.ema.update(self.model.named_parameters(), number)
        return UpdateResult(loss, nll, norms, tokens, rate), splits

    def state_dict(self) -> dict[str, Any]:
        """Gives everything a checkpoint needs of this."""
        return self.weights() | {
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
        }

    def load_state_dict(self, content: dict[str, Any]) -> None:
        """Takes what `state_dict` gave.

        Raises:
            CheckpointError: its weights are of another network.
        """
        load_weights(self.model, content["model"])
        self.optimizer.load_state_dict(content["optimizer"])
        self.scaler.load_state_dict(content["scaler"])
        if self.ema is not None:
            saved = content["ema"] or content["model"]
            for name, weight in self.ema.weights.items():
                weight.copy_(saved[name])

    def weights(self) -> dict[str, Any]:
        """Gives the weights alone, and their average."""
        ema = dict(self.ema.weights) if self.ema else None
        return {"model": {n: p.detach() for n, p in self.model.named_parameters()}, "ema": ema}

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Puts the moving average into the network for the time of the context."""
        if self.ema is None:
            yield
            return
        kept = {n: p.detach().clone() for n, p in self.model.named_parameters()}
        load_weights(self.model, self.ema.weights)
        try:
            yield
        finally:
            load_weights(self.model, kept)


@torch.no_grad()
def load_weights(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """Copies weights into a network, in place.

    Raises:
        CheckpointError: names or shapes differ.
    """
    own = dict(model.named_parameters())
    missing, strange = sorted(own.keys() - weights.keys()), sorted(weights.keys() - own.keys())
    if missing or strange:
        raise CheckpointError(
            f"the weights are of another network: missing {missing[:3]}, unknown {strange[:3]}; "
            "use the [model] settings they were trained with"
        )
    for name, parameter in own.items():
        if parameter.shape != weights[name].shape:
            raise CheckpointError(
                f"weight {name} has shape {tuple(weights[name].shape)}, the network needs "
                f"{tuple(parameter.shape)}; use the same [model] settings and tokenizers"
            )
        parameter.copy_(weights[name])
