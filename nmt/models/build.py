"""Build the network that a model's settings describe."""

from __future__ import annotations

from nmt.config import ModelConfig, RnnConfig
from nmt.models.base import Seq2Seq
from nmt.models.rnn import RnnSeq2Seq
from nmt.models.transformer import Transformer


def build_model(config: ModelConfig) -> Seq2Seq:
    """Builds the network with fresh random weights (torch's global generator)."""
    if isinstance(config, RnnConfig):
        return RnnSeq2Seq(config)
    return Transformer(config)
