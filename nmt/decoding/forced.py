"""What the model thinks of a given translation."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nmt.decoding.step_model import StepModel
from nmt.tokenizers.base import BOS_ID, EOS_ID


@torch.no_grad()
def score_targets(
    model: StepModel, src_ids: Tensor, src_mask: Tensor, targets: Sequence[Sequence[int]]
) -> list[list[float]]:
    """Gives the log-probability of each piece of each target and of its EOS.

    Args:
        model: the network.
        src_ids: [B, S] source pieces, each row ended by EOS and padded.
        src_mask: [B, S] bool.
        targets: B rows of target pieces, without BOS and EOS.
    """
    tgt_out = [[*target, EOS_ID] for target in targets]
    log_probs: list[list[float]] = [[] for _ in tgt_out]
    rows = list(range(len(tgt_out)))
    state = model.start(src_ids, src_mask)
    prev_ids = src_ids.new_full((len(rows),), BOS_ID)
    step = 0
    while rows:
        out = model.step(state, prev_ids)
        next_ids = src_ids.new_tensor([tgt_out[row][step] for row in rows])
        gains = out.log_probs.float().gather(1, next_ids.unsqueeze(1)).squeeze(1).tolist()
        for row, gain in zip(rows, gains, strict=True):
            log_probs[row].append(gain)
        step += 1
        kept = [place for place, row in enumerate(rows) if step < len(tgt_out[row])]
        state, prev_ids = out.state, next_ids
        if len(kept) < len(rows):
            chosen = src_ids.new_tensor(kept)
            state, prev_ids = model.reorder(state, chosen), next_ids[chosen]
        rows = [rows[place] for place in kept]
    return log_probs
