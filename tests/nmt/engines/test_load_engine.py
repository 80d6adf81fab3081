import dataclasses
import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

import ctranslate2
import pytest
import torch

from nmt.bundle import load_bundle
from nmt.config import ModelConfig, RnnConfig, SearchConfig
from nmt.cores import usable_cores
from nmt.engines.load import load_engine
from nmt.errors import BundleCorruptError, ConfigError, EngineUnavailableError
from nmt.models.build import build_model

CONFIG = RnnConfig(30, 30, d_embed=8, d_model=8, n_encoder_layers=1, n_decoder_layers=1)


@dataclass
class FakeBundle:
    """A bundle that lies in memory."""

    weights: dict[str, torch.Tensor]
    model_config: ModelConfig = CONFIG
    name: str = "small"
    ctranslate2: Path | None = None

    def load_weights(self):
        return self.weights


@pytest.fixture
def bundle():
    torch.manual_seed(0)
    return FakeBundle(build_model(CONFIG).state_dict())


def without_cuda(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def of_capability(monkeypatch, name):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: name)


def test_load_engine_runs_the_model_of_the_bundle(bundle, monkeypatch):
    without_cuda(monkeypatch)
    of_capability(monkeypatch, "AVX2")
    engine = load_engine(bundle)
    assert (engine.name, engine.device) == ("torch", "cpu")
    for name, weight in engine.model.state_dict().items():
        assert torch.equal(weight, bundle.weights[name])
    assert len(engine.search([[20, 21], [22]], SearchConfig(max_length=3))) == 2


def test_load_engine_widens_half_precision_weights(bundle):
    half = FakeBundle({name: weight.half() for name, weight in bundle.weights.items()})
    engine = load_engine(half, "torch", "cpu")
    assert {weight.dtype for weight in engine.model.state_dict().values()} == {torch.float32}


def test_auto_takes_int8_for_a_recurrent_network_where_that_is_fast(bundle, monkeypatch):
    without_cuda(monkeypatch)
    of_capability(monkeypatch, "AVX512")
    engine = load_engine(bundle)
    assert (engine.name, engine.device) == ("torch-int8", "cpu")
    options = SearchConfig(max_length=3, beam_size=2)
    exact = load_engine(bundle, "torch").score([[20, 21]], [[22]])
    assert engine.score([[20, 21]], [[22]])[0] == pytest.approx(exact[0], abs=0.1)
    assert engine.score([[20, 21]], [[22]]) != exact
    assert len(engine.search([[20, 21], [22]], options)) == 2


def test_int8_says_what_it_cannot_run(bundle, tiny_ctranslate2_bundle, monkeypatch):
    with pytest.raises(EngineUnavailableError, match="is a transformer; only recurrent networks"):
        load_engine(load_bundle(tiny_ctranslate2_bundle), "torch-int8", "cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with pytest.raises(EngineUnavailableError, match="device is 'cuda' and engine 'torch-int8'"):
        load_engine(bundle, "torch-int8", "cuda")


def test_graphs_say_what_they_cannot_run(bundle, tiny_bundle, monkeypatch):
    without_cuda(monkeypatch)
    with pytest.raises(EngineUnavailableError, match=r"'torch-graphs' .* only a transformer runs"):
        load_engine(bundle, "torch-graphs")
    with pytest.raises(EngineUnavailableError, match="'torch-graphs', which needs a CUDA device"):
        load_engine(load_bundle(tiny_bundle), "torch-graphs")


@pytest.mark.gpu
def test_graphs_translate_as_torch_does(tiny_bundle):
    sources, options = [[20, 21, 25], [22], [], [23] * 9], SearchConfig(max_length=9, beam_size=3)
    expected = load_engine(load_bundle(tiny_bundle), "torch", "cuda").search(sources, options)
    found = load_engine(load_bundle(tiny_bundle), "torch-graphs").search(sources, options)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours[0].score == pytest.approx(theirs[0].score, abs=0.05)


def test_load_engine_refuses_unknown_engines(bundle):
    with pytest.raises(EngineUnavailableError, match="engine is 'onnx'; allowed: auto, ctrans"):
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


@pytest.mark.parametrize("threads", [None, 1, 8])
def test_ctranslate2_is_the_default_for_a_transformer_on_a_cpu(tiny_ctranslate2_bundle, threads):
    engine = load_engine(load_bundle(tiny_ctranslate2_bundle), device="cpu", threads=threads)
    assert (engine.name, engine.device) == ("ctranslate2", "cpu")
    # So narrow a network gets one thread a batch.
    assert engine.model.num_translators == (threads or usable_cores())


def test_auto_takes_torch_where_ctranslate2_cannot_run(tiny_bundle, tiny_ctranslate2_bundle):
    older, newer = load_bundle(tiny_bundle), load_bundle(tiny_ctranslate2_bundle)
    assert load_engine(older, device="cpu").name == "torch"
    assert load_engine(newer, "torch", "cpu").name == "torch"


def test_auto_leaves_a_gpu_to_torch(tiny_ctranslate2_bundle, monkeypatch):
    without_cuda(monkeypatch)
    bundle = load_bundle(tiny_ctranslate2_bundle)
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 1)
    assert load_engine(bundle).name == "torch"
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 0)
    assert load_engine(bundle).name == "ctranslate2"


def without(monkeypatch, *packages):
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in packages else object()
    )


def test_a_missing_engine_says_what_to_install(tiny_ctranslate2_bundle, monkeypatch):
    bundle = load_bundle(tiny_ctranslate2_bundle)
    without(monkeypatch, "ctranslate2")
    with pytest.raises(EngineUnavailableError, match="install it with `pip install ctranslate2`"):
        load_engine(bundle, "ctranslate2")
    assert load_engine(bundle, device="cpu").name == "torch"
    without(monkeypatch, "ctranslate2", "torch")
    with pytest.raises(EngineUnavailableError, match=r"\[torch\]`, or .*pip install ctranslate2"):
        load_engine(bundle)
    without(monkeypatch, "torch")
    assert load_engine(bundle).name == "ctranslate2"


def test_ctranslate2_says_what_it_cannot_run(
    bundle, tiny_bundle, tiny_ctranslate2_bundle, monkeypatch
):
    with pytest.raises(EngineUnavailableError, match="is an rnn; only a transformer runs on it"):
        load_engine(bundle, "ctranslate2")
    with pytest.raises(EngineUnavailableError, match=r"no export for it; add one .* train convert"):
        load_engine(load_bundle(tiny_bundle), "ctranslate2")
    monkeypatch.setattr("ctranslate2.get_cuda_device_count", lambda: 0)
    with pytest.raises(EngineUnavailableError, match=r"CTranslate2 \S+ finds no CUDA device"):
        load_engine(load_bundle(tiny_ctranslate2_bundle), "ctranslate2", "cuda")


def test_ctranslate2_says_that_cuda_does_not_work(tiny_ctranslate2_bundle, monkeypatch):
    if ctranslate2.get_cuda_device_count():
        pytest.skip("CUDA works here")
    monkeypatch.setattr("ctranslate2.get_cuda_device_count", lambda: 1)
    with pytest.raises(EngineUnavailableError, match="'ctranslate2' cannot use device 'cuda': "):
        load_engine(load_bundle(tiny_ctranslate2_bundle), "ctranslate2", "cuda")


@pytest.mark.gpu
def test_ctranslate2_translates_on_a_gpu_as_on_a_cpu(tiny_ctranslate2_bundle):
    sources, options = [[20, 21, 25], [22], [], [23] * 9], SearchConfig(max_length=9, beam_size=3)
    bundle = load_bundle(tiny_ctranslate2_bundle)
    expected = load_engine(bundle, "ctranslate2", "cpu").search(sources, options)
    engine = load_engine(bundle, "ctranslate2", "cuda")
    assert engine.device == "cuda"
    for ours, theirs in zip(engine.search(sources, options), expected, strict=True):
        assert ours[0].score == pytest.approx(theirs[0].score, abs=0.1)


def test_an_export_that_cannot_be_read_is_corrupt(tiny_ctranslate2_bundle, tmp_path):
    bundle = load_bundle(tiny_ctranslate2_bundle)
    folder = shutil.copytree(bundle.ctranslate2, tmp_path / "ctranslate2")
    (folder / "model.bin").write_bytes(b"no model at all, but of some length")
    with pytest.raises(BundleCorruptError, match=r"cannot be loaded: .* train convert BUNDLE"):
        load_engine(dataclasses.replace(bundle, ctranslate2=folder), "ctranslate2")


def test_load_engine_refuses_no_threads(bundle):
    with pytest.raises(ConfigError, match="threads is 0; allowed: 1 or more"):
        load_engine(bundle, threads=0)


def test_load_engine_sets_the_threads_of_torch(bundle, monkeypatch):
    chosen = []
    monkeypatch.setattr(torch, "set_num_threads", chosen.append)
    load_engine(bundle, "torch", "cpu", threads=3)
    load_engine(bundle, "torch", "cpu")
    assert chosen == [3]


def test_load_engine_refuses_weights_of_another_architecture(bundle):
    bundle.weights.popitem()
    with pytest.raises(BundleCorruptError, match="weights of bundle 'small' do not fit"):
        load_engine(bundle)
