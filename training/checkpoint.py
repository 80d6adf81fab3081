"""Checkpoints that survive a crash at any moment: written aside, synced, hashed, renamed."""

from __future__ import annotations

import hashlib
import io
import os
import re
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from training.errors import CheckpointError

_MAGIC = b"nmt-checkpoint-1 "
LAST, BEST = "last.ckpt", "best.ckpt"
_RECENT = re.compile(r"update-(\d+)\.ckpt")


def _previous(path: Path) -> Path:
    return path.with_name(path.name + ".previous")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_checkpoint(path: Path, content: dict[str, Any], keep_previous: bool = False) -> None:
    """Writes a checkpoint; whenever the process dies, a whole one is at `path` or beside it.

    Args:
        path: where to; a file there is replaced.
        content: tensors and plain values.
        keep_previous: the file replaced stays as `NAME.previous`.

    Raises:
        CheckpointError: the disk is full or not writable.
    """
    buffer = io.BytesIO()
    torch.save(content, buffer)
    payload = buffer.getbuffer()
    aside = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            file.write(_MAGIC + hashlib.sha256(payload).hexdigest().encode() + b"\n")
            file.write(payload)
            file.flush()
            os.fsync(file.fileno())
        if keep_previous and path.exists():
            os.replace(path, _previous(path))
        os.replace(aside, path)
        _sync_folder(path.parent)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise CheckpointError(
            f"could not write the checkpoint {path}: {error}; free space or change --output"
        ) from error


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Reads one checkpoint file onto the CPU.

    Raises:
        CheckpointError: no such file, not a checkpoint, or its hash differs.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise CheckpointError(
            f"no checkpoint {path}; give a run folder or a .ckpt file in it"
        ) from None
    head, _, payload = data.partition(b"\n")
    if not head.startswith(_MAGIC):
        raise CheckpointError(f"{path} is no checkpoint of this program")
    if hashlib.sha256(payload).hexdigest().encode() != head[len(_MAGIC) :]:
        raise CheckpointError(
            f"{path} is damaged: its SHA-256 differs; take {_previous(path).name} or an earlier one"
        )
    # Runs of the first days noted torch's version as torch's own kind of string.
    with torch.serialization.safe_globals([torch.torch_version.TorchVersion]):
        content = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    return cast("dict[str, Any]", content)


def read_last(folder: Path) -> tuple[dict[str, Any], list[str]] | None:
    """Reads the newest whole checkpoint of a run; None where there is none.

    Gives also warnings, e.g. that the last one is damaged and the one before it was taken.
    """
    last = folder / LAST
    warnings: list[str] = []
    for path in (last, _previous(last)):
        if not path.exists():
            continue
        try:
            return read_checkpoint(path), warnings
        except CheckpointError as error:
            warnings.append(str(error))
    if warnings:
        raise CheckpointError("; ".join(warnings))
    return None


def recent_checkpoints(folder: Path) -> list[Path]:
    """Lists the weight checkpoints of a run, oldest first."""
    found = [(int(m[1]), p) for p in folder.glob("update-*.ckpt") if (m := _RECENT.match(p.name))]
    return [path for _, path in sorted(found)]


def write_recent(folder: Path, update: int, content: dict[str, Any], keep: int) -> None:
    """Writes the weights of an update for averaging and deletes all but the last `keep`."""
    if keep:
        write_checkpoint(folder / f"update-{update:07d}.ckpt", content)
    for path in recent_checkpoints(folder)[: -keep or None]:
        path.unlink()


def weights_of(checkpoint: dict[str, Any], average: bool = True) -> dict[str, Tensor]:
    """Gives the weights of a checkpoint: their moving average where it has one."""
    weights = checkpoint["ema"] if average and checkpoint.get("ema") else checkpoint["model"]
    return cast("dict[str, Tensor]", weights)
