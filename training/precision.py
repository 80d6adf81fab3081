"""Number formats of the forward and backward pass, devices, and the C allocator's settings."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from nmt.errors import ConfigError

Name = Literal["fp32", "bf16", "fp16"]


@dataclass(frozen=True)
class Precision:
    """Format of the matrix products; weights and optimiser state stay in float32."""

    name: Name
    device_type: str

    @property
    def scales_loss(self) -> bool:
        """fp16 gradients underflow without a loss scale (Micikevicius 2018)."""
        return self.name == "fp16"

    def autocast(self) -> contextlib.AbstractContextManager[object]:
        """Gives the context for forward passes."""
        if self.name == "fp32":
            return contextlib.nullcontext()
        dtype = torch.bfloat16 if self.name == "bf16" else torch.float16
        return torch.autocast(self.device_type, dtype)


def choose_device(name: str) -> torch.device:
    """Gives the device; `auto` is CUDA where there is one.

    Raises:
        ConfigError: unknown device, or CUDA that is not there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        device = torch.device("meta")
    if device.type not in ("cpu", "cuda"):
        raise ConfigError(f"train.device is {name!r}; allowed: auto, cpu, cuda, cuda:N")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ConfigError(
            f"train.device is {name!r}, but this machine has {torch.cuda.device_count()} CUDA "
            "devices that torch can use; take auto or cpu"
        )
    return device


def cpu_multiplies_bf16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Tells whether this CPU has bf16 units (AVX512-BF16 or AMX); without them bf16 is slower."""
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in text or "amx_bf16" in text


def choose_precision(
    name: Literal["auto", "fp32", "bf16", "fp16"], device: torch.device
) -> Precision:
    """Gives the format; `auto` is bf16 where the device multiplies it natively.

    Raises:
        ConfigError: fp16 on a CPU.
    """
    if name == "fp16" and device.type == "cpu":
        raise ConfigError("train.precision is 'fp16', which needs CUDA; take auto, fp32 or bf16")
    if name != "auto":
        return Precision(name, device.type)
    native = torch.cuda.is_bf16_supported() if device.type == "cuda" else cpu_multiplies_bf16()
    return Precision("bf16" if native else "fp32", device.type)
