"""A task small enough to learn in seconds: digit strings, reversed on the other side."""

import dataclasses
import random
from pathlib import Path

import numpy as np

from nmt.tokenizers.base import FIRST_PLACEHOLDER_ID, PLACEHOLDERS, Encoding
from training.config import DataConfig, RunConfig, TokenizerConfig, TrainConfig
from training.data.dataset import ChunkSource, EncodeLimits, PairEncoder
from training.fit import RunData

FIRST_DIGIT = FIRST_PLACEHOLDER_ID + len(PLACEHOLDERS)


class DigitTokenizer:
    """One piece per digit."""

    kind = "digits"
    vocab_size = FIRST_DIGIT + 10

    def encode(self, text):
        ids = self.encode_ids(text)
        return Encoding(ids, list(text), [(i, i + 1) for i in range(len(text))])

    def encode_ids(self, text):
        return [FIRST_DIGIT + int(c) for c in text if c.isdigit()]

    def segment(self, text):
        return "▁" + text

    def ids_of_segmented(self, segmented):
        return self.encode_ids(segmented)

    def sample_ids(self, segmented, alpha, rng):
        rng.random()
        return self.encode_ids(segmented)

    def decode(self, ids):
        return "".join(str(i - FIRST_DIGIT) for i in ids if i >= FIRST_DIGIT)

    def describe(self):
        return {"kind": self.kind, "vocab_size": self.vocab_size}

    def check_ready(self):
        return None

    def save(self, folder):
        raise NotImplementedError


class ListPairs:
    """Pairs in memory."""

    def __init__(self, pairs):
        self.pairs = pairs

    def __len__(self):
        return len(self.pairs)

    def segmented_source(self, index):
        return self.pairs[index][0]

    def segmented_target(self, index):
        return self.pairs[index][1]


def reversed_digits(count, seed, shortest=2, longest=5):
    """Gives pairs such as ▁123 / ▁321."""
    rng = random.Random(seed)
    sources = ["".join(rng.choices("0123456789", k=rng.randint(shortest, longest)))
               for _ in range(count)]  # fmt: skip
    return [("▁" + s, "▁" + s[::-1]) for s in sources]


def run_data(pairs, chunk_pairs=256, seed=1, limits=None):
    """Opens pairs in memory as a run's data."""
    tokenizer = DigitTokenizer()
    limits = limits or EncodeLimits()
    encoder = PairEncoder(ListPairs(pairs), tokenizer, tokenizer, limits)

    def order(epoch):
        return np.random.default_rng((seed, epoch)).permutation(len(pairs))

    return RunData(ChunkSource(lambda: encoder, order, chunk_pairs, seed, 0), tokenizer, tokenizer)


def write_dev(folder: Path, pairs):
    """Writes a development set as text files; gives the data settings that name it."""
    for name, side in (("ko", 0), ("en", 1)):
        lines = "".join(pair[side][1:] + "\n" for pair in pairs)
        (folder / f"dev.{name}").write_text(lines, encoding="utf-8")
    return DataConfig(dev_source=str(folder / "dev.ko"), dev_target=str(folder / "dev.en"))


MODELS = {
    "transformer": {"architecture": "transformer", "d_model": 32, "d_ff": 64, "n_heads": 2,
                    "n_encoder_layers": 1, "n_decoder_layers": 1, "dropout": 0.1},
    "lstm": {"architecture": "rnn", "cell": "lstm", "d_embed": 16, "d_model": 32,
             "n_encoder_layers": 1, "n_decoder_layers": 1, "dropout": 0.1},
    "luong": {"architecture": "rnn", "cell": "lstm", "attention": "luong", "d_embed": 16,
              "d_model": 32, "n_encoder_layers": 1, "n_decoder_layers": 1, "dropout": 0.1},
}  # fmt: skip

TINY = TrainConfig(
    max_updates=20, seed=3, device="cpu", precision="fp32", threads=1, batch_tokens=128,
    learning_rate=3e-3, warmup_updates=4, log_every=5, validate_minutes=0, checkpoint_minutes=0,
    ema_decay=0.9, loss_chunk_tokens=64,
)  # fmt: skip


def run_config(model="transformer", data=None, **train):
    """Gives the settings of a tiny run."""
    return RunConfig(
        data=data or DataConfig(), tokenizer=TokenizerConfig(), model=MODELS[model],
        train=dataclasses.replace(TINY, **train),
    )  # fmt: skip
