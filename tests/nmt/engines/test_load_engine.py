import importlib.util
from dataclasses import dataclass

import pytest
import torch

from nmt.config import ModelConfig, RnnConfig, SearchConfig
from nmt.engines.load import load_engine
from nmt.errors import BundleCorruptError, EngineUnavailableError
from nmt.models.build import build_model

CONFIG = RnnConfig(30, 30, d_embed=8, d_model=8, n_encoder_layers=1, n_decoder_layers=1)


@dataclass
class FakeBundle:
    """A bundle that lies in memory."""

    weights: dict[str, torch.Tensor]
    model_config: ModelConfig = CONFIG
    name: str = "small"

    def load_weights(self):
        return self.weights


@pytest.fixture
def bundle():
    torch.manual_seed(0)
    return FakeBundle(build_model(CONFIG).state_dict())


def without_cuda(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_load_engine_runs_the_model_of_the_bundle(bundle, monkeypatch):
    without_cuda(monkeypatch)
    engine = load_engine(bundle)
    assert (engine.name, engine.device) == ("torch", "cpu")
    for name, weight in engine.model.state_dict().items():
        assert torch.equal(weight, bundle.weights[name])
    assert len(engine.search([[20, 21], [22]], SearchConfig(max_length=3))) == 2


def test_load_engine_widens_half_precision_weights(bundle):
    half = FakeBundle({name: weight.half() for name, weight in bundle.weights.items()})
    engine = load_engine(half, "torch", "cpu")
    assert {weight.dtype for weight in engine.model.state_dict().values()} == {torch.float32}


def test_load_engine_refuses_unknown_engines(bundle):
    with pytest.raises(EngineUnavailableError, match="engine is 'onnx'; allowed: auto, torch"):
        load_engine(bundle, "onnx")


def test_load_engine_refuses_unknown_devices(bundle):
    with pytest.raises(EngineUnavailableError, match="device is 'tpu'; allowed: auto, cpu, cuda"):
        load_engine(bundle, "torch", "tpu")


def test_load_engine_says_that_cuda_is_missing(bundle, monkeypatch):
    without_cuda(monkeypatch)
    with pytest.raises(EngineUnavailableError, match=r"no CUDA device can be used .* use device"):
        load_engine(bundle, "auto", "cuda")


def test_load_engine_says_how_to_install_torch(bundle, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EngineUnavailableError, match=r"pip install korean-nmt\[torch\]"):
        load_engine(bundle)


def test_load_engine_refuses_weights_of_another_architecture(bundle):
    bundle.weights.popitem()
    with pytest.raises(BundleCorruptError, match="weights of bundle 'small' do not fit"):
        load_engine(bundle)
