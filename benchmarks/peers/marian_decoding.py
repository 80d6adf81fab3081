"""Hugging Face's MarianMTModel with random weights; where translations end is told to it."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import LogitsProcessor, LogitsProcessorList, MarianConfig, MarianMTModel
from worker import Order, serve

PAD_ID, EOS_ID = 0, 3
ENDED_TWICE = -1e4
"""Log-probability of the end piece after the end, so that only the first end is a translation."""


class EndAfter(LogitsProcessor):  # type: ignore[misc, unused-ignore]
    """Allows the end piece after a given number of pieces, and nothing else there.

    Args:
        lengths: of the translations, [N].
        beam: hypotheses of each.
    """

    def __init__(self, lengths: Sequence[int], beam: int) -> None:
        self._lengths = torch.tensor(lengths).repeat_interleave(beam)

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """[N · beam, T] pieces so far, [N · beam, V] → [N · beam, V]."""
        n_pieces = input_ids.size(1) - 1
        scores[:, EOS_ID] = -torch.inf
        ended = self._lengths <= n_pieces
        if ended.any():
            scores[ended] = -torch.inf
            scores[ended, EOS_ID] = torch.where(self._lengths[ended] == n_pieces, 0.0, ENDED_TWICE)
        return scores


def build(job: Order) -> Any:
    """Gives the work: to translate the sources, each into as many pieces as the job says.

    An order may bring `sources` and their `lengths` of its own.
    """
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = MarianMTModel(_config(job["model"])).eval()

    def work(order: Order) -> Order:
        sources = (order.get("sources") or job["sources"])[: order["sentences"]]
        wanted = order.get("lengths") or [job["length"]] * len(sources)
        lengths = []
        for first in range(0, len(sources), order["batch"]):
            of_batch = slice(first, first + order["batch"])
            rows, mask = _padded(sources[of_batch])
            ends = EndAfter(wanted[of_batch], order["beam"])
            with torch.inference_mode():
                found = model.generate(
                    input_ids=rows, attention_mask=mask, do_sample=False,
                    num_beams=order["beam"], max_new_tokens=max(wanted[of_batch]) + 1,
                    logits_processor=LogitsProcessorList([ends]),
                )  # fmt: skip
            lengths += [row[1:].tolist().index(EOS_ID) for row in found]
        return {"lengths": lengths}

    return work


def _padded(sources: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Gives pieces and mask [N, S]."""
    rows = [torch.tensor([*source, EOS_ID]) for source in sources]
    masks = [torch.ones_like(row) for row in rows]
    pieces, mask = (
        torch.nn.utils.rnn.pad_sequence(part, batch_first=True, padding_value=PAD_ID)
        for part in (rows, masks)
    )
    return pieces, mask


def _config(shape: dict[str, Any]) -> MarianConfig:
    return MarianConfig(
        vocab_size=shape["src_vocab_size"], decoder_vocab_size=shape["tgt_vocab_size"],
        share_encoder_decoder_embeddings=False, d_model=shape["d_model"],
        encoder_layers=shape["n_encoder_layers"], decoder_layers=shape["n_decoder_layers"],
        encoder_attention_heads=shape["n_heads"], decoder_attention_heads=shape["n_heads"],
        encoder_ffn_dim=shape["d_ff"], decoder_ffn_dim=shape["d_ff"],
        activation_function="relu", scale_embedding=True, max_position_embeddings=256,
        pad_token_id=PAD_ID, eos_token_id=EOS_ID, bos_token_id=2, decoder_start_token_id=PAD_ID,
        forced_eos_token_id=None,
    )  # fmt: skip


if __name__ == "__main__":
    serve(build)
