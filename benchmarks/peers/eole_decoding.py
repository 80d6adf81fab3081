"""Eole's Transformer (what OpenNMT-py became) with random weights and Eole's own search."""

from typing import Any

import torch
from eole.config.models import TransformerModelConfig
from eole.config.run import PredictConfig
from eole.constants import DefaultTokens
from eole.inputters.inputter import dict_to_vocabs
from eole.models.model import EncoderDecoderModel
from eole.predict import GNMTGlobalScorer, Translator
from worker import Order, serve

SPECIALS = {
    "unk_token": DefaultTokens.UNK, "pad_token": DefaultTokens.PAD,
    "bos_token": DefaultTokens.BOS, "eos_token": DefaultTokens.EOS,
}  # fmt: skip
EOS_ID = list(SPECIALS).index("eos_token")


def build(job: Order) -> Any:
    """Gives the work: to translate the sources, each into as many pieces as the job says."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    vocabularies = _vocabularies(job["model"])
    config = _search(job["length"])
    shape = _shape(job["model"])
    model = EncoderDecoderModel.build(shape, vocabularies, config)
    _reset(model.eval())
    translator = Translator(
        model, vocabularies, config, shape, device_id=-1,
        global_scorer=GNMTGlobalScorer.from_config(config),
    )  # fmt: skip

    def work(order: Order) -> Order:
        translator.update_settings(beam_size=order["beam"])
        sources = job["sources"][: order["sentences"]]
        lengths = []
        for first in range(0, len(sources), order["batch"]):
            batch = _batch(sources[first : first + order["batch"]])
            found = translator.predict_batch(batch, attn_debug=False)
            lengths += [len(best[0]) for best in found["predictions"]]
        return {"lengths": lengths}

    return work


def _batch(sources: list[list[int]]) -> dict[str, Any]:
    rows = torch.tensor([[*source, EOS_ID] for source in sources])
    lengths = torch.full((len(sources),), rows.size(1))
    return {"src": rows, "srclen": lengths, "ind_in_bucket": list(range(len(sources)))}


@torch.no_grad()
def _reset(model: torch.nn.Module) -> None:
    """Gives the weights, which Eole leaves as the memory was, their first values."""
    for name, weight in model.named_parameters():
        if weight.dim() > 1:
            torch.nn.init.xavier_uniform_(weight)
        else:
            weight.fill_(0.0 if name.endswith("bias") else 1.0)


def _vocabularies(shape: dict[str, Any]) -> dict[str, Any]:
    sides = {
        name: [*SPECIALS.values(), *(f"w{piece}" for piece in range(len(SPECIALS), size))]
        for name, size in (("src", shape["src_vocab_size"]), ("tgt", shape["tgt_vocab_size"]))
    }
    return dict(dict_to_vocabs(sides | {"specials": SPECIALS}))


def _search(length: int) -> PredictConfig:
    # Queries, keys and values in one product, an option of Eole's, are 3 % faster here.
    return PredictConfig(
        model_path="none", src="none", seed=1, compute_dtype="fp32", max_length_ratio=0,
        min_length=length, max_length=length, length_penalty="avg", alpha=1.0, fuse_kvq=True,
    )  # fmt: skip


def _shape(shape: dict[str, Any]) -> TransformerModelConfig:
    width = shape["d_model"]
    return TransformerModelConfig(
        hidden_size=width, transformer_ff=shape["d_ff"], heads=shape["n_heads"],
        encoder={"layers": shape["n_encoder_layers"]},
        decoder={"layers": shape["n_decoder_layers"]},
        embeddings={"word_vec_size": width, "position_encoding_type": "SinusoidalInterleaved"},
        add_qkvbias=True, add_final_linear_bias=True, add_ffnbias=True, generator_bias=False,
        share_decoder_embeddings=True,
    )  # fmt: skip


if __name__ == "__main__":
    serve(build)
