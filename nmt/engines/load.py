"""From a bundle to a running engine."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from nmt.config import ModelConfig, RnnConfig, TransformerConfig
from nmt.engines.base import Engine
from nmt.errors import BundleCorruptError, ConfigError, EngineUnavailableError

if TYPE_CHECKING:
    from torch import Tensor

    from nmt.models.base import Seq2Seq

INT8 = "torch-int8"
GRAPHS = "torch-graphs"
ENGINES = ("auto", "ctranslate2", "torch", INT8, GRAPHS)
DEVICES = ("auto", "cpu", "cuda")


class ModelSource(Protocol):
    """What an engine needs of a bundle."""

    @property
    def name(self) -> str:
        """Name for messages."""
        ...

    @property
    def model_config(self) -> ModelConfig:
        """Architecture."""
        ...

    @property
    def ctranslate2(self) -> Path | None:
        """Folder of the CTranslate2 export, if there is one."""
        ...

    def load_weights(self) -> Mapping[str, Tensor]:
        """Reads the weights by their names in the network."""
        ...


def load_engine(
    bundle: ModelSource, engine: str = "auto", device: str = "auto", threads: int | None = None
) -> Engine:
    """Gives an engine that runs the model of `bundle`.

    Args:
        bundle: the released model.
        engine: `ctranslate2`, `torch`, `torch-int8`, `torch-graphs` or `auto`: on a CPU
            `ctranslate2` where the bundle has an export for it and `torch-int8` for recurrent
            networks where the CPU multiplies int8 fast, else `torch`.
        device: `cpu`, `cuda`, or `auto` for CUDA where there is any; engine `ctranslate2` takes
            the CPU then.
        threads: CPU threads; none takes the cores that the process may use (`ctranslate2`) or
            leaves them as they are (`torch`, where they count for the whole process).

    Raises:
        ConfigError: fewer than one thread.
        EngineUnavailableError: unknown, not installed, or no such device here.
        BundleCorruptError: the weights do not fit the architecture.
    """
    if engine not in ENGINES:
        raise EngineUnavailableError(f"engine is {engine!r}; allowed: {', '.join(ENGINES)}")
    if device not in DEVICES:
        raise EngineUnavailableError(f"device is {device!r}; allowed: {', '.join(DEVICES)}")
    if threads is not None and threads < 1:
        raise ConfigError(f"threads is {threads}; allowed: 1 or more")
    if engine == "auto" and _suits_ctranslate2(bundle, device):
        engine = "ctranslate2"
    if engine == "ctranslate2":
        return _load_ctranslate2_engine(bundle, device, threads)
    return _load_torch_engine(bundle, engine, device, threads)


def _suits_ctranslate2(bundle: ModelSource, device: str) -> bool:
    """Tells whether `auto` means CTranslate2; asks it, not torch, whether there is a GPU."""
    if bundle.ctranslate2 is None or device == "cuda" or not _is_installed("ctranslate2"):
        return False
    if device == "cpu" or not _is_installed("torch"):
        return True
    import ctranslate2

    return bool(ctranslate2.get_cuda_device_count() == 0)


def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _load_ctranslate2_engine(bundle: ModelSource, device: str, threads: int | None) -> Engine:
    config = bundle.model_config
    if not isinstance(config, TransformerConfig):
        raise EngineUnavailableError(
            f"engine is 'ctranslate2' and bundle {bundle.name!r} is an {config.architecture}; only "
            "a transformer runs on it; use engine 'torch' or 'auto'"
        )
    if bundle.ctranslate2 is None:
        raise EngineUnavailableError(
            f"engine is 'ctranslate2' and bundle {bundle.name!r} has no export for it; add one "
            "with `nmt train convert BUNDLE`, or use engine 'torch'"
        )
    if not _is_installed("ctranslate2"):
        raise EngineUnavailableError(
            "engine is 'ctranslate2' and the package ctranslate2 is not installed; install it "
            "with `pip install ctranslate2`, or use engine 'torch'"
        )
    from nmt.engines.ctranslate2 import CTranslate2Engine

    try:
        if device == "cuda":
            _check_ctranslate2_has_cuda()
            return CTranslate2Engine(bundle.ctranslate2, config, threads, device)
        return CTranslate2Engine(bundle.ctranslate2, config, threads)
    except RuntimeError as error:
        if device == "cuda":
            raise EngineUnavailableError(
                f"engine 'ctranslate2' cannot use device 'cuda': {error}; check the driver and the "
                "CUDA libraries, or use device 'cpu' or engine 'torch'"
            ) from error
        raise BundleCorruptError(
            f"the CTranslate2 export of bundle {bundle.name!r} cannot be loaded: {error}; make it "
            "again with `nmt train convert BUNDLE`, or use engine 'torch'"
        ) from error


def _check_ctranslate2_has_cuda() -> None:
    import ctranslate2

    if not ctranslate2.get_cuda_device_count():
        raise EngineUnavailableError(
            f"device is 'cuda' and CTranslate2 {ctranslate2.__version__} finds no CUDA device; "
            "check `nvidia-smi`, or use device 'cpu'"
        )


def _load_torch_engine(
    bundle: ModelSource, engine: str, device: str, threads: int | None
) -> Engine:
    if not _is_installed("torch"):
        raise EngineUnavailableError(_without_torch(bundle))
    import torch

    from nmt.engines.torch import TorchEngine
    from nmt.models.build import build_model

    device = choose_device(device)
    if engine == "auto":
        engine = INT8 if _suits_int8(bundle, device) else "torch"
    if threads is not None:
        torch.set_num_threads(threads)
    model = build_model(bundle.model_config)
    try:
        model.load_state_dict(dict(bundle.load_weights()))
    except RuntimeError as error:
        raise BundleCorruptError(
            f"the weights of bundle {bundle.name!r} do not fit its architecture: {error}; "
            "get the bundle again or export it again"
        ) from error
    if engine == INT8:
        return _int8_engine(bundle, model, device)
    if engine == GRAPHS:
        return _graph_engine(bundle, model, device)
    return TorchEngine(model, device, name=engine)


def _suits_int8(bundle: ModelSource, device: str) -> bool:
    """Tells whether `auto` means int8: elsewhere PyTorch may have no fast product for it."""
    import torch

    fast = torch.backends.cpu.get_cpu_capability() == "AVX512"
    return device == "cpu" and fast and isinstance(bundle.model_config, RnnConfig)


def _int8_engine(bundle: ModelSource, model: Seq2Seq, device: str) -> Engine:
    from nmt.engines.torch import TorchEngine
    from nmt.models.int8 import Int8Rnn
    from nmt.models.rnn import RnnSeq2Seq

    if not isinstance(model, RnnSeq2Seq):
        raise EngineUnavailableError(
            f"engine is {INT8!r} and bundle {bundle.name!r} is a {model.config.architecture}; only "
            "recurrent networks run on it; use engine 'ctranslate2', which computes in int8 too"
        )
    if device != "cpu":
        raise EngineUnavailableError(
            f"device is {device!r} and engine {INT8!r} runs on the CPU; use engine 'torch'"
        )
    return TorchEngine(Int8Rnn(model), device, name=INT8)


def _graph_engine(bundle: ModelSource, model: Seq2Seq, device: str) -> Engine:
    from nmt.engines.graphs import GraphEngine
    from nmt.models.transformer import Transformer

    if not isinstance(model, Transformer):
        raise EngineUnavailableError(
            f"engine is {GRAPHS!r} and bundle {bundle.name!r} is an {model.config.architecture}; "
            "only a transformer runs on it; use engine 'torch'"
        )
    if device != "cuda":
        raise EngineUnavailableError(
            f"engine is {GRAPHS!r}, which needs a CUDA device, and the device is {device!r}; use "
            "engine 'auto'"
        )
    return GraphEngine(model)


def _without_torch(bundle: ModelSource) -> str:
    message = (
        f"bundle {bundle.name!r} needs engine 'torch' here and PyTorch is not installed; install "
        "it with `pip install korean-nmt[torch]`"
    )
    if bundle.ctranslate2 is None:
        return message
    return message + ", or use device 'cpu' with engine 'ctranslate2' (`pip install ctranslate2`)"


def choose_device(device: str) -> str:
    """Gives `cpu` or `cuda`.

    Raises:
        EngineUnavailableError: CUDA is asked for and not there.
    """
    import torch

    if torch.cuda.is_available():
        return "cuda" if device == "auto" else device
    if device == "cuda":
        built = torch.version.cuda or "none; this is a build for the CPU"
        raise EngineUnavailableError(
            f"device is 'cuda' and no CUDA device can be used (PyTorch {torch.__version__}, "
            f"CUDA {built}); check `nvidia-smi` and the PyTorch build, or use device 'cpu'"
        )
    return "cpu"
