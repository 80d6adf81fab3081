"""Greedy, beam or sampling: as the settings say."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from nmt.config import SearchConfig
from nmt.decoding.beam import beam_search
from nmt.decoding.greedy import greedy_search
from nmt.decoding.sampling import sample
from nmt.decoding.sources import AllAtOnce, Found, Intake
from nmt.decoding.step_model import StepModel
from nmt.hypothesis import Hypothesis


@torch.no_grad()
def search(
    model: StepModel,
    src_ids: Tensor,
    src_mask: Tensor,
    options: SearchConfig,
    *,
    attention: bool = False,
) -> list[list[Hypothesis]]:
    """Gives the best hypotheses of each row, best first; no row depends on the others.

    Args:
        model: the network, in evaluation mode.
        src_ids: [B, S] source pieces, each row ended by EOS and padded.
        src_mask: [B, S] bool, true where a piece may be attended.
        options: search settings.
        attention: give the attention of the hypotheses, where the model has any.

    Raises:
        ConfigError: a coverage penalty is asked of a model without attention.
        EngineError: the model gave scores that are not numbers.
    """
    intake = AllAtOnce(src_ids, src_mask)
    found = dict(iter_search(model, intake, options, attention=attention))
    return [found[row] for row in range(src_ids.size(0))]


def iter_search(
    model: StepModel, intake: Intake, options: SearchConfig, *, attention: bool = False
) -> Iterator[Found]:
    """Gives the best hypotheses of each source that `intake` gives, as soon as they are known.

    To be run without gradients. Other arguments and errors as in `search`.
    """
    if options.sampling:
        method = sample
    elif options.beam_size == 1:
        method = greedy_search
    else:
        method = beam_search
    return method(model, intake, options, attention=attention)
