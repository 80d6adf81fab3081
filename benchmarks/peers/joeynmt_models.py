"""JoeyNMT's networks in our shapes, over pieces that are the words of its vocabularies."""

from types import SimpleNamespace
from typing import Any

from joeynmt.model import build_model
from joeynmt.vocabulary import Vocabulary

SPECIALS = {"unk": 0, "pad": 1, "bos": 2, "eos": 3}


def word(piece: int) -> str:
    """The piece as a word."""
    return f"w{piece}"


def vocabulary(size: int) -> Vocabulary:
    """`size` words, four special ones included; ours of number 0 to 3 are not among them."""
    symbols: dict[str, Any] = {f"{name}_id": at for name, at in SPECIALS.items()}
    symbols |= {f"{name}_token": f"<{name}>" for name in SPECIALS}
    symbols |= {"sep_token": None, "sep_id": None, "lang_tags": []}
    return Vocabulary([word(piece) for piece in range(4, size)], SimpleNamespace(**symbols))


def transformer(shape: dict[str, Any]) -> Any:
    """A pre-norm Transformer of the shape of our `TransformerConfig`, output tied."""
    side = {
        "type": "transformer", "hidden_size": shape["d_model"], "ff_size": shape["d_ff"],
        "num_heads": shape["n_heads"], "dropout": shape["dropout"], "layer_norm": "pre",
        "embeddings": {"embedding_dim": shape["d_model"], "scale": True},
    }  # fmt: skip
    return build_model(
        {
            "encoder": side | {"num_layers": shape["n_encoder_layers"]},
            "decoder": side | {"num_layers": shape["n_decoder_layers"]},
            "tied_softmax": True,
        },
        vocabulary(shape["src_vocab_size"]),
        vocabulary(shape["tgt_vocab_size"]),
    )


def luong(shape: dict[str, Any]) -> Any:
    """An LSTM with Luong's attention of the shape of our `RnnConfig`, no input feeding."""
    embeddings = {"embedding_dim": shape["d_embed"], "scale": False}
    return build_model(
        {
            "encoder": {
                "type": "recurrent", "rnn_type": "lstm", "hidden_size": shape["d_model"] // 2,
                "num_layers": shape["n_encoder_layers"], "bidirectional": True,
                "embeddings": embeddings,
            },
            "decoder": {
                "type": "recurrent", "rnn_type": "lstm", "hidden_size": shape["d_model"],
                "num_layers": shape["n_decoder_layers"], "attention": "luong",
                "input_feeding": False, "init_hidden": "bridge", "embeddings": embeddings,
            },
        },
        vocabulary(shape["src_vocab_size"]),
        vocabulary(shape["tgt_vocab_size"]),
    )  # fmt: skip
