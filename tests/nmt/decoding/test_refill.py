"""Sentences that join a running search come out as they do alone, whatever runs beside them."""

import functools
import random

import pytest
import torch

from nmt.config import RnnConfig, SearchConfig, TransformerConfig
from nmt.decoding import Sources, iter_search, search
from nmt.models.build import build_model
from nmt.models.fixed_shapes import FixedShapes
from nmt.models.int8 import Int8Rnn
from nmt.tokenizers.base import EOS_ID

VOCAB = 32
RNN = {"d_embed": 8, "d_model": 12, "n_encoder_layers": 1, "n_decoder_layers": 2}
CONFIGS = {
    "none": RnnConfig(VOCAB, VOCAB, cell="lstm", **RNN),
    "bahdanau": RnnConfig(VOCAB, VOCAB, cell="gru", attention="bahdanau", **RNN),
    "luong": RnnConfig(VOCAB, VOCAB, cell="lstm", attention="luong", input_feeding=True, **RNN),
    "luong, int8": RnnConfig(VOCAB, VOCAB, cell="lstm", attention="luong", **RNN),
    "transformer": TransformerConfig(
        VOCAB, VOCAB, d_model=16, d_ff=24, n_heads=2, n_encoder_layers=2, n_decoder_layers=2
    ),
    "fixed shapes": TransformerConfig(
        VOCAB, VOCAB, d_model=16, d_ff=24, n_heads=2, n_encoder_layers=1, n_decoder_layers=2
    ),
}
METHODS = {
    "greedy": {"beam_size": 1},
    "beam": {"beam_size": 4},
    "n-best": {"beam_size": 4, "n_best": 4, "length_penalty": 0.6},
    "n-grams": {"beam_size": 3, "no_repeat_ngram": 2, "min_length": 3},
    "n-grams, greedy": {"beam_size": 1, "no_repeat_ngram": 1, "min_length": 5},
    "repetition": {"beam_size": 3, "repetition_penalty": 2.0, "n_best": 2},
    "coverage": {"beam_size": 3, "coverage_penalty": 0.4, "n_best": 2},
    "coverage, greedy": {"beam_size": 1, "coverage_penalty": 0.4},
    "sampling": {"sampling": True, "n_best": 3, "temperature": 1.5},
}


def build_sources():
    """Sentences of 0 to 9 pieces in no order, some with placeholders."""
    numbers = random.Random(2)
    lengths = [5, 8, 2, 7, 3, 8, 0, 6, 1, 4]
    sources = [[numbers.randrange(20, VOCAB) for _ in range(length)] for length in lengths]
    sources[1][:3], sources[4][2], sources[9][0] = [5, 6, 5], 4, 5
    return sources


SOURCES = build_sources()


class Places:
    """An intake that fills up `n_places` as soon as `least` are free."""

    def __init__(self, make_batch, n_places, least):
        self.make_batch, self.n_places, self.least = make_batch, n_places, least
        self.left = list(range(len(SOURCES)))
        self.joined = []

    def __call__(self, running):
        free = self.n_places - len(running)
        if not self.left or (running and free < self.least):
            return None
        taken, self.left = self.left[:free], self.left[free:]
        if running:
            self.joined.append(taken)
        return Sources(taken, *self.make_batch(*(SOURCES[i] for i in taken), padding=len(taken)))


def build_network(name):
    torch.manual_seed(3)
    model = build_model(CONFIGS[name]).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2.0)
    return Int8Rnn(model) if name == "luong, int8" else model


@pytest.fixture(scope="module")
def networks():
    return {name: build_network(name) for name in CONFIGS}


@pytest.fixture(scope="module")
def alone(networks):
    """Gives what a network finds for each of the sources by itself."""

    @functools.cache
    @torch.no_grad()
    def search_each(name, options):
        ids = [torch.tensor([[*source, EOS_ID]]) for source in SOURCES]
        rows = [(row, torch.ones_like(row, dtype=torch.bool)) for row in ids]
        return [search(networks[name], *row, options, attention=True)[0] for row in rows]

    return search_each


def check_same(found, expected):
    assert [h.ids for h in found] == [h.ids for h in expected]
    assert [h.finished for h in found] == [h.finished for h in expected]
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.score == pytest.approx(theirs.score, abs=1e-3)
        assert ours.log_prob == pytest.approx(theirs.log_prob, abs=1e-3)
        if theirs.attention is None:
            assert ours.attention is None
        else:
            assert ours.attention == pytest.approx(theirs.attention, abs=1e-4)


CASES = [(method, 3, 1) for method in METHODS]
CASES += [
    (method, *places) for method in ("greedy", "beam") for places in ((1, 1), (5, 3), (99, 1))
]


@torch.no_grad()
@pytest.mark.parametrize(("method", "n_places", "least"), CASES)
@pytest.mark.parametrize("name", CONFIGS)
def test_refilled_search_finds_what_each_sentence_alone_finds(
    networks, make_batch, alone, name, method, n_places, least
):
    if name == "none" and "coverage" in method:
        pytest.skip("needs attention")
    network = networks[name]
    model = FixedShapes(network, lambda step: step) if name == "fixed shapes" else network
    options = SearchConfig(
        max_length=13, max_length_ratio=1.5, max_length_extra=2, **METHODS[method]
    )
    intake = Places(make_batch, n_places, least)
    found = dict(iter_search(model, intake, options, attention=True))
    assert sorted(found) == list(range(len(SOURCES)))
    assert bool(intake.joined) == (1 < n_places < len(SOURCES))
    for number, expected in enumerate(alone(name, options)):
        check_same(found[number], expected)
