"""Steps in fixed shapes against the network's own; the graph itself needs a GPU."""

import pytest
import torch

from nmt.config import SearchConfig, TransformerConfig
from nmt.decoding import search
from nmt.engines.graphs import GraphEngine
from nmt.engines.torch import TorchEngine
from nmt.models import fixed_shapes
from nmt.models.build import build_model
from nmt.models.fixed_shapes import FixedShapes, Size, capture_graph
from nmt.models.transformer import Transformer

VOCAB = 40
METHODS = {
    "greedy": {"beam_size": 1},
    "beam": {"beam_size": 4, "n_best": 3},
    "coverage": {"beam_size": 3, "coverage_penalty": 0.4},
    "sampling": {"sampling": True, "n_best": 3, "temperature": 1.5},
}
SOURCES = [[20, 21, 22, 23, 30], [25], [22, 20, 31, 33, 34, 35, 36], [37], [30, 31]]


@pytest.fixture
def network():
    torch.manual_seed(3)
    config = TransformerConfig(
        VOCAB, VOCAB, d_model=16, d_ff=24, n_heads=2, n_encoder_layers=2, n_decoder_layers=2,
        alignment_layer=0, alignment_head=1,
    )  # fmt: skip
    model = build_model(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3.0)
    assert isinstance(model, Transformer)
    return model


def batch(device="cpu"):
    width = max(map(len, SOURCES)) + 1
    rows = [[*source, 2, *[0] * (width - len(source) - 1)] for source in SOURCES]
    ids = torch.tensor(rows, device=device)
    return ids, ids != 0


def same(found, expected):
    for ours, theirs in zip(found, expected, strict=True):
        assert [h.ids for h in ours] == [h.ids for h in theirs]
        for one, other in zip(ours, theirs, strict=True):
            assert one.score == pytest.approx(other.score, abs=1e-4)
            assert one.attention == pytest.approx(other.attention, abs=1e-5)


@pytest.mark.parametrize("least", [1, 8])
@pytest.mark.parametrize("method", list(METHODS))
def test_fixed_shapes_find_what_the_network_finds(network, monkeypatch, method, least):
    for name in ("LEAST_ROWS", "LEAST_SOURCE", "LEAST_TARGET"):
        monkeypatch.setattr(fixed_shapes, name, least)
    options = SearchConfig(max_length=21, max_length_ratio=3.0, **METHODS[method])
    model = FixedShapes(network, lambda step: step)
    for _ in range(2):  # the second time in tables that were used before
        found = search(model, *batch(), options, attention=True)
        same(found, search(network, *batch(), options, attention=True))
    assert max(len(h.ids) for rows in found for h in rows) > 8  # went on in larger tables


def test_fixed_shapes_keep_a_bounded_number_of_tables(network, monkeypatch):
    monkeypatch.setattr(fixed_shapes, "KEPT", 2)
    monkeypatch.setattr(fixed_shapes, "LEAST_TARGET", 1)
    made = []
    model = FixedShapes(network, lambda step: made.append(step) or step)
    options = SearchConfig(beam_size=2, min_length=9, max_length=9, max_length_extra=9)
    expected = search(network, *batch(), options, attention=True)
    same(search(model, *batch(), options, attention=True), expected)
    assert len(made) > 2 >= len(model._tables)


def test_sizes_are_powers_of_two():
    assert Size.for_at_least(5, 17, 33) == Size(8, 32, 64)
    assert Size.for_at_least(1, 1, 1) == Size(4, 16, 32)
    assert Size.for_at_least(8, 32, 64) == Size(8, 32, 64)


@pytest.mark.gpu
def test_graphs_find_what_the_network_finds(network):
    network = network.cuda()
    options = SearchConfig(beam_size=4, n_best=3, max_length=21)
    with torch.inference_mode():
        model = FixedShapes(network, capture_graph)
        for _ in range(2):
            found = search(model, *batch("cuda"), options, attention=True)
            same(found, search(network, *batch("cuda"), options, attention=True))


@pytest.mark.gpu
def test_graphs_that_are_refilled_find_what_the_network_finds(network):
    options = SearchConfig(beam_size=4, n_best=3, max_length=21)
    expected = TorchEngine(network).search(SOURCES * 4, options, attention=True)
    engine = GraphEngine(network, torch.float32)
    engine.max_tokens, engine.least_free = 80, 0.3
    same(engine.search(SOURCES * 4, options, attention=True), expected)
