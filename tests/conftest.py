"""Skips the tests whose marker names something that this machine lacks."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Callable

import pytest


def _has_cuda() -> bool:
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()


def _has_jvm() -> bool:
    return shutil.which("java") is not None and importlib.util.find_spec("konlpy") is not None


def _has_browser() -> bool:
    return any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))


def _has_docker() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, timeout=20).returncode == 0


NEEDS: dict[str, tuple[Callable[[], bool], str]] = {
    "gpu": (_has_cuda, "no CUDA device"),
    "jvm": (_has_jvm, "no Java, or the extra `analyzers` is not installed"),
    "browser": (_has_browser, "no Chromium"),
    "docker": (_has_docker, "no Docker engine"),
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (is_there, reason) in NEEDS.items():
        if item.get_closest_marker(marker) is not None and not is_there():
            pytest.skip(reason)
