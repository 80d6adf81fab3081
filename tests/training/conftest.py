"""What the tests of training share; the task itself is in reversal.py."""

import sys
from pathlib import Path

import pytest
import torch

# Tests are imported one by one (importlib mode), so their folder is not on the path by itself.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def one_thread():
    """Tiny tensors are faster on one thread, and sums the same everywhere."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
