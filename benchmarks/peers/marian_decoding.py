"""Hugging Face's MarianMTModel with random weights."""

from typing import Any

import torch
from transformers import MarianConfig, MarianMTModel
from worker import Order, serve

PAD_ID, EOS_ID = 0, 3


def build(job: Order) -> Any:
    """Gives the work: to translate the sources, each into as many pieces as the job says."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = MarianMTModel(_config(job["model"])).eval()
    length = job["length"]

    def work(order: Order) -> Order:
        sources = job["sources"][: order["sentences"]]
        lengths = []
        for first in range(0, len(sources), order["batch"]):
            rows = torch.tensor([[*s, EOS_ID] for s in sources[first : first + order["batch"]]])
            with torch.inference_mode():
                found = model.generate(
                    input_ids=rows, attention_mask=torch.ones_like(rows), do_sample=False,
                    num_beams=order["beam"], min_new_tokens=length, max_new_tokens=length,
                )  # fmt: skip
            lengths += [found.size(1) - 1] * found.size(0)
        return {"lengths": lengths}

    return work


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
