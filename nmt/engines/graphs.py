"""The torch engine for Transformers on a GPU whose steps are CUDA graphs."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

import torch

from nmt.config import SearchConfig
from nmt.engines.torch import TorchEngine
from nmt.hypothesis import Hypothesis
from nmt.models.fixed_shapes import FixedShapes, capture_graph
from nmt.models.transformer import Transformer


class GraphEngine(TorchEngine):
    """Searches in half precision with steps that are replayed; see nmt/models/fixed_shapes.py.

    Args:
        model: the network; moved to the GPU, put into evaluation mode.
        dtype: precision of the weights; in half precision what comes out may depend on the batch.
    """

    def __init__(self, model: Transformer, dtype: torch.dtype = torch.float16) -> None:
        super().__init__(model, "cuda", dtype, name="torch-graphs")
        self.step_model = FixedShapes(model, capture_graph)
        self._lock = Lock()

    def search(
        self, batch: Sequence[Sequence[int]], options: SearchConfig, attention: bool = False
    ) -> list[list[Hypothesis]]:
        """See `TorchEngine.search`; threads wait for each other, for they share the tables."""
        with self._lock:
            return super().search(batch, options, attention)
