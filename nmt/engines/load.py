"""From a bundle to a running engine."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from nmt.config import ModelConfig
from nmt.engines.base import Engine
from nmt.errors import BundleCorruptError, EngineUnavailableError

if TYPE_CHECKING:
    from torch import Tensor

ENGINES = ("auto", "torch")
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

    def load_weights(self) -> Mapping[str, Tensor]:
        """Reads the weights by their names in the network."""
        ...


def load_engine(bundle: ModelSource, engine: str = "auto", device: str = "auto") -> Engine:
    """Gives an engine that runs the model of `bundle`.

    Args:
        bundle: the released model.
        engine: `torch`, or `auto` for the best that is installed.
        device: `cpu`, `cuda`, or `auto` for CUDA where there is any.

    Raises:
        EngineUnavailableError: unknown, not installed, or no such device here.
        BundleCorruptError: the weights do not fit the architecture.
    """
    if engine not in ENGINES:
        raise EngineUnavailableError(f"engine is {engine!r}; allowed: {', '.join(ENGINES)}")
    if device not in DEVICES:
        raise EngineUnavailableError(f"device is {device!r}; allowed: {', '.join(DEVICES)}")
    if importlib.util.find_spec("torch") is None:
        raise EngineUnavailableError(
            f"engine is {engine!r} and PyTorch is not installed; install it with "
            "`pip install korean-nmt[torch]`"
        )
    return _load_torch_engine(bundle, device)


def _load_torch_engine(bundle: ModelSource, device: str) -> Engine:
    from nmt.engines.torch import TorchEngine
    from nmt.models.build import build_model

    device = choose_device(device)
    model = build_model(bundle.model_config)
    try:
        model.load_state_dict(dict(bundle.load_weights()))
    except RuntimeError as error:
        raise BundleCorruptError(
            f"the weights of bundle {bundle.name!r} do not fit its architecture: {error}; "
            "get the bundle again or export it again"
        ) from error
    return TorchEngine(model, device)


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
