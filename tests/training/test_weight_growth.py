"""A Transformer started from one of other depths."""

import dataclasses

import pytest
import torch
from reversal import reversed_digits, run_config, run_data

from nmt.config import TransformerConfig
from nmt.models.build import build_model
from training.fit import build_learner, fit
from training.growth import depths_of, layer_origins, with_depths

CONFIG = TransformerConfig(
    40, 40, d_model=16, d_ff=32, n_heads=2, n_encoder_layers=3, n_decoder_layers=2, dropout=0.0
)


def logits_and_attention(config, weights):
    model = build_model(config)
    model.load_state_dict(weights)
    model.eval()
    src = torch.arange(1, 11).reshape(2, 5)
    mask = torch.ones(2, 5, dtype=torch.bool)
    with torch.no_grad():
        hidden, attention = model.decode_hidden(src, mask, torch.arange(20, 28).reshape(2, 4), True)
        return model.project(hidden), attention


@pytest.fixture
def weights():
    torch.manual_seed(5)
    model = build_model(CONFIG)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model.state_dict()


@pytest.mark.parametrize("depths", [(6, 2), (10, 2), (6, 6), (3, 3), (4, 5)])
def test_added_layers_change_nothing(weights, depths):
    deeper = dataclasses.replace(CONFIG, n_encoder_layers=depths[0], n_decoder_layers=depths[1])
    grown = with_depths(weights, deeper)
    assert depths_of(grown) == depths
    before, after = logits_and_attention(CONFIG, weights), logits_and_attention(deeper, grown)
    for old, new in zip(before, after, strict=True):
        assert torch.allclose(old, new, atol=1e-6)


def test_added_layers_learn(weights):
    deeper = dataclasses.replace(CONFIG, n_encoder_layers=4)
    model = build_model(deeper)
    model.load_state_dict(with_depths(weights, deeper))
    src, mask = torch.arange(1, 6)[None], torch.ones(1, 5, dtype=torch.bool)
    hidden, _ = model.decode_hidden(src, mask, torch.arange(20, 24)[None])
    model.project(hidden).square().sum().backward()
    origins = layer_origins(3, 4)
    added = next(place for place, (_, is_added) in enumerate(origins) if is_added)
    layer = model.encoder[added]
    assert layer.feed_forward.outer.weight.abs().sum() == 0
    assert layer.feed_forward.outer.weight.grad.abs().sum() > 0
    assert layer.attention.output.weight.grad.abs().sum() > 0


@pytest.mark.parametrize(
    ("there", "wanted", "origins"),
    [(3, 6, [0, 0, 1, 1, 2, 2]), (3, 4, [0, 1, 2, 2]), (2, 1, [1]), (3, 3, [0, 1, 2])],
)
def test_layers_are_spread_and_the_last_stays_last(there, wanted, origins):
    found = layer_origins(there, wanted)
    assert [layer for layer, _ in found] == origins
    assert sum(is_added for _, is_added in found) == max(0, wanted - there)
    assert not found[-1][1]


def test_layers_left_out_are_the_first(weights):
    shallower = dataclasses.replace(CONFIG, n_encoder_layers=1, n_decoder_layers=1)
    kept = with_depths(weights, shallower)
    assert torch.equal(
        kept["decoder.0.cross.output.weight"], weights["decoder.1.cross.output.weight"]
    )
    logits_and_attention(shallower, kept)


def test_run_starts_from_a_run_of_other_depths(tmp_path):
    data = run_data(reversed_digits(60, 1))
    config = run_config("transformer", max_updates=1)
    fit(config, tmp_path / "shallow", data=data)
    there = config.model["n_encoder_layers"], config.model["n_decoder_layers"]
    train = dataclasses.replace(config.train, init_from=str(tmp_path / "shallow"))
    model = {**config.model, "n_encoder_layers": there[0] + 1}
    deeper = dataclasses.replace(config, train=train, model=model)
    learner = build_learner(deeper, data, torch.device("cpu"))
    assert depths_of(learner.weights()["model"]) == (there[0] + 1, there[1])
